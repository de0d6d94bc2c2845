"""References of CloudFormation, answered as far as they can be before a deployment."""

from typing import Any

import pytest

from ses_constructs.command.planning.deployed_stack import deployed_stack
from ses_constructs.command.planning.looked_stack import written_answer
from ses_constructs.command.planning.template_values import TemplateValues, is_known

TEMPLATE: dict[str, Any] = {
    "Conditions": {
        "InEurope": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]},
        "Elsewhere": {"Fn::Not": [{"Condition": "InEurope"}]},
        "Both": {"Fn::And": [{"Condition": "InEurope"}, {"Condition": "Elsewhere"}]},
        "Either": {"Fn::Or": [{"Condition": "Elsewhere"}, {"Condition": "InEurope"}]},
        "Open": {"Fn::Equals": [{"Ref": "Later"}, "x"]},
        "Odd": {"Fn::Contains": []},
    },
    "Resources": {
        "Here": {"Type": "T", "Condition": "InEurope"},
        "There": {"Type": "T", "Condition": "Elsewhere"},
        "Perhaps": {"Type": "T", "Condition": "Open"},
        "Unclear": {"Type": "T", "Condition": "Odd"},
    },
}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "Later"}, "${Later}"),
        ({"Fn::GetAtt": ["A", "B"]}, "${A.B}"),
        ({"Fn::GetAtt": "A.B"}, "${A.B}"),
        ({"Fn::ImportValue": "Shared"}, "${Fn::ImportValue:Shared}"),
        ({"Fn::Join": [".", ["a", {"Ref": "AWS::Region"}]]}, "a.eu-west-1"),
        ({"Fn::Sub": "a.${AWS::Region}.${!Literal}"}, "a.eu-west-1.${Literal}"),
        ({"Fn::Sub": ["${X}", {"X": "y"}]}, "y"),
        ({"Fn::Select": ["1", {"Fn::Split": ["-", {"Ref": "AWS::Region"}]}]}, "west"),
        ({"Fn::Select": [7, ["a"]]}, "${Fn::Select}"),
        ({"Fn::Split": ["-", {"Ref": "Later"}]}, "${Later}"),
        ({"Fn::If": ["Either", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Both", "yes", "no"]}, "no"),
        ({"Fn::If": ["Open", "yes", "no"]}, "${Open}"),
        ({"Fn::GetAZs": ""}, "${Fn::GetAZs}"),
        ({"A": {"Ref": "AWS::NoValue"}, "B": [{"Ref": "AWS::NoValue"}, 1]}, {"B": [1]}),
    ],
)
def test_references_are_answered_and_what_is_open_says_so(value: object, found: object) -> None:
    values = TemplateValues(TEMPLATE, {"AWS::Region": "eu-west-1"}.get)

    assert values.of(value) == found
    assert [*values.resources] == ["Here", "Perhaps", "Unclear"]
    assert is_known("text")


PARAMETERS: dict[str, Any] = {
    "Parameters": {
        "Name": {"Type": "String", "Default": "example.com"},
        "Hosts": {"Type": "CommaDelimitedList", "Default": "192.0.2.1, 192.0.2.2"},
        "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/mail/domain"},
        "Open": {"Type": "String"},
    }
}


@pytest.mark.parametrize(
    ("name", "found"),
    [("Name", "example.com"), ("Hosts", ["192.0.2.1", "192.0.2.2"]), ("Stored", None), ("Open", None)],
)
def test_a_parameter_is_what_its_type_makes_of_it(name: str, found: object) -> None:
    assert written_answer(PARAMETERS, name, region="eu-west-1", parameters={}) == found


class _Account:
    """One stack, with a parameter from the parameter store."""

    def client(self, _: str) -> "_Account":
        return self

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        parameter = {"ParameterKey": "Stored", "ParameterValue": "/mail/domain", "ResolvedValue": "example.com"}
        return {"Stacks": [{"StackId": "id", "StackStatus": "CREATE_COMPLETE", "Parameters": [parameter]}]}

    def get_paginator(self, _: str) -> "_Account":
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        return [{"StackResourceSummaries": []}]

    def get_template(self, **_: str) -> dict[str, Any]:
        return {"TemplateBody": "{}"}


def test_a_parameter_from_the_store_is_what_cloudformation_found_there() -> None:
    deployed = deployed_stack(_Account(), "Mail")  # type: ignore[arg-type]

    assert deployed
    assert written_answer(PARAMETERS, "Stored", region="eu-west-1", parameters=deployed.parameters) == "example.com"
