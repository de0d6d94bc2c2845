"""How much of what IAM lets a role hold a policy takes, once references are values."""

import json
from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

# Rather long than short: what synth lets through must not fail at deploy. The longest ARN here is that of a function
# with a name of 64 letters in ap-southeast-2.
_PSEUDO_PARAMETERS = {"AWS::Partition": 10, "AWS::Region": 14, "AWS::AccountId": 12}
_ARN, _NAME = 116, 64


def policy_length(stack: Stack, statements: Sequence[iam.PolicyStatement]) -> int:
    """Characters of a policy with *statements*, where a reference counts as long as its value may well be."""
    document = {"Version": "2012-10-17", "Statement": [each.to_statement_json() for each in statements]}
    return len(json.dumps(_filled_in(stack.resolve(document), _ARN), separators=(",", ":")))


def _filled_in(resolved: object, length: int) -> object:
    """*resolved* with a text in the place of each reference, of *length* unless that is known."""
    match resolved:
        case {"Fn::Join": [separator, parts]}:
            # A reference inside an ARN is a name.
            return str(separator).join(str(_filled_in(part, _NAME)) for part in parts)
        case {"Ref": str(name)}:
            return "-" * _PSEUDO_PARAMETERS.get(name, length)
        case dict() if any(str(key).startswith("Fn::") for key in resolved):
            return "-" * length
        case dict():
            return {key: _filled_in(value, length) for key, value in resolved.items()}
        case list():
            return [_filled_in(each, length) for each in resolved]
    return resolved
