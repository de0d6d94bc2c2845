"""InboundRuleSet: receipt rules in order, activated safely, with a mailbox, IP filters and alarms."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from aws_cdk import Duration, Names, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..alarms.alarm_reactions import AlarmReaction, attach_all, checked_reactions
from ..common.arguments import check_flag, check_kind, check_text, invalid
from ..common.checks import check_dependable, check_resource, check_same_place, check_same_region, warn_about_region
from ..common.policy_text import check_key_prefix
from ..identities.sending_domain import SendingDomain
from . import _rule_checks as checks
from . import rule_limits as limits
from ._deliverability import RuleSetReview, check_mail_reaches
from ._entries import EarlierRules
from ._ip_filters import IpFilters
from ._mailbox import grant_read
from ._rule_chain import RuleChain
from .activation import ActivateIfFree, Activation
from .inbound_rule import InboundAction, InboundRule

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sqs as sqs

    from ._spam_filter import SpamFilter
    from .forwarding import Forwarding


class InboundRuleSet(Construct):
    """Says what SES does with mail that arrives: receipt rules, in the order in which they are added.

    Args:
        domain: The domain whose mail the rules are for; ``VerifiedDomain(receives_mail=True)`` makes its MX record.
        domains: Several of them, instead of one or beside it.
        activation: How the set becomes the active one, of which an account has one in a region; ``ActivateIfFree()``
            unless given. ``TakeOver()`` replaces another one, and ``LeaveInactive()`` leaves it to you.
        rule_set_name: Made from the construct's path unless given. A new name makes a new set, which becomes the
            active one before the old one goes.
        rule_set: A set that exists, to which the rules are added; nothing is activated then.
        after_rule: The name of the rule of that set behind which they go; at its top unless given.
        mailbox: The bucket for mail. Unless given it is made on first use: encrypted, without public access, over TLS
            only, kept when the stack goes.
        mailbox_key: Encrypts the mailbox that is made; S3's own key unless given.
        keep_for: Deletes mail in the mailbox that is made after so many whole days; never unless given.
        drop_spam: Whether mail that SES takes for spam or a virus ends, without a bounce, before any rule sees it.
        tls: Whether a sender must use TLS; most do, and mail from those that cannot would be lost.
        allow_from: IP addresses or networks whose mail is taken; if nothing is blocked, all others are, of IPv4 and of
            IPv6. Filters are for the whole account and region.
        block_from: IP addresses or networks whose mail is refused.
        reactions: What happens when SES cannot carry out an action, or forwarding fails. Forwarders have an alarm
            without reactions too; rules have one only with them.

    Raises:
        ValueError: Arguments that cannot work, alone or together.
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
        keep_for: Duration | None = None,
        drop_spam: bool = True,
        tls: ses.TlsPolicy = ses.TlsPolicy.OPTIONAL,
        allow_from: Sequence[str] = (),
        block_from: Sequence[str] = (),
        reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        self.domains = checks.checked_domains(self, domain, domains)
        """The domains whose mail the rules are for."""
        checks.check_mailbox(mailbox, mailbox_key, keep_for)
        if mailbox_key is not None:
            check_same_region("mailbox_key", mailbox_key.env.region, user=self)
        if rule_set is not None:
            check_resource("rule_set", rule_set, "receipt rule set")
            check_same_place("rule_set", rule_set, user=self, fix="refer to it by its name in a stack of its place")
        checks.claim_rule_set_name(self, rule_set_name, joins=rule_set is not None)
        checks.check_joining(joins=rule_set is not None, after_rule=after_rule, activation=activation)
        check_kind("tls", tls, ses.TlsPolicy, "pass ses.TlsPolicy.REQUIRE or ses.TlsPolicy.OPTIONAL")
        check_flag("drop_spam", drop_spam)
        self.reactions = checked_reactions(reactions)
        """What happens when mail cannot be handled."""
        warn_about_region(self, Stack.of(self).region, receives_mail=True)

        self.rules: list[InboundRule] = []
        """The rules in their order, without the one that drops spam."""
        self._earlier = EarlierRules()
        self.alarms: list[cloudwatch.Alarm] = []
        """The alarms on rules, if there are reactions, and on the queues below."""
        self.dead_letter_queues: list[sqs.IQueue] = []
        """Where mail waits that could not be forwarded."""
        self._mailbox, self._mailbox_key, self._keep_for = mailbox, mailbox_key, keep_for
        # In a scope of their own, so that their ids may be any.
        self._scope_of_rules = Construct(self, "Rules")
        resource: ses.CfnReceiptRuleSet | None = None
        if rule_set is None:
            # Literal, so that policies can name the set without waiting for it.
            self.rule_set_name = rule_set_name or Names.unique_resource_name(self, max_length=64)
            resource = ses.CfnReceiptRuleSet(self, "RuleSet", rule_set_name=self.rule_set_name)
            activation = activation or ActivateIfFree()
        else:
            self.rule_set_name = rule_set.receipt_rule_set_name
        activated = activation.activate(self, self.rule_set_name) if activation else None
        if activated is not None:
            check_dependable(f"what {type(activation).__name__}.activate returns", activated)
        if activated and resource:
            # Created after the set and deleted before it: SES refuses to delete the active set.
            activated.node.add_dependency(resource)
        self._chain = RuleChain(
            self, rule_set=self, resource=resource, activation=activated, after_rule=after_rule, tls=tls
        )
        self._spam_filter = self._make_spam_filter() if drop_spam else None
        review = RuleSetReview(self, self.rules, self.domains, is_ours=bool(resource), is_activated=bool(activated))
        self.node.add_validation(review)
        if allow_from != () or block_from != ():
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
        rule_name: str | None = None,
    ) -> InboundRule:
        """Add a rule behind all others.

        All rules that match a message run, one after the other, until an action stops them.

        Args:
            construct_id: An id that is new in this set.
            recipients: Addresses (``support@example.com``, which takes ``support+label@example.com`` too), domains
                (``example.com``) or all subdomains (``.example.com``), compared with the envelope and not with the To
                header; none for every address.
            actions: One to ten, in this order; ours and those of aws_ses_actions.
            enabled: Whether SES runs the rule.
            scan: Whether SES looks for spam and viruses.
            tls: Whether a sender must use TLS; as of the set unless given.
            rule_name: Made from the construct's path unless given; for a rule that exists, which ``cdk import`` takes.

        Raises:
            ValueError: Recipients outside the domains, and what SES would refuse.
        """
        checks.check_recipients(self.domains, recipients)
        check_mail_reaches(Stack.of(self), recipients)
        checks.check_actions(actions)
        if tls is not None:
            check_kind("tls", tls, ses.TlsPolicy, "pass ses.TlsPolicy.REQUIRE or ses.TlsPolicy.OPTIONAL")
        check_flag("enabled", enabled)
        check_flag("scan", scan)
        if check_text("construct_id", construct_id) in self._earlier.ids:
            raise invalid("construct_id", "be new in the rule set", construct_id, "give each rule an id of its own")
        if len(self.rules) + bool(self._spam_filter) >= limits.MAX_RULES:
            counted = ", of which the one that drops spam is one" if self._spam_filter else ""
            limit = f"be at most {limits.MAX_RULES} in a set{counted}"
            raise invalid("rules", limit, construct_id, "join rules with equal actions")
        rule = self._chain.append(
            self._scope_of_rules,
            construct_id,
            recipients=recipients,
            actions=actions,
            enabled=enabled,
            scan=scan,
            tls=tls,
            rule_name=rule_name,
        )
        checks.warn_about_recipients(rule, recipients, earlier=self._earlier)
        self._earlier.add(construct_id, rule.recipients, stops=rule.enabled and rule.stops)
        self.rules.append(rule)
        if self._spam_filter:
            self._spam_filter.cover(self.rules)
        return rule

    def add_alarm(self, alarm: cloudwatch.Alarm) -> None:
        """Have the reactions of the set follow an alarm, such as one that an action of your own makes.

        Args:
            alarm: The alarm; it is one of ``alarms`` from then on.
        """
        check_kind("alarm", alarm, cloudwatch.Alarm, "pass a cloudwatch.Alarm")
        attach_all(self.reactions, alarm)
        self.alarms.append(alarm)

    @property
    def spam_rule(self) -> InboundRule | None:
        """The first rule, which drops spam; None with ``drop_spam=False``."""
        return self._spam_filter.rule if self._spam_filter else None

    @property
    def mailbox(self) -> "s3.IBucket | None":
        """The bucket that mail is stored in; None until it is given or used."""
        return self._mailbox

    def use_mailbox(self) -> "s3.IBucket":
        """Return the bucket that mail is stored in, made on first use."""
        if self._mailbox is None:
            # Here, because it loads aws_s3, which not every app needs.
            from ..common.private_bucket import private_bucket

            self._mailbox = private_bucket(
                self, "Mailbox", key=self._mailbox_key, keep_for=self._keep_for, writers="SES writes"
            )
        return self._mailbox

    @property
    def forwarding(self) -> "Forwarding | None":
        """What forwards mail; None until a rule has ``ForwardMail``."""
        return cast("Forwarding | None", self.node.try_find_child("Forwarding"))

    @property
    def forwarding_configuration_set(self) -> ses.IConfigurationSet | None:
        """What forwarded mail, and nothing else, goes out through; None until a rule has ``ForwardMail``."""
        return self.forwarding.configuration_set if self.forwarding else None

    def grant_read(self, grantee: iam.IGrantable, *, prefix: str = "") -> iam.Grant:
        """Let a grantee read stored mail, and decrypt it.

        Args:
            grantee: Who may read, such as a function.
            prefix: How the keys of the objects begin; all of the mailbox unless given.

        Raises:
            ValueError: A prefix that ``StoreMail`` refuses, and a grantee whose policies cannot be changed here, where
                the policy of the bucket cannot either.
        """
        check_key_prefix("prefix", prefix)
        return grant_read(self, self.use_mailbox(), grantee, prefix=prefix)

    def metric_dropped_spam(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """Messages that ended as spam or with a virus; a count.

        Args:
            period: What one value covers; five minutes unless given.

        Raises:
            ValueError: A set with ``drop_spam=False``.
        """
        if self._spam_filter is None:
            raise ValueError(
                "metric_dropped_spam needs drop_spam=True, got False; nothing is dropped, so nothing is counted"
            )
        return self._spam_filter.metric_dropped(period=period)

    def metric_received(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """Messages that came in for a rule of the set; a count, made by the function that drops spam.

        Args:
            period: What one value covers; five minutes unless given.

        Raises:
            ValueError: A set with ``drop_spam=False``, because SES documents no such metric itself.
        """
        if self._spam_filter is None:
            raise ValueError("metric_received needs drop_spam=True, got False; nobody counts what comes in")
        return self._spam_filter.metric_asked(period=period)

    def metric_not_forwarded(self, *, reason: str | None = None, period: Duration | None = None) -> cloudwatch.IMetric:
        """Messages that ``ForwardMail`` did not forward; a count.

        Args:
            reason: ``spam``, ``virus``, ``dmarc``, ``own-domain``, ``auto-reply`` or ``loop``, which are refused on
                purpose, or ``failed`` for what waits in a dead-letter queue; all together unless given.
            period: What one value covers; five minutes unless given.

        Raises:
            ValueError: Another reason, or no rule with ``ForwardMail``.
        """
        if self.forwarding is None:
            raise ValueError("metric_not_forwarded needs a rule with ForwardMail, got none; add the rule first")
        return self.forwarding.metric_not_forwarded(reason=reason, period=period)

    def _make_spam_filter(self) -> "SpamFilter":
        # Here, because it loads aws_lambda, which not every app needs.
        from ._spam_filter import SpamFilter

        return SpamFilter(self, "SpamFilter", make_rule=self._make_spam_rule)

    def _make_spam_rule(self, action: InboundAction) -> InboundRule:
        # Off until there is a rule: alone it would have SES accept mail that nobody wants.
        return self._chain.append(self, "DropSpam", recipients=(), actions=[action], enabled=False)
