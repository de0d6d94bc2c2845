"""Reading a synthesized template in plain Python: faster than the assertions module, and failures show the values."""

from typing import Any

from aws_cdk import Stack
from aws_cdk.assertions import Annotations, Match, Template

Resource = dict[str, Any]

WRITE_LOG = ["logs:CreateLogStream", "logs:PutLogEvents"]
QUESTIONS = ["cloudformation:DescribeStackEvents", "cloudformation:DescribeStackResource"]


def template(stack: Stack) -> dict[str, Any]:
    return dict(Template.from_stack(stack).to_json())


def resources(stack: Stack, resource_type: str) -> list[Resource]:
    return [each for each in template(stack)["Resources"].values() if each["Type"] == resource_type]


def only(stack: Stack, resource_type: str) -> Resource:
    """The one resource of its type."""
    (resource,) = resources(stack, resource_type)
    return resource


def record_sets(stack: Stack) -> dict[tuple[str, str], list[Any]]:
    """The records of every record set group whose names are plain text: (name, type) -> values."""
    return {
        (each["Name"], each["Type"]): each["ResourceRecords"]
        for group in resources(stack, "AWS::Route53::RecordSetGroup")
        for each in group["Properties"]["RecordSets"]
        if isinstance(each["Name"], str)
    }


def warnings(stack: Stack) -> list[str]:
    """The text of every warning, each ending with its id."""
    found = Annotations.from_stack(stack).find_warning("*", Match.any_value())
    return [str(each.entry.data) for each in found]


def identified(stack: Stack, resource_type: str) -> dict[str, Resource]:
    """The resources of a type under their logical ids."""
    return {key: each for key, each in template(stack)["Resources"].items() if each["Type"] == resource_type}


def written(value: Any) -> str:
    """An ARN or name as text, with the logical id or pseudo parameter in the place of each reference."""
    match value:
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(written(part) for part in parts)
        case {"Fn::Select": [index, {"Fn::Split": [separator, text]}]}:
            return f"<{written(text)} by {separator}, {index}>"
    return str(value)


def receipt_rules(stack: Stack) -> list[Resource]:
    """The receipt rules in the order in which SES runs them, which is what their ``After`` says."""
    behind = {each["Properties"].get("After"): each for each in resources(stack, "AWS::SES::ReceiptRule")}
    names = {each["Properties"]["Rule"]["Name"] for each in behind.values()}
    (first,) = (after for after in behind if after not in names)
    in_order = [behind.pop(first)]
    while behind:
        in_order.append(behind.pop(in_order[-1]["Properties"]["Rule"]["Name"]))
    return in_order


def receipt_rule(stack: Stack, rule_name: str) -> Resource:
    """The receipt rule of that name."""
    (rule,) = (each for each in receipt_rules(stack) if each["Properties"]["Rule"]["Name"] == rule_name)
    return rule


_POLICY_PROPERTIES = {
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
    "AWS::KMS::Key": "KeyPolicy",
}


def service_statements(stack: Stack, service: str) -> list[tuple[str, Resource]]:
    """Every statement for an AWS service: the logical id of its policy, and the statement.

    A permission of a Lambda function is written as the statement that Lambda makes of it.
    """
    found: list[tuple[str, Resource]] = []
    for key, each in template(stack)["Resources"].items():
        properties = each.get("Properties", {})
        if each["Type"] == "AWS::Lambda::Permission":
            condition = {
                "StringEquals": {"aws:SourceAccount": properties.get("SourceAccount")},
                "ArnLike": {"aws:SourceArn": properties.get("SourceArn")},
            }
            statement = {"Action": properties["Action"], "Resource": properties["FunctionName"], "Condition": condition}
            statements = [{**statement, "Principal": {"Service": properties["Principal"]}}]
        else:
            statements = properties.get(_POLICY_PROPERTIES.get(each["Type"], ""), {}).get("Statement", [])
        found += [(key, statement) for statement in statements if statement["Principal"] == {"Service": service}]
    return found


def conditions(statement: Resource) -> dict[str, str]:
    """What a statement asks for, whatever the operator: its condition keys with their values as text."""
    return {
        key: written(value)
        for operator in statement.get("Condition", {}).values()
        for key, value in operator.items()
        if value is not None
    }


def role_statements(stack: Stack, *, of: str) -> list[Resource]:
    """What the policies in and beside the role whose logical id holds *of* say, but for what every function may do."""
    inline = [
        policy["PolicyDocument"]
        for key, role in identified(stack, "AWS::IAM::Role").items()
        if of in key
        for policy in role["Properties"].get("Policies", [])
    ]
    beside = [
        policy["Properties"]["PolicyDocument"]
        for policy in resources(stack, "AWS::IAM::Policy")
        if of in written(policy["Properties"].get("Roles", [""])[0])
    ]
    statements = [statement for document in inline + beside for statement in document["Statement"]]
    return [each for each in statements if each["Action"] not in (WRITE_LOG, QUESTIONS)]


def needs(stack: Stack, logical_id: str) -> set[str]:
    """Everything that CloudFormation makes before the resource: what it refers to, or waits for, at any distance."""
    all_resources = template(stack)["Resources"]
    found: set[str] = set()
    to_read = [logical_id]
    while to_read:
        near = _named(all_resources[to_read.pop()]) & all_resources.keys() - found
        found |= near
        to_read += near
    return found


def _named(value: Any) -> set[str]:
    match value:
        case {"Ref": str(name)}:
            return {name}
        case {"Fn::GetAtt": [name, _]}:
            return {name}
        case dict():
            after = value.get("DependsOn", [])
            return {*([after] if isinstance(after, str) else after)}.union(*map(_named, value.values()))
        case list():
            return set().union(*map(_named, value))
    return set()


def metric_math(properties: Resource) -> tuple[str, dict[str, Resource]]:
    """The expression of an alarm, and the metrics in it by their names there, each with its Stat and Period."""
    (expression,) = (each["Expression"] for each in properties["Metrics"] if "Expression" in each)
    stats = {each["Id"]: each["MetricStat"] for each in properties["Metrics"] if "MetricStat" in each}
    return expression, {name: {**each["Metric"], **each} for name, each in stats.items()}
