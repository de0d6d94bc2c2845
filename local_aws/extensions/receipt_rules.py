"""AWS::SES::ReceiptRuleSet, ReceiptRule and ReceiptFilter, and the SES v1 calls on them that ministack lacks."""

import copy

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import ses

from local_aws.extensions.receipt_access import refusal, write_test_objects
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

_filters = AccountRegionScopedDict()


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
    checked(_call_update_rule(rule_params(new, name)))
    if old.get("After") != new.get("After"):
        rules = ses._receipt_rule_sets[new["RuleSetName"]]["Rules"]
        rule = next(rule for rule in rules if rule["Name"] == name)
        rules.remove(rule)
        names = [other["Name"] for other in rules]
        rules.insert(names.index(new["After"]) + 1 if new.get("After") else 0, rule)
    return name, {}


def _delete_rule(name: str, properties: Properties) -> None:
    ses._delete_receipt_rule({"RuleSetName": properties["RuleSetName"], "RuleName": name})


def _create_filter(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
    made = copy.deepcopy(properties["Filter"])
    made.setdefault("Name", generated_name(logical_id))
    if made["Name"] in _filters:
        raise ValueError(f"Filter already exists: {made['Name']}")
    _filters[made["Name"]] = made
    return made["Name"], {}


def _delete_filter(name: str, properties: Properties) -> None:
    _filters.pop(name, None)


def _call_create_rule(params: Params) -> Response:
    rule = ses._receipt_rule_from_params(params)
    error: Response | None = ses._receipt_rule_error(rule) or refusal(ses._p(params, "RuleSetName"), rule)
    response: Response = error or ses._create_receipt_rule(params)
    if response[0] == 200:
        write_test_objects(rule)
    return response


def _call_update_rule(params: Params) -> Response:
    rule = ses._receipt_rule_from_params(params)
    set_name = ses._p(params, "RuleSetName")
    error: Response | None = ses._receipt_rule_error(rule)
    if error is None and set_name not in ses._receipt_rule_sets:
        error = ses._receipt_missing_set(set_name)
    if error := error or refusal(set_name, rule):
        return error
    rules = ses._receipt_rule_sets[set_name]["Rules"]
    response: Response
    for position, other in enumerate(rules):
        if other["Name"] == rule["Name"]:
            rules[position] = rule
            write_test_objects(rule)
            response = ses._receipt_result("UpdateReceiptRule")
            return response
    response = ses._receipt_error("RuleDoesNotExist", f"Rule does not exist: {rule['Name']}")
    return response


def _call_create_filter(params: Params) -> Response:
    name = ses._p(params, "Filter.Name")
    response: Response
    if name in _filters:
        response = ses._receipt_error("AlreadyExists", f"Filter already exists: {name}")
        return response
    ip_filter = {field: ses._p(params, f"Filter.IpFilter.{field}") for field in ("Policy", "Cidr")}
    _filters[name] = {"Name": name, "IpFilter": ip_filter}
    response = ses._receipt_result("CreateReceiptFilter")
    return response


def _call_list_filters(params: Params) -> Response:
    response: Response = ses._receipt_result("ListReceiptFilters", {"Filters": list(_filters.values())})
    return response


def _call_delete_filter(params: Params) -> Response:
    _filters.pop(ses._p(params, "FilterName"), None)
    response: Response = ses._receipt_result("DeleteReceiptFilter")
    return response


def install() -> None:
    register_type("AWS::SES::ReceiptRuleSet", create=_create_set, delete=_delete_set, replaced_by=("RuleSetName",))
    register_type(
        "AWS::SES::ReceiptRule",
        create=_create_rule,
        update=_update_rule,
        delete=_delete_rule,
        replaced_by=("RuleSetName",),
    )
    register_type("AWS::SES::ReceiptFilter", create=_create_filter, delete=_delete_filter, replaced_by=("Filter",))
    query_calls.update(
        CreateReceiptRule=_call_create_rule,
        UpdateReceiptRule=_call_update_rule,
        CreateReceiptFilter=_call_create_filter,
        ListReceiptFilters=_call_list_filters,
        DeleteReceiptFilter=_call_delete_filter,
    )
