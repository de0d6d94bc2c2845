"""ForwardMail: send received mail on to other mailboxes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import aws_ses as ses

from ..common.arguments import check_email_address, contains_token, invalid
from . import _rule_checks as checks
from .inbound_rule import InboundAction, InboundRule


@dataclass(frozen=True, kw_only=True, slots=True)
class ForwardMail(InboundAction):
    """Sends each message on, so that it arrives: from an address of this domain, with the body untouched.

    SES sends only from verified domains, so the original sender moves to Reply-To and into the display name. The
    message is stored in the rule set's mailbox below ``forwarding/``, and a function sends it.

    Mail with a virus, spam, and mail that fails a DMARC policy of reject is not forwarded; neither are automatic
    replies, and mail that was forwarded before. What should be forwarded and cannot be ends in one of the rule set's
    ``dead_letter_queues``, with the reason in the function's log, and stays in the mailbox.

    A rule holds one of these. In the SES sandbox the addresses in *to* must be verified.

    Args:
        to: The addresses for all recipients of the rule, or a mapping from recipients to addresses. Its keys are
            written as in a rule (``support@example.com``, ``example.com``, ``.example.com``), ``*`` is for everybody
            else, and the most specific one counts.
        from_address: The address that mail is sent from, of a domain of the rule set;
            ``forwarder@<its first domain>`` unless given.

    Raises:
        ValueError: Addresses that cannot work.
    """

    to: Sequence[str] | Mapping[str, Sequence[str]]
    from_address: str | None = None

    def __post_init__(self) -> None:
        for recipient, addresses in self.routes().items():
            if isinstance(addresses, str) or not addresses:
                raise invalid(
                    "to", "hold a list of addresses", addresses, f"write ['team@example.net'] for {recipient!r}"
                )
            for address in addresses:
                check_email_address("to", address)
        if not self.routes():
            raise invalid("to", "hold at least one address", self.to, "write ['team@example.net']")
        if self.from_address is not None:
            check_email_address("from_address", self.from_address)

    def routes(self) -> dict[str, Sequence[str]]:
        """Return the addresses for each recipient, ``*`` being everybody else."""
        if isinstance(self.to, str):
            raise invalid("to", "be a list of addresses or a mapping", self.to, f"write [{self.to!r}]")
        return dict(self.to) if isinstance(self.to, Mapping) else {"*": self.to} if self.to else {}

    def add_to(self, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        """Store the message, and have a function of the rule's own send it."""
        # Here, because it loads aws_lambda, which not every app needs.
        from ._mail_forwarder import MailForwarder

        domains = rule.rule_set.domains
        sender = self.from_address or f"forwarder@{domains[0].domain_name}"
        sending_domain = checks.domain_of(domains, "from_address", sender)
        routes = self.routes()
        checks.check_recipients(domains, [each for each in routes if each != "*"], argument="to")
        for address in (each for addresses in routes.values() for each in addresses):
            if not contains_token(address) and checks.belongs_to(domains, address):
                raise invalid(
                    "to", "be outside the domains of the rule set, or mail goes round", address, "take another"
                )
        if rule.node.try_find_child("Forwarder"):
            raise ValueError("actions must hold at most one ForwardMail, got two; put all addresses into one")
        checks.warn_about_routes(rule, rule.recipients, list(routes))
        checks.warn_about_reserved(rule, [each for addresses in routes.values() for each in addresses])
        forwarder = MailForwarder(
            rule, "Forwarder", rule=rule, routes=routes, from_address=sender, sending_domain=sending_domain
        )
        return forwarder.action
