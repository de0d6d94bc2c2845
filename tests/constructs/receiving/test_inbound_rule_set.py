"""Receipt rules in order, who lets SES in for them, and what is refused or warned about."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Duration, Environment, NestedStack, Stack, Stage
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_ses_actions as ses_actions
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template
from constructs import Construct

from ses_constructs import (
    ActivateIfFree,
    AddHeader,
    BounceMail,
    DeliverToWorkMail,
    EmailTeam,
    ForwardMail,
    InboundRuleSet,
    InvokeFunction,
    LeaveInactive,
    NotifyTopic,
    PublishToTopic,
    RecordsToPublish,
    SendingDomain,
    StopProcessing,
    StoreMail,
    VerifiedDomain,
)
from ses_constructs.common.ses_regions import LISTS_READ_ON
from ses_constructs.receiving import rule_limits
from tests.applications import ROOT
from tests.constructs.templates import (
    conditions,
    identified,
    only,
    receipt_rule,
    receipt_rules,
    resources,
    role_statements,
    service_statements,
    template,
    warnings,
)

SES = "ses.amazonaws.com"
RULE = "AWS::SES::ReceiptRule"
STOP = [StopProcessing()]
# ReceiptRule$Name and ReceiptRuleSetMetadata$Name of the SES API.
RULE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?")
SET_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,62}[A-Za-z0-9])?")


def domain(stack: Construct, name: str = "example.com") -> SendingDomain:
    return VerifiedDomain.from_domain_name(stack, f"Domain-{name}", name)


def make(stack: Construct, construct_id: str = "Inbound", **changes: Any) -> InboundRuleSet:
    if "domain" not in changes and "domains" not in changes:
        changes["domain"] = domain(stack)
    return InboundRuleSet(stack, construct_id, **{"activation": LeaveInactive(), "drop_spam": False, **changes})


def three(rules: InboundRuleSet) -> InboundRuleSet:
    for name in ("support", "sales", "zoo"):
        rules.add_rule(name, recipients=[f"{name}@example.com"], actions=STOP)
    return rules


def names(stack: Stack) -> list[str]:
    return [each["Properties"]["Rule"]["Name"] for each in receipt_rules(stack)]


def first_recipients(stack: Stack) -> list[str]:
    return [each["Properties"]["Rule"]["Recipients"][0] for each in receipt_rules(stack)]


def the_rule(stack: Stack) -> dict[str, Any]:
    return dict(only(stack, RULE)["Properties"]["Rule"])


# Order


def test_rules_run_in_the_order_in_which_they_are_added(stack: Stack) -> None:
    three(make(stack))

    assert first_recipients(stack) == ["support@example.com", "sales@example.com", "zoo@example.com"]


def test_the_first_rule_goes_to_the_top(stack: Stack) -> None:
    three(make(stack))

    assert "After" not in receipt_rules(stack)[0]["Properties"]


def test_a_rule_names_the_one_before_it_in_plain_text(stack: Stack) -> None:
    rules = three(make(stack))

    assert [each["Properties"].get("After") for each in receipt_rules(stack)] == [
        None,
        rules.rules[0].rule_name,
        rules.rules[1].rule_name,
    ]


def test_a_rule_waits_for_the_one_before_it(stack: Stack) -> None:
    three(make(stack))

    ids = {each["Properties"]["Rule"]["Name"]: key for key, each in identified(stack, RULE).items()}
    in_order = receipt_rules(stack)
    for earlier, later in pairwise(in_order):
        assert ids[earlier["Properties"]["Rule"]["Name"]] in later["DependsOn"]


def test_every_rule_waits_for_the_set_and_names_it_in_plain_text(stack: Stack) -> None:
    rules = three(make(stack))

    (set_id,) = identified(stack, "AWS::SES::ReceiptRuleSet")
    for each in receipt_rules(stack):
        assert set_id in each["DependsOn"]
        assert each["Properties"]["RuleSetName"] == rules.rule_set_name


def test_the_rules_are_known_to_the_set(stack: Stack) -> None:
    rules = make(stack, drop_spam=True)
    made = [rules.add_rule("support", actions=STOP), rules.add_rule("sales", actions=STOP)]

    assert rules.rules == made


# What a rule says


def test_a_rule_is_on_and_scans_unless_told_otherwise(stack: Stack) -> None:
    make(stack).add_rule("All", actions=STOP)

    assert (the_rule(stack)["Enabled"], the_rule(stack)["ScanEnabled"]) == (True, True)


def test_a_rule_may_be_off(stack: Stack) -> None:
    make(stack).add_rule("All", actions=STOP, enabled=False)

    assert the_rule(stack)["Enabled"] is False


def test_a_rule_may_do_without_scanning(stack: Stack) -> None:
    make(stack).add_rule("All", actions=STOP, scan=False)

    assert the_rule(stack)["ScanEnabled"] is False


def test_a_rule_for_everybody_names_no_recipients(stack: Stack) -> None:
    make(stack).add_rule("All", actions=STOP)

    assert "Recipients" not in the_rule(stack)


@pytest.mark.parametrize(
    ("of_the_set", "of_the_rule", "expected"),
    [
        ({}, None, "Optional"),
        ({}, ses.TlsPolicy.REQUIRE, "Require"),
        ({"tls": ses.TlsPolicy.REQUIRE}, None, "Require"),
        ({"tls": ses.TlsPolicy.REQUIRE}, ses.TlsPolicy.OPTIONAL, "Optional"),
    ],
)
def test_tls_is_what_the_rule_says_or_else_the_set(
    stack: Stack, of_the_set: dict[str, Any], of_the_rule: ses.TlsPolicy | None, expected: str
) -> None:
    make(stack, **of_the_set).add_rule("All", actions=STOP, tls=of_the_rule)

    assert the_rule(stack)["TlsPolicy"] == expected


def test_a_rule_is_more_than_this_class_offers(stack: Stack) -> None:
    rule = make(stack).add_rule("All", actions=STOP)
    rule.resource.add_metadata("Owner", "support")

    assert only(stack, RULE)["Metadata"]["Owner"] == "support"


@pytest.mark.parametrize("construct_id", ["Activation", "DropSpam", "IpFilters", "Mailbox", "RuleSet", "SpamFilter"])
def test_a_rule_may_have_any_id(stack: Stack, construct_id: str) -> None:
    rules = make(stack, activation=ActivateIfFree(), drop_spam=True, allow_from=["192.0.2.1"])
    rules.add_rule(construct_id, actions=[StoreMail()])

    assert len(receipt_rules(stack)) == 2


# Names


@pytest.mark.parametrize("depth", [1, 4])
@pytest.mark.parametrize(
    "construct_id", ["a", "x" * 200, "9lives", "-dash-", "under_score_", "dots.and spaces", "Größe"]
)
def test_names_are_ones_that_ses_takes_however_long_the_path(stack: Stack, construct_id: str, depth: int) -> None:
    scope: Construct = stack
    for _ in range(depth):
        scope = Construct(scope, construct_id)
    rules = make(scope, construct_id)
    rule = rules.add_rule(construct_id, actions=STOP)

    assert SET_NAME.fullmatch(rules.rule_set_name)
    assert RULE_NAME.fullmatch(rule.rule_name)


def test_long_paths_that_differ_at_their_ends_are_different_names(stack: Stack) -> None:
    rules = [make(Construct(stack, f"{'x' * 200}{each}"), "Inbound") for each in "ab"]
    made = [each.add_rule("y" * 200, actions=STOP) for each in rules]

    assert len({each.rule_set_name for each in rules}) == 2
    assert len({each.rule_name for each in made}) == 2


def test_two_stages_have_different_names(app: App) -> None:
    rules = [make(Stack(Stage(app, name), "Mail")) for name in ("Test", "Production")]

    assert len({each.rule_set_name for each in rules}) == 2


def test_a_nested_stack_has_plain_names_as_well(stack: Stack) -> None:
    rules = make(NestedStack(stack, "Nested"))

    assert SET_NAME.fullmatch(rules.rule_set_name)


def test_a_new_name_makes_a_new_set_for_all_rules(stack: Stack) -> None:
    three(make(stack, rule_set_name="inbound-2"))

    assert only(stack, "AWS::SES::ReceiptRuleSet")["Properties"]["RuleSetName"] == "inbound-2"
    assert {each["Properties"]["RuleSetName"] for each in receipt_rules(stack)} == {"inbound-2"}


def test_ses_is_let_in_under_the_new_name(stack: Stack) -> None:
    make(stack, rule_set_name="inbound-2").add_rule("All", actions=[StoreMail()])

    ((_, statement),) = service_statements(stack, SES)
    assert ":receipt-rule-set/inbound-2:receipt-rule/" in conditions(statement)["aws:SourceArn"]


@pytest.mark.parametrize("name", ["a", "inbound", "Inbound_2-b", "in.bound", "x" * 64])
def test_a_name_that_ses_takes_is_taken(stack: Stack, name: str) -> None:
    assert make(stack, rule_set_name=name).rule_set_name == name


@pytest.mark.parametrize("name", ["", "x" * 65, "-inbound", "inbound_", "in bound", ".inbound", "größe"])
def test_a_name_that_ses_refuses_is_refused(stack: Stack, name: str) -> None:
    with pytest.raises(
        ValueError,
        match=rf"rule_set_name must be 1-64 letters, digits, '-', '_' and '\.', with .* both ends, got '{name}'; take",
    ):
        make(stack, rule_set_name=name)


def test_a_name_that_only_cloudformation_knows_is_refused(stack: Stack) -> None:
    with pytest.raises(ValueError, match=r"rule_set_name must be .*, got '\$\{Token.*; take a name"):
        make(stack, rule_set_name=CfnParameter(stack, "Name").value_as_string)


# A set that exists


def existing(stack: Stack) -> ses.IReceiptRuleSet:
    return ses.ReceiptRuleSet.from_receipt_rule_set_name(stack, "Existing", "shared")


def test_what_two_sets_drop_is_counted_apart_where_both_join_one(stack: Stack) -> None:
    joined = existing(stack)
    counts = []
    for number in range(2):
        inbound = InboundRuleSet(
            stack, f"Inbound{number}", domain=domain(stack, f"d{number}.example.com"), rule_set=joined
        )
        counts.append(inbound.metric_dropped_spam())

    assert len({str(each.dimensions) for each in counts}) == 2


def test_joining_adds_rules_to_the_top_of_the_set(stack: Stack) -> None:
    three(make(stack, rule_set=existing(stack), activation=None))

    assert resources(stack, "AWS::SES::ReceiptRuleSet") == []
    assert {each["Properties"]["RuleSetName"] for each in receipt_rules(stack)} == {"shared"}
    assert "After" not in receipt_rules(stack)[0]["Properties"]
    assert first_recipients(stack) == ["support@example.com", "sales@example.com", "zoo@example.com"]


def test_joining_adds_rules_behind_the_rule_that_was_named(stack: Stack) -> None:
    three(make(stack, rule_set=existing(stack), after_rule="theirs", activation=None))

    assert receipt_rules(stack)[0]["Properties"]["After"] == "theirs"
    assert first_recipients(stack) == ["support@example.com", "sales@example.com", "zoo@example.com"]


def test_the_spam_rule_is_the_first_of_those_that_join(stack: Stack) -> None:
    rules = three(make(stack, rule_set=existing(stack), after_rule="theirs", activation=None, drop_spam=True))

    first, *others = receipt_rules(stack)
    assert first["Properties"]["After"] == "theirs"
    assert "LambdaAction" in first["Properties"]["Rule"]["Actions"][0]
    assert [each["Properties"]["Rule"]["Name"] for each in others] == [each.rule_name for each in rules.rules]


def test_ses_is_let_in_for_the_set_that_was_joined(stack: Stack) -> None:
    make(stack, rule_set=existing(stack), activation=None).add_rule("All", actions=[StoreMail()])

    ((_, statement),) = service_statements(stack, SES)
    assert ":receipt-rule-set/shared:receipt-rule/" in conditions(statement)["aws:SourceArn"]


def test_a_set_made_by_aws_cdk_may_be_joined(stack: Stack) -> None:
    three(make(stack, rule_set=ses.ReceiptRuleSet(stack, "Theirs"), activation=None))

    (set_id,) = identified(stack, "AWS::SES::ReceiptRuleSet")
    assert [each["Properties"]["RuleSetName"] for each in receipt_rules(stack)] == [{"Ref": set_id}] * 3


def test_a_set_that_was_joined_keeps_its_name(stack: Stack) -> None:
    with pytest.raises(
        ValueError, match=r"rule_set_name must be left out with rule_set, got 'own'; the set has its name already"
    ):
        make(stack, rule_set=existing(stack), activation=None, rule_set_name="own")


def test_a_place_in_a_set_of_ones_own_is_refused(stack: Stack) -> None:
    with pytest.raises(
        ValueError, match=r"after_rule must come with rule_set, got 'theirs'; leave it out for a set of your own"
    ):
        make(stack, after_rule="theirs")


# Domains and recipients


def test_a_set_without_a_domain_is_refused(stack: Stack) -> None:
    with pytest.raises(ValueError, match=r"domain must be given, got None; pass the VerifiedDomain whose mail"):
        InboundRuleSet(stack, "Inbound")


def test_one_domain_and_several_are_all_domains(stack: Stack) -> None:
    one, two, three = (domain(stack, name) for name in ("example.com", "example.org", "example.net"))

    assert make(stack, domain=one, domains=[two, three]).domains == (one, two, three)


@pytest.mark.parametrize(
    "recipient",
    [
        "support@example.com",
        "Support+Label@Example.COM",
        "example.com",
        ".example.com",
        "news.example.com",
        ".news.example.com",
        "support@news.example.com",
        "support@example.org",
    ],
)
def test_a_recipient_of_the_domains_is_taken_as_it_is_written(stack: Stack, recipient: str) -> None:
    rules = make(stack, domains=[domain(stack), domain(stack, "example.org")])
    rules.add_rule("Rule", recipients=[recipient], actions=STOP)

    assert the_rule(stack)["Recipients"] == [recipient]


@pytest.mark.parametrize(
    "recipient", ["support@example.net", "example.net", ".example.net", "notexample.com", "support@notexample.com"]
)
def test_a_recipient_outside_the_domains_is_refused(stack: Stack, recipient: str) -> None:
    rules = make(stack, domains=[domain(stack), domain(stack, "example.org")])

    with pytest.raises(
        ValueError,
        match=rf"recipients must belong to example\.com or example\.org, got '{recipient}'; pass the domain that holds",
    ):
        rules.add_rule("Rule", recipients=["support@example.com", recipient], actions=STOP)


def test_the_parent_of_the_domain_is_refused(stack: Stack) -> None:
    rules = make(stack, domain=domain(stack, "news.example.com"))

    with pytest.raises(ValueError, match=r"recipients must belong to news\.example\.com, got '\.example\.com'; pass"):
        rules.add_rule("Rule", recipients=[".example.com"], actions=STOP)


@pytest.mark.parametrize("entry", ["{}", "support@{}", ".{}"])
def test_a_recipient_that_only_cloudformation_knows_is_taken(stack: Stack, entry: str) -> None:
    name = CfnParameter(stack, "Name").value_as_string
    make(stack).add_rule("Rule", recipients=[entry.format(name)], actions=STOP)

    assert str(the_rule(stack)["Recipients"]).count("'Ref': 'Name'") == 1


def test_any_recipient_may_belong_to_a_domain_that_only_cloudformation_knows(stack: Stack) -> None:
    name = CfnParameter(stack, "Name").value_as_string
    made = VerifiedDomain.from_domain_name(stack, "Domain", name)
    make(stack, domain=made).add_rule("Rule", recipients=["support@example.com"], actions=STOP)

    assert the_rule(stack)["Recipients"] == ["support@example.com"]


@pytest.mark.parametrize("recipient", ["*.example.com", "*", "*@example.com", "support-*@example.com"])
def test_a_wildcard_is_refused_because_ses_knows_none(stack: Stack, recipient: str) -> None:
    with pytest.raises(
        ValueError,
        match=rf"recipients must have no '\*', which SES does not know, got '{re.escape(recipient)}'; name the domain",
    ):
        make(stack).add_rule("Rule", recipients=[recipient], actions=STOP)


@pytest.mark.parametrize(
    ("recipients", "message"),
    [
        ("support@example.com", r"recipients must be a list, got 'support@example\.com'; write \['support@example"),
        (["support"], r"recipients must have at least two labels, got 'support'; write a name such as"),
        (["@example.com"], r"recipients must have a name before the @, unless the domain alone is meant, got"),
        (["Support <support@example.com>"], r"recipients must be an address alone, without a name, got .*; write what"),
        (["..example.com"], r"recipients must have no dot at either end, got '\.example\.com'; leave the dot out"),
        ([""], r"recipients must have labels of .*, got ''; write a name such as"),
        (
            ["support@example.com"] * 2,
            r"recipients must hold every entry once, got \['support@example\.com', 'support@example\.com'\]; leave the",
        ),
    ],
)
def test_what_is_no_list_of_recipients_is_refused(stack: Stack, recipients: Sequence[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(stack).add_rule("Rule", recipients=recipients, actions=STOP)


# Limits


def many(count: int, prefix: str = "person") -> list[str]:
    return [f"{prefix}{number}@example.com" for number in range(count)]


def test_more_recipients_than_ses_takes_are_refused(stack: Stack) -> None:
    with pytest.raises(
        ValueError, match=r"recipients must be at most 500, got 501; name a domain, or spread them over rules"
    ):
        make(stack).add_rule("Rule", recipients=many(501), actions=STOP)


def test_as_many_recipients_as_ses_takes_are_taken(stack: Stack) -> None:
    make(stack).add_rule("Rule", recipients=many(500), actions=STOP)

    assert len(the_rule(stack)["Recipients"]) == 500


def test_more_actions_than_ses_takes_are_refused(stack: Stack) -> None:
    actions = [AddHeader(f"X-{number}", "yes") for number in range(11)]

    with pytest.raises(ValueError, match=r"actions must be at most 10, got 11; move some to a further rule"):
        make(stack).add_rule("Rule", actions=actions)


def test_as_many_actions_as_ses_takes_are_taken_in_their_order(stack: Stack) -> None:
    make(stack).add_rule("Rule", actions=[AddHeader(f"X-{number}", "yes") for number in range(10)])

    headers = [each["AddHeaderAction"]["HeaderName"] for each in the_rule(stack)["Actions"]]
    assert headers == [f"X-{number}" for number in range(10)]


def test_a_rule_keeps_the_name_that_it_has_already(stack: Stack) -> None:
    rules = make(stack)
    rules.add_rule("First", rule_name="archive.all", actions=STOP)
    rules.add_rule("Second", actions=STOP)

    found = Template.from_stack(stack)
    found.has_resource_properties("AWS::SES::ReceiptRule", {"Rule": {"Name": "archive.all"}})
    found.has_resource_properties("AWS::SES::ReceiptRule", {"After": "archive.all"})


def test_a_name_that_ses_refuses_for_a_rule_is_refused(stack: Stack) -> None:
    with pytest.raises(ValueError, match=r"rule_name must be 1-64 letters.*, got '-x'; take a name such as 'support'"):
        make(stack).add_rule("Rule", rule_name="-x", actions=STOP)


def test_a_rule_name_is_new_in_the_set(stack: Stack) -> None:
    rules = make(stack, rule_set=existing(stack), after_rule="theirs", activation=None)
    rules.add_rule("First", rule_name="archive", actions=STOP)

    for name in ("archive", "theirs"):
        with pytest.raises(ValueError, match=f"rule_name must be new in the rule set, got '{name}'; take another"):
            rules.add_rule(f"Again{name}", rule_name=name, actions=STOP)


def test_a_rule_without_an_action_is_refused(stack: Stack) -> None:
    with pytest.raises(
        ValueError, match=r"actions must be a list of at least one action, got \[\]; pass \[StoreMail\(\)\], for one"
    ):
        make(stack).add_rule("Rule", actions=[])


@pytest.mark.parametrize(("drop_spam", "most"), [(False, 3), (True, 2)])
def test_more_rules_than_ses_takes_are_refused(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, drop_spam: bool, most: int
) -> None:
    assert rule_limits.MAX_RULES == 200
    monkeypatch.setattr(rule_limits, "MAX_RULES", 3)
    rules = make(stack, drop_spam=drop_spam)
    for number in range(most):
        rules.add_rule(f"Rule{number}", actions=STOP)

    counted = ", of which the one that drops spam is one" if drop_spam else ""
    with pytest.raises(
        ValueError, match=f"rules must be at most 3 in a set{counted}, got 'OneMore'; join rules with equal actions"
    ):
        rules.add_rule("OneMore", actions=STOP)


# Warnings


WIDER_FIRST = [
    ([], "support@example.com", "all mail"),
    ([], "example.com", "all mail"),
    (["example.com"], "support@example.com", "example.com"),
    (["Example.com"], "support@EXAMPLE.com", "Example.com"),
    (["other@example.com", "example.com"], "support@example.com", "example.com"),
    ([".example.com"], "support@news.example.com", ".example.com"),
    ([".example.com"], "news.example.com", ".example.com"),
    ([".example.com"], ".news.example.com", ".example.com"),
    (["support@example.com"], "support+label@example.com", "support@example.com"),
]


@pytest.mark.parametrize(("earlier", "recipient", "takes"), WIDER_FIRST)
def test_a_wider_rule_before_a_narrower_one_warns(stack: Stack, earlier: list[str], recipient: str, takes: str) -> None:
    rules = make(stack)
    rules.add_rule("Wide", recipients=earlier, actions=[StoreMail()])
    rules.add_rule("Narrow", recipients=[recipient], actions=[StoreMail()])

    (warning,) = warnings(stack)
    assert warning.startswith(f"rule 'Wide' comes first and takes {takes}, so also mail to {recipient}; add it after")
    assert warning.endswith("[ack: ses-constructs:wider-rule-first]")


@pytest.mark.parametrize(("later", "recipient", "_"), WIDER_FIRST)
def test_a_narrower_rule_before_a_wider_one_does_not_warn(
    stack: Stack, later: list[str], recipient: str, _: str
) -> None:
    rules = make(stack)
    rules.add_rule("Narrow", recipients=[recipient], actions=[StoreMail()])
    rules.add_rule("Wide", recipients=later, actions=[StoreMail()])

    assert warnings(stack) == []


@pytest.mark.parametrize(
    ("earlier", "recipient"),
    [
        ("support@example.com", "sales@example.com"),
        ("x.example.com", ".example.com"),
        ("support@example.com", "support@example.com"),
        ("support@example.com", "SUPPORT@example.com"),
        ("example.com", "example.com"),
        ("example.com", "support@news.example.com"),
        ("example.com", "news.example.com"),
        ("example.com", ".example.com"),
        (".example.com", "example.com"),
        (".example.com", "support@example.com"),
        ("news.example.com", ".news.example.com"),
        ("x@example.com", "example.com"),
        ("x@example.com", "x@news.example.com"),
    ],
)
def test_a_rule_that_takes_other_mail_does_not_warn(stack: Stack, earlier: str, recipient: str) -> None:
    rules = make(stack)
    rules.add_rule("First", recipients=[earlier], actions=[StoreMail()])
    rules.add_rule("Second", recipients=[recipient], actions=[StoreMail()])

    assert warnings(stack) == []


def test_a_recipient_that_only_cloudformation_knows_warns_behind_a_rule_for_everybody_only(stack: Stack) -> None:
    address = f"{CfnParameter(stack, 'Name').value_as_string}@example.com"
    rules = make(stack)
    rules.add_rule("Domain", recipients=["example.com"], actions=[StoreMail()])
    rules.add_rule("Second", recipients=[address], actions=[StoreMail()])
    rules.add_rule("All", actions=[StoreMail()])
    rules.add_rule("Third", recipients=[address], actions=[StoreMail()])

    (warning,) = warnings(stack)
    assert "rule 'All' comes first and takes all mail" in warning


def test_the_spam_rule_is_no_wider_rule(stack: Stack) -> None:
    three(make(stack, drop_spam=True))

    assert warnings(stack) == []


def test_as_many_recipients_as_the_quota_page_says_are_taken_in_silence(stack: Stack) -> None:
    make(stack).add_rule("Rule", recipients=many(500), actions=STOP)

    assert warnings(stack) == []


@pytest.mark.parametrize("domain_name", ["mail.invalid", "mail.test", "mail.Example", "mail.localhost"])
def test_a_domain_that_is_in_no_public_dns_warns(stack: Stack, domain_name: str) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Reserved", domain_name)
    make(stack, domain=domain).add_rule("Rule", recipients=[f"support@{domain_name}", domain_name], actions=STOP)

    (warning,) = warnings(stack)
    top_level = domain_name.partition(".")[2].lower()
    assert f"no mail reaches support@{domain_name}, because '.{top_level}' is reserved and not in the" in warning
    assert warning.endswith("[ack: ses-constructs:reserved-domain]")


@pytest.mark.parametrize("region", ["ap-south-2", "us-gov-west-1", "xx-new-1"])
def test_a_region_that_does_not_receive_warns(app: App, region: str) -> None:
    stack = Stack(app, "Mail", env=Environment(account="111122223333", region=region))
    make(stack)

    (warning,) = warnings(stack)
    assert f"SES is not known to receive mail in {region} as of {LISTS_READ_ON}; deploy to another region" in warning
    assert warning.endswith("[ack: ses-constructs:region-cannot-receive]")


def test_a_domain_whose_mail_goes_elsewhere_warns(stack: Stack) -> None:
    elsewhere = VerifiedDomain(stack, "Elsewhere", domain_name="example.org", dns=RecordsToPublish())
    make(stack, domains=[domain(stack), elsewhere])

    (warning,) = warnings(stack)
    assert "example.org has no MX record for SES from this app; pass receives_mail=True to its Verified" in warning
    assert warning.endswith("[ack: ses-constructs:domain-receives-no-mail]")


def test_a_domain_that_receives_does_not_warn(stack: Stack) -> None:
    receives = VerifiedDomain(stack, "D", domain_name="example.com", dns=RecordsToPublish(), receives_mail=True)
    make(stack, domain=receives)

    assert warnings(stack) == []


# The mailbox


@pytest.mark.parametrize("argument", ["mailbox_key", "keep_for"])
def test_what_is_for_the_mailbox_that_is_made_is_refused_for_another_one(stack: Stack, argument: str) -> None:
    values: dict[str, Any] = {"mailbox_key": kms.Key(stack, "Key"), "keep_for": Duration.days(30)}

    with pytest.raises(ValueError, match=rf"{argument} must be left out with mailbox, got both; it is for the bucket"):
        make(stack, mailbox=s3.Bucket(stack, "Archive"), **{argument: values[argument]})


def test_the_mailbox_is_there_for_readers_before_any_rule_stores_mail(stack: Stack) -> None:
    rules = make(stack)

    assert rules.use_mailbox() is rules.use_mailbox() is rules.mailbox
    only(stack, "AWS::S3::Bucket")


def test_looking_for_the_mailbox_makes_none(stack: Stack) -> None:
    rules = make(stack)

    assert rules.mailbox is None
    assert resources(stack, "AWS::S3::Bucket") == []


def test_a_mailbox_that_was_given_is_used(stack: Stack) -> None:
    archive = s3.Bucket(stack, "Archive")
    rules = make(stack, mailbox=archive)

    assert rules.use_mailbox() is rules.mailbox is archive


# Spam


def spam_rule(stack: Stack) -> dict[str, Any]:
    return dict(receipt_rules(stack)[0]["Properties"]["Rule"])


def test_spam_is_dropped_unless_told_otherwise(stack: Stack) -> None:
    InboundRuleSet(stack, "Inbound", domain=domain(stack), activation=LeaveInactive())

    assert only(stack, "AWS::Lambda::Function")["Properties"]["Handler"] == "handlers.drop_spam.on_event"


def test_no_function_looks_at_mail_where_spam_is_kept(stack: Stack) -> None:
    three(make(stack))

    (order,) = resources(stack, "AWS::Lambda::Function")
    assert order["Properties"]["Handler"] == "handlers.receipt_rules.on_event"
    # It may not activate what it only orders.
    assert [each["Action"] for each in role_statements(stack, of="SesReceiptRules")] == [
        ["ses:DescribeReceiptRuleSet", "ses:SetReceiptRulePosition"]
    ]


def test_the_spam_rule_comes_first_and_waits_for_the_decision(stack: Stack) -> None:
    three(make(stack, drop_spam=True))

    (function_id,) = (each for each in identified(stack, "AWS::Lambda::Function") if "SpamFilter" in each)
    assert spam_rule(stack)["Actions"] == [
        {
            "LambdaAction": {
                "FunctionArn": {"Fn::GetAtt": [function_id, "Arn"]},
                "InvocationType": "RequestResponse",
            }
        }
    ]
    assert len(receipt_rules(stack)) == 4


def test_the_spam_rule_has_mail_scanned(stack: Stack) -> None:
    make(stack, drop_spam=True).add_rule("All", actions=STOP, scan=False)

    assert spam_rule(stack)["ScanEnabled"] is True


def test_the_spam_rule_waits_for_its_permission(stack: Stack) -> None:
    make(stack, drop_spam=True)

    ((permission_id, statement),) = service_statements(stack, SES)
    assert statement["Action"] == "lambda:InvokeFunction"
    assert permission_id in only(stack, RULE)["DependsOn"]


def test_the_spam_rule_is_off_while_it_is_alone_so_that_no_mail_is_accepted(stack: Stack) -> None:
    make(stack, drop_spam=True)

    assert the_rule(stack)["Enabled"] is False


def test_the_spam_rule_takes_what_the_other_rules_take_and_nothing_else(stack: Stack) -> None:
    rules = make(stack, drop_spam=True)
    rules.add_rule("A", recipients=["support@example.com", "sales@example.com"], actions=STOP)
    rules.add_rule("B", recipients=["sales@example.com", "news.example.com"], actions=STOP)

    assert spam_rule(stack)["Enabled"] is True
    assert spam_rule(stack)["Recipients"] == ["support@example.com", "sales@example.com", "news.example.com"]


def test_the_spam_rule_takes_everything_when_one_rule_does(stack: Stack) -> None:
    rules = three(make(stack, drop_spam=True))
    rules.add_rule("All", actions=STOP)

    assert "Recipients" not in spam_rule(stack)
    assert spam_rule(stack)["Enabled"] is True


def test_the_spam_rule_accepts_no_mail_for_a_rule_that_is_off(stack: Stack) -> None:
    rules = make(stack, drop_spam=True)
    rules.add_rule("Support", recipients=["support@example.com"], actions=STOP)
    rules.add_rule("Sales", recipients=["sales@example.com"], actions=STOP, enabled=False)
    rules.add_rule("All", actions=STOP, enabled=False)

    assert spam_rule(stack)["Recipients"] == ["support@example.com"]


def test_the_spam_rule_is_off_while_every_other_rule_is(stack: Stack) -> None:
    make(stack, drop_spam=True).add_rule("All", actions=STOP, enabled=False)

    assert spam_rule(stack)["Enabled"] is False


def test_the_spam_rule_takes_no_more_recipients_than_one_rule_holds(stack: Stack) -> None:
    rules = make(stack, drop_spam=True)
    rules.add_rule("A", recipients=many(300), actions=STOP)
    rules.add_rule("B", recipients=many(200, "other"), actions=STOP)

    with pytest.raises(
        ValueError, match=r"recipients must be at most 500 in all rules together.*got 501; name domains"
    ):
        rules.add_rule("C", recipients=["one@example.com"], actions=STOP)

    assert len(rules.rules[0].recipients) == 300


@pytest.mark.parametrize("tls", ["REQUIRE", "Require", True])
def test_tls_is_a_policy_and_not_its_name(stack: Stack, tls: Any) -> None:
    with pytest.raises(ValueError, match=r"tls must be a TlsPolicy, got .*; pass ses.TlsPolicy.REQUIRE"):
        make(stack, tls=tls)
    with pytest.raises(ValueError, match=r"tls must be a TlsPolicy, got .*; pass ses.TlsPolicy.REQUIRE"):
        make(stack, "Other", domain=domain(Stack(), "example.org")).add_rule("Rule", actions=STOP, tls=tls)


@pytest.mark.parametrize("switch", ["enabled", "scan"])
def test_a_switch_of_a_rule_is_a_bool(stack: Stack, switch: str) -> None:
    wrong: dict[str, Any] = {switch: "false"}

    with pytest.raises(ValueError, match=f"{switch} must be a bool, got 'false'; pass True or False"):
        make(stack).add_rule("Rule", actions=STOP, **wrong)


def test_mail_is_kept_for_whole_days(stack: Stack) -> None:
    with pytest.raises(ValueError, match="keep_for must be whole days, got '36 hours'; pass Duration"):
        make(stack, keep_for=Duration.hours(36))


def test_dropped_mail_is_counted_under_the_name_that_the_function_knows(stack: Stack) -> None:
    rules = make(stack, drop_spam=True)
    metric = rules.metric_dropped_spam(period=Duration.hours(1))

    environment = only(stack, "AWS::Lambda::Function")["Properties"]["Environment"]["Variables"]
    assert (metric.namespace, metric.metric_name) == ("SesConstructs", "DroppedSpam")
    assert metric.dimensions == {"RuleSet": environment["DROP_RULE_SET"]}
    assert (metric.statistic, metric.period.to_seconds()) == ("Sum", 3600)


def test_two_sets_count_what_they_drop_apart(stack: Stack) -> None:
    counts = [make(Construct(stack, each), drop_spam=True).metric_dropped_spam() for each in "ab"]

    assert len({str(each.dimensions) for each in counts}) == 2


def test_a_set_that_keeps_spam_has_nothing_to_count(stack: Stack) -> None:
    with pytest.raises(ValueError, match=r"metric_dropped_spam needs drop_spam=True, got False; nothing is dropped"):
        make(stack).metric_dropped_spam()


# Everything together


def everything(stack: Stack) -> InboundRuleSet:
    """A stack with all that a rule set can have, aws_ses_actions apart."""
    encrypted = sns.Topic(stack, "Encrypted", master_key=kms.Key(stack, "TopicKey"))
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): pass"),
    )
    mail = VerifiedDomain(stack, "Mail", domain_name="example.com", dns=RecordsToPublish(), receives_mail=True)
    rules = InboundRuleSet(
        stack,
        "Inbound",
        domain=mail,
        mailbox_key=kms.Key(stack, "Key"),
        keep_for=Duration.days(90),
        allow_from=["192.0.2.0/24"],
        reactions=[EmailTeam("ops@example.net"), NotifyTopic(encrypted)],
    )
    rules.add_rule(
        "Support",
        recipients=["support@example.com"],
        actions=[
            AddHeader("X-Team", "support"),
            StoreMail(prefix="support/", topic=encrypted),
            StoreMail(bucket=s3.Bucket(stack, "Archive", encryption=s3.BucketEncryption.KMS)),
            PublishToTopic(encrypted),
            InvokeFunction(function, waits_for_decision=True, topic=encrypted),
            ForwardMail(to=["team@example.net"]),
        ],
    )
    rules.add_rule(
        "Sales",
        recipients=["sales@example.com"],
        actions=[
            InvokeFunction(function),
            ForwardMail(to={"*": ["sales@example.net"]}),
            DeliverToWorkMail(
                organization_arn="arn:aws:workmail:eu-west-1:111122223333:organization/m-1", topic=encrypted
            ),
        ],
    )
    rules.add_rule(
        "Rest", actions=[BounceMail(sender="postmaster@example.com", topic=encrypted), StopProcessing(topic=encrypted)]
    )
    return rules


OF_A_KEY = ["kms:Decrypt", "kms:GenerateDataKey*"]


def for_a_rule(stack: Stack) -> list[tuple[str, dict[str, Any]]]:
    """What lets SES in, but for the keys of topics, for which AWS documents no source."""
    return [each for each in service_statements(stack, SES) if "Condition" in each[1] or each[1]["Action"] != OF_A_KEY]


def source_rule(statement: dict[str, Any]) -> str:
    """The name of the rule that a statement lets SES in for."""
    found = conditions(statement)
    assert set(found) == {"aws:SourceAccount", "aws:SourceArn"}
    assert found["aws:SourceAccount"] in ("111122223333", "<AWS::AccountId>")
    match = re.search(r":receipt-rule-set/([^:*]+):receipt-rule/([^:*]+)$", found["aws:SourceArn"])
    assert match
    return match[2]


def test_every_statement_for_ses_is_for_one_rule_of_this_account_which_waits_for_it(stack: Stack) -> None:
    everything(stack)

    statements = for_a_rule(stack)
    kinds = {template(stack)["Resources"][policy]["Type"] for policy, _ in statements}
    assert kinds == {
        "AWS::KMS::Key",
        "AWS::Lambda::Permission",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
    }
    assert len(statements) >= 15
    for policy, statement in statements:
        assert policy in receipt_rule(stack, source_rule(statement))["DependsOn"]


def test_only_actions_of_aws_ses_actions_let_ses_in_for_more_than_the_rule(stack: Stack) -> None:
    bucket = s3.Bucket(stack, "Bucket")
    make(stack).add_rule(
        "Rule", actions=[ses_actions.S3(bucket=bucket, object_key_prefix="theirs/"), StoreMail(bucket=bucket)]
    )

    theirs, ours = (statement for _, statement in service_statements(stack, SES))
    assert "aws:SourceArn" not in conditions(theirs)
    assert source_rule(ours) == the_rule(stack)["Name"]


def test_no_name_or_arn_holds_an_unresolved_token_where_account_and_region_are_unknown(agnostic_stack: Stack) -> None:
    everything(agnostic_stack)

    statements = for_a_rule(agnostic_stack)
    assert {conditions(each)["aws:SourceAccount"] for _, each in statements} == {"<AWS::AccountId>"}
    for policy, statement in statements:
        assert policy in receipt_rule(agnostic_stack, source_rule(statement))["DependsOn"]
    assert "${Token" not in str(template(agnostic_stack))
    (warning,) = (each for each in warnings(agnostic_stack) if "wait_for_identity" in each)
    assert warning.startswith("wait_for_identity holds the deployment until somebody has published the records")


def test_a_full_stack_synthesizes_in_silence(tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    script.write_text(
        "from aws_cdk import App, Stack\n"
        "from tests.constructs.receiving.test_inbound_rule_set import everything\n"
        "app = App()\n"
        "everything(Stack(app, 'Mail'))\n"
        "app.synth()\n"
    )
    environment = {
        **os.environ,
        # The Node of the virtual environment, where there is one.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
        "CDK_OUTDIR": str(tmp_path / "cdk.out"),
    }

    result = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True, check=False)

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert (tmp_path / "cdk.out" / "Mail.template.json").is_file()


@pytest.mark.parametrize(
    ("of_rules", "of_spam_rule"),
    [
        ([ses.TlsPolicy.REQUIRE, ses.TlsPolicy.REQUIRE], "Require"),
        ([ses.TlsPolicy.REQUIRE, ses.TlsPolicy.OPTIONAL], "Optional"),
    ],
)
def test_the_spam_rule_asks_for_tls_where_every_rule_does(
    stack: Stack, of_rules: list[ses.TlsPolicy], of_spam_rule: str
) -> None:
    rules = make(stack, drop_spam=True)
    for number, tls in enumerate(of_rules):
        rules.add_rule(f"Rule{number}", recipients=[f"r{number}@example.com"], actions=STOP, tls=tls)

    assert receipt_rules(stack)[0]["Properties"]["Rule"]["TlsPolicy"] == of_spam_rule


def test_an_alarm_watches_the_spam_rule_too(stack: Stack) -> None:
    make(stack, drop_spam=True, reactions=[EmailTeam("ops@example.net")])

    assert len(resources(stack, "AWS::CloudWatch::Alarm")) == 1


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (StopProcessing(), r"actions must be a list of at least one action, got StopProcessing\(topic=None\); pass"),
        ("store", "actions must be a list of at least one action, got 'store'; pass"),
        (["store"], r"actions must hold actions, got 'store'; pass StoreMail\(\), or an action of aws_ses_actions"),
    ],
)
def test_what_is_no_action_is_refused(stack: Stack, actions: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(stack).add_rule("Rule", actions=actions)


@pytest.mark.parametrize("recipients", [None, "support@example.com"])
def test_recipients_are_a_list(stack: Stack, recipients: Any) -> None:
    with pytest.raises(ValueError, match=r"recipients must be a list, got .*; write \['support@example.com'\]"):
        make(stack).add_rule("Rule", recipients=recipients, actions=STOP)


def test_a_second_rule_of_the_same_id_is_refused(stack: Stack) -> None:
    rules = make(stack)
    rules.add_rule("Rule", actions=STOP)

    with pytest.raises(ValueError, match="construct_id must be new in the rule set, got 'Rule'; give each rule an id"):
        rules.add_rule("Rule", actions=STOP)


def test_a_domain_is_a_construct_and_not_its_name(stack: Stack) -> None:
    with pytest.raises(ValueError, match=r"domain must be a SendingDomain, got 'example\.com'; pass a VerifiedDomain"):
        make(stack, domain="example.com")


@pytest.mark.parametrize("reactions", [None, "ops@example.net", EmailTeam("ops@example.net"), ["ops@example.net"]])
def test_reactions_are_a_list_of_reactions(stack: Stack, reactions: Any) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")

    with pytest.raises(ValueError, match="reactions must be "):
        InboundRuleSet(stack, "Inbound", domain=domain, reactions=reactions)
