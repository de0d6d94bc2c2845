"""InboundRule: one receipt rule, which knows its actions and its set by protocols and imports none of their files."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from aws_cdk import Duration, Names, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct, IDependable

from ..common.arguments import check_kind, check_returned, check_text
from ..common.checks import (
    check_dependable,
    check_iam_actions,
    check_resource,
    check_same_region,
    warn,
    warn_about_policy,
)
from ..common.construct_ids import construct_ids
from ..common.policy_text import check_key_prefix
from ..common.sending_metrics import counted
from ..common.ses_arn import ses_arn
from ..common.topic_access import key_statement
from ._cdk_actions import converted
from ._cdk_permissions import let_ses_in
from ._rule_checks import check_stop_is_last, count_storing_statement, holder_of
from ._used_resources import check_bucket, check_topic
from .rule_set import RuleSet

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sns as sns


@runtime_checkable
class InboundAction(Protocol):
    """**Protocol:** something that a receipt rule does with mail."""

    def bind_to_rule(self, scope: Construct, rule: "InboundRule") -> ses.CfnReceiptRule.ActionProperty:
        """Make what the action needs, let SES in, and return the action.

        Args:
            scope: A scope of this action's own, under the rule, for what it makes.
            rule: The rule; ``rule.rule_set`` is the set that it is in.

        Returns:
            The one action, as CloudFormation takes it.
        """
        ...


class InboundRule(Construct):
    """One receipt rule of an ``InboundRuleSet``, made by its ``add_rule``.

    SES tries each action when the rule is made, so the rule waits for every policy that its actions add. An action of
    your own does that with ``allow_ses`` and its relatives, or with ``depends_on``.

    Args:
        rule_set: The set that the rule is in.
        recipients: What the rule is for; empty for every address of every verified domain.
        actions: What it does with mail, in this order: one to ten.
        enabled: Whether SES runs the rule.
        scan: Whether SES looks for spam and viruses.
        tls: Whether a sender must use TLS.
        after: The name of the rule in front of this one; None for the top of the set.
        rule_name: Made from the construct's path if None.

    Raises:
        ValueError: Too many actions, one behind a ``StopProcessing``, and what an action refuses.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        rule_set: RuleSet,
        recipients: Sequence[str],
        actions: Sequence[InboundAction | ses.IReceiptRuleAction],
        enabled: bool,
        scan: bool,
        tls: ses.TlsPolicy,
        after: str | None,
        rule_name: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.rule_set = rule_set
        """The set that the rule is in."""
        self.recipients = tuple(recipients)
        """The entries that the rule is for; empty for every address of every verified domain."""
        self.enabled = enabled
        """Whether SES runs the rule; it accepts no mail for a rule that is off."""
        self.tls = tls
        """Whether a sender must use TLS."""
        # Literal, so that policies can name the rule without waiting for it, while it waits for them.
        self.rule_name = rule_name or Names.unique_resource_name(self, max_length=64, allowed_special_characters="-_")
        self.rule_arn = ses_arn(self, "receipt-rule-set", f"{rule_set.rule_set_name}:receipt-rule/{self.rule_name}")
        """What policies name as the source of a call by SES."""
        self._scan = scan
        self._actions: list[ses.CfnReceiptRule.ActionProperty] = []
        # Before its actions: those of aws_ses_actions are bound to it.
        self.resource = ses.CfnReceiptRule(
            self, "Resource", rule_set_name=rule_set.rule_set_name, rule=self._property(), after=after
        )
        """CDK's own resource, for anything that this class does not offer."""
        self._actions += map(self._bound, actions, construct_ids(actions))
        check_stop_is_last(actions, self._actions)
        self.resource.rule = self._property()

    def metric_failures(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """Actions that SES could not carry out and tries again for four hours; a count.

        Source: https://docs.aws.amazon.com/ses/latest/dg/receiving-email-metrics.html.

        Args:
            period: What one value covers; five minutes unless given.
        """
        return counted("AWS/SES", "PublishFailure", {"RuleName": self.rule_name}, period=period)

    def metric_expired(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """Actions that SES gave up after four hours; a count.

        Args:
            period: What one value covers; five minutes unless given.
        """
        return counted("AWS/SES", "PublishExpired", {"RuleName": self.rule_name}, period=period)

    @property
    def stops(self) -> bool:
        """Whether the rule ends with ``StopProcessing``, so that no rule behind it sees its mail."""
        return bool(self._actions and self._actions[-1].stop_action)

    @property
    def only_adds_headers(self) -> bool:
        """Whether the rule adds headers and keeps nothing."""
        kept = [each for each in self._actions if not each.stop_action]
        return bool(kept) and all(each.add_header_action for each in kept)

    def depends_on(self, dependable: IDependable) -> None:
        """Make the rule only when *dependable* is there.

        Args:
            dependable: What SES needs when it tries the rule's actions.
        """
        check_dependable("dependable", dependable)
        self.resource.node.add_dependency(dependable)

    def allow_ses(self, *actions: str, resource: str) -> iam.PolicyStatement:
        """A statement that lets SES do something for this rule of this account and for nothing else.

        Add it to the policy of the resource, and pass what holds that policy to ``depends_on``.

        Args:
            actions: The IAM actions, such as ``sns:Publish``.
            resource: The ARN of what they are done to.
        """
        check_iam_actions(actions)
        check_text("resource", resource)
        return iam.PolicyStatement(
            actions=list(actions),
            principals=[iam.ServicePrincipal("ses.amazonaws.com")],
            resources=[resource],
            conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account, "aws:SourceArn": self.rule_arn}},
        )

    def allow_ses_store(self, bucket: "s3.IBucket", *, prefix: str = "") -> None:
        """Let SES store objects for this rule, encrypted with the bucket's key.

        A bucket or key from elsewhere keeps its policy, so a warning prints what that policy needs.

        Args:
            bucket: Where mail is stored, in any region.
            prefix: How the keys of the objects begin.

        Raises:
            ValueError: A prefix that is none, a bucket whose policy is full, or one with a default retention.
        """
        check_resource("bucket", bucket, "S3 bucket")
        check_bucket(self, bucket)
        objects = bucket.arn_for_objects(f"{check_key_prefix('prefix', prefix)}*")
        statement = self.allow_ses("s3:PutObject", resource=objects)
        if self._add_statement("bucket", bucket, statement):
            count_storing_statement(bucket)
        if bucket.encryption_key:
            self.allow_ses_encrypt(bucket.encryption_key)

    def allow_ses_publish(self, topic: "sns.ITopic") -> str:
        """Let SES publish to a topic for this rule, and use its key; returns the ARN of the topic.

        A topic or key from elsewhere keeps its policy, so a warning prints what that policy needs.

        Args:
            topic: A standard topic of the rule's region.

        Raises:
            ValueError: A FIFO topic, one in another region, or one with AWS's own key ``alias/aws/sns``; SES can
                publish to none of them.
        """
        check_resource("topic", topic, "SNS topic")
        key = check_topic(self, topic)
        self._add_statement("topic", topic, self.allow_ses("sns:Publish", resource=topic.topic_arn))
        if key:
            self._add_to_key(key, key_statement("ses.amazonaws.com"))
        return topic.topic_arn

    def allow_ses_encrypt(self, key: "kms.IKey") -> None:
        """Let SES encrypt with a key for this rule.

        A key from elsewhere keeps its policy, so a warning prints what that policy needs.

        Args:
            key: The key of a bucket that SES writes to; ``allow_ses_publish`` sees to the key of a topic.
        """
        check_resource("key", key, "KMS key")
        self._add_to_key(key, self.allow_ses("kms:Decrypt", "kms:GenerateDataKey*", resource="*"))

    def warn_about_policy(self, of: str, statement: iam.PolicyStatement) -> None:
        """Warn that the policy of an imported resource needs a statement, and print it.

        Args:
            of: What kind of resource that is, such as ``bucket``.
            statement: What its owner has to add.
        """
        check_text("of", of)
        check_kind("statement", statement, iam.PolicyStatement, "pass iam.PolicyStatement(...)")
        warn_about_policy(self, of, statement, who="SES", before="this rule is deployed")

    def check_same_region(self, argument: str, region: str) -> None:
        """Refuse what is in another region, because SES takes nothing but buckets from there.

        Args:
            argument: What the error calls the resource.
            region: The region of the resource; a token passes.

        Raises:
            ValueError: A region that is known to be another one.
        """
        check_same_region(check_text("argument", argument), check_text("region", region), user=self)

    def _match(self, recipients: Sequence[str], *, tls: ses.TlsPolicy) -> None:
        """Switch the rule on, for other recipients than it was made for."""
        self.recipients, self.tls, self.enabled = tuple(recipients), tls, True
        self.resource.rule = self._property()

    def _add_to_key(self, key: "kms.IKey", statement: iam.PolicyStatement) -> None:
        if key.add_to_resource_policy(statement, allow_no_op=True).statement_added:
            self.depends_on(key)
        else:
            warn_about_policy(self, "key", statement, who="SES", before="this rule is deployed", resource=key)

    def _add_statement(self, of: str, resource: "s3.IBucket | sns.ITopic", statement: iam.PolicyStatement) -> bool:
        result = resource.add_to_resource_policy(statement)
        if not result.statement_added or not result.policy_dependable:
            warn_about_policy(self, of, statement, who="SES", before="this rule is deployed", resource=resource)
            return False
        self.depends_on(result.policy_dependable)
        return True

    def _bound(
        self, action: InboundAction | ses.IReceiptRuleAction, construct_id: str
    ) -> ses.CfnReceiptRule.ActionProperty:
        if isinstance(action, InboundAction):
            made = action.bind_to_rule(Construct(self, construct_id), self)
            check_returned(action, "bind_to_rule", made, ses.CfnReceiptRule.ActionProperty)
        else:
            made = let_ses_in(Construct(self, construct_id), self, converted(action.bind(self.resource)))
        if isinstance(made.bounce_action, ses.CfnReceiptRule.BounceActionProperty):
            self._wait_for_sender(made.bounce_action.sender)
        return made

    def _wait_for_sender(self, sender: str) -> None:
        """SES refuses a rule that bounces, until it has verified the sender of the bounce."""
        domain = holder_of(self.rule_set.domains, sender)
        if domain is None:
            must = f"SES must have verified {sender} in {Stack.of(self).region} before this rule is deployed"
            warn(self, "verified-elsewhere", f"{must}; look that it has, and acknowledge this warning")
        else:
            self.depends_on(domain.wait_for_identity())

    def _property(self) -> ses.CfnReceiptRule.RuleProperty:
        return ses.CfnReceiptRule.RuleProperty(
            name=self.rule_name,
            enabled=self.enabled,
            scan_enabled=self._scan,
            tls_policy="Require" if self.tls is ses.TlsPolicy.REQUIRE else "Optional",
            recipients=list(self.recipients) or None,
            actions=list(self._actions),
        )
