"""Mail becomes tickets: each message is stored, and a function of yours is told where.

A message of up to 40 MB is read from the bucket; the topic's notification holds headers, verdicts and the object's key.
"""

from aws_cdk import Acknowledgment, App, Duration, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ses_actions as ses_actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from ses_constructs import InboundRuleSet, Route53Zone, StoreMail, VerifiedDomain

OPEN_TICKET = """
import email, email.policy, json, logging
import boto3

s3 = boto3.client("s3")

def handler(event, context):
    for record in event["Records"]:
        stored = json.loads(record["Sns"]["Message"])["receipt"]["action"]
        body = s3.get_object(Bucket=stored["bucketName"], Key=stored["objectKey"])["Body"]
        message = email.message_from_bytes(body.read(), policy=email.policy.default)
        logging.warning("a ticket with %d attachments", len(list(message.iter_attachments())))
"""


class TicketInbox(Stack):
    """The inbox of a help desk."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
        )
        domain = VerifiedDomain(
            self, "Domain", domain_name="help.example.com", dns=Route53Zone(zone), receives_mail=True
        )
        inbound = InboundRuleSet(self, "Inbound", domain=domain, keep_for=Duration.days(90))
        arrived = sns.Topic(self, "Arrived", enforce_ssl=True)
        inbound.add_rule(
            "Tickets",
            recipients=["help.example.com"],
            actions=[
                # Our actions and CDK's own stand side by side.
                ses_actions.AddHeader(name="X-Queue", value="help-desk"),
                StoreMail(prefix="tickets/", topic=arrived),
            ],
        )
        open_ticket = self._function()
        open_ticket.add_event_source(event_sources.SnsEventSource(arrived))
        inbound.grant_read(open_ticket, prefix="tickets/")

    def _function(self) -> lambda_.Function:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group = logs.LogGroup(self, "Log", retention=logs.RetentionDays.ONE_MONTH)
        log_group.grant_write(role)
        Validations.of(role).acknowledge(
            Acknowledgment(
                id="AwsSolutions-IAM5[Resource::<InboundMailbox5698A41D.Arn>/tickets/*]",
                reason="SES chooses the keys of the messages; the prefix is for tickets alone",
            )
        )
        return lambda_.Function(
            self,
            "OpenTicket",
            runtime=lambda_.Runtime.PYTHON_3_14,
            handler="index.handler",
            code=lambda_.Code.from_inline(OPEN_TICKET),
            timeout=Duration.minutes(1),
            role=role,
            log_group=log_group,
        )


app = App()
TicketInbox(app, "TicketInbox")
app.synth()
