"""How long a policy gets, whose references only CloudFormation can fill in, and what a role holds."""

import json
from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from ..common.rendered import rendered

# A role holds 10,240 characters of inline policies, white space not counted. In a stack with a name of 128 letters the
# one for its log takes up to 360 of them, and the one to ask CloudFormation up to 390
# (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
MAX_CHARACTERS = 10_240 - 360 - 390
# How long a reference may be once it is a value. Rather long than short: what synth lets through must not fail at
# deploy. The longest ARN that nobody gives the length of is that of a function with a name of 64 letters in
# cn-northwest-1 or a GovCloud region.
_ARN_CHARACTERS, _NAME_CHARACTERS = 122, 64
_PSEUDO_PARAMETER_CHARACTERS = {"AWS::Partition": 10, "AWS::Region": 14, "AWS::AccountId": 12, "AWS::StackName": 128}


def policy_length(stack: Stack, statements: Sequence[iam.PolicyStatement], longest: Mapping[str, int]) -> int:
    """Characters of a policy with *statements*, where a reference counts as long as its value may well be.

    The references in *longest* take as many characters as it says.
    """
    known = {rendered(stack.resolve(reference)): characters for reference, characters in longest.items()}
    document = {"Version": "2012-10-17", "Statement": [each.to_statement_json() for each in statements]}
    return len(json.dumps(_filled_in(stack.resolve(document), _ARN_CHARACTERS, known), separators=(",", ":")))


def _filled_in(resolved: object, length: int, known: Mapping[str, int]) -> object:
    """*resolved* with a text in the place of each reference, of *length* unless another one is known."""
    match resolved:
        case {"Fn::Join": [separator, parts]}:
            # A reference inside an ARN is a name.
            return str(separator).join(str(_filled_in(part, _NAME_CHARACTERS, known)) for part in parts)
        case {"Ref": str(name)}:
            return "-" * known.get(rendered(resolved), _PSEUDO_PARAMETER_CHARACTERS.get(name, length))
        case dict() if any(str(key).startswith("Fn::") for key in resolved):
            return "-" * length
        case dict():
            return {key: _filled_in(value, length, known) for key, value in resolved.items()}
        case list():
            return [_filled_in(each, length, known) for each in resolved]
    return resolved
