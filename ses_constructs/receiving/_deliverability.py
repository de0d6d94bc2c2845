"""Whether mail for a recipient comes to SES at all, and whether anything becomes of what comes."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import jsii
from aws_cdk import Stack
from constructs import Construct, IValidation

from ..common.arguments import contains_token, invalid, is_within
from ..common.checks import regions_differ, warn
from ..common.recipients import matching_entry
from ..common.register import enter, entries
from ..dns.register import mail_from_record, receiving_regions
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
        self._domains = {each.domain_name: each for each in domains}
        self._receiving = [each for each in domains if isinstance(each, VerifiedDomain) and each.receives_mail]
        self._stack = Stack.of(rule_set)
        self._said: set[tuple[str, str]] = set()
        enter(self._stack, _RULE_SET, rule_set, self)

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
        for domain in self._domains.values():
            yield from self._about_regions(domain)
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

    def _about_regions(self, domain: SendingDomain) -> Iterator[tuple[Construct, str, str]]:
        """Mail for *domain* comes here, and wherever else it comes to it is taken too."""
        name, here = domain.domain_name, self._stack.region
        regions = receiving_regions(self._stack, name)
        elsewhere = [each for each in regions if regions_differ(each, here)]
        if not regions and isinstance(domain, VerifiedDomain) and not domain.receives_mail:
            yield (
                self._rule_set,
                "domain-receives-no-mail",
                f"{name} has no MX record for SES from this app; pass receives_mail=True to its VerifiedDomain, or "
                "acknowledge this warning where the record is made elsewhere",
            )
        if regions and elsewhere == regions:
            yield (
                self._rule_set,
                "mail-goes-elsewhere",
                f"the MX record of {name} brings its mail to {' and '.join(sorted(regions))}, so no rule of "
                f"{self._rule_set.node.path} in {here} sees it; put the rules into a stack of that region",
            )
        for region in elsewhere if elsewhere != regions else ():
            there = [each for each in self._rule_sets() if name in each._domains and each._stack.region == region]
            if not there:
                yield (
                    self._rule_set,
                    "region-without-rules",
                    f"the MX record of {name} leads to SES in {region} too, and no rule set of this app takes its mail "
                    "there; add an InboundRuleSet in a stack of that region, or acknowledge this warning where there "
                    "is one",
                )
            elif missing := self._not_taken(name, [rule for each in there for rule in each._rules]):
                yield (
                    self._rule_set,
                    "not-taken-everywhere",
                    f"no rule in {region} takes mail for {', '.join(missing)}, and the MX record of {name} leads there "
                    "too, where SES refuses it for good; add the same recipients in both regions",
                )

    def _not_taken(self, name: str, others: Sequence["InboundRule"]) -> list[str]:
        """The recipients at *name* of our rules of which none of the *others* takes mail."""
        taken = {key_of(entry) for each in others if each.enabled for entry in each.recipients or ("",)}
        if any(map(contains_token, taken)):
            return []
        # By the MX record of a name comes mail for that name alone, and a rule for everybody takes it all.
        ours = [entry for rule in self._rules if rule.enabled for entry in rule.recipients or (name,)]
        return [
            each
            for each in dict.fromkeys(ours)
            if not contains_token(each)
            and is_within(each.rpartition("@")[2].lower(), name)
            and not {key_of(each), *wider_keys(each)} & taken
        ]

    def _rule_sets(self, *, of_stage: bool = False) -> "Iterator[RuleSetReview]":
        """Those of the app, or of this stage of it."""
        return (each.detail for each in entries(self._stack, _RULE_SET) if each.is_in_stage or not of_stage)

    def _all_rules(self) -> "Iterator[InboundRule]":
        for each in self._rule_sets(of_stage=True):
            yield from each._rules

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
