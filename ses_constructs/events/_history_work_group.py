"""Where the event history is asked: an Athena work group with saved queries, and who may use it."""

from collections.abc import Mapping
from functools import partial

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_athena as athena
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from ..common.grants import granted
from ..common.key_use import grant_key_use
from ..common.wildcards import acknowledge_wildcard
from ._history_queries import QUERIES
from ._history_stream import RESULTS_PREFIX
from ._history_table import EVENTS_PREFIX, TABLE_NAME

_QUERY_ACTIONS = (
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
    "athena:GetQueryExecution",
    "athena:BatchGetQueryExecution",
    "athena:ListQueryExecutions",
    "athena:GetQueryResults",
    "athena:GetNamedQuery",
    "athena:BatchGetNamedQuery",
    "athena:ListNamedQueries",
    "athena:GetWorkGroup",
)


def make_work_group(
    scope: Construct, *, name: str, bucket: s3.IBucket, key: kms.IKey | None, scan_limit: int
) -> athena.CfnWorkGroup:
    """A work group whose settings nobody can override: where answers go, how they are encrypted, what a query reads."""
    encryption = athena.CfnWorkGroup.EncryptionConfigurationProperty(
        encryption_option="SSE_KMS" if key else "SSE_S3", kms_key=key.key_arn if key else None
    )
    return athena.CfnWorkGroup(
        scope,
        "WorkGroup",
        name=name,
        description="Questions to the history of mail that was sent through Amazon SES",
        # Without it, one query that somebody ran or saved would keep the stack from being deleted.
        recursive_delete_option=True,
        work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
            enforce_work_group_configuration=True,
            bytes_scanned_cutoff_per_query=scan_limit,
            result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                output_location=f"s3://{bucket.bucket_name}/{RESULTS_PREFIX}", encryption_configuration=encryption
            ),
        ),
    )


def save_queries(
    scope: Construct, *, work_group: athena.CfnWorkGroup, database_name: str
) -> Mapping[str, athena.CfnNamedQuery]:
    """The saved queries by their construct ids."""
    return {
        each.construct_id: athena.CfnNamedQuery(
            scope,
            each.construct_id,
            name=each.name,
            description=each.description,
            database=database_name,
            query_string=each.sql,
            work_group=work_group.ref,
        )
        for each in QUERIES
    }


def grant_query(
    scope: Construct,
    grantee: iam.IGrantable,
    *,
    work_group_name: str,
    database_name: str,
    bucket: s3.IBucket,
    key: kms.IKey | None,
) -> iam.Grant:
    """The four services that a query passes through, each for what it needs.

    Raises ``ValueError`` for a grantee whose policies cannot be changed here.
    """
    stack = Stack.of(bucket)

    def arn(service: str, resource: str, name: str | None = None) -> str:
        kind = ArnFormat.SLASH_RESOURCE_NAME if name else ArnFormat.NO_RESOURCE_NAME
        return stack.format_arn(service=service, resource=resource, resource_name=name, arn_format=kind)

    catalog = [arn("glue", "catalog"), arn("glue", "database", database_name)]
    events, results = (bucket.arn_for_objects(f"{prefix}*") for prefix in (EVENTS_PREFIX, RESULTS_PREFIX))
    grant: iam.Grant | None = None
    for actions, resources in (
        (_QUERY_ACTIONS, [arn("athena", "workgroup", work_group_name)]),
        (["athena:GetDataCatalog"], [arn("athena", "datacatalog", "AwsDataCatalog")]),
        # Athena looks for the database "default" first, whichever one a query names.
        (["glue:GetDatabase"], [*catalog, arn("glue", "database", "default")]),
        (
            ["glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition"],
            [*catalog, arn("glue", "table", f"{database_name}/{TABLE_NAME}")],
        ),
        (["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], [bucket.bucket_arn]),
        (["s3:GetObject"], [events]),
        (["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"], [results]),
    ):
        made = granted(
            scope,
            grantee,
            partial(iam.Grant.add_to_principal, actions=list(actions), resource_arns=resources),
            otherwise="grant a role of this account, which the other one may assume",
        )
        grant = grant.combine(made) if grant else made
    assert grant is not None
    if key is not None:
        grant = grant.combine(grant_key_use(scope, grantee, key, "s3"))
    principal = grantee.grant_principal
    if isinstance(principal, Construct) and Stack.of(principal).node.addr == stack.node.addr:
        reason = "the names of the objects are made by Firehose and Athena; the bucket holds nothing but the history"
        for objects in (events, results):
            acknowledge_wildcard(principal, objects, reason=reason)
    return grant
