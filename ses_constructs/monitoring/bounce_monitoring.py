"""BounceMonitoring: a configuration set whose events are counted, watched and acted upon."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..alarms._sending_alarms import SendingAlarms, reputation_at_risk
from ..alarms.alarm_reactions import AlarmReaction, attach_all, team_topics
from ..alarms.thresholds import DeliveryThresholds, ReputationThresholds
from ..common.arguments import check_flag, check_kind, check_list, check_strategy, invalid
from ..common.checks import check_same_place
from ..common.construct_ids import construct_ids
from ..common.sending_metrics import ReputationMetrics
from ..events.configuration_set import ConfigurationSetOptions
from ..events.event_destinations import CloudWatchMetrics, EventDestination
from ..events.event_source import EventSource
from ..events.tracking_domain import TrackingDomain
from ..identities.sending_domain import SendingDomain
from ._many_domains import advise_where_they_are_many

if TYPE_CHECKING:
    from ..events.event_history import EventHistory
    from .mail_dashboard import MailDashboard

_DEFAULT_THRESHOLDS = ReputationThresholds.aws_review()
_DEFAULT_DELIVERY_THRESHOLDS = DeliveryThresholds()


class BounceMonitoring(EventSource):
    """Watches what becomes of mail, and acts before AWS does.

    It watches a configuration set: one of its own, which requires TLS, counts its reputation, and sends nothing to
    addresses that bounced or complained before; or one that exists.

    Args:
        domain: The domain whose mail is watched. The configuration set becomes its default, so that all its mail is
            watched, and ``grant_send`` sends from it. A domain that has a default already has that one watched.
        default_for_domain: Pass False for a further stream of mail from the domain, whose senders name the set
            themselves.
        configuration_set: One that exists, to be watched instead of one of its own; then leave out the next seven.
            Warns of each protection that it lacks.
        configuration_set_name: Made by CloudFormation unless given. Another name is another set.
        tls_policy: ``OPTIONAL`` also sends to servers without TLS; ``REQUIRE`` unless given.
        suppression_reasons: What keeps an address from getting mail; bounces and complaints unless given.
        disable_suppression_list: Send to addresses that bounced or complained before too, as with a password that
            somebody asks to reset; every bounce counts towards the rates.
        tracking_domain: A subdomain through which opens and clicks are counted; ``"click.example.com"`` is short for
            ``TrackingDomain("click.example.com")``, which lets links be http alone.
        max_delivery_time: How long SES tries to deliver, 5 minutes to 14 hours; 14 hours unless given.
        dedicated_ip_pool: Whose addresses the mail is sent from; those that SES shares unless given.
        destinations: Where events go; see ``add_destination``.
        thresholds: When the alarms on the rates fire; ``ReputationThresholds.aws_review()`` unless given.
        delivery_thresholds: When the alarms on rejects, delays and silence fire.
        watch_account: Have alarms on the rates of the whole account too; pass False in all but one of its stacks.
        reactions: What to do when an alarm fires: ``EmailTeam``, ``NotifyTopic``, ``PauseSending``, a reaction of your
            own, or any action of aws_cloudwatch_actions.
        dashboard: Make a ``MailDashboard``.
        history: Make an ``EventHistory`` that keeps events for that long, whole days from 1 to 3650.

    Raises:
        ValueError: Arguments that cannot work, alone or together.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domain: SendingDomain | None = None,
        default_for_domain: bool = True,
        configuration_set: ses.IConfigurationSet | None = None,
        configuration_set_name: str | None = None,
        tls_policy: ses.ConfigurationSetTlsPolicy | None = None,
        suppression_reasons: ses.SuppressionReasons | None = None,
        disable_suppression_list: bool | None = None,
        tracking_domain: TrackingDomain | str | None = None,
        max_delivery_time: Duration | None = None,
        dedicated_ip_pool: ses.IDedicatedIpPool | None = None,
        destinations: Sequence[EventDestination] = (CloudWatchMetrics(),),
        thresholds: ReputationThresholds = _DEFAULT_THRESHOLDS,
        delivery_thresholds: DeliveryThresholds = _DEFAULT_DELIVERY_THRESHOLDS,
        watch_account: bool = True,
        reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction] = (),
        dashboard: bool = False,
        history: Duration | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        if domain is not None:
            check_kind("domain", domain, SendingDomain, "pass a VerifiedDomain")
            fix = "monitor it in a stack of its place, or refer to the domain of this place by from_domain_name"
            check_same_place("domain", domain, user=self, fix=fix)
        check_kind("thresholds", thresholds, ReputationThresholds, "pass ReputationThresholds.aws_review()")
        check_kind("delivery_thresholds", delivery_thresholds, DeliveryThresholds, "pass DeliveryThresholds(...)")
        for name, value in (
            ("default_for_domain", default_for_domain),
            ("watch_account", watch_account),
            ("dashboard", dashboard),
        ):
            check_flag(name, value)
        self.domain = domain
        """The domain whose mail is watched, if it was given."""
        options = ConfigurationSetOptions(
            configuration_set_name=configuration_set_name,
            tls_policy=tls_policy,
            suppression_reasons=suppression_reasons,
            disable_suppression_list=disable_suppression_list,
            tracking_domain=tracking_domain,
            max_delivery_time=max_delivery_time,
            dedicated_ip_pool=dedicated_ip_pool,
        )
        fix = "write [CloudWatchMetrics()]"
        check_list("destinations", destinations, fix)
        for destination in destinations:
            check_strategy("destinations", destination, ["bind_to_configuration_set"], fix)
        self.configuration_set = self._take_or_make(configuration_set, options, default_for_domain)
        for construct_id, destination in zip(construct_ids(destinations), destinations, strict=True):
            self.add_destination(construct_id, destination)
        self.alarms, self.reputation_at_risk = self._watch(thresholds, delivery_thresholds, watch_account, reactions)
        self.dashboard = self._make_dashboard() if dashboard else None
        """The dashboard, if one was asked for."""
        self.history = self._make_history(history) if history is not None else None
        """The kept events, if they were asked for."""

    def grant_send(
        self,
        grantee: iam.IGrantable,
        *,
        from_addresses: Sequence[str] | None = None,
        templates: Sequence[str] = (),
        sandbox: bool = False,
    ) -> iam.Grant:
        """Let somebody send from the domain, by the API or by SMTP, through this configuration set and no other.

        Source: https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html.

        Args:
            grantee: Whoever sends.
            from_addresses: Addresses of the domain, with ``*`` for any text; every address of the domain unless given.
            templates: The names of the SES templates that are used.
            sandbox: Pass True while the account is in the SES sandbox, where recipients are verified identities and
                need permission as well; it covers every identity of the account.

        Returns:
            The permission.

        Raises:
            ValueError: A monitoring without a domain, or what ``SendingDomain.grant_send`` refuses.
        """
        if self.domain is None:
            raise invalid(
                "domain",
                "be given, for grant_send to let somebody send from it",
                None,
                "pass domain=, or call grant_send(..., configuration_sets=[monitoring.configuration_set]) of a domain",
            )
        return self.domain.grant_send(
            grantee,
            from_addresses=from_addresses,
            configuration_sets=[self.configuration_set],
            # A sender of another stream that forgets to name it must not go out through this domain's default.
            default_configuration_set=self.domain.configuration_set is self.configuration_set,
            templates=templates,
            sandbox=sandbox,
        )

    def _take_or_make(
        self, given: ses.IConfigurationSet | None, options: ConfigurationSetOptions, default_for_domain: bool
    ) -> ses.IConfigurationSet:
        domain = self.domain if default_for_domain else None
        taken = domain.configuration_set if given is None and domain is not None else given
        if taken is None:
            configuration_set: ses.IConfigurationSet = options.make(
                self, domain=self.domain, is_default=domain is not None
            )
        else:
            configuration_set = options.check_taken(self, taken)
        if domain is not None and domain.configuration_set is not configuration_set:
            self._make_default(domain, configuration_set)
        return configuration_set

    def _make_default(self, domain: SendingDomain, configuration_set: ses.IConfigurationSet) -> None:
        if Stack.of(domain).node.addr != Stack.of(self).node.addr:
            raise invalid(
                "domain",
                "be made in the same stack, because its identity refers to the configuration set",
                domain.node.path,
                "move one of the two, or pass default_for_domain=False",
            )
        domain.use_configuration_set(configuration_set)

    def _watch(
        self,
        thresholds: ReputationThresholds,
        delivery_thresholds: DeliveryThresholds,
        watch_account: bool,
        reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction],
    ) -> tuple[tuple[cloudwatch.AlarmBase, ...], cloudwatch.CompositeAlarm]:
        stack = Stack.of(self)
        advise_where_they_are_many(self, stack)
        team = team_topics(reactions, stack)
        if not watch_account and any(getattr(each, "whole_account", False) for each in reactions):
            raise invalid(
                "watch_account",
                "be True with PauseSending(whole_account=True), which acts on the alarms of the account",
                watch_account,
                "leave it out, or leave the account to the other stack",
            )
        own = SendingAlarms(self, "Alarms", metrics=self, configuration_set=self.configuration_set, team=team)
        own.watch_reputation(thresholds)
        own.watch_delivery(delivery_thresholds)
        groups = [own]
        if watch_account:
            account = SendingAlarms(
                self, "AccountAlarms", metrics=ReputationMetrics(), configuration_set=None, team=team
            )
            account.watch_reputation(thresholds)
            groups.append(account)
        alarms = [alarm for group in groups for alarm in group.alarms]
        for alarm in alarms:
            attach_all(reactions, alarm)
        pauses = [alarm for group in groups for alarm in group.pauses]
        return (*alarms, *pauses), reputation_at_risk(self, alarms)

    def _make_dashboard(self) -> "MailDashboard":
        from .mail_dashboard import MailDashboard  # loads the room of received mail with aws_s3, slow to import

        return MailDashboard(self, "Dashboard", monitoring=self)

    def _make_history(self, keep_for: Duration) -> "EventHistory":
        # Loads aws_kinesisfirehose, which is slow to import.
        from ..events.event_history import EventHistory, checked_days

        checked_days("history", keep_for)
        return EventHistory(self, "History", monitoring=self, keep_for=keep_for)
