"""The role by which SES writes events into a Firehose stream, made long enough before SES has to assume it."""

from typing import TYPE_CHECKING

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct, IConstruct

from ..common.arguments import contains_token
from ..common.checks import check_same_account, check_same_region
from ..common.reach import check_reach
from ..common.ses_arn import ses_arn

if TYPE_CHECKING:
    from aws_cdk import aws_kinesisfirehose as firehose


def check_stream(scope: Construct, stream: "firehose.IDeliveryStream") -> None:
    """Raise ``ValueError`` for a stream of another region or account: no policy of it could let SES in."""
    account, region, arn = stream.env.account, stream.env.region, stream.delivery_stream_arn
    if not contains_token(arn):  # CDK takes an imported stream for one of this stack
        region, account = arn.split(":")[3:5]
    check_same_region("stream", region, user=scope)
    fix = "pass a stream of this account, or TopicEvents with a topic of that one"
    check_same_account("stream", account, user=scope, fix=fix)
    check_reach("stream", stream, arn, user=scope)


class StreamRole(Construct):
    """A role for one configuration set and one stream.

    SES assumes it when the event destination is made, and refuses one that is seconds old. What it may do is no part of
    the role, so that the role can come before the stream, whose creation takes about a minute on AWS; and the policy,
    behind both, takes its time as well.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stream: "firehose.IDeliveryStream",
        configuration_set: ses.IConfigurationSet,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "ses.amazonaws.com",
                conditions={
                    "StringEquals": {
                        "aws:SourceAccount": Stack.of(self).account,
                        "aws:SourceArn": ses_arn(self, "configuration-set", configuration_set.configuration_set_name),
                    }
                },
            ),
        )
        statement = iam.PolicyStatement(actions=["firehose:PutRecordBatch"], resources=[stream.delivery_stream_arn])
        self.policy = iam.Policy(self, "Policy", roles=[self.role], statements=[statement])
        self.comes_before(stream.node.default_child)

    def comes_before(self, stream: IConstruct | None) -> None:
        """Have *stream* made after the role, if it is made here; in another stack it comes first."""
        if isinstance(stream, CfnResource) and Stack.of(stream).node.addr == Stack.of(self).node.addr:
            stream.node.add_dependency(self.role)
