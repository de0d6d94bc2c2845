"""A program that knows nothing of AWS but an SMTP host, a name and a password, with a new password every quarter.

Here it is a function that sends a reminder each morning by Python's smtplib; it reads the secret when it needs it, and
once more when a login fails, so that it never notices a rotation.
"""

from aws_cdk import App, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from constructs import Construct

from ses_constructs import EmailTeam, Route53Zone, SmtpCredentials, VerifiedDomain

SEND_REMINDER = """
import email.message, json, os, smtplib, ssl
import boto3

secrets = boto3.client("secretsmanager")
login = None

def read_login():
    return json.loads(secrets.get_secret_value(SecretId=os.environ["SMTP_SECRET"])["SecretString"])

def log_in():
    # Without a context smtplib would hand the password to whoever answers.
    context = ssl.create_default_context()
    server = smtplib.SMTP_SSL(login["host"], login["port"], timeout=10, context=context)
    try:
        server.login(login["username"], login["password"])
    except Exception:
        server.close()
        raise
    return server

def connect():
    global login
    login = login or read_login()
    try:
        return log_in()
    except smtplib.SMTPAuthenticationError:
        login = read_login()
        return log_in()

def handler(event, context):
    message = email.message.EmailMessage()
    message["From"] = "reminders@example.com"
    message["To"] = os.environ["REMINDED"]
    message["Subject"] = "Stand-up in ten minutes"
    message.set_content("See you there.")
    with connect() as server:
        server.send_message(message)
"""


class SmtpApp(Stack):
    """A domain, credentials for one of its addresses, and what sends with them."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
        )
        domain = VerifiedDomain(self, "Domain", domain_name="example.com", dns=Route53Zone(zone))
        credentials = SmtpCredentials(
            self,
            "Smtp",
            domain=domain,
            from_addresses=["reminders@example.com"],
            rotate_after=Duration.days(90),
            reactions=[EmailTeam("ops@example.net")],
        )
        send_reminder = self._function(SMTP_SECRET=credentials.secret.secret_arn, REMINDED="team@example.net")
        credentials.grant_read(send_reminder)
        send_reminder.node.add_dependency(credentials.ready)
        every_morning = events.Schedule.cron(hour="8", minute="50", week_day="MON-FRI")
        events.Rule(self, "EveryMorning", schedule=every_morning, targets=[targets.LambdaFunction(send_reminder)])

    def _function(self, **environment: str) -> lambda_.Function:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group = logs.LogGroup(self, "Log", retention=logs.RetentionDays.ONE_MONTH)
        log_group.grant_write(role)
        return lambda_.Function(
            self,
            "SendReminder",
            runtime=lambda_.Runtime.PYTHON_3_14,
            handler="index.handler",
            code=lambda_.Code.from_inline(SEND_REMINDER),
            timeout=Duration.seconds(30),
            role=role,
            log_group=log_group,
            environment=environment,
        )


app = App()
SmtpApp(app, "SmtpApp")
app.synth()
