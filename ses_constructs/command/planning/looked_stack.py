"""Both sides of a stack: what is about to be deployed, and what is there, with the references of each answered."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...common.ses_regions import partition, smtp_host
from ..dkim_keys import dkim_keys
from ..ses_account import SesAccount
from .assembly import AssembledStack
from .deployed_stack import DeployedStack
from .template_values import TemplateValues, is_known

# Where the name stands that Ref gives.
NAMES: Mapping[str, tuple[str, ...]] = {
    "AWS::SES::EmailIdentity": ("EmailIdentity",),
    "AWS::SES::ConfigurationSet": ("Name",),
    "AWS::SES::ReceiptRuleSet": ("RuleSetName",),
    "AWS::SES::ReceiptFilter": ("Filter", "Name"),
    "Custom::SESReplicatedIdentity": ("Domain",),
    "Custom::SESVerifiedAddress": ("Address",),
}
_TOKEN = re.compile(r"DkimDNSToken(Name|Value)([1-3])")


def written_answer(template: Mapping[str, Any], name: str, *, region: str, parameters: Mapping[str, str]) -> object:
    """What a reference stands for as far as *template* itself says so: names that it writes, parameters, the region."""
    match name:
        case "AWS::Region":
            return region or None
        case "AWS::Partition":
            return partition(region) if region else None
        case "AWS::URLSuffix":
            return smtp_host(region).removeprefix(f"email-smtp.{region}.") if region else None
    if name in (template.get("Parameters") or {}):
        return _value(template["Parameters"][name], parameters.get(name))
    resource = (template.get("Resources") or {}).get(name, {})
    named = name_in(resource.get("Type", ""), resource.get("Properties") or {})
    return named if isinstance(named, str) else None


def name_in(resource_type: str, properties: Mapping[str, Any]) -> object:
    """What the template has as the name of a resource; None if it gives none, or if Ref gives something else."""
    value: Any = properties
    for key in NAMES.get(resource_type, ("",)):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _value(parameter: Mapping[str, Any], given: str | None) -> object:
    """What Ref gives for *parameter*; None where only CloudFormation knows it."""
    its_type = str(parameter.get("Type", ""))
    # From the parameter store: there the default is where it stands, and not what it is.
    if given is None and not its_type.startswith("AWS::SSM::Parameter::Value"):
        given = parameter.get("Default")
    # CommaDelimitedList, List<Number> and such.
    return [each.strip() for each in given.split(",")] if "List" in its_type and isinstance(given, str) else given


@dataclass(frozen=True, kw_only=True)
class LookedStack:
    """A stack before its deployment.

    Args:
        account: Whom to ask, in the region of the stack.
        assembled: What is about to be deployed.
        deployed: What is there; None for a new stack.
        imports: Whether ``--import-existing-resources`` is to be given.
    """

    account: SesAccount
    assembled: AssembledStack
    deployed: DeployedStack | None
    imports: bool = False

    @cached_property
    def after(self) -> TemplateValues:
        """What the stack is to have."""
        return TemplateValues(self.assembled.template, lambda name: self._answer(self.assembled.template, name))

    @cached_property
    def before(self) -> TemplateValues:
        """What it has; nothing if it is new."""
        template = (self.deployed and self.deployed.template) or {}
        return TemplateValues(template, lambda name: self._answer(template, name))

    def gone(self, *resource_types: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Logical ids and properties of what the deployment takes out of the stack."""
        for logical_id, properties in self.before.of_type(*resource_types):
            if self.after.type_of(logical_id) != self.before.type_of(logical_id):
                yield logical_id, properties

    def physical_id(self, logical_id: str) -> str:
        """What the resource is called in AWS now; ``""`` if it is to be made."""
        return self.deployed.physical_id(logical_id, self.after.type_of(logical_id)) if self.deployed else ""

    def physical_id_before(self, logical_id: str) -> str:
        """What a resource of the deployed stack is called, whatever its type is to be; ``""`` if there is none."""
        return self.deployed.resources.get(logical_id, ("", ""))[1] if self.deployed else ""

    def owner(self, resource_type: str, name: str) -> str:
        """Who has the thing of that type and name, as words; ``""`` if no stack is known to have it."""
        for logical_id, known in self.deployed.resources.items() if self.deployed else ():
            if known == (resource_type, name):
                return f"this stack has it as {logical_id}"
        stack = self.account.stack_with(resource_type, name)
        return f"the stack {stack} has it" if stack else ""

    def _answer(self, template: Mapping[str, Any], name: str) -> object:
        logical_id, _, attribute = name.partition(".")
        if name.startswith("Fn::ImportValue:"):
            return self._exports.get(name.partition(":ImportValue:")[2])
        if token := _TOKEN.fullmatch(attribute):
            return self._dkim_token(template, logical_id, token[1], int(token[2]))
        if name == "AWS::AccountId":
            return self.account.account_id
        if name == "AWS::StackName":
            return self.assembled.name
        if name == "AWS::StackId":
            return self.deployed.stack_id if self.deployed else None
        parameters = self.deployed.parameters if self.deployed else {}
        written = written_answer(template, name, region=self.account.region, parameters=parameters)
        if written is None and self.deployed:
            resource_type = (template.get("Resources") or {}).get(name, {}).get("Type", "")
            return self.deployed.physical_id(name, resource_type) or None
        return written

    @cached_property
    def _exports(self) -> dict[str, str]:
        pages = self.account.client("cloudformation").get_paginator("list_exports").paginate()
        return {each["Name"]: each["Value"] for page in pages for each in page["Exports"]}

    def _dkim_token(self, template: Mapping[str, Any], logical_id: str, part: str, number: int) -> str | None:
        """The name or the target of a key of Easy DKIM, of which SES alone knows the tokens."""
        domain = self._answer(template, logical_id)
        if not isinstance(domain, str) or not is_known(domain):
            return None
        if domain not in self._known_keys:
            self._known_keys[domain] = [*dkim_keys(domain, self.account.identity(domain) or {})]
        keys = self._known_keys[domain]
        return keys[number - 1][part == "Value"] or None if number <= len(keys) else None

    @cached_property
    def _known_keys(self) -> dict[str, list[tuple[str, str]]]:
        return {}
