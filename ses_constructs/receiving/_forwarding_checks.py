"""What is checked about where mail is forwarded to. Warning ids are part of the public API."""

from collections.abc import Mapping, Sequence

from constructs import Construct

from ..common.arguments import contains_token, is_within
from ..common.checks import warn
from ..identities.sending_domain import SendingDomain
from ._rule_checks import wider_entry


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


def warn_about_routes(scope: Construct, recipients: Sequence[str], routes: Sequence[str]) -> None:
    """Recipients whose mail a forwarder would not know where to send."""
    if "*" in routes:
        return
    for recipient in recipients or ("every address",):
        if not contains_token(recipient) and recipient not in routes and wider_entry(routes, recipient) is None:
            warn(
                scope,
                "recipient-without-route",
                f"nobody is named for {recipient} in to of ForwardMail; add it, or '*' for everybody else",
            )


def warn_about_second_copy(
    rule: Construct,
    recipients: Sequence[str],
    routes: Mapping[str, Sequence[str]],
    *,
    earlier: Mapping[str, tuple[Sequence[str], Mapping[str, Sequence[str]]]],
) -> None:
    """A message that two rules forward to the same people.

    *earlier*: recipients and routes of the rules before this one that go on to it, by the ids of those rules.
    """
    for rule_id, (its_recipients, its_routes) in earlier.items():
        for recipient in _in_both(recipients, its_recipients):
            twice = _routed(routes, recipient) & _routed(its_routes, recipient)
            if twice:
                warn(
                    rule,
                    "forwarded-twice",
                    f"rule {rule_id!r} forwards mail to {recipient or 'every address'} to {min(twice)} too, and goes "
                    "on to this rule, so that each message arrives twice; end it with StopProcessing(), or leave the "
                    "address out here",
                )
                return


def _in_both(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """The narrower entries of those that two rules have in common; "" for every address."""
    if not one or not other:
        return list(one or other or [""])
    return [
        *(each for each in one if each in other or wider_entry(other, each) is not None),
        *(each for each in other if wider_entry(one, each) is not None),
    ]


def _routed(routes: Mapping[str, Sequence[str]], recipient: str) -> set[str]:
    """Where the most specific of *routes* sends mail to *recipient*; everywhere for "" and what is wider than they."""
    if recipient in routes:
        return set(routes[recipient])
    # An address is more specific than its domain, and that than a parent.
    by_length = sorted(routes, key=lambda each: ("@" in each, len(each)), reverse=True)
    wider = next((each for each in by_length if recipient and wider_entry([each], recipient) is not None), "*")
    narrower = [each for each in routes if recipient == "" or wider_entry([recipient], each) is not None]
    return {address for each in (wider, *narrower) for address in routes.get(each, ())}
