"""The other types that the extensions add: deployed once, read back, changed, destroyed."""

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_ses_actions as actions

from local_aws.aws import LocalAws
from tests.running_aws.deployed_stack import DeployedStack

pytestmark = pytest.mark.xdist_group("local-aws")


def build(stack: cdk.Stack, *, second_rule: bool) -> None:
    rules = ses.ReceiptRuleSet(stack, "Rules", receipt_rule_set_name="other-types")
    rules.add_rule(
        "First",
        recipients=["a@example.com"],
        scan_enabled=second_rule,
        tls_policy=ses.TlsPolicy.REQUIRE,
        actions=[actions.AddHeader(name="X-Test", value="1")],
    )
    if second_rule:
        rules.add_rule("Second", actions=[actions.Stop()])
    ses.CfnReceiptFilter(
        stack,
        "Filter",
        filter=ses.CfnReceiptFilter.FilterProperty(
            name="other-types",
            ip_filter=ses.CfnReceiptFilter.IpFilterProperty(cidr="10.0.0.0/8", policy="Block"),
        ),
    )
    iam.AccessKey(stack, "Key", user=iam.User(stack, "User", user_name="other-types"))
    rate = cloudwatch.MathExpression(
        expression="bounces / sends",
        using_metrics={
            "bounces": cloudwatch.Metric(namespace="AWS/SES", metric_name="Bounce"),
            "sends": cloudwatch.Metric(namespace="AWS/SES", metric_name="Send"),
        },
    )
    cloudwatch.Alarm(stack, "Alarm", alarm_name="other-types", metric=rate, threshold=0.05, evaluation_periods=1)
    bucket = s3.Bucket(stack, "Bucket", removal_policy=cdk.RemovalPolicy.DESTROY)
    cdk.Tags.of(bucket).add("team", "mail")
    cdk.CfnOutput(stack, "BucketName", value=bucket.bucket_name)


def test_deploys_changes_and_destroys_them(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    v1 = aws.client("ses")

    def rules() -> list[tuple[list[str], bool]]:
        found = v1.describe_receipt_rule_set(RuleSetName="other-types")["Rules"]
        return [(rule.get("Recipients", []), rule["ScanEnabled"]) for rule in found]

    outputs = deployed_stack.deploy(lambda stack: build(stack, second_rule=False))
    assert rules() == [(["a@example.com"], False)]
    assert [each["Name"] for each in v1.list_receipt_filters()["Filters"]] == ["other-types"]
    assert len(aws.client("iam").list_access_keys(UserName="other-types")["AccessKeyMetadata"]) == 1
    alarm = aws.client("cloudwatch").describe_alarms(AlarmNames=["other-types"])["MetricAlarms"][0]
    assert "bounces / sends" in [metric.get("Expression") for metric in alarm["Metrics"]]
    tags = aws.client("s3").get_bucket_tagging(Bucket=outputs["BucketName"])["TagSet"]
    assert {"Key": "team", "Value": "mail"} in tags

    deployed_stack.deploy(lambda stack: build(stack, second_rule=True))
    assert rules() == [(["a@example.com"], True), ([], False)]

    deployed_stack.destroy()
    assert "other-types" not in [each["Name"] for each in v1.list_receipt_rule_sets()["RuleSets"]]
    assert v1.list_receipt_filters()["Filters"] == []
    assert "other-types" not in [each["UserName"] for each in aws.client("iam").list_users()["Users"]]
