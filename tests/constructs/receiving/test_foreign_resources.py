"""What belongs to another account keeps its policy: its owner is told what to add, ready to paste."""

import json
import re

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

from ses_constructs import (
    BounceMonitoring,
    CloudWatchMetrics,
    FirehoseEvents,
    InboundAction,
    InboundRuleSet,
    InvokeFunction,
    NotifyTopic,
    PublishToTopic,
    StoreMail,
    TopicEvents,
    VerifiedDomain,
)
from tests.constructs.templates import resources, warnings

ELSEWHERE = "999988887777"


def rule_set(stack: Stack) -> InboundRuleSet:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    return InboundRuleSet(stack, "Inbound", domain=domain, drop_spam=False)


def add(stack: Stack, action: InboundAction) -> str:
    rule_set(stack).add_rule("Rule", actions=[action])
    (warning,) = warnings(stack)
    return warning


def statement(warning: str) -> dict[str, str]:
    found = re.search(r"\{.*\}", warning)
    assert found
    return dict(json.loads(found[0]))


def test_a_function_of_another_account_gets_no_permission_but_its_owner_a_command(stack: Stack) -> None:
    arn = f"arn:aws:lambda:eu-west-1:{ELSEWHERE}:function:filter"

    warning = add(stack, InvokeFunction(lambda_.Function.from_function_arn(stack, "F", arn)))

    assert resources(stack, "AWS::Lambda::Permission") == []
    for part in (
        f"aws lambda add-permission --function-name {arn} --statement-id ses --action lambda:InvokeFunction",
        "--principal ses.amazonaws.com --source-account 111122223333",
        "--source-arn arn:aws:ses:eu-west-1:111122223333:receipt-rule-set/MailInbound",
    ):
        assert part in warning


def test_so_does_one_that_another_stack_of_the_app_makes(app: App, stack: Stack) -> None:
    other = Stack(app, "Other", env=Environment(account=ELSEWHERE, region="eu-west-1"))
    function = lambda_.Function(
        other,
        "F",
        function_name="filter",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="index.on_event",
        code=lambda_.Code.from_inline("pass"),
    )

    warning = add(stack, InvokeFunction(function))

    assert f"--function-name arn:aws:lambda:eu-west-1:{ELSEWHERE}:function:filter --" in warning


def test_a_function_of_this_account_needs_nobody(stack: Stack) -> None:
    arn = "arn:aws:lambda:eu-west-1:111122223333:function:filter"
    rule_set(stack).add_rule("Rule", actions=[InvokeFunction(lambda_.Function.from_function_arn(stack, "F", arn))])

    assert len(resources(stack, "AWS::Lambda::Permission")) == 1
    assert warnings(stack) == []


def test_the_statement_for_a_topic_is_ready_to_paste(stack: Stack) -> None:
    arn = f"arn:aws:sns:eu-west-1:{ELSEWHERE}:mail"

    found = statement(add(stack, PublishToTopic(sns.Topic.from_topic_arn(stack, "T", arn))))

    assert found["Resource"] == arn
    assert "Fn::" not in str(found)
    assert "arn:aws:ses:eu-west-1:111122223333:receipt-rule-set/" in str(found["Condition"])


def test_so_is_that_for_a_bucket(stack: Stack) -> None:
    bucket = s3.Bucket.from_bucket_attributes(stack, "B", bucket_name="their-mail", account=ELSEWHERE)

    assert statement(add(stack, StoreMail(bucket=bucket)))["Resource"] == "arn:aws:s3:::their-mail/*"


def test_in_china_it_names_the_partition_of_china(app: App) -> None:
    stack = Stack(app, "China", env=Environment(account="111122223333", region="cn-north-1"))
    topic = sns.Topic.from_topic_arn(stack, "T", f"arn:aws-cn:sns:cn-north-1:{ELSEWHERE}:mail")

    BounceMonitoring(stack, "B", destinations=[CloudWatchMetrics(), TopicEvents(topic=topic)])

    (found,) = [each for each in warnings(stack) if "policy-not-added" in each]
    assert '"aws:SourceArn": "arn:aws-cn:ses:cn-north-1:111122223333:configuration-set/' in found


def test_alarms_name_theirs(stack: Stack) -> None:
    topic = sns.Topic.from_topic_arn(stack, "T", f"arn:aws:sns:eu-west-1:{ELSEWHERE}:team")

    BounceMonitoring(stack, "B", reactions=[NotifyTopic(topic)])

    assert all("Fn::" not in each and "arn:aws:cloudwatch:" in each for each in warnings(stack))
    assert warnings(stack)


@pytest.mark.parametrize(
    ("arn", "rule"),
    [
        (f"arn:aws:firehose:eu-west-1:{ELSEWHERE}:deliverystream/events", "account of the stack, 111122223333"),
        ("arn:aws:firehose:us-east-1:111122223333:deliverystream/events", "region of the stack, eu-west-1"),
    ],
)
def test_a_stream_that_no_policy_opens_is_refused(stack: Stack, arn: str, rule: str) -> None:
    stream = firehose.DeliveryStream.from_delivery_stream_arn(stack, "Stream", arn)

    with pytest.raises(ValueError, match=f"stream must be (of|in) the {rule}, got"):
        BounceMonitoring(stack, "B", destinations=[CloudWatchMetrics(), FirehoseEvents(stream=stream)])
