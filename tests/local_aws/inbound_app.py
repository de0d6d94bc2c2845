"""A receipt rule set in plain CDK, one rule per thing that a rule may do."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_ses_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from tests.local_aws.plain_app import add_mail_domain
from tests.running_aws.zones import Zone

RULE_SET = "inbound"
BLOCKED, ALLOWED = "192.0.2.99", "192.0.2.7"

# Keeps what it was called with; the subject says what it shall do.
DECIDES = """
import json, os
import boto3

def handler(event, context):
    mail = event["Records"][0]["ses"]["mail"]
    key, subject = "events/" + mail["messageId"], mail["commonHeaders"]["subject"]
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=key, Body=json.dumps(event))
    if subject == "fail":
        raise ValueError("as the test wants it")
    return {"disposition": subject}
"""


def add_function(stack: cdk.Stack, construct_id: str, code: str, **environment: str) -> lambda_.Function:
    return lambda_.Function(
        stack,
        construct_id,
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline(code),
        timeout=cdk.Duration.seconds(20),
        environment=environment,
    )


def add_rules(stack: cdk.Stack, zone: Zone) -> None:
    """The domain, the rules and all that they need; outputs name the bucket and the queue of the topic."""
    add_mail_domain(stack, zone.domain, zone.hosted_zone_id)
    bucket = s3.Bucket(stack, "Bucket", removal_policy=cdk.RemovalPolicy.DESTROY)
    topic, queue = sns.Topic(stack, "Topic"), sqs.Queue(stack, "Queue")
    topic.add_subscription(subscriptions.SqsSubscription(queue, raw_message_delivery=True))
    function = add_function(stack, "Decides", DECIDES, BUCKET=bucket.bucket_name)
    rule_set = ses.ReceiptRuleSet(stack, "Rules", receipt_rule_set_name=RULE_SET)

    def at(*names: str) -> list[str]:
        return [f"{name}@{zone.domain}" for name in names]

    decide = actions.Lambda(function=function, invocation_type=actions.LambdaInvocationType.REQUEST_RESPONSE)
    rule_set.add_rule(
        "Guard",
        recipients=at("guarded"),
        actions=[decide, actions.AddHeader(name="X-Passed", value="guard")],
    )
    rule_set.add_rule(
        "Store",
        recipients=at("stored", "guarded"),
        scan_enabled=True,
        actions=[
            actions.AddHeader(name="X-Team", value="support"),
            actions.S3(bucket=bucket, object_key_prefix="mail/", topic=topic),
        ],
    )
    rule_set.add_rule("Publish", recipients=at("published"), actions=[actions.Sns(topic=topic)])
    rule_set.add_rule("Run", recipients=at("run"), scan_enabled=True, actions=[actions.Lambda(function=function)])
    template = actions.BounceTemplate.MAILBOX_DOES_NOT_EXIST
    bounce = actions.Bounce(sender=f"bounces@{zone.domain}", template=template, topic=topic)
    rule_set.add_rule("Bounce", recipients=at("bounced"), actions=[bounce, actions.Stop()])
    rule_set.add_rule("AfterStop", recipients=at("bounced"), actions=[actions.AddHeader(name="X-Never", value="1")])
    rule_set.add_rule("Secure", recipients=at("secure"), tls_policy=ses.TlsPolicy.REQUIRE, actions=[actions.Stop()])
    rule_set.add_rule("Off", recipients=at("off"), enabled=False, actions=[actions.Stop()])
    rule_set.add_rule("Elsewhere", recipients=["someone@elsewhere.example"], actions=[actions.Stop()])
    for policy, cidr in {"Block": "192.0.2.0/24", "Allow": f"{ALLOWED}/32"}.items():
        ip_filter = ses.CfnReceiptFilter.IpFilterProperty(cidr=cidr, policy=policy)
        ses.CfnReceiptFilter(
            stack,
            f"{policy}Filter",
            filter=ses.CfnReceiptFilter.FilterProperty(name=f"inbound-{policy}", ip_filter=ip_filter),
        )
    cdk.CfnOutput(stack, "BucketName", value=bucket.bucket_name)
    cdk.CfnOutput(stack, "QueueUrl", value=queue.queue_url)
