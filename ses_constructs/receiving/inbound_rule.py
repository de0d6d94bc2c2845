"""InboundRule: one receipt rule, and what its actions need in order to let SES in.

The rule, its actions and its set know each other by the two protocols here, so that imports run one way.
"""

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from aws_cdk import Duration, Names, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct, IDependable

from ..common.arguments import invalid
from ..common.checks import check_same_region, warn_about_policy
from ..common.ses_arn import ses_arn

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_sqs as sqs

    from ..identities.sending_domain import SendingDomain

_T = TypeVar("_T")
# https://docs.aws.amazon.com/ses/latest/dg/quotas.html
_MAX_ACTIONS = 10


class InboundAction(Protocol):
    """**Protocol:** something that a receipt rule does with mail."""

    def add_to(self, rule: "InboundRule") -> ses.CfnReceiptRule.ActionProperty:
        """Make what the action needs, let SES in for *rule*, and return the action."""
        ...


class OwningRuleSet(Protocol):
    """**Protocol:** what a rule and its actions may ask of the set they are in, an ``InboundRuleSet``."""

    @property
    def rule_set_name(self) -> str:
        """The literal name of the set."""
        ...

    @property
    def domains(self) -> "Sequence[SendingDomain]":
        """The domains whose mail the rules are for; at least one."""
        ...

    @property
    def mailbox(self) -> "s3.IBucket":
        """The bucket that mail is stored in, made when it is first asked for."""
        ...

    def receives(self, address: str) -> bool:
        """Whether *address* is in one of the domains."""
        ...

    def domain_of(self, address: str) -> "SendingDomain":
        """The domain that *address* belongs to; the first one for a token."""
        ...

    def check_own_address(self, argument: str, address: str) -> None:
        """Raise ``ValueError`` unless SES may send from *address*."""
        ...

    def count_stored_prefix(self) -> None:
        """Raise ``ValueError`` when a bucket policy cannot hold a statement for a further prefix."""
        ...

    def watch_queue(self, scope: Construct, queue: "sqs.IQueue") -> None:
        """Have an alarm, and the failure reactions, follow a message in *queue*."""
        ...


class InboundRule(Construct):
    """One receipt rule of an ``InboundRuleSet``, made by its ``add_rule``.

    SES tries each action when the rule is made, so the rule waits for every policy that its actions add.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        rule_set: OwningRuleSet,
        recipients: Sequence[str],
        actions: Sequence[InboundAction | ses.IReceiptRuleAction],
        enabled: bool,
        scan: bool,
        tls: ses.TlsPolicy,
        after: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        if len(actions) > _MAX_ACTIONS:
            raise invalid("actions", f"be at most {_MAX_ACTIONS}", len(actions), "move some to a further rule")
        self.rule_set = rule_set
        self.recipients = tuple(recipients)
        """The entries that the rule is for; empty for every address of every verified domain."""
        # Literal, so that policies can name the rule without waiting for it, while it waits for them.
        self.rule_name = Names.unique_resource_name(self, max_length=64, allowed_special_characters="-_")
        self.rule_arn = ses_arn(self, "receipt-rule-set", f"{rule_set.rule_set_name}:receipt-rule/{self.rule_name}")
        self.enabled = enabled
        """Whether SES runs the rule; mail that only rules match which are off is refused."""
        self.tls = tls
        """Whether a sender must use TLS."""
        self._scan = scan
        self.resource = ses.CfnReceiptRule(
            self, "Resource", rule_set_name=rule_set.rule_set_name, rule=self._rule([]), after=after
        )
        """CDK's own resource, for anything that this class does not offer."""
        self._actions = [self._bound(action) for action in actions]
        self.resource.rule = self._rule(self._actions)

    def take(self, recipients: Sequence[str], *, tls: ses.TlsPolicy) -> None:
        """Be a rule for *recipients*, and be on."""
        self.recipients, self.tls, self.enabled = tuple(recipients), tls, True
        self.resource.rule = self._rule(self._actions)

    def metric_failures(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """Actions that SES could not carry out, and tries again for four hours; a count.

        Source: https://docs.aws.amazon.com/ses/latest/dg/receiving-email-metrics.html.
        """
        return self._metric("PublishFailure", period)

    def metric_expired(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """Actions that SES gave up after four hours; a count."""
        return self._metric("PublishExpired", period)

    def depends_on(self, dependable: IDependable) -> None:
        """Make the rule only when *dependable* is there."""
        self.resource.node.add_dependency(dependable)

    def allow_ses(self, *actions: str, resource: str) -> iam.PolicyStatement:
        """A statement that lets SES do *actions* on *resource*, for this rule of this account only."""
        return iam.PolicyStatement(
            actions=list(actions),
            principals=[iam.ServicePrincipal("ses.amazonaws.com")],
            resources=[resource],
            conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account, "aws:SourceArn": self.rule_arn}},
        )

    def allow_ses_publish(self, topic: "sns.ITopic") -> str:
        """Let SES publish to *topic* for this rule; returns its ARN.

        Raises ``ValueError`` for a FIFO topic and for one in another region: SES takes neither.
        """
        if topic.fifo:
            raise invalid(
                "topic", "be a standard topic, because SES takes no FIFO topics", topic.node.path, "pass another"
            )
        self.check_same_region("topic", topic.env.region)
        statement = self.allow_ses("sns:Publish", resource=topic.topic_arn)
        result = topic.add_to_resource_policy(statement)
        if result.statement_added and result.policy_dependable:
            self.depends_on(result.policy_dependable)
        else:
            self.warn_about_policy("topic", statement)
        if topic.master_key:
            self.check_same_region("key", topic.master_key.env.region)
            self.allow_ses_encrypt(topic.master_key)
        return topic.topic_arn

    def allow_ses_encrypt(self, key: "kms.IKey") -> None:
        """Let SES use *key* for this rule; a key from elsewhere keeps its policy, so that only warns."""
        statement = self.allow_ses("kms:Decrypt", "kms:GenerateDataKey*", resource="*")
        result = key.add_to_resource_policy(statement, allow_no_op=True)
        if result.statement_added:
            self.depends_on(key)
        else:
            self.warn_about_policy("key", statement)

    def warn_about_policy(self, of: str, statement: iam.PolicyStatement) -> None:
        """Say which statement the owner of an imported resource has to add."""
        warn_about_policy(self, of, statement, who="SES", before="this rule is deployed")

    def check_same_region(self, argument: str, region: str) -> None:
        """SES wants everything but buckets in its own region."""
        check_same_region(argument, region, user=self)

    def _metric(self, metric_name: str, period: Duration | None) -> "cloudwatch.Metric":
        from aws_cdk import aws_cloudwatch as cloudwatch

        return cloudwatch.Metric(
            namespace="AWS/SES",
            metric_name=metric_name,
            dimensions_map={"RuleName": self.rule_name},
            statistic="Sum",
            period=period,
        )

    def _bound(self, action: InboundAction | ses.IReceiptRuleAction) -> ses.CfnReceiptRule.ActionProperty:
        if hasattr(action, "add_to"):
            return action.add_to(self)
        return _converted(action.bind(self.resource))

    def _rule(self, actions: Sequence[ses.CfnReceiptRule.ActionProperty]) -> ses.CfnReceiptRule.RuleProperty:
        return ses.CfnReceiptRule.RuleProperty(
            name=self.rule_name,
            enabled=self.enabled,
            scan_enabled=self._scan,
            tls_policy="Require" if self.tls is ses.TlsPolicy.REQUIRE else "Optional",
            recipients=list(self.recipients) or None,
            actions=list(actions),
        )


def _converted(config: ses.ReceiptRuleActionConfig) -> ses.CfnReceiptRule.ActionProperty:
    """What an action of aws_ses_actions asks for, in the terms of CloudFormation's resource."""
    rule = ses.CfnReceiptRule
    return rule.ActionProperty(
        add_header_action=_fields(rule.AddHeaderActionProperty, config.add_header_action),
        bounce_action=_fields(rule.BounceActionProperty, config.bounce_action),
        lambda_action=_fields(rule.LambdaActionProperty, config.lambda_action),
        s3_action=_fields(rule.S3ActionProperty, config.s3_action),
        sns_action=_fields(rule.SNSActionProperty, config.sns_action),
        stop_action=_fields(rule.StopActionProperty, config.stop_action),
        workmail_action=_fields(rule.WorkmailActionProperty, config.workmail_action),
    )


def _fields(kind: type[_T], config: object) -> _T | None:
    """The same fields under another name: both sides follow the API of SES."""
    if config is None:
        return None
    names = inspect.signature(kind).parameters
    return kind(**{name: getattr(config, name) for name in names if hasattr(config, name)})
