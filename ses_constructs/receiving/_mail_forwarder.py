"""MailForwarder: the function that sends stored mail on, and what it needs."""

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
from .inbound_actions import StoreMail
from .inbound_rule import InboundRule

# Lambda takes 4 KB of environment variables; the other ones need less than half a kilobyte.
_MAX_ROUTES_BYTES = 3500


class MailForwarder(Construct):
    """Stored mail comes in by a topic, the function sends it, failures end in a queue."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        rule: InboundRule,
        routes: Mapping[str, Sequence[str]],
        from_address: str,
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
        domain = rule_set.domain_of(from_address)
        name = Names.unique_resource_name(self, max_length=64)
        prefix = f"forwarding/{name}/"
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
                "FORWARD_CONFIGURATION_SET": (
                    domain.configuration_set.configuration_set_name if domain.configuration_set else ""
                ),
                "FORWARD_RECEIVING_DOMAINS": domains,
                "FORWARD_LOOP_MARK": name,
            },
            dead_letter_queue=self.dead_letter_queue,
        )
        self.function = handler.function
        self.log_group = handler.log_group
        self.function.add_event_source(event_sources.SnsEventSource(topic))
        self.action: ses.CfnReceiptRule.ActionProperty = StoreMail(prefix=prefix, topic=topic).add_to(rule)
        self._let_function_read_and_mark(rule_set.mailbox, prefix, handler.role)
        domain.grant_send(handler.role, from_addresses=[from_address])
        rule_set.watch_queue(self, self.dead_letter_queue)
        Validations.of(self.dead_letter_queue).acknowledge(
            Acknowledgment(id="AwsSolutions-SQS3", reason="this queue is itself where failures of the function end")
        )
        # A message that is stored before anybody listens would never be sent on.
        rule.depends_on(self)

    def _let_function_read_and_mark(self, mailbox: s3.IBucket, prefix: str, role: iam.Role) -> None:
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
        written = rendered(Stack.of(self).resolve(objects))
        # The id of a finding on an imported bucket, whose ARN is written out, is refused by older releases of CDK.
        if "::" not in written:
            Validations.of(role).acknowledge(
                Acknowledgment(
                    id=f"AwsSolutions-IAM5[Resource::{written}]",
                    reason="the keys of the messages are made by SES; the prefix belongs to this function alone",
                )
            )
