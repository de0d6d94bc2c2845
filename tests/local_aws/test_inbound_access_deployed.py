"""A rule that is deployed before the policies that let SES in fails here, as it does at a user's."""

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns

from tests.local_aws.inbound_app import add_function
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError

pytestmark = pytest.mark.xdist_group("local-aws")


def encrypted_app(stack: cdk.Stack, *, let_in: bool) -> None:
    """A rule with a bucket and a topic under one key, each of which needs a policy."""
    key = kms.Key(stack, "Key", removal_policy=cdk.RemovalPolicy.DESTROY)
    bucket = s3.Bucket(stack, "Bucket", encryption_key=key, removal_policy=cdk.RemovalPolicy.DESTROY)
    topic = sns.Topic(stack, "Topic", master_key=key)
    service = iam.ServicePrincipal("ses.amazonaws.com")
    # Not grant_put, which would let SES use the key as well.
    allowed = bucket.add_to_resource_policy(
        iam.PolicyStatement(principals=[service], actions=["s3:PutObject"], resources=[bucket.arn_for_objects("*")])
    )
    if let_in:
        key.grant_encrypt_decrypt(service)
    rule_set = ses.ReceiptRuleSet(stack, "Rules")
    to_bucket = ses.CfnReceiptRule.S3ActionProperty(bucket_name=bucket.bucket_name, topic_arn=topic.topic_arn)
    action = ses.CfnReceiptRule.ActionProperty(s3_action=to_bucket)
    rule = ses.CfnReceiptRule(
        stack,
        "Rule",
        rule=ses.CfnReceiptRule.RuleProperty(actions=[action]),
        rule_set_name=rule_set.receipt_rule_set_name,
    )
    assert allowed.policy_dependable
    rule.node.add_dependency(allowed.policy_dependable)


def test_a_deployment_fails_without_the_policy_of_the_key(deployed_stack: DeployedStack) -> None:
    with pytest.raises(DeploymentError, match=r"Could not write to bucket: .*\(Error Code: InvalidS3Configuration\)"):
        deployed_stack.deploy(lambda stack: encrypted_app(stack, let_in=False))
    assert deployed_stack.status() == "ROLLBACK_COMPLETE"
    deployed_stack.deploy(lambda stack: encrypted_app(stack, let_in=True))


def test_a_deployment_fails_without_the_permission_of_the_function(deployed_stack: DeployedStack) -> None:
    def build(stack: cdk.Stack, *, permission: bool) -> None:
        rule_set = ses.ReceiptRuleSet(stack, "Rules")
        function = add_function(stack, "Function", "def handler(event, context): pass")
        action = ses.CfnReceiptRule.ActionProperty(
            lambda_action=ses.CfnReceiptRule.LambdaActionProperty(function_arn=function.function_arn)
        )
        rule = ses.CfnReceiptRule(
            stack,
            "Rule",
            rule=ses.CfnReceiptRule.RuleProperty(actions=[action]),
            rule_set_name=rule_set.receipt_rule_set_name,
        )
        if permission:
            ses_principal = iam.ServicePrincipal("ses.amazonaws.com")
            function.add_permission("Ses", principal=ses_principal, source_account=stack.account)
            rule.node.add_dependency(function.node.find_child("Ses"))

    with pytest.raises(DeploymentError, match=r"Could not invoke Lambda function: arn:"):
        deployed_stack.deploy(lambda stack: build(stack, permission=False))
    deployed_stack.deploy(lambda stack: build(stack, permission=True))
