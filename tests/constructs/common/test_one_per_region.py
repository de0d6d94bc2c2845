"""One owner for each setting that exists once in an account and region."""

import pytest
from aws_cdk import App, Environment, NestedStack, Stack
from constructs import Construct

from ses_constructs.common.one_per_region import claim
from tests.constructs.templates import identified, only, resources

CLAIM = "AWS::SSM::Parameter"


def test_a_claim_is_a_parameter_with_a_fixed_name_that_says_which_stack_owns_the_setting(stack: Stack) -> None:
    claim(stack, "suppression-list")

    assert only(stack, CLAIM)["Properties"] == {
        "Name": "/ses-constructs/one-per-region/suppression-list",
        "Type": "String",
        "Value": {"Ref": "AWS::StackId"},
        "Description": "Which stack owns the suppression-list of SES in this region",
    }


def test_another_stack_claims_the_same_name_which_cloudformation_refuses(app: App) -> None:
    stacks = [Stack(app, name) for name in ("One", "Two")]
    for stack in stacks:
        claim(stack, "ip-filters")

    names = [only(stack, CLAIM)["Properties"]["Name"] for stack in stacks]
    assert names == ["/ses-constructs/one-per-region/ip-filters"] * 2


def test_a_claim_does_not_move_with_the_construct_that_makes_it(app: App) -> None:
    here, there = Stack(app, "Here"), Stack(app, "There")
    claim(here, "production-access")
    claim(Construct(Construct(there, "Mail"), "Access"), "production-access")

    assert list(identified(here, CLAIM)) == list(identified(there, CLAIM)) == ["SesClaimProductionAccess"]


def test_a_stack_may_own_several_settings(stack: Stack) -> None:
    for setting in ("suppression-list", "ip-filters", "production-access"):
        claim(stack, setting)

    assert len(resources(stack, CLAIM)) == 3


def test_two_constructs_of_a_stack_cannot_own_the_same_setting(stack: Stack) -> None:
    claim(stack, "suppression-list")

    with pytest.raises(
        ValueError,
        match="the suppression-list of an account and region must have one owner, and 'Mail' has it, "
        "got 'Mail/Second'; leave one of the two out",
    ):
        claim(Construct(stack, "Second"), "suppression-list")


def test_two_stacks_of_one_account_and_region_are_seen_at_synth(app: App) -> None:
    environment = Environment(account="111122223333", region="eu-west-1")
    claim(Stack(app, "Dev", env=environment), "suppression-list")

    with pytest.raises(ValueError, match=r"must have one owner, and 'Dev' has it, got 'Prod'"):
        claim(Stack(app, "Prod", env=environment), "suppression-list")


def test_other_regions_and_accounts_have_owners_of_their_own(app: App) -> None:
    for number, (account, region) in enumerate(
        (("111122223333", "eu-west-1"), ("111122223333", "us-east-1"), ("222233334444", "eu-west-1"))
    ):
        claim(Stack(app, f"Stack{number}", env=Environment(account=account, region=region)), "suppression-list")


def test_nested_stacks_claim_for_the_stack_that_they_are_in(stack: Stack) -> None:
    claim(NestedStack(stack, "First"), "suppression-list")

    with pytest.raises(ValueError, match="have one owner, and 'Mail/First' has it"):
        claim(NestedStack(stack, "Second"), "suppression-list")
