"""Small templates, written as CloudFormation has them."""

from collections.abc import Mapping, Sequence
from typing import Any

from ses_constructs.testing import ReceiptSimulator

Resource = dict[str, Any]


def rule(
    *recipients: str,
    actions: Sequence[Mapping[str, Any]] = (),
    after: object = None,
    rule_set: object = "inbound",
    depends_on: object = None,
    **fields: object,
) -> Resource:
    """An enabled rule; *fields* are those of its ``Rule``."""
    properties: dict[str, Any] = {
        "RuleSetName": rule_set,
        "Rule": {"Enabled": True, "Recipients": list(recipients), "Actions": list(actions), **fields},
    }
    if after is not None:
        properties["After"] = after
    resource: Resource = {"Type": "AWS::SES::ReceiptRule", "Properties": properties}
    return resource | ({"DependsOn": depends_on} if depends_on else {})


def ip_filter(policy: object, cidr: object) -> Resource:
    properties = {"Filter": {"IpFilter": {"Policy": policy, "Cidr": cidr}}}
    return {"Type": "AWS::SES::ReceiptFilter", "Properties": properties}


def calls(function: object, invocation_type: str = "RequestResponse") -> dict[str, Any]:
    """An action that invokes a function of the template."""
    return {"LambdaAction": {"FunctionArn": function, "InvocationType": invocation_type}}


def template(**resources: Resource) -> dict[str, Any]:
    return {"Resources": resources}


def simulator(**resources: Resource) -> ReceiptSimulator:
    return ReceiptSimulator.from_template(template(**resources))


def chain(*rules: Resource) -> dict[str, Any]:
    """A template of *rules* in this order, named Rule0, Rule1 and so on."""
    for number, each in enumerate(rules[1:]):
        each["Properties"]["After"] = {"Ref": f"Rule{number}"}
    return template(**{f"Rule{number}": each for number, each in enumerate(rules)})


STORE = {"S3Action": {"BucketName": {"Ref": "Mail"}}}
STOP = {"StopAction": {"Scope": "RuleSet"}}
