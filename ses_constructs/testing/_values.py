"""Reads the values of a CloudFormation template, also where they are references."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..common.arguments import invalid

Resources = Mapping[str, Mapping[str, Any]]

_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")
_WHERE_NAMES_ARE: dict[str, tuple[str, ...]] = {
    "AWS::SES::ReceiptRule": ("Rule", "Name"),
    "AWS::SES::ReceiptRuleSet": ("RuleSetName",),
    "AWS::SES::ReceiptFilter": ("Filter", "Name"),
}


class Values:
    """Turns values of *template* into text; *parameters* answer what the template leaves open."""

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, object]) -> None:
        self.resources: Resources = template.get("Resources") or {}
        declared: Mapping[str, Mapping[str, Any]] = template.get("Parameters") or {}
        defaults = {name: each["Default"] for name, each in declared.items() if "Default" in each}
        self._answers = {**defaults, **parameters}

    def of_type(self, resource_type: str) -> dict[str, Mapping[str, Any]]:
        """The properties of every resource of that type, by logical id."""
        return {
            logical_id: resource.get("Properties") or {}
            for logical_id, resource in self.resources.items()
            if resource.get("Type") == resource_type
        }

    def name(self, logical_id: str) -> str:
        """The physical name of a rule, a rule set or a filter; its logical id where the template gives it no name."""
        resource = self.resources[logical_id]
        value: Any = resource.get("Properties") or {}
        for key in _WHERE_NAMES_ARE[resource["Type"]]:
            value = (value or {}).get(key)
        return self.text(value) if value else logical_id

    def text(self, value: object) -> str:
        """*value* for people: what is not known yet reads ``${LogicalId.Attribute}``."""
        return self._resolve(value, [])

    def known(self, what: str, value: object) -> str:
        """*value* as text; raises ``ValueError`` where a part of it is not known."""
        unknown: list[str] = []
        text = self._resolve(value, unknown)
        if unknown:
            missing = ", ".join(f"{each!r}: ..." for each in unknown)
            raise invalid(what, "be known before deployment", text, f"pass parameters={{{missing}}}")
        return text

    def known_list(self, what: str, value: object) -> tuple[str, ...]:
        """A list of texts, or a reference to a list parameter."""
        if isinstance(value, Sequence) and not isinstance(value, str):
            return tuple(self.known(what, each) for each in value)
        return tuple(each.strip() for each in self.known(what, value).split(",")) if value else ()

    def flag(self, what: str, value: object) -> bool:
        """A boolean, also one spelled as text; absent means False, as in SES."""
        text = self.known(what, False if value is None else value).lower()
        if text not in ("true", "false"):
            raise invalid(what, "be true or false", value, "write a JSON boolean")
        return text == "true"

    def _resolve(self, value: object, unknown: list[str]) -> str:
        match value:
            case bool():
                return str(value).lower()
            case {"Ref": str(name)}:
                return self._reference(name, unknown)
            case {"Fn::GetAtt": [str(logical_id), str(attribute)]}:
                return self._reference(f"{logical_id}.{attribute}", unknown)
            case {"Fn::GetAtt": str(name)}:
                return self._reference(name, unknown)
            case {"Fn::Join": [str(separator), list(parts)]}:
                return separator.join(self._resolve(part, unknown) for part in parts)
            case {"Fn::Sub": str(pattern)}:
                return self._substituted(pattern, {}, unknown)
            case {"Fn::Sub": [str(pattern), dict(variables)]}:
                return self._substituted(pattern, variables, unknown)
            # How CDK's L1 constructs write a rule's name: the first half of "name|rule set".
            case {"Fn::Select": [0 | "0", {"Fn::Split": [str(separator), inner]}]}:
                return self._resolve(inner, unknown).split(separator)[0] if separator else ""
            case {"Fn::ImportValue": str(name)}:
                return self._answer(f"Fn::ImportValue:{name}", unknown)
            case Mapping() if len(value) == 1:
                return self._answer(str(next(iter(value))), unknown)
        return str(value)

    def _reference(self, name: str, unknown: list[str]) -> str:
        logical_id, _, attribute = name.partition(".")
        if (
            attribute in ("", "RuleName")
            and name not in self._answers
            and self.resources.get(logical_id, {}).get("Type") in _WHERE_NAMES_ARE
        ):
            return self.name(logical_id)
        return self._answer(name, unknown)

    def _answer(self, name: str, unknown: list[str]) -> str:
        match self._answers.get(name):
            case None:
                if name not in unknown:
                    unknown.append(name)
                return f"${{{name}}}"
            case list() | tuple() as several:
                return ",".join(str(each) for each in several)
            case answer:
                return self._resolve(answer, unknown)

    def _substituted(self, pattern: str, variables: Mapping[str, object], unknown: list[str]) -> str:
        def replacement(found: re.Match[str]) -> str:
            literal, name = found[1], found[2].strip()
            if literal:
                return f"${{{name}}}"
            return self._resolve(variables[name], unknown) if name in variables else self._reference(name, unknown)

        return _PLACEHOLDER.sub(replacement, pattern)
