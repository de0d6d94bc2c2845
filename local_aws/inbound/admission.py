"""Whom SES lets in during SMTP: IP filters, verified domains, and the recipients and TLS of the active rules."""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from local_aws.clients import Clients

if TYPE_CHECKING:
    from mypy_boto3_ses.type_defs import ReceiptFilterTypeDef, ReceiptRuleOutputTypeDef, ReceiptRuleTypeDef

    Rule = ReceiptRuleOutputTypeDef | ReceiptRuleTypeDef

BLOCKED = "550 5.7.1 Service unavailable; client host blocked by an IP address filter"
UNKNOWN = "550 5.1.1 Requested action not taken: mailbox unavailable"
NEEDS_TLS = "530 5.7.0 Must issue a STARTTLS command first"
ACCEPTED = "250 2.1.5 Ok"


def matched(rule: "Rule", recipients: Iterable[str]) -> tuple[str, ...]:
    """Those of *recipients* that an enabled rule is for."""
    if not rule.get("Enabled"):
        return ()
    patterns = rule.get("Recipients", [])
    return tuple(each for each in recipients if not patterns or any(answers_to(each, pattern) for pattern in patterns))


def answers_to(recipient: str, pattern: str) -> bool:
    """Whether mail for *recipient* is mail for *pattern*: an address, a domain, or ``.domain`` for what is below it.

    A reading of the developer guide (receipt rules concepts) of its own, so that it can disagree with the simulator.
    """
    mailbox, _, domain = recipient.lower().rpartition("@")
    pattern = pattern.lower()
    if "@" in pattern:
        base = mailbox.split("+", 1)[0] or mailbox
        return pattern in (f"{mailbox}@{domain}", f"{base}@{domain}")
    return domain.endswith(pattern) if pattern.startswith(".") else domain == pattern


def reply(rules: Iterable["Rule"], recipients: Sequence[str], *, tls: bool) -> str:
    """The answer to a message for *recipients*: one that some rule is for is enough, and any such rule may want TLS.

    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-receipt-rules-console-walkthrough.html says that it is
    messages that are rejected, and does not say what of one that other rules are for as well.
    """
    taking = [rule for rule in rules if matched(rule, recipients)]
    if not taking:
        return UNKNOWN
    if not tls and any(rule.get("TlsPolicy") == "Require" for rule in taking):
        return NEEDS_TLS
    return ACCEPTED


def is_blocked(filters: Sequence["ReceiptFilterTypeDef"], ip: str) -> bool:
    """Whether a filter blocks the address and none allows it."""
    address = ipaddress.ip_address(ip)
    policies = {
        each["IpFilter"]["Policy"]
        for each in filters
        if address in ipaddress.ip_network(each["IpFilter"]["Cidr"], strict=False)
    }
    return "Block" in policies and "Allow" not in policies


class Admission:
    """Asks SES anew for every recipient: whatever was deployed a moment ago counts."""

    def __init__(self, clients: Clients, region: str) -> None:
        self._ses = clients.get("ses", region_name=region)
        self._sesv2 = clients.get("sesv2", region_name=region)

    def active_rules(self) -> "list[Rule]":
        """The rules of the active rule set; none without one."""
        return list(self._ses.describe_active_receipt_rule_set().get("Rules", []))

    def answer(self, recipient: str, *, source_ip: str, tls: bool) -> str:
        """The SMTP answer to RCPT TO."""
        if is_blocked(self._ses.list_receipt_filters()["Filters"], source_ip):
            return BLOCKED
        if not self._is_ours(recipient.rpartition("@")[2].lower()):
            return UNKNOWN
        return reply(self.active_rules(), [recipient], tls=tls)

    def _is_ours(self, domain: str) -> bool:
        labels = domain.split(".")
        candidates = (".".join(labels[start:]) for start in range(len(labels) - 1))
        return any(self._is_verified(candidate) for candidate in candidates)

    def _is_verified(self, domain: str) -> bool:
        try:
            return self._sesv2.get_email_identity(EmailIdentity=domain)["VerifiedForSendingStatus"]
        except self._sesv2.exceptions.NotFoundException:
            return False
