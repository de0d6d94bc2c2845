"""The active receipt rule set with its rules, as statements of the program."""

import re
from collections.abc import Mapping
from typing import Any

from ...common.arguments import check_domain_name, check_email_address, is_within
from ...common.policy_text import check_key_prefix
from ...receiving.rule_limits import HEADER_NAME, MAX_ACTIONS, MAX_RECIPIENTS, RULE_NAME, is_header_value
from .adopted import Adoption, flaw_in, passes
from .found_mail import FoundMail
from .logical_ids import logical_id
from .references import References
from .source import LEFT_OUT, Call, Expression, Name, Names, Statement, call

_PROPERTIES = {"InstanceARN": "instance_arn", "IAMRoleARN": "iam_role_arn"}
_BUCKET = re.compile("[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")

_ACTIONS = ("S3Action", "SNSAction", "LambdaAction", "AddHeaderAction", "StopAction", "WorkmailAction", "ConnectAction")


def decide_rules(adoption: Adoption) -> None:
    """Whether the program has the active rule set: all of it, or nothing."""
    found = adoption.found
    name, rules = found.rule_set["Metadata"]["Name"], found.rule_set.get("Rules", [])
    flaws = [f"the rule {rule['Name']!r} {flaw}" for rule in rules if (flaw := _rule_flaw(found, rule))]
    if owner := found.owners.get("rule set"):
        flaws.insert(0, f"the stack {owner} has it")
    if not RULE_NAME.fullmatch(name):
        flaws.insert(0, "InboundRuleSet refuses its name")
    adoption.owns_rules = not flaws
    if flaws:
        do = "all rules stay as they are; new ones join them by InboundRuleSet(rule_set=..., after_rule=...)"
        adoption.leave(f"the active receipt rule set {name!r}", ", ".join(flaws), do)


def _rule_flaw(found: FoundMail, rule: Mapping[str, Any]) -> str:
    recipients, actions = rule.get("Recipients", []), rule.get("Actions", [])
    if flaw := flaw_in(rule):
        return f"cannot be written: {flaw}"
    if not RULE_NAME.fullmatch(rule["Name"]):
        return "has a name that InboundRuleSet refuses"
    domains = {each: each.rpartition("@")[2].removeprefix(".").lower() for each in recipients}
    for entry, domain in domains.items():
        if not is_within(domain, found.domain):
            return f"is for {entry}, too, which is not of {found.domain}"
        check = (
            check_email_address if "@" in entry else lambda name, text: check_domain_name(name, text.removeprefix("."))
        )
        if "*" in entry or not passes(check, entry) or domain == found.mail_from:
            return f"is for {entry}, which InboundRuleSet refuses"
    if len({each.lower() for each in recipients}) < len(recipients) or len(recipients) > MAX_RECIPIENTS:
        return "has an entry twice, or too many of them"
    kinds = [kind for each in actions for kind in each]
    if not 0 < len(kinds) <= MAX_ACTIONS:
        return f"has {len(kinds)} actions, and add_rule takes one to {MAX_ACTIONS}"
    if "BounceAction" in kinds:
        return "bounces, and BounceMail comes with a function that waits, which an import cannot hold"
    if unknown := sorted({*kinds} - {*_ACTIONS}):
        return f"has an action that no construct knows: {', '.join(unknown)}"
    return "has a stop in front of other actions" if "StopAction" in kinds[:-1] else ""


def rule_statements(adoption: Adoption, references: References) -> tuple[list[Statement], dict[str, dict[str, str]]]:
    """The statements, and the identifiers of what they make."""
    if not adoption.owns_rules:
        return [], {}
    found = adoption.found
    name = found.rule_set["Metadata"]["Name"]
    made = call(
        "InboundRuleSet",
        Name("self"),
        "Inbound",
        domain=Name("domain"),
        rule_set_name=name,
        activation=call("LeaveInactive"),
        drop_spam=False,
    )
    mapping = {logical_id("Inbound", "RuleSet"): {"RuleSetName": name}}
    statements = [Statement(made, name="inbound", comment="It is the active set already, and stays so.")]
    ids = Names("Resource", "Default")
    for rule in found.rule_set.get("Rules", []):
        construct_id = ids.construct_id(rule["Name"], otherwise="Rule")
        statements.append(Statement(_rule(rule, construct_id, found.region, references)))
        identifier = {"RuleSetName": name, "RuleName": rule["Name"]}
        mapping[logical_id("Inbound", "Rules", construct_id, "Resource")] = identifier
    statements.append(Statement(Call(Name("retain"), of=call("RemovalPolicies.of", Name("inbound")))))
    return [*references.take(), *statements], mapping


def _rule(rule: Mapping[str, Any], construct_id: str, region: str, references: References) -> Call:
    return call(
        "inbound.add_rule",
        construct_id,
        rule_name=rule["Name"],
        recipients=rule.get("Recipients") or LEFT_OUT,
        actions=[_action(kind, each[kind], region, references) for each in rule["Actions"] for kind in each],
        enabled=LEFT_OUT if rule.get("Enabled") else False,
        scan=LEFT_OUT if rule.get("ScanEnabled") else False,
        tls=Name("ses.TlsPolicy.REQUIRE") if rule.get("TlsPolicy") == "Require" else LEFT_OUT,
    )


def _action(kind: str, found: Mapping[str, Any], region: str, references: References) -> Call:
    """One of ours where it says all of it and adds nothing, and otherwise CloudFormation's own."""
    topic_arn = found.get("TopicArn")
    if topic_arn is None or re.fullmatch(rf"arn:[a-z-]+:sns:{region}:[0-9]{{12}}:[A-Za-z0-9_-]{{1,256}}", topic_arn):
        topic = references.topic(topic_arn) if topic_arn else LEFT_OUT
        match kind:
            case "S3Action" if _is_plain(found):
                prefix = found.get("ObjectKeyPrefix") or LEFT_OUT
                return call("StoreMail", bucket=references.bucket(found["BucketName"]), prefix=prefix, topic=topic)
            case "SNSAction":
                return call(
                    "PublishToTopic", topic, encoding="Base64" if found.get("Encoding") == "Base64" else LEFT_OUT
                )
            case "AddHeaderAction" if HEADER_NAME.fullmatch(found["HeaderName"]) and is_header_value(
                found["HeaderValue"]
            ):
                return call("AddHeader", found["HeaderName"], found["HeaderValue"])
            case "StopAction":
                return call("StopProcessing", topic=topic)
    group = f"ses.CfnReceiptRule.{kind}Property"
    written: dict[str, Expression] = {
        _property(name): value for name, value in found.items() if value or name != "ObjectKeyPrefix"
    }
    field = {"SNSAction": "sns_action", "S3Action": "s3_action"}.get(kind) or _property(kind)
    return call("AsItIs", call("ses.CfnReceiptRule.ActionProperty", **{field: call(group, **written)}))


def _is_plain(found: Mapping[str, Any]) -> bool:
    """Whether ``StoreMail`` takes it: with a role or a key it would add to their policies."""
    try:
        check_key_prefix("prefix", found.get("ObjectKeyPrefix") or "")
    except ValueError:
        return False
    return bool(_BUCKET.fullmatch(found["BucketName"])) and not found.get("KmsKeyArn") and not found.get("IamRoleArn")


def _property(name: str) -> str:
    return _PROPERTIES.get(name) or re.sub("(?<!^)(?=[A-Z])", "_", name).lower()
