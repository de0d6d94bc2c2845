"""The configuration set that BounceMonitoring makes, or takes from somebody else."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import (
    check_domain_name,
    check_flag,
    check_kind,
    check_text,
    contains_token,
    invalid,
    without_tokens,
)
from ..common.checks import check_known_seconds, check_resource, warn, warn_unless_retained
from ..common.once import earlier_owner
from ..common.register import enter, enter_alone, owner_that_may_meet, refuse_or_warn
from ..common.rendered import rendered
from ..dns.other_owners import review
from ..identities.sending_domain import SendingDomain
from .tracking_domain import TrackingDomain, make_tracking

_NAME = re.compile("[A-Za-z0-9_-]{1,64}")
_WATCHED = "watched configuration set"


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigurationSetOptions:
    """How a configuration set of our own is made; None stands for what is usual here."""

    configuration_set_name: str | None
    tls_policy: ses.ConfigurationSetTlsPolicy | None
    suppression_reasons: ses.SuppressionReasons | None
    disable_suppression_list: bool | None
    tracking_domain: TrackingDomain | str | None
    max_delivery_time: Duration | None
    dedicated_ip_pool: ses.IDedicatedIpPool | None

    def __post_init__(self) -> None:
        if self.configuration_set_name is not None:
            _check_name(self.configuration_set_name)
        if self.disable_suppression_list is not None:
            check_flag("disable_suppression_list", self.disable_suppression_list)
        if self.disable_suppression_list and self.suppression_reasons is not None:
            raise invalid(
                "suppression_reasons",
                "be left out with disable_suppression_list",
                self.suppression_reasons,
                "leave out one of the two",
            )
        if self.tracking_domain is not None and not isinstance(self.tracking_domain, TrackingDomain):
            check_domain_name("tracking_domain", self.tracking_domain)
        if self.dedicated_ip_pool is not None:
            check_resource("dedicated_ip_pool", self.dedicated_ip_pool, "dedicated IP pool")
        for name, kind, otherwise in (
            ("tls_policy", ses.ConfigurationSetTlsPolicy, ""),
            ("suppression_reasons", ses.SuppressionReasons, ", or disable_suppression_list=True for none"),
        ):
            value = getattr(self, name)
            if value is not None:
                check_kind(name, value, kind, f"pass a member of ses.{kind.__name__}{otherwise}")
        if self.max_delivery_time is None:
            return
        seconds = check_known_seconds(
            "max_delivery_time", self.max_delivery_time, "pass a Duration, such as Duration.hours(1)"
        )
        # https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DeliveryOptions.html
        if not 300 <= seconds <= 50_400:
            raise invalid(
                "max_delivery_time",
                "be from 5 minutes to 14 hours",
                self.max_delivery_time.to_human_string(),
                "leave it out for the 14 hours that SES takes",
            )

    def make(self, scope: Construct, *, domain: SendingDomain | None, is_default: bool) -> ses.ConfigurationSet:
        """Make the set under *scope*; the default of a domain stays when the domain does, with what it needs itself.

        Sending is on from the start and never written down: an update of the set would otherwise switch it on again
        after somebody, or an alarm, has switched it off.
        """
        if self.configuration_set_name is not None:
            review(Stack.of(scope))
            enter_alone(
                Stack.of(scope),
                ("configuration set", self.configuration_set_name),
                scope,
                what="configuration_set_name",
                got=self.configuration_set_name,
                fix="take another name, or leave it to CloudFormation",
            )
        tracking = self.tracking_domain
        if isinstance(tracking, str):
            tracking = TrackingDomain(tracking)
        reasons = self.suppression_reasons or ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS
        configuration_set = ses.ConfigurationSet(
            scope,
            "ConfigurationSet",
            configuration_set_name=self.configuration_set_name,
            tls_policy=self.tls_policy or ses.ConfigurationSetTlsPolicy.REQUIRE,
            reputation_metrics=True,
            suppression_reasons=None if self.disable_suppression_list else reasons,
            disable_suppression_list=self.disable_suppression_list,
            custom_tracking_redirect_domain=tracking.domain_name if tracking and tracking.wait else None,
            # Without it links keep their protocol, and images go out with http.
            custom_tracking_https_policy=(
                ses.HttpsPolicy.REQUIRE if tracking and tracking.wait and tracking.certificate else None
            ),
            max_delivery_duration=self.max_delivery_time,
            dedicated_ip_pool=self.dedicated_ip_pool,
        )
        earlier_owner(configuration_set, _WATCHED, scope)
        removal_policy = RemovalPolicy.DESTROY
        if is_default and domain is not None and domain.removal_policy is not RemovalPolicy.DESTROY:
            removal_policy = domain.removal_policy
            configuration_set.apply_removal_policy(removal_policy)
            if self.dedicated_ip_pool is not None:
                warn_unless_retained(scope, self.dedicated_ip_pool, domain_name=domain.domain_name)
        if tracking is not None:
            tracked = make_tracking(scope, tracking, domain, removal_policy)
            if tracking.wait:
                configuration_set.node.add_dependency(*tracked)
        return configuration_set

    def check_taken(self, scope: Construct, configuration_set: ses.IConfigurationSet) -> ses.IConfigurationSet:
        """Return *configuration_set*, made by somebody else, if it can be watched.

        Raises:
            ValueError: Options that came with it, or a set that is watched already or counts no reputation.
        """
        check_resource("configuration_set", configuration_set, "configuration set")
        for field in fields(self):
            if getattr(self, field.name) is not None:
                raise invalid(
                    field.name,
                    "be left out with a configuration set that exists",
                    getattr(self, field.name),
                    "set it where the configuration set is made",
                )
        _check_watched_once(scope, configuration_set)
        resource = configuration_set.node.default_child
        if not isinstance(resource, ses.CfnConfigurationSet):
            _warn_about_reputation(scope, configuration_set)
            return configuration_set
        stack = Stack.of(scope)
        if not (stack.resolve(resource.reputation_options) or {}).get("reputationMetricsEnabled"):
            raise invalid(
                "configuration_set",
                "have reputation_metrics=True, or no alarm on its rates could ever fire",
                configuration_set.node.path,
                "add it to the set",
            )
        for warning_id, message in _missing_protection(stack, resource):
            warn(scope, warning_id, f"{configuration_set.node.path} {message}, or acknowledge this warning")
        if stack.resolve(resource.sending_options):
            warn(
                scope,
                "deployment-resumes",
                f"{configuration_set.node.path} says whether sending is enabled, so a deployment that changes it may "
                "resume what was paused; leave sending_enabled out, as it is on from the start",
            )
        return configuration_set


def _check_name(name: str) -> None:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_CreateConfigurationSet.html, the length as seen."""
    if not _NAME.fullmatch(without_tokens(check_text("configuration_set_name", name))):
        raise invalid(
            "configuration_set_name",
            "be 1-64 letters, digits, '-' and '_'",
            name,
            "take a name such as 'receipts', or leave it out",
        )


def _missing_protection(stack: Stack, resource: ses.CfnConfigurationSet) -> Iterator[tuple[str, str]]:
    """What a set of our own has or warns of, and one that the app makes by itself has not."""
    if (stack.resolve(resource.delivery_options) or {}).get("tlsPolicy") != "REQUIRE":
        yield (
            "set-without-tls",
            "lets mail go out without TLS; give it tls_policy=ses.ConfigurationSetTlsPolicy.REQUIRE",
        )
    suppression = stack.resolve(resource.suppression_options)
    if not suppression or suppression.get("suppressedReasons") == []:
        yield (
            "set-without-suppression",
            "has no suppression_reasons, so that mail to addresses that bounced or complained before goes out unless "
            "the account suppresses it; give it ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS",
        )
    tracking = stack.resolve(resource.tracking_options) or {}
    if tracking.get("customRedirectDomain") and tracking.get("httpsPolicy") != "REQUIRE":
        name = rendered(tracking["customRedirectDomain"])
        yield (
            "tracking-without-https",
            f"sends links to https as https://{name}/..., for which SES has no certificate, so that browsers warn "
            "recipients who follow them; put a distribution with a certificate in front, and give it "
            "custom_tracking_https_policy=ses.HttpsPolicy.REQUIRE",
        )


def _warn_about_reputation(scope: Construct, configuration_set: ses.IConfigurationSet) -> None:
    """What an imported set counts cannot be seen from here."""
    name = rendered(Stack.of(scope).resolve(configuration_set.configuration_set_name))
    warning_id = "reputation-metrics-unknown"
    warn(
        scope,
        warning_id,
        f"configuration set {name} comes from elsewhere, and without reputation metrics of its own no alarm on a rate "
        f"ever fires: run 'aws sesv2 put-configuration-set-reputation-options --configuration-set-name {name} "
        "--reputation-metrics-enabled', or set it where the configuration set is made, and then acknowledge this with "
        f"Annotations.of(monitoring).acknowledge_warning('ses-constructs:{warning_id}')",
    )


def _check_watched_once(scope: Construct, configuration_set: ses.IConfigurationSet) -> None:
    """Raise ``ValueError`` if the set is watched already; imports of one name in an account and region are one set."""
    stack = Stack.of(configuration_set)
    name, resource = configuration_set.configuration_set_name, configuration_set.node.default_child
    # A set that the app makes refers to itself, also where its name is known.
    if isinstance(resource, ses.CfnConfigurationSet) and resource.name and not contains_token(resource.name):
        name = resource.name
    thing = (_WATCHED, rendered(stack.resolve(name)))
    watcher, is_certain = earlier_owner(configuration_set, _WATCHED, scope), True
    if watcher is None and contains_token(name):
        watcher = earlier_owner(stack, thing, scope)  # a reference says which set it is within its own stack only
    elif watcher is None:
        watcher, is_certain = owner_that_may_meet(stack, thing)
        enter(stack, thing, scope)
    if watcher is not None:
        error = invalid(
            "configuration_set",
            f"be watched once, because two would count each event twice, and {watcher.node.path!r} watches it",
            configuration_set.node.path,
            "leave out one of the two, or pass default_for_domain=False for a set of its own",
        )
        refuse_or_warn(scope, error, is_certain=is_certain)
