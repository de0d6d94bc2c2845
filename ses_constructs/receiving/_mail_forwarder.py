"""MailForwarder: the function that sends the mail of several rules on, and what it needs.

This module loads aws_lambda, which is slow to import; construct modules import it where they need it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Acknowledgment, Duration, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ..common.arguments import invalid
from ..common.checks import regions_differ, warn_about_policy
from ..common.key_use import ENCRYPT_AND_DECRYPT, through
from ..common.topic_access import key_statement
from ..common.wildcards import acknowledge_wildcard
from ..functions.handler_function import HandlerFunction
from ..identities.sending_domain import SendingDomain
from ._failure_alarms import queue_alarm
from .rule_set import RuleSet

# Lambda takes 4 KB of environment variables; the other ones need less than 700 bytes.
_MAX_RULES_BYTES = 3400
_TIMEOUT = Duration.minutes(5)


class MailForwarder(Construct):
    """A topic that SES tells of stored mail, the function that sends it on, and queues for what it does not send."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        rule_set: RuleSet,
        name: str,
        configuration_set: ses.IConfigurationSet,
        max_concurrency: int | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.max_concurrency = max_concurrency
        self._configuration_set = configuration_set
        self._rules: dict[str, Mapping[str, Any]] = {}
        self._granted: set[str] = set()
        mailbox = rule_set.use_mailbox()
        domains = json.dumps([each.domain_name for each in rule_set.domains])
        self._room = _MAX_RULES_BYTES - len(domains)
        key = _key_for_this_region(self, mailbox)
        self.topic = sns.Topic(self, "Stored", enforce_ssl=True, master_key=key)
        self.dead_letter_queue = _queue(self, "DeadLetterQueue", key, "this queue is itself where failures end")
        """Notifications of messages that could not be forwarded; each names the stored object."""
        refused = _queue(self, "RefusedQueue", key, "a message leaves this queue only when a person redrives it")
        _allow_dead_letters(self, self.topic, queues=[self.dead_letter_queue, refused])
        handler = HandlerFunction(
            self,
            "Handler",
            module="forward_message",
            description="Forwards received mail",
            timeout=_TIMEOUT,
            # Half of it is enough for 40 MB; more memory is also more processor.
            memory_size=512,
            environment={
                "FORWARD_CONFIGURATION_SET": configuration_set.configuration_set_name,
                "FORWARD_RECEIVING_DOMAINS": domains,
                "FORWARD_NAME": name,
                "FORWARD_REFUSED_QUEUE": refused.queue_url,
                "FORWARD_DEAD_LETTER_QUEUE": self.dead_letter_queue.queue_url,
            },
            dead_letter_queue=self.dead_letter_queue,
            max_concurrency=max_concurrency,
        )
        self._sender = _without_resource(iam.Policy(self, "Sender", document=handler.permissions))
        self.function = handler.function
        # Where SNS cannot invoke the function, as after somebody took the permission away.
        self.function.add_event_source(
            event_sources.SnsEventSource(
                self.topic,
                # An imported queue gets no policy from CDK: SQS keeps one for each queue, and there is one for both.
                dead_letter_queue=sqs.Queue.from_queue_arn(
                    self, "SubscriptionDeadLetterQueue", self.dead_letter_queue.queue_arn
                ),
            )
        )
        if key:
            _let_topic_use(key, self)
        _allow_read_and_mark(handler, mailbox, f"forwarding/{name}/")
        _allow_redrive(handler, refused, self.dead_letter_queue)
        if mailbox.encryption_key:
            # In another region the queues are not under it.
            services = through(mailbox.env.region, "s3", *(["sqs"] if key else []))
            handler.allow(ENCRYPT_AND_DECRYPT, [mailbox.encryption_key.key_arn], conditions=services)
        rule_set.dead_letter_queues.append(self.dead_letter_queue)
        rule_set.alarms.append(queue_alarm(self, self.dead_letter_queue, rule_set.reactions))

    def has_room(self, key: str, settings: Mapping[str, Any]) -> bool:
        """Whether the settings of one more rule fit into the environment of the function."""
        return len(_written({**self._rules, key: settings})) <= self._room

    def add_rule(self, key: str, settings: Mapping[str, Any], *, sending_domain: SendingDomain) -> None:
        """Forward the mail that is stored below *key* as *settings* say.

        Raises ``ValueError`` when they do not fit into the environment of a function.
        """
        if not self.has_room(key, settings):
            raise invalid(
                "to",
                f"fit into {self._room} bytes as JSON",
                len(_written({key: settings})),
                "spread the addresses over several rules",
            )
        self._rules[key] = settings
        self.function.add_environment("FORWARD_RULES", _written(self._rules))
        sender = str(settings["from"])
        if sender not in self._granted:
            self._granted.add(sender)
            sending_domain.grant_send(
                self._sender,
                from_addresses=[sender],
                configuration_sets=[self._configuration_set],
                # Nothing of a stranger's may go out through the set of production.
                default_configuration_set=False,
            )


def _written(rules: Mapping[str, Mapping[str, Any]]) -> str:
    return json.dumps(rules, separators=(",", ":"))


def _key_for_this_region(scope: Construct, mailbox: s3.IBucket) -> kms.IKey | None:
    """The key of the mailbox, under which notifications go as well, for they hold the headers of the messages."""
    key = mailbox.encryption_key
    return None if key is None or regions_differ(key.env.region, Stack.of(scope).region) else key


def _let_topic_use(key: kms.IKey, scope: Construct) -> None:
    """SNS encrypts what it puts into the dead-letter queue of its subscription."""
    statement = key_statement("sns.amazonaws.com")
    if not key.add_to_resource_policy(statement, allow_no_op=True).statement_added:
        warn_about_policy(scope, "key", statement, who="SNS", before="mail is forwarded", resource=key)


def _queue(scope: Construct, construct_id: str, key: kms.IKey | None, why_no_further_queue: str) -> sqs.Queue:
    queue = sqs.Queue(
        scope,
        construct_id,
        encryption_master_key=key,
        retention_period=Duration.days(14),
        # Longer than one run of the function that reads it.
        visibility_timeout=_TIMEOUT.plus(Duration.minutes(1)),
    )
    Validations.of(queue).acknowledge(Acknowledgment(id="AwsSolutions-SQS3", reason=why_no_further_queue))
    return queue


def _allow_dead_letters(scope: Construct, topic: sns.ITopic, *, queues: Sequence[sqs.IQueue]) -> None:
    """Let *topic* put what it cannot deliver into *queues*, and nobody use them without TLS.

    In the policy of a queue ``*`` is the queue itself, so that one policy does for several
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/quickref-iam.html#scenario-sqs-policy).
    """
    sqs.QueuePolicy(scope, "QueuePolicy", queues=queues).document.add_statements(
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            principals=[iam.AnyPrincipal()],
            actions=["sqs:*"],
            resources=["*"],
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("sns.amazonaws.com")],
            actions=["sqs:SendMessage"],
            resources=["*"],
            conditions={"ArnEquals": {"aws:SourceArn": topic.topic_arn}},
        ),
    )


def _allow_read_and_mark(handler: HandlerFunction, mailbox: s3.IBucket, prefix: str) -> None:
    """Let the function read what SES stores below *prefix*, and note beside it to whom it was sent."""
    objects = mailbox.arn_for_objects(f"{prefix}*")
    handler.allow(["s3:GetObject", "s3:PutObject"], [objects])
    # Without it, and without conditions, S3 answers "denied" for a note that is not there yet.
    handler.allow(["s3:ListBucket"], [mailbox.bucket_arn])
    acknowledge_wildcard(
        handler.role,
        objects,
        reason="the keys of the messages are made by SES; the prefix belongs to this function alone",
    )


def _allow_redrive(handler: HandlerFunction, *queues: sqs.IQueue) -> None:
    actions = ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")
    handler.allow([f"sqs:{each}" for each in actions], [queue.queue_arn for queue in queues])


def _without_resource(policy: iam.Policy) -> iam.Policy:
    """*policy* as somebody to grant things to, whose document is in the template in another place."""
    policy.node.try_remove_child("Resource")
    return policy
