"""What is checked about sets and their rules: errors for what SES refuses, warnings for likely surprises.

A CDK token passes every check. Warning ids are part of the public API.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from aws_cdk import Duration, Stack
from constructs import Construct, IConstruct

from ..common.arguments import (
    check_domain_name,
    check_email_address,
    check_kind,
    check_list,
    check_strategy,
    check_text,
    contains_token,
    invalid,
    is_within,
    offers,
    text_tuple,
)
from ..common.checks import (
    check_known_seconds,
    check_resource,
    check_same_place,
    warn,
)
from ..common.register import enter_alone
from ..dns.other_owners import review
from ..identities.sending_domain import SendingDomain
from ._cdk_actions import is_cdk_action
from ._entries import EarlierRules
from .activation import Activation
from .rule_limits import MAX_ACTIONS, MAX_RECIPIENTS, RULE_NAME

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_ses as ses


_DAY = 24 * 60 * 60
# No name below them is in the public DNS (RFC 6761 section 6).
_RESERVED = frozenset({"example", "invalid", "localhost", "test"})
# A bucket policy has 20 KB, and the statement for one prefix of one rule takes about 400 bytes.
MAX_STORING_STATEMENTS = 50
_STORING_STATEMENTS: WeakKeyDictionary[IConstruct, int] = WeakKeyDictionary()


def checked_domains(
    scope: Construct, domain: SendingDomain | None, domains: Sequence[SendingDomain]
) -> tuple[SendingDomain, ...]:
    """Those of both arguments; at least one, and all of the place of *scope*, where their mail comes in."""
    fix = "a VerifiedDomain, or VerifiedDomain.from_domain_name(...)"
    if domain is not None:
        check_kind("domain", domain, SendingDomain, f"pass {fix}")
    check_list("domains", domains, f"put {fix} into a list")
    for each in domains:
        check_kind("domains", each, SendingDomain, f"hold {fix}")
    found = (*([domain] if domain is not None else []), *domains)
    fix = "put the rules into a stack of its place, or refer to the domain of this place by from_domain_name"
    for each in found:
        check_same_place("domain", each, user=scope, fix=fix)
    if not found:
        raise ValueError("domain must be given, got None; pass the VerifiedDomain whose mail the rules are for")
    return found


def check_recipients(
    domains: Sequence[SendingDomain], recipients: Sequence[str], *, argument: str = "recipients"
) -> None:
    """Every recipient is an address, a domain or ``.domain`` of one of *domains*."""
    check_list(argument, recipients, "write ['support@example.com']")
    text_tuple(argument, recipients)
    if len(recipients) > MAX_RECIPIENTS:
        raise invalid(
            argument, f"be at most {MAX_RECIPIENTS}", len(recipients), "name a domain, or spread them over rules"
        )
    if len({each if contains_token(each) else each.lower() for each in recipients}) < len(recipients):
        raise invalid(argument, "hold every entry once", list(recipients), "leave the repeated one out")
    for recipient in recipients:
        if "*" in recipient:
            raise invalid(argument, "have no '*', which SES does not know", recipient, "name the domain alone")
        if "@" in recipient:
            check_email_address(argument, recipient)
        else:
            check_domain_name(argument, recipient.removeprefix("."))
        if not belongs_to(domains, recipient):
            raise invalid(
                argument,
                f"belong to {' or '.join(each.domain_name for each in domains)}",
                recipient,
                "pass the domain that holds it in domains",
            )


def check_actions(actions: object) -> None:
    """One to ten actions, in a list."""
    if not isinstance(actions, Sequence) or isinstance(actions, str) or not actions:
        raise invalid("actions", "be a list of at least one action", actions, "pass [StoreMail()], for one")
    if len(actions) > MAX_ACTIONS:
        raise invalid("actions", f"be at most {MAX_ACTIONS}", len(actions), "move some to a further rule")
    for action in actions:
        if not offers(action, "bind_to_rule") and not is_cdk_action(action):
            raise invalid("actions", "hold actions", action, "pass StoreMail(), or an action of aws_ses_actions")


def check_stop_is_last(actions: Sequence[object], made: "Sequence[ses.CfnReceiptRule.ActionProperty]") -> None:
    """What *actions* have *made*: "Stop action, if any, must be placed at the end of the actions list", says SES."""
    if any(each.stop_action for each in made[:-1]):
        names = [type(each).__name__ for each in actions]
        raise invalid("actions", "have the stop last, or SES refuses the rule", names, "move it to the end")


def claim_rule_set_name(owner: Construct, name: str | None, *, joins: bool) -> None:
    """A name that SES takes, known at synth, because policies name the set, and of no other set of the account and
    region.
    """
    if name is None:
        return
    _check_name("rule_set_name", name, example="inbound")
    if joins:
        raise invalid("rule_set_name", "be left out with rule_set", name, "the set has its name already")
    fix = "take another name, or add the rules to that set"
    review(Stack.of(owner))
    enter_alone(Stack.of(owner), ("receipt rule set", name), owner, what="rule_set_name", got=name, fix=fix)


def check_rule_name(name: str | None) -> None:
    """A name that SES takes, or none."""
    if name is not None:
        _check_name("rule_name", name, example="support")


def _check_name(argument: str, name: str, *, example: str) -> None:
    if not RULE_NAME.fullmatch(check_text(argument, name)):
        raise invalid(
            argument,
            "be 1-64 letters, digits, '-', '_' and '.', with a letter or digit at both ends",
            name,
            f"take a name such as {example!r}, or leave it out",
        )


def check_joining(*, joins: bool, after_rule: str | None, activation: Activation | None) -> None:
    """What belongs to a set that exists, and what to one of our own."""
    if after_rule is not None:
        check_text("after_rule", after_rule)
    if activation is not None:
        check_strategy("activation", activation, ["activate"], "pass ActivateIfFree(), TakeOver() or LeaveInactive()")
    if not joins and after_rule is not None:
        raise invalid("after_rule", "come with rule_set", after_rule, "leave it out for a set of your own")
    if joins and activation is not None and getattr(activation, "activates", True):
        raise invalid(
            "activation", "be left out with rule_set", activation, "whoever owns the set decides whether it is active"
        )


def check_mailbox(mailbox: "s3.IBucket | None", key: "kms.IKey | None", keep_for: Duration | None) -> None:
    """What is for a mailbox that is made, and not for one that is given."""
    if keep_for is not None:
        seconds = check_known_seconds("keep_for", keep_for, "pass Duration.days(365)")
        if seconds < _DAY or seconds % _DAY:
            raise invalid("keep_for", "be whole days", f"{seconds / 3600:g} hours", "pass Duration.days(365)")
    if key is not None:
        check_resource("mailbox_key", key, "KMS key")
    if mailbox is None:
        return
    check_resource("mailbox", mailbox, "S3 bucket")
    for argument, value in (("mailbox_key", key), ("keep_for", keep_for)):
        if value is not None:
            raise ValueError(
                f"{argument} must be left out with mailbox, got both; it is for the bucket that is made without one"
            )


def belongs_to(domains: Sequence[SendingDomain], entry: str) -> bool:
    """Whether an address or domain is in one of *domains*; a token may be."""
    domain = entry.rpartition("@")[2].removeprefix(".")
    if contains_token(domain):  # before the case goes, which is a part of a token
        return True
    domain = domain.lower()
    return any(contains_token(each.domain_name) or is_within(domain, each.domain_name) for each in domains)


def holder_of(domains: Sequence[SendingDomain], address: str) -> SendingDomain | None:
    """The first of *domains* that *address* may be in; None if it is in none of them."""
    return next((each for each in domains if belongs_to([each], address)), None)


def domain_of(domains: Sequence[SendingDomain], argument: str, address: str) -> SendingDomain:
    """The one of *domains* that *address* is in, so that SES may send from it; the first one for a token.

    Raises ``ValueError`` for an address outside them.
    """
    found = holder_of(domains, address)
    if found is None:
        names = " or ".join(each.domain_name for each in domains)
        raise invalid(argument, f"be an address of {names}", address, f"take 'postmaster@{domains[0].domain_name}'")
    return found


def count_storing_statement(bucket: "s3.IBucket") -> None:
    """Raise ``ValueError`` when the policy of *bucket* has no room for a further statement that lets SES store mail."""
    statements = _STORING_STATEMENTS[bucket] = _STORING_STATEMENTS.get(bucket, 0) + 1
    if statements > MAX_STORING_STATEMENTS:
        raise invalid(
            "actions",
            f"store mail at most {MAX_STORING_STATEMENTS} times in a bucket, because its policy has 20 KB",
            statements,
            "store once in a rule for the whole domain, or take a second bucket",
        )


def warn_about_recipients(scope: Construct, recipients: Sequence[str], *, earlier: EarlierRules) -> None:
    """Recipients that get no mail, and rules that come after one that takes the same mail."""
    warn_about_reserved(scope, recipients)
    for recipient in recipients or ("",):
        if rule_id := earlier.stopping(recipient):
            warn(
                scope,
                "rule-never-runs",
                f"rule {rule_id!r} comes first and ends with StopProcessing, so {scope.node.path} sees no mail to "
                f"{recipient or 'anybody'}; put its actions into that rule, before the stop",
            )
            return
    for recipient in recipients:
        if found := earlier.wider(recipient):
            rule_id, wider = found
            warn(
                scope,
                "wider-rule-first",
                f"rule {rule_id!r} comes first and takes {wider or 'all mail'}, so also mail to {recipient}; "
                "add it after the narrower rules, unless both shall see that mail",
            )
            return


def warn_about_reserved(scope: Construct, recipients: Sequence[str]) -> None:
    """Recipients that no mail can reach."""
    for recipient in recipients:
        top_level = recipient.rpartition(".")[2].lower()
        if top_level in _RESERVED:
            warn(
                scope,
                "reserved-domain",
                f"no mail reaches {recipient}, because '.{top_level}' is reserved and not in the public DNS (RFC 6761 "
                "section 6); write the domain that is meant",
            )
            return
