"""What an account's SES says about itself, as findings; what is well is one line, what is not has a line each."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from .findings import Finding, FindingReport
from .ses_account import SesAccount, all_pages, each_look

_ACCOUNT = "SES API, GetAccount"
NEARLY = 0.8  # of the quota


def account_report(account: SesAccount, tell: Callable[[str], None]) -> FindingReport:
    """Everything, in the order of reading; a call that is refused leaves the others."""
    account.require_region()
    sections: tuple[tuple[str, Callable[[SesAccount], Iterator[Finding]]], ...] = (
        ("account", _account),
        ("identities", _identities),
        ("sets", _sets),
        ("receiving", _receiving),
        ("alarms", _alarms),
    )
    findings = each_look(((name, partial(read, account)) for name, read in sections), tell)
    title = f"SES in {account.region}"
    return FindingReport(command="status", title=title, about={"region": account.region}, findings=findings)


def _account(account: SesAccount) -> Iterator[Finding]:
    yield from account_findings(account.client("sesv2").get_account())


def account_findings(state: Mapping[str, Any]) -> Iterator[Finding]:
    """What ``GetAccount`` says."""
    if state.get("ProductionAccessEnabled"):
        yield Finding(id="account.sandbox", outcome="right", says="out of the sandbox: mail goes to everybody")
    else:
        yield Finding(
            id="account.sandbox",
            outcome="advice",
            says="in the sandbox: mail goes to verified addresses and to the mailbox simulator only",
            source='SES Developer Guide, "Request production access"',
            fix="request production access for this region",
        )
    enforcement = state.get("EnforcementStatus", "HEALTHY")
    sends = bool(state.get("SendingEnabled"))
    if enforcement == "HEALTHY" and sends:
        yield Finding(id="account.sending", outcome="right", says="sending is on, and AWS finds the account healthy")
    else:
        why = "AWS has shut it down" if enforcement == "SHUTDOWN" else f"AWS says {enforcement}"
        yield Finding(
            id="account.sending",
            outcome="wrong",
            says=f"sending is {'on' if sends else 'off for the whole account'}; {why}",
            wanted="on, HEALTHY",
            found=f"{'on' if sends else 'off'}, {enforcement}",
            source=_ACCOUNT,
            fix=(
                "aws sesv2 put-account-sending-attributes --sending-enabled, once the cause is mended"
                if enforcement == "HEALTHY"
                else "answer the case that AWS has opened"
            ),
        )
    yield _quota(state.get("SendQuota", {}))
    reasons = state.get("SuppressionAttributes", {}).get("SuppressedReasons", [])
    if reasons:
        says = f"the account suppresses addresses after: {', '.join(sorted(reasons)).lower()}"
        yield Finding(id="account.suppression", outcome="right", says=says)
    else:
        yield Finding(
            id="account.suppression",
            outcome="advice",
            says="the account suppresses no address, so that those that bounced are mailed again",
            source='SES Developer Guide, "Using the account-level suppression list"',
            fix="aws sesv2 put-account-suppression-attributes --suppressed-reasons BOUNCE COMPLAINT",
        )


def _quota(quota: Mapping[str, float]) -> Finding:
    most, sent, rate = quota.get("Max24HourSend", 0), quota.get("SentLast24Hours", 0), quota.get("MaxSendRate", 0)
    if most < 0:  # SES's way to say that there is none
        return Finding(id="account.quota", outcome="right", says=f"{sent:,.0f} messages in 24 hours, without a limit")
    says = f"{sent:,.0f} of {most:,.0f} messages in 24 hours, {rate:,.0f} a second"
    if sent < NEARLY * most:
        return Finding(id="account.quota", outcome="right", says=says)
    return Finding(
        id="account.quota",
        outcome="wrong" if sent >= most else "advice",
        says=f"{says}: {'further mail is refused' if sent >= most else 'the limit is near'}",
        source=_ACCOUNT,
        fix="ask for a higher sending quota in Service Quotas",
    )


def _identities(account: SesAccount) -> Iterator[Finding]:
    found = all_pages(account.client("sesv2").list_email_identities, "EmailIdentities")
    sending = [each for each in found if each.get("SendingEnabled")]
    pending = [each for each in found if not each.get("SendingEnabled")]
    yield Finding(id="identities", outcome="right", says=f"{len(sending)} of {len(found)} may send")
    for each in pending:
        name, state = each["IdentityName"], each.get("VerificationStatus", "PENDING")
        address = "@" in name
        yield Finding(
            id=f"identity.{name}",
            outcome="wrong",
            says=f"does not send: {state}",
            wanted="SUCCESS",
            found=str(state),
            source="SES API, ListEmailIdentities",
            fix="click the link in the mail that SES sent" if address else f"ses-constructs check {name}",
        )


def _sets(account: SesAccount) -> Iterator[Finding]:
    ses = account.client("sesv2")
    names = all_pages(ses.list_configuration_sets, "ConfigurationSets")
    paused = []
    for name in names:
        options = ses.get_configuration_set(ConfigurationSetName=name).get("SendingOptions", {})
        if not options.get("SendingEnabled", True):
            paused.append(name)
    says = f"{len(names) - len(paused)} of {len(names)} configuration sets send"
    yield Finding(id="sets", outcome="right", says=says)
    for name in paused:
        yield Finding(
            id=f"set.{name}",
            outcome="wrong",
            says="sending by this configuration set is paused",
            wanted="sending on",
            found="sending off",
            source="SES API, GetConfigurationSet",
            fix="aws sesv2 put-configuration-set-sending-options --sending-enabled --configuration-set-name " + name,
        )


def _receiving(account: SesAccount) -> Iterator[Finding]:
    active = account.client("ses").describe_active_receipt_rule_set()
    name = active.get("Metadata", {}).get("Name", "")
    if not name:
        says = "no receipt rule set is active: SES takes no mail"
        yield Finding(id="receiving", outcome="right", says=says)
        return
    off = [rule["Name"] for rule in active.get("Rules", []) if not rule.get("Enabled")]
    says = f"the rule set {name} is active, with {len(active.get('Rules', []))} rules"
    yield Finding(id="receiving", outcome="right", says=says + (f"; disabled: {', '.join(off)}" if off else ""))


def _alarms(account: SesAccount) -> Iterator[Finding]:
    pages = account.client("cloudwatch").get_paginator("describe_alarms").paginate(StateValue="ALARM")
    ringing = [each for page in pages for each in page.get("MetricAlarms", []) if is_about_ses(each)]
    if not ringing:
        yield Finding(id="alarms", outcome="right", says="no alarm on a metric of SES rings")
    for each in ringing:
        yield Finding(
            id=f"alarm.{each['AlarmName']}",
            outcome="wrong",
            says=each.get("AlarmDescription") or "rings",
            found=each.get("StateReason", ""),
            source="CloudWatch API, DescribeAlarms",
        )


def is_about_ses(alarm: Mapping[str, Any]) -> bool:
    """Whether an alarm looks at a metric of SES, alone or in an expression."""
    stats = [query.get("MetricStat", {}).get("Metric", {}) for query in alarm.get("Metrics", [])]
    return any(each.get("Namespace") == "AWS/SES" for each in (alarm, *stats))
