"""The account's suppression list: what is asked for, and that one stack owns it."""

from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_ses as ses

from ses_constructs import SuppressionList
from tests.constructs.templates import identified, only, role_statements, service_statements

RESOURCE = "Custom::SESSuppressionList"
Reasons = ses.SuppressionReasons


def test_bounces_and_complaints_are_suppressed_unless_told_otherwise(stack: Stack) -> None:
    SuppressionList(stack, "List")

    assert only(stack, RESOURCE)["Properties"]["SuppressedReasons"] == ["BOUNCE", "COMPLAINT"]


@pytest.mark.parametrize(
    ("reasons", "suppressed"),
    [
        (Reasons.BOUNCES_AND_COMPLAINTS, ["BOUNCE", "COMPLAINT"]),
        (Reasons.BOUNCES_ONLY, ["BOUNCE"]),
        (Reasons.COMPLAINTS_ONLY, ["COMPLAINT"]),
        (None, []),
    ],
)
def test_the_reasons_are_as_asked(stack: Stack, reasons: Reasons | None, suppressed: list[str]) -> None:
    SuppressionList(stack, "List", reasons=reasons)

    assert only(stack, RESOURCE)["Properties"]["SuppressedReasons"] == suppressed


def test_every_reason_of_cdk_has_a_meaning(stack: Stack) -> None:
    for number, reason in enumerate(Reasons):
        SuppressionList(Stack(stack, f"Stack{number}"), "List", reasons=reason)


def test_nothing_is_changed_before_the_stack_owns_the_list(stack: Stack) -> None:
    SuppressionList(stack, "List")

    (claim_id,) = identified(stack, "AWS::SSM::Parameter")
    claim = only(stack, "AWS::SSM::Parameter")["Properties"]
    assert claim["Name"] == "/ses-constructs/one-per-region/suppression-list"
    assert claim_id in only(stack, RESOURCE)["DependsOn"]


def test_a_second_list_in_a_stack_is_refused(stack: Stack) -> None:
    SuppressionList(stack, "List")

    with pytest.raises(ValueError, match="the suppression-list of an account and region must have one owner"):
        SuppressionList(stack, "Other")


@pytest.mark.parametrize("reasons", ["BOUNCE", [Reasons.BOUNCES_ONLY], True])
def test_reasons_are_of_ses(stack: Stack, reasons: Any) -> None:
    with pytest.raises(
        ValueError, match=r"reasons must be a SuppressionReasons, got .*; pass a member of ses\.SuppressionReasons, or"
    ):
        SuppressionList(stack, "List", reasons=reasons)


def test_the_function_may_read_the_account_and_write_the_reasons_alone(stack: Stack) -> None:
    SuppressionList(stack, "List")

    assert role_statements(stack, of="SuppressionList") == [
        {
            "Action": ["ses:GetAccount", "ses:PutAccountSuppressionAttributes"],
            "Effect": "Allow",
            "Resource": "*",
        }
    ]
    assert service_statements(stack, "ses.amazonaws.com") == []
