"""InboundRuleSet: receipt rules in order, activated safely, with a mailbox, IP filters and alarms."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_cdk import Duration, Names, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..alarms.alarm_reactions import AlarmReaction, checked_reactions
from ..common.arguments import check_kind, invalid
from ..common.checks import check_same_region
from ..identities.sending_domain import SendingDomain
from ..identities.verified_domain import VerifiedDomain
from . import _rule_checks as checks
from .activation import ActivateIfFree, Activation
from .inbound_actions import InvokeFunction
from .inbound_rule import InboundAction, InboundRule

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sqs as sqs

    from ._spam_filter import SpamFilter


class InboundRuleSet(Construct):
    """What SES does with mail that arrives: receipt rules in the order in which they are added.

    *domain* or *domains*: whose mail the rules are for; ``VerifiedDomain(receives_mail=True)`` makes the MX records.
    *activation*: ``ActivateIfFree()`` unless given. An account has one active rule set in a region; another one is
    replaced by ``TakeOver()`` only, and ``LeaveInactive()`` leaves it to you.
    *rule_set_name*: made from the construct's path unless given. A new name makes a new set, which becomes the active
    one before the old one goes.
    *rule_set*: add the rules to a set that exists, at its top or behind the rule named *after_rule*; nothing is
    activated then.
    *mailbox*: the bucket for mail; made on first use unless given: encrypted, without public access, over TLS only,
    kept when the stack goes. *mailbox_key* encrypts it with your key, *keep_mail_for* deletes mail after that time.
    *drop_spam*: mail that SES takes for spam or a virus ends before any rule sees it, without a bounce.
    *tls*: whether a sender must use TLS; most do, and those that cannot would lose their mail.
    *allow_from*, *block_from*: IPv4 addresses or networks that mail is taken from or not. Allowing some alone blocks
    all others. The filters are for the whole account and region.
    *failure_reactions*: what to do when SES cannot carry out an action, or forwarding fails. Forwarders have an alarm
    without them too; rules have one only with them.

    Raises ``ValueError`` for arguments that cannot work, alone or together.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domain: SendingDomain | None = None,
        domains: Sequence[SendingDomain] = (),
        activation: Activation | None = None,
        rule_set_name: str | None = None,
        rule_set: ses.IReceiptRuleSet | None = None,
        after_rule: str | None = None,
        mailbox: "s3.IBucket | None" = None,
        mailbox_key: "kms.IKey | None" = None,
        keep_mail_for: Duration | None = None,
        drop_spam: bool = True,
        tls: ses.TlsPolicy = ses.TlsPolicy.OPTIONAL,
        allow_from: Sequence[str] = (),
        block_from: Sequence[str] = (),
        failure_reactions: "Sequence[AlarmReaction | cloudwatch.IAlarmAction]" = (),
    ) -> None:
        super().__init__(scope, construct_id)
        self.domains = _all_domains(domain, domains)
        """The domains whose mail the rules are for."""
        checks.check_mailbox(mailbox, mailbox_key, keep_mail_for)
        if mailbox_key is not None:
            check_same_region("mailbox_key", mailbox_key.env.region, user=self)
        checks.check_rule_set_name(rule_set_name, joins=rule_set is not None)
        checks.check_joining(joins=rule_set is not None, after_rule=after_rule, activation=activation)
        self._mailbox, self._mailbox_key, self._keep_mail_for = mailbox, mailbox_key, keep_mail_for
        check_kind("tls", tls, ses.TlsPolicy, "pass ses.TlsPolicy.REQUIRE or ses.TlsPolicy.OPTIONAL")
        check_kind("drop_spam", drop_spam, bool, "pass True or False")
        self._tls = tls
        self._failure_reactions = checked_reactions(failure_reactions, "failure_reactions")
        checks.warn_about_region(self, Stack.of(self).region)
        for each in self.domains:
            if isinstance(each, VerifiedDomain) and not each.receives_mail:
                checks.warn_about_missing_mx(self, each.domain_name)

        self.rules: list[InboundRule] = []
        """The rules in their order, without the one that drops spam."""
        self.alarms: list[cloudwatch.Alarm] = []
        """The alarms on rules, if there are failure reactions, and on the queues below."""
        self.dead_letter_queues: list[sqs.IQueue] = []
        """Where the forwarders' failures end."""
        # In a scope of their own, so that their ids may be any.
        self._added = Construct(self, "Rules")
        self._stored_prefixes = 0
        self._last_rule: InboundRule | None = None
        self._last_rule_name = after_rule
        self._resource: ses.CfnReceiptRuleSet | None = None
        if rule_set is None:
            # Literal, so that policies can name the set without waiting for it.
            self.rule_set_name = rule_set_name or Names.unique_resource_name(self, max_length=64)
            self._resource = ses.CfnReceiptRuleSet(self, "RuleSet", rule_set_name=self.rule_set_name)
            activation = activation or ActivateIfFree()
        else:
            self.rule_set_name = rule_set.receipt_rule_set_name
        self._activation = activation.activate(self, self.rule_set_name) if activation else None
        if self._activation and self._resource:
            # Created after the set and deleted before it: SES refuses to delete the active set.
            self._activation.node.add_dependency(self._resource)
        self._spam_filter = self._make_spam_filter() if drop_spam else None
        if allow_from or block_from:
            from ._ip_filters import IpFilters

            IpFilters(self, "IpFilters", allow_from=allow_from, block_from=block_from)

    def add_rule(
        self,
        construct_id: str,
        *,
        recipients: Sequence[str] = (),
        actions: Sequence[InboundAction | ses.IReceiptRuleAction],
        enabled: bool = True,
        scan: bool = True,
        tls: ses.TlsPolicy | None = None,
    ) -> InboundRule:
        """Add a rule behind all others.

        *recipients*: addresses (``support@example.com``, which takes ``support+label@example.com`` too), domains
        (``example.com``) or all subdomains (``.example.com``), compared with the envelope and not with the To header;
        none for every address. All rules that match run, one after the other, until an action stops them.
        *actions*: up to ten, in this order; ours and those of aws_ses_actions.
        *scan*: let SES look for spam and viruses. *tls*: as of the set unless given.

        Raises ``ValueError`` for recipients outside the domains, and for what SES would refuse.
        """
        checks.check_recipients(self.domains, recipients)
        checks.check_actions(actions)
        if tls is not None:
            check_kind("tls", tls, ses.TlsPolicy, "pass ses.TlsPolicy.REQUIRE or ses.TlsPolicy.OPTIONAL")
        for argument, value in (("enabled", enabled), ("scan", scan)):
            check_kind(argument, value, bool, "pass True or False")
        if self._added.node.try_find_child(construct_id):
            raise invalid("construct_id", "be new in the rule set", construct_id, "give each rule an id of its own")
        if len(self.rules) + bool(self._spam_filter) >= checks.MAX_RULES:
            raise invalid(
                "rules", f"be at most {checks.MAX_RULES} in a set", construct_id, "join rules with equal actions"
            )
        rule = self._rule(
            self._added, construct_id, recipients=recipients, actions=actions, enabled=enabled, scan=scan, tls=tls
        )
        checks.warn_about_recipients(rule, recipients, earlier={each.node.id: each.recipients for each in self.rules})
        self.rules.append(rule)
        if self._spam_filter:
            self._spam_filter.cover(self.rules)
        return rule

    @property
    def mailbox(self) -> "s3.IBucket":
        """The bucket that mail is stored in, made when it is first asked for."""
        if self._mailbox is None:
            from ..common.private_bucket import private_bucket

            self._mailbox = private_bucket(
                self, "Mailbox", key=self._mailbox_key, keep_for=self._keep_mail_for, writers="SES writes"
            )
        return self._mailbox

    def grant_read(self, grantee: iam.IGrantable, *, prefix: str = "") -> iam.Grant:
        """Let *grantee* read stored mail whose key starts with *prefix*, and decrypt it."""
        if self.mailbox.encryption_key:
            self.mailbox.encryption_key.grant_decrypt(grantee)
        objects = self.mailbox.arn_for_objects(f"{prefix}*")
        return iam.Grant.add_to_principal(grantee=grantee, actions=["s3:GetObject"], resource_arns=[objects])

    def metric_dropped_spam(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """Messages that ended as spam or with a virus; a count.

        Raises ``ValueError`` for a set with ``drop_spam=False``.
        """
        if self._spam_filter is None:
            raise ValueError(
                "metric_dropped_spam needs drop_spam=True, got False; nothing is dropped, so nothing is counted"
            )
        return self._spam_filter.metric_dropped(period=period)

    def metric_received(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """Messages that came in for a rule of the set; a count, made by the function that looks for spam.

        Raises ``ValueError`` for a set with ``drop_spam=False``: SES documents no such metric itself.
        """
        if self._spam_filter is None:
            raise ValueError("metric_received needs drop_spam=True, got False; nobody counts what comes in")
        return self._spam_filter.metric_asked(period=period)

    @property
    def spam_rule(self) -> InboundRule | None:
        """The first rule, which drops spam; None with ``drop_spam=False``."""
        return self._spam_filter.rule if self._spam_filter else None

    def receives(self, address: str) -> bool:
        """Whether *address* is in one of the domains."""
        return checks.belongs_to(self.domains, address)

    def domain_of(self, address: str) -> SendingDomain:
        """The domain that *address* belongs to; the first one for a token."""
        return next((each for each in self.domains if checks.belongs_to([each], address)), self.domains[0])

    def check_own_address(self, argument: str, address: str) -> None:
        """Raise ``ValueError`` unless SES may send from *address*."""
        if not self.receives(address):
            names = " or ".join(each.domain_name for each in self.domains)
            raise invalid(argument, f"be an address of {names}", address, "SES sends from verified domains only")

    def count_stored_prefix(self) -> None:
        """Raise ``ValueError`` when a bucket policy cannot hold a statement for a further prefix."""
        self._stored_prefixes += 1
        if self._stored_prefixes > checks.MAX_STORING_ACTIONS:
            raise invalid(
                "actions",
                f"store mail at most {checks.MAX_STORING_ACTIONS} times in a set, because a bucket policy has 20 KB",
                self._stored_prefixes,
                "store once in a rule for the whole domain, or make a second set",
            )

    def watch_queue(self, scope: Construct, queue: "sqs.IQueue") -> None:
        """Have an alarm, and the failure reactions, follow a message in *queue*."""
        from ._failure_alarms import queue_alarm

        self.dead_letter_queues.append(queue)
        self.alarms.append(queue_alarm(scope, queue, self._failure_reactions))

    def _rule(
        self,
        scope: Construct,
        construct_id: str,
        *,
        recipients: Sequence[str],
        actions: Sequence[InboundAction | ses.IReceiptRuleAction],
        enabled: bool = True,
        scan: bool = True,
        tls: ses.TlsPolicy | None = None,
    ) -> InboundRule:
        rule = InboundRule(
            scope,
            construct_id,
            rule_set=self,
            recipients=recipients,
            actions=actions,
            enabled=enabled,
            scan=scan,
            tls=tls or self._tls,
            # Always said: a rule without it goes to the top of the set.
            after=self._last_rule_name,
        )
        if self._resource:
            rule.depends_on(self._resource)
        if self._last_rule:
            rule.depends_on(self._last_rule.resource)
        if self._activation:
            self._activation.node.add_dependency(rule.resource)
        self._last_rule, self._last_rule_name = rule, rule.rule_name
        if self._failure_reactions:
            from ._failure_alarms import rule_alarm

            self.alarms.append(rule_alarm(rule, self._failure_reactions))
        return rule

    def _make_spam_filter(self) -> "SpamFilter":
        from ._spam_filter import SpamFilter

        spam_filter = SpamFilter(self, "SpamFilter", rule_set_name=self.rule_set_name)
        asks = InvokeFunction(spam_filter.function, waits_for_decision=True)
        # Off until there is a rule: alone it would have SES accept mail that nobody wants.
        spam_filter.rule = self._rule(self, "DropSpam", recipients=(), actions=[asks], enabled=False)
        return spam_filter


def _all_domains(domain: SendingDomain | None, domains: Sequence[SendingDomain]) -> tuple[SendingDomain, ...]:
    found = (*([domain] if domain else []), *domains)
    for each in found:
        check_kind("domain", each, SendingDomain, "pass a VerifiedDomain, or VerifiedDomain.from_domain_name(...)")
    if not found:
        raise ValueError("domain must be given, got None; pass the VerifiedDomain whose mail the rules are for")
    return found
