"""Where the event history is written: the bucket, and the delivery stream that fills it."""

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ..common.key_use import grant_key_use
from ..common.private_bucket import private_bucket
from ..common.wildcards import acknowledge_wildcard
from ._history_table import EVENTS_PREFIX
from ._stream_role import StreamRole

ERRORS_PREFIX = "errors/"
RESULTS_PREFIX = "results/"
_LOG_STREAM = "S3Delivery"


def make_bucket(scope: Construct, *, key: kms.IKey | None, keep_for: Duration) -> s3.Bucket:
    """A bucket that goes on deleting what is too old, also when the stack is gone."""
    # Answers hold the same addresses, and can be asked for again.
    results = s3.LifecycleRule(prefix=RESULTS_PREFIX, expiration=Duration.days(1))
    return private_bucket(
        scope, "Bucket", key=key, keep_for=keep_for, writers="Firehose and Athena write", lifecycle_rules=[results]
    )


class EventStream(Construct):
    """A Firehose stream that writes what SES puts into it to *bucket*, a folder for each day in UTC."""

    def __init__(
        self, scope: Construct, construct_id: str, *, bucket: s3.IBucket, key: kms.IKey | None, name: str
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        log_stream = logs.LogStream(
            self,
            "LogStream",
            log_group=self.log_group,
            log_stream_name=_LOG_STREAM,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self._role = self._make_role(bucket, key, name)
        self._resource = firehose.CfnDeliveryStream(
            self,
            "Resource",
            delivery_stream_name=name,
            delivery_stream_type="DirectPut",
            delivery_stream_encryption_configuration_input=_encryption(key),
            extended_s3_destination_configuration=firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
                bucket_arn=bucket.bucket_arn,
                role_arn=self._role.role_arn,
                # SES ends each event with a newline, so nothing has to be put between them.
                prefix=f"{EVENTS_PREFIX}day=!{{timestamp:yyyy-MM-dd}}/",
                error_output_prefix=f"{ERRORS_PREFIX}!{{firehose:error-output-type}}/day=!{{timestamp:yyyy-MM-dd}}/",
                buffering_hints=firehose.CfnDeliveryStream.BufferingHintsProperty(
                    interval_in_seconds=300, size_in_m_bs=64
                ),
                compression_format="GZIP",
                cloud_watch_logging_options=firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty(
                    enabled=True,
                    log_group_name=self.log_group.log_group_name,
                    log_stream_name=log_stream.log_stream_name,
                ),
            ),
        )
        # SES tries the stream as soon as it is there.
        self._resource.node.add_dependency(self._role)

    def comes_after(self, access: StreamRole) -> None:
        """Be made after the role by which SES writes."""
        access.comes_before(self._resource)

    def as_seen_from(self, scope: Construct) -> firehose.IDeliveryStream:
        """The stream as CDK's other constructs take it.

        CDK writes a mapping of Firehose's IP addresses into the stack of *scope*, for networks that let the stream in.
        """
        return firehose.DeliveryStream.from_delivery_stream_attributes(
            scope,
            "Stream",
            delivery_stream_arn=self._resource.attr_arn,
            delivery_stream_name=self._resource.ref,
            role=self._role,
        )

    def _make_role(self, bucket: s3.IBucket, key: kms.IKey | None, name: str) -> iam.Role:
        stack = Stack.of(self)
        stream_arn = stack.format_arn(service="firehose", resource="deliverystream", resource_name=name)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "firehose.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    "ArnLike": {"aws:SourceArn": stream_arn},
                },
            ),
        )
        objects = [bucket.arn_for_objects(f"{prefix}*") for prefix in (EVENTS_PREFIX, ERRORS_PREFIX)]
        log_stream_arn = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{self.log_group.log_group_name}:log-stream:{_LOG_STREAM}",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        for actions, resources in (
            (["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], objects),
            (["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], [bucket.bucket_arn]),
            (["logs:PutLogEvents"], [log_stream_arn]),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))
        if key is not None:
            grant_key_use(self, role, key, "s3")
        for each in objects:
            acknowledge_wildcard(role, each, reason="the names of the objects are made by Firehose below our prefixes")
        return role


def _encryption(
    key: kms.IKey | None,
) -> firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty:
    if key is None:
        return firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty(key_type="AWS_OWNED_CMK")
    return firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty(
        key_type="CUSTOMER_MANAGED_CMK", key_arn=key.key_arn
    )
