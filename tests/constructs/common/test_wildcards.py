"""Acknowledged wildcards: under the id that cdk-nag makes, and in releases of CDK that take no such id not at all."""

import pytest
from aws_cdk import Aws, Stack, Validations
from aws_cdk import aws_iam as iam

from ses_constructs.common.wildcards import acknowledge_wildcard


@pytest.fixture
def role(stack: Stack) -> iam.Role:
    return iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))


def refuse(monkeypatch: pytest.MonkeyPatch, error: str) -> None:
    def of(owner: object) -> None:
        raise RuntimeError(error)

    monkeypatch.setattr(Validations, "of", of)


def test_one_wildcard_is_acknowledged_and_no_other(role: iam.Role) -> None:
    acknowledge_wildcard(role, "*", reason="no resource level")

    acknowledged = [entry.data for entry in role.node.metadata if entry.type == "aws:cdk:acknowledged-rules"]
    ((rule, reason),) = (pair for each in acknowledged for pair in each.items())
    # Older releases of CDK put nothing before the id.
    assert rule.removeprefix("Annotation::") == "AwsSolutions-IAM5[Resource::*]"
    assert reason == "no resource level"


def test_older_releases_of_cdk_take_no_second_pair_of_colons(role: iam.Role, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "InvalidValidationId: Validation id must not contain '::'")

    acknowledge_wildcard(role, f"arn:{Aws.PARTITION}:s3:::bucket/*", reason="made by SES")


def test_another_error_is_not_passed_over(role: iam.Role, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "Something else")

    with pytest.raises(RuntimeError, match=r"^Something else$"):
        acknowledge_wildcard(role, "*", reason="no resource level")
