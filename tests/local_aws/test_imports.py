"""What exists comes under a stack: which types, by which identifiers, and that nothing changes by it."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from tests.local_aws.refusals import refusal_of

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackResourceTypeDef

pytestmark = pytest.mark.xdist_group("local-aws-2")

STACK = "StepIn"
RULE: Any = {"Name": "Support", "Recipients": ["support@step-in.example"], "Enabled": True}
FILTER: Any = {"Name": "NoSpam", "IpFilter": {"Policy": "Block", "Cidr": "192.0.2.0/24"}}
DESTINATION: Any = {
    "Enabled": True,
    "MatchingEventTypes": ["BOUNCE"],
    "CloudWatchDestination": {
        "DimensionConfigurations": [
            {"DimensionName": "d", "DimensionValueSource": "MESSAGE_TAG", "DefaultDimensionValue": "none"}
        ]
    },
}
# By the type: its identifier, and properties that differ from what is there where they can.
TYPES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "AWS::SES::EmailIdentity": (
        {"EmailIdentity": "step-in.example"},
        {"EmailIdentity": "step-in.example", "FeedbackAttributes": {"EmailForwardingEnabled": False}},
    ),
    "AWS::SES::ConfigurationSet": (
        {"Name": "step-in"},
        {"Name": "step-in", "DeliveryOptions": {"TlsPolicy": "REQUIRE"}},
    ),
    "AWS::SES::ConfigurationSetEventDestination": (
        {"ConfigurationSetName": "step-in", "Id": "metrics"},
        {
            "ConfigurationSetName": "step-in",
            "EventDestination": {"Name": "metrics", "MatchingEventTypes": ["bounce"], "Enabled": False},
        },
    ),
    "AWS::SES::ReceiptRuleSet": ({"RuleSetName": "step-in"}, {"RuleSetName": "step-in"}),
    "AWS::SES::ReceiptRule": (
        {"RuleSetName": "step-in", "RuleName": "Support"},
        {"RuleSetName": "step-in", "Rule": {"Name": "Support", "Enabled": False}},
    ),
    "AWS::SES::MultiRegionEndpoint": (
        {"EndpointName": "step-in"},
        {"EndpointName": "step-in", "Details": {"RouteDetails": [{"Region": "eu-west-1"}]}},
    ),
    "AWS::SES::ReceiptFilter": ({"Id": "NoSpam"}, {"Filter": FILTER}),
}
BY_LITERAL_NAME = (
    "AWS::SES::EmailIdentity",
    "AWS::SES::ConfigurationSet",
    "AWS::SES::ReceiptRuleSet",
    "AWS::SES::MultiRegionEndpoint",
)


@pytest.fixture
def by_hand(aws: LocalAws) -> Iterator[LocalAws]:
    """An account where somebody has made one of each."""
    ses, old_ses = aws.client("sesv2"), aws.client("ses")
    ses.create_email_identity(EmailIdentity="step-in.example")
    ses.create_configuration_set(ConfigurationSetName="step-in")
    ses.create_configuration_set_event_destination(
        ConfigurationSetName="step-in", EventDestinationName="metrics", EventDestination=DESTINATION
    )
    ses.create_multi_region_endpoint(EndpointName="step-in", Details={"RoutesDetails": [{"Region": "eu-central-1"}]})
    old_ses.create_receipt_rule_set(RuleSetName="step-in")
    old_ses.create_receipt_rule(RuleSetName="step-in", Rule=RULE)
    old_ses.create_receipt_filter(Filter=FILTER)
    yield aws
    cloudformation = aws.client("cloudformation")
    with suppress(ClientError):
        cloudformation.delete_stack(StackName=STACK)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    old_ses.delete_receipt_filter(FilterName="NoSpam")
    old_ses.delete_receipt_rule_set(RuleSetName="step-in")
    ses.delete_multi_region_endpoint(EndpointName="step-in")
    ses.delete_configuration_set(ConfigurationSetName="step-in")
    ses.delete_email_identity(EmailIdentity="step-in.example")


def found(aws: LocalAws) -> list[Any]:
    """Everything that is there by hand, as SES tells it."""
    ses, old_ses = aws.client("sesv2"), aws.client("ses")
    answers = (
        ses.get_email_identity(EmailIdentity="step-in.example"),
        ses.get_configuration_set(ConfigurationSetName="step-in"),
        ses.get_multi_region_endpoint(EndpointName="step-in"),
        ses.get_configuration_set_event_destinations(ConfigurationSetName="step-in"),
        old_ses.describe_receipt_rule_set(RuleSetName="step-in"),
        old_ses.list_receipt_filters(),
    )
    return [{key: value for key, value in answer.items() if key != "ResponseMetadata"} for answer in answers]


def resource(kind: str, **more: object) -> dict[str, Any]:
    return {"Type": kind, "Properties": TYPES[kind][1], "DeletionPolicy": "Retain"} | more


def import_change_set(aws: LocalAws, resources: dict[str, Any], **identifiers: dict[str, str]) -> dict[str, Any]:
    """Ask for an import of *resources*, each by its type's identifier unless *identifiers* say another."""
    client = aws.client("cloudformation")
    client.create_change_set(
        StackName=STACK,
        ChangeSetName="import",
        ChangeSetType="IMPORT",
        TemplateBody=json.dumps({"Resources": resources}),
        ResourcesToImport=[
            {
                "ResourceType": each["Type"],
                "LogicalResourceId": name,
                "ResourceIdentifier": identifiers.get(name, TYPES[each["Type"]][0]),
            }
            for name, each in resources.items()
        ],
    )
    return dict(client.describe_change_set(StackName=STACK, ChangeSetName="import"))


def carry_out(aws: LocalAws) -> "list[StackResourceTypeDef]":
    client = aws.client("cloudformation")
    client.execute_change_set(StackName=STACK, ChangeSetName="import")
    client.get_waiter("stack_import_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    return client.describe_stack_resources(StackName=STACK)["StackResources"]


def test_every_type_of_ses_comes_in_by_an_import_and_stays_as_it_is(by_hand: LocalAws) -> None:
    before = found(by_hand)
    resources = {f"R{number}": resource(kind) for number, kind in enumerate(TYPES)}

    made = import_change_set(by_hand, resources)
    assert (made["Status"], {each["ResourceChange"]["Action"] for each in made["Changes"]}) == (
        "CREATE_COMPLETE",
        {"Import"},
    )
    under_the_stack = carry_out(by_hand)

    assert {each["ResourceType"] for each in under_the_stack} == set(TYPES)
    assert found(by_hand) == before


def test_what_came_in_is_still_there_when_the_stack_goes(by_hand: LocalAws) -> None:
    before = found(by_hand)
    import_change_set(by_hand, {f"R{number}": resource(kind) for number, kind in enumerate(TYPES)})
    carry_out(by_hand)

    client = by_hand.client("cloudformation")
    client.delete_stack(StackName=STACK)
    client.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})

    assert found(by_hand) == before


@pytest.mark.parametrize("kind", TYPES)
def test_what_is_not_there_cannot_be_imported(by_hand: LocalAws, kind: str) -> None:
    keys = TYPES[kind][0]
    nothing = dict.fromkeys(keys, "nothing.example")

    made = import_change_set(by_hand, {"R": resource(kind)}, R=nothing)

    assert made["Status"] == "FAILED"
    assert made["StatusReason"] == (
        f"Resource of type '{kind}' with identifier '{'|'.join(nothing.values())}' was not found."
    )


def test_an_identifier_must_have_the_keys_of_the_registry(by_hand: LocalAws) -> None:
    rule = {"R": resource("AWS::SES::ReceiptRule")}

    _, message = refusal_of(lambda: import_change_set(by_hand, rule, R={"RuleName": "Support"}))

    assert "Expected [RuleSetName, RuleName]" in message


def test_an_import_may_refer_to_nothing_that_is_not_imported_with_it(by_hand: LocalAws) -> None:
    identity = resource("AWS::SES::EmailIdentity")
    identity["Properties"] = identity["Properties"] | {
        "ConfigurationSetAttributes": {"ConfigurationSetName": {"Ref": "Set"}}
    }

    _, message = refusal_of(lambda: import_change_set(by_hand, {"R": identity}))

    assert message == (
        "Template format error: Unresolved resource dependencies [Set] in the Resources block of the template"
    )


@pytest.mark.parametrize("kind", TYPES)
def test_an_ordinary_deployment_takes_over_what_is_named_literally_and_nothing_else(
    by_hand: LocalAws, kind: str
) -> None:
    client = by_hand.client("cloudformation")
    client.create_change_set(
        StackName=STACK,
        ChangeSetName="deploy",
        ChangeSetType="CREATE",
        ImportExistingResources=True,
        TemplateBody=json.dumps({"Resources": {"R": resource(kind), "New": {"Type": "AWS::SNS::Topic"}}}),
    )
    made = client.describe_change_set(StackName=STACK, ChangeSetName="deploy")

    actions = {
        each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"]["Action"] for each in made["Changes"]
    }
    assert actions == {"R": "Import" if kind in BY_LITERAL_NAME else "Add", "New": "Add"}


def test_what_is_taken_over_must_be_retained(by_hand: LocalAws) -> None:
    client = by_hand.client("cloudformation")
    kept = resource("AWS::SES::EmailIdentity")
    del kept["DeletionPolicy"]
    client.create_change_set(
        StackName=STACK,
        ChangeSetName="deploy",
        ChangeSetType="CREATE",
        ImportExistingResources=True,
        TemplateBody=json.dumps({"Resources": {"R": kept}}),
    )

    made = client.describe_change_set(StackName=STACK, ChangeSetName="deploy")

    assert made["Status"] == "FAILED"
    assert "must have the DeletionPolicy attribute set to 'Retain'" in made["StatusReason"]
