"""Whether mail for a recipient comes to SES at all, and whether anything becomes of what comes."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import jsii
from aws_cdk import Stack
from constructs import Construct, IValidation

from ..common.arguments import contains_token, invalid, is_within
from ..common.checks import warn
from ..common.recipients import matching_entry
from ..common.register import enter, entries
from ..dns.register import inbound_regions, mail_from_record
from ..identities._domain_checks import REPORT_ADDRESS
from ..identities.sending_domain import SendingDomain
from ..identities.verified_domain import VerifiedDomain
from ._entries import key_of, wider_keys

if TYPE_CHECKING:
    from .inbound_rule import InboundRule

_RULE_SET = "rules for received mail"


def check_mail_reaches(stack: Stack, recipients: Sequence[str]) -> None:
    """Raise ``ValueError`` for recipients at a MAIL FROM domain, whose mail exchanger takes bounces alone."""
    for error in _at_mail_from_domains(stack, recipients):
        raise error


def _at_mail_from_domains(stack: Stack, recipients: Sequence[str]) -> Iterator[ValueError]:
    """Source: https://docs.aws.amazon.com/ses/latest/dg/mail-from.html."""
    names = {each.rpartition("@")[2]: each for each in recipients}
    for name, recipient in names.items():
        owner = None if contains_token(name) else mail_from_record(stack, name)
        if owner is not None:
            yield invalid(
                "recipients",
                f"be addresses that mail reaches, and {name} is the MAIL FROM domain of {owner.node.path!r}, where SES "
                "takes bounces alone",
                recipient,
                "take another domain, or pass another mail_from there",
            )


@jsii.implements(IValidation)
class RuleSetReview:
    """Warns when the app is synthesized, and all rules are there, about mail that SES takes and nobody gets."""

    def __init__(
        self,
        rule_set: Construct,
        rules: Sequence["InboundRule"],
        domains: Sequence[SendingDomain],
        *,
        is_ours: bool,
        is_activated: bool,
    ) -> None:
        self._rule_set, self._rules = rule_set, rules
        self._is_ours, self._is_activated = is_ours, is_ours and is_activated
        self._domains = {each.domain_name for each in domains}
        self._receiving = [each for each in domains if isinstance(each, VerifiedDomain) and each.receives_mail]
        self._stack = Stack.of(rule_set)
        self._said: set[tuple[str, str]] = set()
        enter(self._stack, _RULE_SET, rule_set, rules)

    def validate(self) -> list[str]:
        for scope, warning_id, message in self._found():
            # Tests synthesize more than once.
            if (warning_id, message) not in self._said:
                self._said.add((warning_id, message))
                warn(scope, warning_id, message)
        return []

    def _found(self) -> Iterator[tuple[Construct, str, str]]:
        rules, path = self._rules, self._rule_set.node.path
        if self._is_activated and not any(rule.enabled for rule in rules):
            yield (
                self._rule_set,
                "no-rules",
                f"{path} becomes the active rule set without a rule that is enabled, so SES refuses all mail of the "
                "region; add a rule, or acknowledge this warning where another stack adds them by rule_set",
            )
        elif self._is_activated:
            yield from self._domains_without_rules()
        yield from self._domains_elsewhere()
        for number, rule in enumerate(rules):
            # Of a domain that came after the rule; one before it is refused at once.
            for error in _at_mail_from_domains(self._stack, rule.recipients):
                yield rule, "mail-never-comes", str(error)
            if rule.only_adds_headers and (rule.stops or not _is_taken(rule, rules[number + 1 :])):
                yield (
                    rule,
                    "mail-gets-lost",
                    f"SES accepts mail for rule {rule.node.id!r}, adds a header and keeps nothing; store or forward "
                    "the mail after it, or add a rule behind this one that does",
                )
        for entry in entries(self._stack, REPORT_ADDRESS):
            if entry.is_in_stage and self._loses(entry.detail):
                assert isinstance(entry.owner, VerifiedDomain)
                yield (
                    entry.owner,
                    "reports-to-nowhere",
                    f"{entry.detail} gets the reports about {entry.owner.domain_name}, but no rule of {path} takes its "
                    "mail; add it to the recipients of a rule, or send the reports elsewhere",
                )

    def _domains_without_rules(self) -> Iterator[tuple[Construct, str, str]]:
        """Domains whose mail comes to SES, where no rule takes it; one that is a token may be any."""
        entries_taken = [entry for rule in self._all_rules() if rule.enabled for entry in rule.recipients or ("",)]
        if any(contains_token(entry) for entry in entries_taken):
            return
        taken = {entry.rpartition("@")[2].lower() for entry in entries_taken}
        for domain in self._receiving:
            name = domain.domain_name
            if contains_token(name) or any(
                not each or is_within(each.removeprefix("."), name) or name.endswith(each) for each in taken
            ):
                continue
            yield (
                domain,
                "domain-without-rule",
                f"mail to {name} comes to SES, and no rule of {self._rule_set.node.path} takes any of it, so SES "
                "refuses it; add a rule for it, or leave out receives_mail=True",
            )

    def _domains_elsewhere(self) -> Iterator[tuple[Construct, str, str]]:
        """Domains whose mail comes to other regions of the app alone."""
        region = self._stack.region
        for name in self._domains:
            regions = inbound_regions(self._stack, name)
            if regions and region not in regions and not any(map(contains_token, (region, *regions))):
                yield (
                    self._rule_set,
                    "mail-goes-elsewhere",
                    f"the MX record of {name} brings its mail to {' and '.join(sorted(regions))}, so no rule of "
                    f"{self._rule_set.node.path} in {region} sees it; put the rules into a stack of that region",
                )

    def _all_rules(self) -> "Iterator[InboundRule]":
        for each in entries(self._stack, _RULE_SET):
            if each.is_in_stage:
                yield from each.detail

    def _loses(self, address: str) -> bool:
        """Whether mail for *address* comes to this set, and no rule of the app takes it."""
        name = address.rpartition("@")[2].lower()
        # A set that somebody else made may have rules that nothing here knows of.
        if not self._is_ours or name not in self._domains:
            return False
        return not any(
            rule.enabled
            and (any(map(contains_token, rule.recipients)) or matching_entry(rule.recipients, address) is not None)
            for rule in self._all_rules()
        )


def _is_taken(rule: "InboundRule", later: Sequence["InboundRule"]) -> bool:
    """Whether the *later* rules take mail, all or some, of each entry of *rule*."""
    taken = {key_of(entry) for each in later if each.enabled for entry in each.recipients or ("",)}
    taken_in_part = {wider for entry in taken for wider in wider_keys(entry)}
    return all(
        {key_of(entry), *wider_keys(entry)} & taken or key_of(entry) in taken_in_part
        for entry in rule.recipients or ("",)
    )
