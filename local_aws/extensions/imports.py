"""CloudFormation takes over what exists: an IMPORT change set, and ``--import-existing-resources``, for SES and zones.

Each type goes by its primary identifier in CloudFormation's registry. What exists stays as it is: CloudFormation does
not compare it with the template, so that a difference shows only to who looks (drift detection, on AWS).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ministack.services import route53, ses, ses_v2
from ministack.services.cloudformation import changesets, provisioners

from local_aws.extensions.global_endpoints import endpoints
from local_aws.extensions.identities import dkim_outputs
from local_aws.extensions.receipt_filters import filters

NOT_FOUND = "Resource of type '{kind}' with identifier '{identifier}' was not found."


@dataclass(frozen=True)
class Importable:
    """How one type is found.

    Args:
        keys: Of the primary identifier; ministack shows the last as the physical id.
        exists: Tells whether what the values name is there.
        attributes: What ``Fn::GetAtt`` gives, from the same values.
        physical_id: What ``Ref`` gives, from the same values.
    """

    keys: tuple[str, ...]
    exists: Callable[..., bool]
    attributes: Callable[..., dict[str, Any]] = lambda *_: {}
    physical_id: Callable[..., str] = lambda *values: values[-1]


def _has_rule(rule_set: str, rule: str) -> bool:
    return any(each["Name"] == rule for each in ses._receipt_rule_sets.get(rule_set, {}).get("Rules", []))


def _has_destination(configuration_set: str, name: str) -> bool:
    return name in (ses_v2._config_sets.get(configuration_set) or {}).get("EventDestinations", {})


TYPES = {
    "AWS::Route53::HostedZone": Importable(("Id",), lambda zone: zone in route53._zones, lambda zone: {"Id": zone}),
    "AWS::SES::ConfigurationSet": Importable(("Name",), lambda name: name in ses_v2._config_sets),
    "AWS::SES::ConfigurationSetEventDestination": Importable(
        ("ConfigurationSetName", "Id"), _has_destination, lambda _, name: {"Id": name}, lambda *values: "|".join(values)
    ),
    "AWS::SES::DedicatedIpPool": Importable(("PoolName",), lambda name: name in ses_v2._dedicated_ip_pools),
    "AWS::SES::EmailIdentity": Importable(("EmailIdentity",), lambda name: name in ses_v2._identities, dkim_outputs),
    "AWS::SES::MultiRegionEndpoint": Importable(("EndpointName",), lambda name: name in endpoints),
    "AWS::SES::ReceiptFilter": Importable(("Id",), lambda name: name in filters),
    "AWS::SES::ReceiptRule": Importable(("RuleSetName", "RuleName"), _has_rule),
    "AWS::SES::ReceiptRuleSet": Importable(("RuleSetName",), lambda name: name in ses._receipt_rule_sets),
}


def _register(kind: str, importable: Importable) -> None:
    def problem(*values: str) -> str | None:
        return None if importable.exists(*values) else NOT_FOUND.format(kind=kind, identifier="|".join(values))

    def take_over(identifier: dict[str, str]) -> tuple[str, dict[str, Any]]:
        values = [identifier[key] for key in importable.keys]
        return importable.physical_id(*values), importable.attributes(*values)

    changesets._IMPORT_LOOKUPS[kind] = (importable.keys, problem)
    provisioners._RESOURCE_HANDLERS[kind]["import"] = take_over


def install() -> None:
    for kind, importable in TYPES.items():
        _register(kind, importable)
