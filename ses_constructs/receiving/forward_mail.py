"""ForwardMail: send received mail on to other mailboxes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import check_choice, check_count, check_email_address, check_text, invalid
from . import _rule_checks as checks
from ._forwarding_checks import belongs_certainly, warn_about_routes
from .inbound_rule import InboundAction, InboundRule


@dataclass(frozen=True, kw_only=True, slots=True)
class ForwardMail(InboundAction):
    """Sends each message on, so that it arrives: from an address of this domain, with the body untouched.

    SES sends only from verified domains, so the original sender moves to Reply-To and into the display name. The
    message is stored in the rule set's mailbox below ``forwarding/``, and a function sends it, through a configuration
    set of its own: what strangers cause counts towards no alarm and no pause of other mail. ``docs/forwarding.md`` has
    the table of what is forwarded, what is marked as unverified, and what is refused.

    What is not forwarded stays in the mailbox and is counted by ``InboundRuleSet.metric_not_forwarded``. What should
    have been forwarded and could not be waits in one of the rule set's ``dead_letter_queues`` for its redrive.

    A rule holds one of these. In the SES sandbox the addresses in *to* must be verified.

    Args:
        to: The addresses for all recipients of the rule, or a mapping from recipients to addresses. Its keys are
            written as in a rule (``support@example.com``, ``example.com``, ``.example.com``), ``*`` is for everybody
            else, and the most specific one counts.
        from_address: The address that mail is sent from, of a domain of the rule set;
            ``forwarder@<its first domain>`` unless given.
        own_domain: What becomes of mail that says it is from a domain of the rule set, or from below one, and fails
            DMARC: ``refuse``, or ``mark`` it as unverified and forward it, for a domain whose mail also comes from
            services that do not sign it yet.
        max_concurrency: How many messages are forwarded at the same time, so that a flood leaves some of the account's
            sending rate to others; as many as Lambda runs unless given. The account's concurrency is reserved.

    Raises:
        ValueError: Addresses that cannot work, and other values than these.
    """

    to: Sequence[str] | Mapping[str, Sequence[str]]
    from_address: str | None = None
    own_domain: Literal["refuse", "mark"] = "refuse"
    max_concurrency: int | None = None

    def __post_init__(self) -> None:
        for recipient, addresses in self.routes().items():
            if isinstance(addresses, str) or not isinstance(addresses, Sequence) or not addresses:
                raise invalid(
                    "to", "hold a list of addresses", addresses, f"write ['team@example.net'] for {recipient!r}"
                )
            check_text("to", recipient)
            for address in addresses:
                check_email_address("to", address)
        if not self.routes():
            raise invalid("to", "hold at least one address", self.to, "write ['team@example.net']")
        if self.from_address is not None:
            check_email_address("from_address", self.from_address)
        check_choice("own_domain", self.own_domain, ("refuse", "mark"))
        if self.max_concurrency is not None:
            check_count("max_concurrency", self.max_concurrency, of="messages", fix="leave it out for no bound")

    def routes(self) -> dict[str, Sequence[str]]:
        """Return the addresses for each recipient, ``*`` being everybody else."""
        if isinstance(self.to, str) or not isinstance(self.to, Mapping | Sequence):
            raise invalid("to", "be a list of addresses or a mapping", self.to, "write ['team@example.net']")
        return dict(self.to) if isinstance(self.to, Mapping) else {"*": self.to} if self.to else {}

    def bind_to_rule(self, scope: Construct, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        """Store the message, and have the rule set's forwarding send it."""
        from .forwarding import Forwarding  # loads aws_lambda, which not every app needs

        domains = rule.rule_set.domains
        sender = self.from_address or f"forwarder@{domains[0].domain_name}"
        sending_domain = checks.domain_of(domains, "from_address", sender)
        routes = self.routes()
        checks.check_recipients(domains, [each for each in routes if each != "*"], argument="to")
        addresses = [address for each in routes.values() for address in each]
        for address in addresses:
            if belongs_certainly(domains, address):
                raise invalid(
                    "to", "be outside the domains of the rule set, or mail goes round", address, "take another"
                )
        warn_about_routes(rule, rule.recipients, routes)
        checks.warn_about_reserved(rule, addresses)
        return Forwarding.of(rule.rule_set).add_rule(
            rule,
            routes=routes,
            from_address=sender,
            sending_domain=sending_domain,
            own_domain=self.own_domain,
            max_concurrency=self.max_concurrency,
        )
