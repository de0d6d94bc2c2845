"""What CloudFormation refuses of templates, change sets and exports, in its words."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from local_aws.aws import LocalAws
from tests.local_aws.refusals import refusal_of

pytestmark = pytest.mark.xdist_group("local-aws-2")

TOPIC: dict[str, Any] = {"Type": "AWS::SNS::Topic"}
QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue"}
TYPE_CHANGED = (
    "Update of resource type is not permitted. The new template modifies resource type of the following resources: [X]"
)


class Stacks:
    """Stacks of one test, by CloudFormation's calls."""

    def __init__(self, aws: LocalAws) -> None:
        self.client = aws.client("cloudformation")
        self.names: list[str] = []

    def create(self, name: str, **template: object) -> str:
        self.client.create_stack(StackName=name, TemplateBody=json.dumps(template))
        self.names.append(name)
        return self.settled(name)

    def update(self, name: str, **template: object) -> str:
        self.client.update_stack(StackName=name, TemplateBody=json.dumps(template))
        return self.settled(name)

    def change_set(self, name: str, **template: object) -> dict[str, Any]:
        body = json.dumps(template)
        self.client.create_change_set(StackName=name, ChangeSetName="changes", TemplateBody=body)
        return dict(self.client.describe_change_set(StackName=name, ChangeSetName="changes"))

    def settled(self, name: str) -> str:
        """The status in which the operation ends."""
        deadline = time.monotonic() + 30
        while (status := self.client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]).endswith("PROGRESS"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return status

    def reasons(self, name: str) -> list[str]:
        events = self.client.describe_stack_events(StackName=name)["StackEvents"]
        return [event.get("ResourceStatusReason", "") for event in events]

    def exports(self) -> dict[str, str]:
        found = self.client.list_exports()["Exports"]
        return {each["Name"]: each["Value"] for each in found if each["Name"].startswith("refused:")}

    def delete(self) -> None:
        while self.names:  # the importing ones first
            name = self.names.pop()
            self.client.delete_stack(StackName=name)
            self.client.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


@pytest.fixture
def stacks(aws: LocalAws) -> Iterator[Stacks]:
    made = Stacks(aws)
    yield made
    made.delete()


def test_the_type_of_a_resource_does_not_change(stacks: Stacks) -> None:
    stacks.create("Types", Resources={"X": TOPIC})
    body = json.dumps({"Resources": {"X": QUEUE}})
    update = refusal_of(stacks.client.update_stack, StackName="Types", TemplateBody=body)
    assert update == ("ValidationError", TYPE_CHANGED)
    planned = stacks.change_set("Types", Resources={"X": QUEUE})
    assert (planned["Status"], planned["StatusReason"], planned["Changes"]) == ("FAILED", TYPE_CHANGED, [])
    assert stacks.update("Types", Resources={"Y": QUEUE}) == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    "resource",
    [
        TOPIC | {"Properties": {"TopicName": {"Ref": "Nothing"}}},
        TOPIC | {"Properties": {"TopicName": {"Fn::GetAtt": ["Nothing", "TopicName"]}}},
        TOPIC | {"Properties": {"TopicName": {"Fn::Sub": "a-${Nothing.Name}-${AWS::Region}"}}},
        TOPIC | {"DependsOn": "Nothing"},
        TOPIC | {"DependsOn": ["Y", "Nothing"]},
    ],
)
def test_what_refers_to_nothing_is_refused(stacks: Stacks, resource: dict[str, Any]) -> None:
    told = "Template format error: Unresolved resource dependencies [Nothing] in the Resources block of the template"
    body = json.dumps({"Resources": {"X": resource, "Y": TOPIC}})
    for call in (stacks.client.create_stack, stacks.client.validate_template):
        named = {"StackName": "Refers"} if call == stacks.client.create_stack else {}
        assert refusal_of(call, TemplateBody=body, **named) == ("ValidationError", told)
    planned = refusal_of(
        stacks.client.create_change_set,
        StackName="Refers",
        ChangeSetName="changes",
        ChangeSetType="CREATE",
        TemplateBody=body,
    )
    assert planned == ("ValidationError", told)


def test_an_output_of_nothing_is_refused(stacks: Stacks) -> None:
    body = json.dumps({"Resources": {"X": TOPIC}, "Outputs": {"O": {"Value": {"Ref": "Nothing"}}}})
    assert refusal_of(stacks.client.create_stack, StackName="Refers", TemplateBody=body) == (
        "ValidationError",
        "Template format error: Unresolved resource dependencies [Nothing] in the Outputs block of the template",
    )


def test_what_refers_to_a_parameter_or_a_pseudo_parameter_is_taken(stacks: Stacks) -> None:
    value = {"Fn::Sub": ["${Name}-${Own}-${!Literal}-${AWS::Region}", {"Own": {"Ref": "Name"}}]}
    stored = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}, "DependsOn": "Y"}
    parameters = {"Name": {"Type": "String", "Default": "refers"}}
    assert stacks.create("Refers", Parameters=parameters, Resources={"X": stored, "Y": TOPIC}) == "CREATE_COMPLETE"


def test_a_change_set_of_outputs_alone_is_carried_out(stacks: Stacks) -> None:
    stacks.create("Outputs", Resources={"X": TOPIC})
    planned = stacks.change_set("Outputs", Resources={"X": TOPIC}, Outputs={"O": {"Value": "1"}})
    assert (planned["Status"], planned["ExecutionStatus"], planned["Changes"]) == ("CREATE_COMPLETE", "AVAILABLE", [])
    stacks.client.execute_change_set(StackName="Outputs", ChangeSetName="changes")
    assert stacks.settled("Outputs") == "UPDATE_COMPLETE"
    made = stacks.client.describe_stacks(StackName="Outputs")["Stacks"][0]["Outputs"]
    assert [(each["OutputKey"], each["OutputValue"]) for each in made] == [("O", "1")]
    stacks.client.delete_change_set(StackName="Outputs", ChangeSetName="changes")
    again = stacks.change_set("Outputs", Resources={"X": TOPIC}, Outputs={"O": {"Value": "1"}})
    assert again["Status"] == "FAILED"


def exporting(value: object, **resources: object) -> dict[str, Any]:
    return {
        "Resources": {"X": TOPIC, **resources},
        "Outputs": {"O": {"Value": value, "Export": {"Name": "refused:export"}}},
    }


def importing() -> dict[str, Any]:
    imported = {"Fn::ImportValue": "refused:export"}
    return {"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": imported}}}}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"Resources": {"X": TOPIC, "Y": TOPIC}}, "cannot be deleted as it is in use by User"),
        (exporting("2"), "cannot be updated as it is in use by User"),
    ],
)
def test_an_export_in_use_neither_goes_nor_changes(stacks: Stacks, changed: dict[str, Any], words: str) -> None:
    stacks.create("Owner", **exporting("1"))
    stacks.create("User", **importing())
    assert stacks.update("Owner", **changed) == "UPDATE_ROLLBACK_COMPLETE"
    assert f"Export refused:export {words}" in " ".join(stacks.reasons("Owner"))
    assert stacks.exports() == {"refused:export": "1"}
    assert stacks.update("Owner", **exporting("1", Z=TOPIC)) == "UPDATE_COMPLETE"


def test_an_export_that_nobody_uses_changes_and_goes(stacks: Stacks) -> None:
    stacks.create("Owner", **exporting("1"))
    assert stacks.update("Owner", **exporting("2")) == "UPDATE_COMPLETE"
    assert stacks.exports() == {"refused:export": "2"}
    assert stacks.update("Owner", Resources={"X": TOPIC}) == "UPDATE_COMPLETE"
    assert stacks.exports() == {}
