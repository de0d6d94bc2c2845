"""The receipt rules of a template, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..common.arguments import check_choice, invalid
from ._order import in_order
from ._values import Values


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One action; *function* is what decisions about a synchronous function are looked up by."""

    kind: str
    fields: Mapping[str, str]
    function: str | None

    @property
    def waits(self) -> bool:
        """Whether SES waits for an answer."""
        return self.function is not None and self.fields.get("InvocationType") == "RequestResponse"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule, its references resolved."""

    logical_id: str
    name: str
    after: str | None
    enabled: bool
    scan: bool
    requires_tls: bool
    recipients: tuple[str, ...]
    actions: tuple[Action, ...]


def rules_of(values: Values, wanted: str | None) -> tuple[Rule, ...]:
    """The rules of the set *wanted*, in order; without a wish, of the only set there is."""
    rules = values.of_type("AWS::SES::ReceiptRule")
    set_names = {logical_id: values.text(each.get("RuleSetName")) for logical_id, each in rules.items()}
    made_here = {values.name(logical_id): logical_id for logical_id in values.of_type("AWS::SES::ReceiptRuleSet")}
    name = _chosen(sorted({*made_here, *set_names.values()}), {made_here[each]: each for each in made_here}, wanted)
    read = [_read_rule(values, each, rules[each]) for each, set_name in set_names.items() if set_name == name]
    return in_order(read, values.resources)


def _chosen(names: list[str], by_logical_id: Mapping[str, str], wanted: str | None) -> str:
    if not names:
        raise ValueError(
            "template must have SES receipt rules, got one without AWS::SES::ReceiptRuleSet and AWS::SES::ReceiptRule; "
            "pass the template of the stack that holds them"
        )
    if wanted is None:
        if len(names) > 1:
            raise invalid("rule_set", "be given where a template has several", None, f"pass one of {names!r}")
        return names[0]
    name = by_logical_id.get(wanted, wanted)
    if name not in names:
        raise invalid("rule_set", "be a rule set of the template", wanted, f"pass one of {names!r}")
    return name


def _read_rule(values: Values, logical_id: str, properties: Mapping[str, Any]) -> Rule:
    rule = properties.get("Rule") or {}
    name = values.name(logical_id)
    where = f"rule {name!r}:"
    after = properties.get("After")
    tls_policy = values.known(f"{where} TlsPolicy", rule.get("TlsPolicy") or "Optional")
    check_choice(f"{where} TlsPolicy", tls_policy, ("Require", "Optional"))
    return Rule(
        logical_id=logical_id,
        name=name,
        after=values.text(after) if after else None,
        enabled=values.flag(f"{where} Enabled", rule.get("Enabled")),
        scan=values.flag(f"{where} ScanEnabled", rule.get("ScanEnabled")),
        requires_tls=tls_policy == "Require",
        recipients=values.known_list(f"{where} Recipients", rule.get("Recipients")),
        actions=tuple(
            _read_action(values, kind, fields or {})
            for action in rule.get("Actions") or ()
            for kind, fields in action.items()
        ),
    )


def _read_action(values: Values, kind: str, fields: Mapping[str, Any]) -> Action:
    return Action(
        kind=kind.removesuffix("Action"),
        fields={name: values.text(value) for name, value in fields.items()},
        function=_function(values, fields.get("FunctionArn")) if kind == "LambdaAction" else None,
    )


def _function(values: Values, arn: object) -> str:
    """The logical id of the function, also behind a version or an alias; its ARN if it is from elsewhere."""
    match arn:
        case {"Fn::GetAtt": [str(logical_id), "Arn"]} | {"Ref": str(logical_id)}:
            properties = values.resources.get(logical_id, {}).get("Properties") or {}
            behind = properties.get("FunctionName")
            # In a function this is its physical name; in a version or an alias it points to the function.
            points = values.resources.get(logical_id, {}).get("Type") in ("AWS::Lambda::Version", "AWS::Lambda::Alias")
            return _function(values, behind) if points else logical_id
    return values.text(arn)
