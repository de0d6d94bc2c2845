"""AWS::SSM::Parameter: a name that is taken is refused in CloudFormation's words."""

from collections.abc import Callable
from typing import Any

from ministack.services import ssm
from ministack.services.cloudformation import provisioners

from local_aws.extensions.registry import Properties, Provisioned


def install() -> None:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SSM::Parameter"]
    original: Callable[..., Provisioned] = handlers["create"]

    def create(logical_id: str, properties: Properties, stack_name: str) -> tuple[str, dict[str, Any]]:
        name = properties.get("Name")
        if name in ssm._parameters:
            raise ValueError(f"Resource of type 'AWS::SSM::Parameter' with identifier '{name}' already exists.")
        return original(logical_id, properties, stack_name)

    handlers["create"] = create
