"""The one place that tells cdk-nag why a permission has a wildcard."""

import json

import jsii
from aws_cdk import Acknowledgment, Reference, Stack, Tokenization, Validations
from constructs import IConstruct, IValidation


def acknowledge_wildcard(owner: IConstruct, resource: str, *, reason: str) -> None:
    """Acknowledge the wildcard of *resource*, an ARN or ``*`` itself, in the policies of *owner*, and no other."""
    own = Stack.of(owner)
    references = (each for each in Tokenization.reverse_string(resource).tokens if isinstance(each, Reference))
    if any(Stack.of(each.target) is not own for each in references):
        # What is in another stack gets its name here, that of an export, only while the app is synthesized.
        owner.node.add_validation(_Later(owner, resource, reason))
    else:
        _acknowledge(owner, resource, reason)


@jsii.implements(IValidation)
class _Later:
    def __init__(self, owner: IConstruct, resource: str, reason: str) -> None:
        self._arguments = owner, resource, reason

    def validate(self) -> list[str]:
        _acknowledge(*self._arguments)
        return []


def _acknowledge(owner: IConstruct, resource: str, reason: str) -> None:
    written = _as_cdk_nag_writes(Stack.of(owner).resolve(resource))
    try:
        Validations.of(owner).acknowledge(Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{written}]", reason=reason))
    except RuntimeError as error:
        # Older releases of CDK take no second '::' in an id, such as that of <AWS::Partition>.
        if "InvalidValidationId" not in str(error):
            raise


def _as_cdk_nag_writes(resolved: object) -> str:
    """Write what ``Stack.resolve`` returns as cdk-nag's ``flattenCfnReference`` does."""
    match resolved:
        case str():
            return resolved.replace("${", "<").replace("}", ">")
        case {"Ref": name}:
            return f"<{_as_cdk_nag_writes(name)}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{_as_cdk_nag_writes(name)}.{_as_cdk_nag_writes(attribute)}>"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(map(_as_cdk_nag_writes, parts))
        case {"Fn::Sub": inner} | {"Fn::ImportValue": inner}:
            return _as_cdk_nag_writes(inner)
    return json.dumps(resolved, separators=(",", ":"), ensure_ascii=False)
