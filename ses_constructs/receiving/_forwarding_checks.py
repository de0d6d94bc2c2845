"""What is checked about where mail is forwarded to. Warning ids are part of the public API."""

from collections.abc import Mapping, Sequence

from constructs import Construct

from ..common.arguments import contains_token, is_within
from ..common.checks import warn
from ..identities.sending_domain import SendingDomain
from ._entries import ForwardingRules, Routes


def belongs_certainly(domains: Sequence[SendingDomain], address: str) -> bool:
    """Whether *address* is in one of *domains*, wherever it is known: a token is in itself alone."""
    domain = address.rpartition("@")[2]
    for name in (each.domain_name for each in domains):
        if contains_token(domain) or contains_token(name):
            if domain == name:
                return True
        elif is_within(domain.lower(), name):
            return True
    return False


def warn_about_routes(scope: Construct, recipients: Sequence[str], routes: Mapping[str, Sequence[str]]) -> None:
    """Recipients whose mail a forwarder would not know where to send."""
    known = Routes(routes)
    for recipient in recipients or ("",):
        if not contains_token(recipient) and not known.knows(recipient):
            warn(
                scope,
                "recipient-without-route",
                f"nobody is named for {recipient or 'every address'} in to of ForwardMail; add it, or '*' for "
                "everybody else",
            )


def warn_about_second_copy(
    rule: Construct, recipients: Sequence[str], routes: Routes, *, earlier: ForwardingRules
) -> None:
    """A message that two rules forward to the same people; *earlier* ones go on to this one."""
    for rule_id, its_routes, recipient in earlier.in_common(recipients):
        twice = routes.addresses(recipient) & its_routes.addresses(recipient)
        if twice:
            warn(
                rule,
                "forwarded-twice",
                f"rule {rule_id!r} forwards mail to {recipient or 'every address'} to {min(twice)} too, and goes "
                "on to this rule, so that each message arrives twice; end it with StopProcessing(), or leave the "
                "address out here",
            )
            return
