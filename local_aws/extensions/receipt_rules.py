"""AWS::SES::ReceiptRuleSet and ReceiptRule, and the SES v1 calls on them that ministack lacks.

What CloudFormation does with a changed `After` of a rule that exists is not published: here the rule keeps its place,
as UpdateReceiptRule leaves it, or moves as SetReceiptRulePosition moves it, see `LocalAws.set_changed_after`.
"""

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import ses

from local_aws.extensions.controls import Arguments, controls
from local_aws.extensions.receipt_access import refusal, write_test_objects
from local_aws.extensions.receipt_checks import error, limit_error, missing_set, rule_error
from local_aws.extensions.registry import (
    Params,
    Properties,
    Provisioned,
    Response,
    checked,
    generated_name,
    query_calls,
    register_type,
)

_changed_after = AccountRegionScopedDict()  # "moves": whether a changed After moves the rule


def rule_params(properties: Properties, name: str) -> Params:
    """The query parameters of CreateReceiptRule for a template's rule."""
    rule = properties.get("Rule") or {}
    params: Params = {"RuleSetName": properties["RuleSetName"], "Rule.Name": name}
    if properties.get("After"):
        params["After"] = properties["After"]
    for field in ("Enabled", "ScanEnabled"):
        if field in rule:
            params[f"Rule.{field}"] = str(rule[field]).lower()
    if rule.get("TlsPolicy"):
        params["Rule.TlsPolicy"] = rule["TlsPolicy"]
    for number, recipient in enumerate(rule.get("Recipients") or [], 1):
        params[f"Rule.Recipients.member.{number}"] = recipient
    for number, action in enumerate(rule.get("Actions") or [], 1):
        for kind, fields in action.items():
            for field, value in (fields or {}).items():
                params[f"Rule.Actions.member.{number}.{kind}.{field}"] = str(value)
    return params


def _create_set(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
    name = properties.get("RuleSetName") or generated_name(logical_id)
    checked(ses._create_receipt_rule_set({"RuleSetName": name}))
    return name, {}


def _delete_set(name: str, properties: Properties) -> None:
    checked(ses._delete_receipt_rule_set({"RuleSetName": name}))


def _create_rule(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
    name = (properties.get("Rule") or {}).get("Name") or generated_name(logical_id)
    checked(_call_create_rule(rule_params(properties, name)))
    return name, {}


def _update_rule(name: str, old: Properties, new: Properties, stack_name: str) -> Provisioned:
    if old == new:  # CloudFormation calls SES for what has changed only
        return name, {}
    checked(_call_update_rule(rule_params(new, name)))
    if _changed_after.get("moves") and old.get("After") != new.get("After"):
        after = {"After": new["After"]} if new.get("After") else {}
        checked(_call_set_position({"RuleSetName": new["RuleSetName"], "RuleName": name, **after}))
    return name, {}


def _delete_rule(name: str, properties: Properties) -> None:
    ses._delete_receipt_rule({"RuleSetName": properties["RuleSetName"], "RuleName": name})


def _call_create_rule(params: Params) -> Response:
    rule = ses._receipt_rule_from_params(params)
    set_name = ses._p(params, "RuleSetName")
    full = limit_error((ses._receipt_rule_sets.get(set_name) or {"Rules": []})["Rules"])
    response: Response = rule_error(rule) or full or refusal(set_name, rule) or ses._create_receipt_rule(params)
    if response[0] == 200:
        write_test_objects(rule)
    return response


def _call_update_rule(params: Params) -> Response:
    rule = ses._receipt_rule_from_params(params)
    set_name = ses._p(params, "RuleSetName")
    if refused := rule_error(rule) or missing_set(params) or refusal(set_name, rule):
        return refused
    rules = ses._receipt_rule_sets[set_name]["Rules"]
    names = [other["Name"] for other in rules]
    if rule["Name"] not in names:
        return error("RuleDoesNotExist", f"Rule does not exist: {rule['Name']}")
    rules[names.index(rule["Name"])] = rule
    write_test_objects(rule)
    response: Response = ses._receipt_result("UpdateReceiptRule")
    return response


def _call_set_position(params: Params) -> Response:
    if refused := missing_set(params):
        return refused
    name, after = ses._p(params, "RuleName"), ses._p(params, "After")
    rules = ses._receipt_rule_sets[ses._p(params, "RuleSetName")]["Rules"]
    for named in filter(None, (name, after)):
        if named not in [rule["Name"] for rule in rules]:
            return error("RuleDoesNotExist", f"Rule does not exist: {named}")
    if after != name:
        moved = next(rule for rule in rules if rule["Name"] == name)
        rules.remove(moved)
        names = [rule["Name"] for rule in rules]
        rules.insert(names.index(after) + 1 if after else 0, moved)
    response: Response = ses._receipt_result("SetReceiptRulePosition")
    return response


def _tell_the_encoding() -> None:
    """SES shows the encoding of a topic's action also when nobody has chosen one."""
    original = ses._receipt_rule_from_params

    def rule_from_params(params: Params) -> Properties:
        rule: Properties = original(params)
        for action in rule["Actions"]:
            if "SNSAction" in action:
                action["SNSAction"].setdefault("Encoding", "UTF-8")
        return rule

    ses._receipt_rule_from_params = rule_from_params


def _choose_changed_after(arguments: Arguments) -> None:
    _changed_after["moves"] = arguments["moves"] == "True"


def install() -> None:
    _tell_the_encoding()
    controls["changed-after"] = _choose_changed_after
    register_type("AWS::SES::ReceiptRuleSet", create=_create_set, delete=_delete_set, replaced_by=("RuleSetName",))
    register_type(
        "AWS::SES::ReceiptRule",
        create=_create_rule,
        update=_update_rule,
        delete=_delete_rule,
        replaced_by=("RuleSetName",),
    )
    query_calls.update(
        CreateReceiptRule=_call_create_rule,
        UpdateReceiptRule=_call_update_rule,
        SetReceiptRulePosition=_call_set_position,
    )
