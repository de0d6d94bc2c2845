"""MailForwarder: the function that sends the mail of one rule on, and what it needs.

This module loads aws_lambda, which is slow to import; construct modules import it where they need it.
"""

import json
from collections.abc import Mapping, Sequence

from aws_cdk import Acknowledgment, Duration, Names, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ..common.arguments import invalid
from ..common.rendered import rendered
from ..functions.handler_function import HandlerFunction
from ..identities.sending_domain import SendingDomain
from ._failure_alarms import queue_alarm
from .inbound_actions import StoreMail
from .inbound_rule import InboundRule

# Lambda takes 4 KB of environment variables; the other ones need less than half a kilobyte.
_MAX_ROUTES_BYTES = 3500


class MailForwarder(Construct):
    """SES stores mail and tells a topic, a function reads it and sends it on, and failures end in a queue."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        rule: InboundRule,
        routes: Mapping[str, Sequence[str]],
        from_address: str,
        sending_domain: SendingDomain,
    ) -> None:
        super().__init__(scope, construct_id)
        rule_set = rule.rule_set
        written = json.dumps({recipient: list(addresses) for recipient, addresses in routes.items()})
        domains = json.dumps([each.domain_name for each in rule_set.domains])
        room = _MAX_ROUTES_BYTES - len(domains)
        if len(written) > room:
            raise invalid(
                "to", f"fit into {room} bytes as JSON", len(written), "spread the addresses over several rules"
            )
        name = Names.unique_resource_name(self, max_length=64)
        prefix = f"forwarding/{name}/"
        configuration_set = sending_domain.configuration_set
        topic = sns.Topic(self, "Stored", enforce_ssl=True)
        self.dead_letter_queue = sqs.Queue(
            self, "DeadLetterQueue", enforce_ssl=True, retention_period=Duration.days(14)
        )
        """Notifications of messages that could not be forwarded; each names the stored object."""
        handler = HandlerFunction(
            self,
            "Handler",
            module="forward_message",
            description="Forwards received mail",
            timeout=Duration.minutes(5),
            # Half of it is enough for 40 MB; more memory is also more processor.
            memory_size=512,
            environment={
                "FORWARD_ROUTES": written,
                "FORWARD_FROM": from_address,
                "FORWARD_CONFIGURATION_SET": (configuration_set.configuration_set_name if configuration_set else ""),
                "FORWARD_RECEIVING_DOMAINS": domains,
                "FORWARD_LOOP_MARK": name,
            },
            dead_letter_queue=self.dead_letter_queue,
        )
        self.function = handler.function
        self.log_group = handler.log_group
        self.function.add_event_source(event_sources.SnsEventSource(topic))
        self.action: ses.CfnReceiptRule.ActionProperty = StoreMail(prefix=prefix, topic=topic).add_to(rule)
        _allow_read_and_mark(handler.role, rule_set.use_mailbox(), prefix)
        sending_domain.grant_send(handler.role, from_addresses=[from_address])
        rule_set.dead_letter_queues.append(self.dead_letter_queue)
        rule_set.alarms.append(queue_alarm(self, self.dead_letter_queue, rule_set.reactions))
        Validations.of(self.dead_letter_queue).acknowledge(
            Acknowledgment(id="AwsSolutions-SQS3", reason="this queue is itself where failures of the function end")
        )
        # A message that is stored before anybody listens would never be sent on.
        rule.depends_on(self)


def _allow_read_and_mark(role: iam.Role, mailbox: s3.IBucket, prefix: str) -> None:
    """Let the function read what SES stores below *prefix*, and note beside it to whom it was sent."""
    objects = mailbox.arn_for_objects(f"{prefix}*")
    role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject", "s3:PutObject"], resources=[objects]))
    # Without it, and without conditions, S3 answers "denied" for a note that is not there yet.
    role.add_to_policy(iam.PolicyStatement(actions=["s3:ListBucket"], resources=[mailbox.bucket_arn]))
    if mailbox.encryption_key:
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=[mailbox.encryption_key.key_arn],
            )
        )
    written = rendered(Stack.of(role).resolve(objects))
    # The id of a finding on an imported bucket, whose ARN is written out, is refused by older releases of CDK.
    if "::" not in written:
        Validations.of(role).acknowledge(
            Acknowledgment(
                id=f"AwsSolutions-IAM5[Resource::{written}]",
                reason="the keys of the messages are made by SES; the prefix belongs to this function alone",
            )
        )
