"""The reasons why a message may not have arrived, asked of SES one after the other."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from ..testing import ReceiptSimulator
from .account_state import account_findings
from .event_history import ask_history, look_for_histories
from .findings import Finding, FindingReport, could_not_look
from .message_events import explain_events
from .ses_account import AccountError, SesAccount, each_look, if_there
from .simulate import template_of_account

if TYPE_CHECKING:
    from .name_servers import NameServers

_KEPT = (
    "SES does not tell: the id is wrong, too old or of another region, or Virtual Deliverability Manager is off, "
    "without which SES keeps no history of messages"
)


def diagnose(
    account: SesAccount,
    subject: str,
    *,
    sender: str,
    dns: "NameServers | None",
    set_name: str,
    history: str,
    days: int,
    tell: Callable[[str], None],
) -> FindingReport:
    """All findings about a message or an address; a call that is refused leaves the others."""
    account.require_region()
    notes: list[str] = []
    looks: list[tuple[str, Callable[[], Iterator[Finding]]]] = []
    if "@" in subject:
        looks += [
            ("suppression", partial(_suppression, account, subject)),
            ("sandbox", partial(_sandbox, account, subject)),
            ("receiving", partial(_receiving, account, subject)),
        ]
    else:
        looks += [("message", partial(_message, account, subject))]
    looks += [("account", partial(_account, account))]
    looks += [("sender", partial(_sender, account, sender))] if sender else []
    looks += [("dmarc", partial(_dmarc, account, sender, dns))] if dns else []
    looks += [("set", partial(_set, account, set_name))] if set_name else []
    if history:
        looks += [("history", partial(ask_history, account, subject, work_group=history, days=days, notes=notes))]
    else:
        notes += look_for_histories(account)
    findings = each_look(looks, tell)
    about = {"region": account.region, "subject": subject}
    title = f"{subject} (SES in {account.region})"
    return FindingReport(command="doctor", title=title, about=about, findings=findings, notes=notes)


def _suppression(account: SesAccount, address: str) -> Iterator[Finding]:
    found = if_there(account.client("sesv2").get_suppressed_destination, EmailAddress=address)
    if found is None:
        yield Finding(id="suppression", outcome="right", says="the address is not on the account's suppression list")
        return
    listed = found["SuppressedDestination"]
    since, message = f"{listed['LastUpdateTime']:%Y-%m-%d}", listed.get("Attributes", {}).get("MessageId", "")
    yield Finding(
        id="suppression",
        outcome="wrong",
        says=f"the address is on the account's suppression list since {since}, after a {listed['Reason'].lower()}",
        found=f"message {message}" if message else "",
        source="SES API, GetSuppressedDestination",
        fix=f"mend the cause, then: aws sesv2 delete-suppressed-destination --email-address '{address}'",
    )


def _sandbox(account: SesAccount, address: str) -> Iterator[Finding]:
    ses = account.client("sesv2")
    if ses.get_account().get("ProductionAccessEnabled"):
        yield Finding(id="sandbox", outcome="right", says="out of the sandbox: mail goes to everybody")
        return
    for name in (address, address.rpartition("@")[2]):
        if (if_there(ses.get_email_identity, EmailIdentity=name) or {}).get("VerifiedForSendingStatus"):
            yield Finding(id="sandbox", outcome="right", says=f"in the sandbox, and {name} is verified")
            return
    yield Finding(
        id="sandbox",
        outcome="wrong",
        says="the account is in the sandbox in this region, and the address is not verified: SES refuses the message",
        source='SES Developer Guide, "Request production access"',
        fix=f"request production access, or: aws sesv2 create-email-identity --email-identity '{address}'",
    )


def _account(account: SesAccount) -> Iterator[Finding]:
    state = account.client("sesv2").get_account()
    yield from (each for each in account_findings(state) if each.id in ("account.sending", "account.quota"))


def _sender(account: SesAccount, sender: str) -> Iterator[Finding]:
    ses = account.client("sesv2")
    # An address has an identity of its own, or that of its domain or of one above.
    labels = sender.rpartition("@")[2].split(".")
    names = [sender, *(".".join(labels[start:]) for start in range(len(labels) - 1))]
    for name in dict.fromkeys(names):
        identity = if_there(ses.get_email_identity, EmailIdentity=name)
        if identity and identity.get("VerifiedForSendingStatus"):
            yield Finding(id="sender", outcome="right", says=f"{sender} may send by the identity {name}")
            return
        if identity:
            yield Finding(
                id="sender",
                outcome="wrong",
                says=f"the identity {name} is not verified: {identity.get('VerificationStatus', 'PENDING')}",
                source="SES API, GetEmailIdentity",
                fix=f"ses-constructs check {name}" if "@" not in name else "click the link in the mail that SES sent",
            )
            return
    yield Finding(
        id="sender",
        outcome="wrong",
        says=f"SES in {account.region} knows no identity of {sender}; it may be in another region",
        source="SES API, GetEmailIdentity",
        fix="send in the region of the identity, or create it in this one",
    )


def _dmarc(account: SesAccount, sender: str, dns: "NameServers") -> Iterator[Finding]:
    """What receivers find about the domain in the From header, for which they refuse mail that does not align."""
    from .checks.checked_domain import CheckedDomain, with_identity
    from .checks.dmarc import check_dmarc

    name = sender.rpartition("@")[2].lower()
    identity = if_there(account.client("sesv2").get_email_identity, EmailIdentity=name)
    yield from check_dmarc(with_identity(CheckedDomain(name=name, dns=dns), account.region, identity))


def _set(account: SesAccount, name: str) -> Iterator[Finding]:
    found = if_there(account.client("sesv2").get_configuration_set, ConfigurationSetName=name)
    if found is None:
        says, fix = f"there is no configuration set {name} in this region", "send with one that is there"
    elif not found.get("SendingOptions", {}).get("SendingEnabled", True):
        says = f"sending by the configuration set {name} is paused"
        fix = (
            "once the cause is mended: aws sesv2 put-configuration-set-sending-options --sending-enabled "
            f"--configuration-set-name {name}"
        )
    else:
        yield Finding(id="set", outcome="right", says=f"the configuration set {name} sends")
        return
    yield Finding(id="set", outcome="wrong", says=says, source="SES API, GetConfigurationSet", fix=fix)


def _receiving(account: SesAccount, address: str) -> Iterator[Finding]:
    domain = address.rpartition("@")[2]
    if if_there(account.client("sesv2").get_email_identity, EmailIdentity=domain) is None:
        return  # somebody else receives for it
    try:
        simulator = ReceiptSimulator.from_template(template_of_account(account))
        receipt = simulator.deliver(recipients=[address])
    except (AccountError, ValueError) as error:
        says = f"if SES is to receive for {domain}: {error}"
        yield Finding(id="receiving", outcome="advice", says=says, source="SES API, DescribeActiveReceiptRuleSet")
        return
    if receipt.accepted:
        yield Finding(id="receiving", outcome="right", says=f"SES receives for it, by {', '.join(receipt.rules)}")
        return
    yield Finding(
        id="receiving",
        outcome="advice",
        says=f"if SES is to receive for {domain}: no enabled rule of the active set takes the address",
        found=str(receipt),
        source="SES API, DescribeActiveReceiptRuleSet",
        fix=f"InboundRuleSet(...).add_rule(recipients=['{address}'], ...)",
    )


def _message(account: SesAccount, message_id: str) -> Iterator[Finding]:
    found = if_there(account.client("sesv2").get_message_insights, MessageId=message_id)
    if found is None:
        yield could_not_look("message", _KEPT)
        return
    for insight in found.get("Insights", []):
        address, events = insight["Destination"], insight.get("Events", [])
        yield from explain_events(f"message.{address}", address, events, source="SES API, GetMessageInsights")
