"""A CloudFormation template with its references answered as far as anybody can before it is deployed."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Answer = Callable[[str], object]
"""What a reference such as ``Zone`` or ``Identity.DkimDNSTokenName1`` stands for; None where nobody knows."""

_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")
_NOTHING = object()


class TemplateValues:
    """The resources of *template*; what is known only at deployment reads ``${LogicalId.Attribute}``.

    Args:
        template: As CDK synthesizes it, or as CloudFormation holds it.
        answer: Tells what references stand for.
    """

    def __init__(self, template: Mapping[str, Any], answer: Answer) -> None:
        self.template = template
        self._answer = answer
        self.resources: dict[str, Mapping[str, Any]] = {
            logical_id: resource
            for logical_id, resource in (template.get("Resources") or {}).items()
            if self._condition(resource.get("Condition")) is not False
        }

    def of_type(self, *resource_types: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Logical ids and properties of all resources of these types."""
        for logical_id, resource in self.resources.items():
            if resource.get("Type") in resource_types:
                yield logical_id, self.properties(logical_id)

    def type_of(self, logical_id: str) -> str:
        """The type of a resource; ``""`` if there is none of that name."""
        return str(self.resources.get(logical_id, {}).get("Type", ""))

    def properties(self, logical_id: str) -> Mapping[str, Any]:
        """The properties of a resource; none if there is no such resource."""
        found: Mapping[str, Any] = self.of(self.resources.get(logical_id, {}).get("Properties") or {})
        return found

    def keeps(self, logical_id: str) -> bool:
        """Whether the thing stays when its resource leaves the stack."""
        policy = self.resources.get(logical_id, {}).get("DeletionPolicy", "Delete")
        return policy in ("Retain", "RetainExceptOnCreate")

    def outputs(self) -> Iterator[tuple[str, str]]:
        """Values and descriptions of the outputs."""
        for each in (self.template.get("Outputs") or {}).values():
            yield str(self.of(each.get("Value", ""))), str(each.get("Description", ""))

    def of(self, value: object) -> Any:
        """*value* with its references answered."""
        match value:
            case {"Ref": "AWS::NoValue"}:
                return _NOTHING
            case {"Ref": str(name)}:
                return self._known(name)
            case {"Fn::GetAtt": [str(logical_id), str(attribute)]}:
                return self._known(f"{logical_id}.{attribute}")
            case {"Fn::GetAtt": str(name)}:
                return self._known(name)
            case {"Fn::ImportValue": name}:
                return self._known(f"Fn::ImportValue:{self.of(name)}")
            case {"Fn::Join": [str(separator), parts]}:
                joined = self.of(parts)
                return separator.join(map(str, joined)) if isinstance(joined, list) else str(joined)
            case {"Fn::Sub": str(pattern)}:
                return self._substituted(pattern, {})
            case {"Fn::Sub": [str(pattern), dict(variables)]}:
                return self._substituted(pattern, variables)
            case {"Fn::Split": [str(separator), inner]}:
                text = str(self.of(inner))
                return text.split(separator) if is_known(text) else text
            case {"Fn::Select": [index, inner]}:
                listed = self.of(inner)
                if isinstance(listed, list) and str(index).isdecimal() and int(index) < len(listed):
                    return listed[int(index)]
                return "${Fn::Select}"
            case {"Fn::If": [str(name), yes, no]}:
                chosen = self._condition(name)
                return f"${{{name}}}" if chosen is None else self.of(yes if chosen else no)
            case Mapping() if len(value) == 1 and next(iter(value)).startswith("Fn::"):
                return f"${{{next(iter(value))}}}"
            case Mapping():
                resolved = {name: self.of(each) for name, each in value.items()}
                return {name: each for name, each in resolved.items() if each is not _NOTHING}
            case list():
                return [each for each in map(self.of, value) if each is not _NOTHING]
        return value

    def _known(self, name: str) -> Any:
        found = self._answer(name)
        return f"${{{name}}}" if found is None else found

    def _substituted(self, pattern: str, variables: Mapping[str, object]) -> str:
        def replacement(found: re.Match[str]) -> str:
            literal, name = found[1], found[2].strip()
            if literal:
                return f"${{{name}}}"
            return str(self.of(variables[name]) if name in variables else self._known(name))

        return _PLACEHOLDER.sub(replacement, pattern)

    def _condition(self, name: object) -> bool | None:
        """Whether a condition holds; None where that is known only at deployment."""
        if name is None:
            return True
        return self._holds((self.template.get("Conditions") or {}).get(name))

    def _holds(self, condition: object) -> bool | None:
        match condition:
            case {"Condition": str(name)}:
                return self._condition(name)
            case {"Fn::Equals": [one, other]}:
                both = str(self.of(one)), str(self.of(other))
                return both[0] == both[1] if all(map(is_known, both)) else None
            case {"Fn::Not": [inner]}:
                holds = self._holds(inner)
                return None if holds is None else not holds
            case {"Fn::And": list(parts)}:
                found = [*map(self._holds, parts)]
                return False if False in found else None if None in found else True
            case {"Fn::Or": list(parts)}:
                found = [*map(self._holds, parts)]
                return True if True in found else None if None in found else False
        return None


def is_known(value: object) -> bool:
    """Whether nothing in *value* waits for the deployment."""
    return "${" not in str(value)
