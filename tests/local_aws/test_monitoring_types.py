"""Types that monitoring and a history of events need: deployed once, read back, changed, destroyed."""

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_athena as athena
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError

pytestmark = pytest.mark.xdist_group("local-aws-2")

NAME = "monitoring_types"
QUERY = "SELECT * FROM events"


def add_history(stack: cdk.Stack, *, prefix: str, query: str) -> None:
    """A stream into a bucket, the table over it, and a saved query."""
    bucket = s3.Bucket(stack, "Bucket", removal_policy=cdk.RemovalPolicy.DESTROY)
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"))
    firehose.CfnDeliveryStream(
        stack,
        "Stream",
        delivery_stream_name=NAME,
        extended_s3_destination_configuration=firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
            bucket_arn=bucket.bucket_arn, role_arn=role.role_arn, prefix=prefix, compression_format="GZIP"
        ),
    )
    database = glue.CfnDatabase(
        stack,
        "Database",
        catalog_id=stack.account,
        database_input=glue.CfnDatabase.DatabaseInputProperty(name=NAME),
    )
    columns = [glue.CfnTable.ColumnProperty(name="eventtype", type="string")]
    storage = glue.CfnTable.StorageDescriptorProperty(columns=columns, location=f"s3://{bucket.bucket_name}/{prefix}")
    glue.CfnTable(
        stack,
        "Table",
        catalog_id=stack.account,
        database_name=database.ref,
        table_input=glue.CfnTable.TableInputProperty(
            name="events", storage_descriptor=storage, parameters={"projection.enabled": "true", "prefix": prefix}
        ),
    )
    group = athena.CfnWorkGroup(
        stack,
        "WorkGroup",
        name=NAME,
        description=prefix,
        recursive_delete_option=True,
        work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
            enforce_work_group_configuration=True
        ),
    )
    saved = athena.CfnNamedQuery(
        stack, "Query", name=NAME, database=database.ref, query_string=query, work_group=group.ref
    )
    cdk.CfnOutput(stack, "QueryId", value=saved.ref)


def add_schedule(stack: cdk.Stack, *, hours: int, retries: int) -> None:
    """A function that runs by a rule, with its own limits for retries."""
    function = lambda_.Function(
        stack,
        "Function",
        function_name=NAME,
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): pass"),
        retry_attempts=retries,
    )
    rule = events.Rule(stack, "Rule", rule_name=NAME, schedule=events.Schedule.rate(cdk.Duration.hours(hours)))
    rule.add_target(targets.LambdaFunction(function, retry_attempts=retries + 2))


def build(stack: cdk.Stack, *, changed: bool) -> None:
    add_history(stack, prefix="new/" if changed else "old/", query=f"{QUERY} LIMIT 1" if changed else QUERY)
    add_schedule(stack, hours=2 if changed else 1, retries=1 if changed else 0)
    ssm.StringParameter(stack, "Parameter", parameter_name=f"/{NAME}", string_value="new" if changed else "old")
    dashboard = cloudwatch.Dashboard(stack, "Dashboard", dashboard_name=NAME)
    dashboard.add_widgets(cloudwatch.TextWidget(markdown="# new" if changed else "# old"))


def state(aws: LocalAws, query_id: str) -> dict[str, Any]:
    stream = aws.client("firehose").describe_delivery_stream(DeliveryStreamName=NAME)["DeliveryStreamDescription"]
    s3_destination = stream["Destinations"][0]["ExtendedS3DestinationDescription"]
    body = json.loads(aws.client("cloudwatch").get_dashboard(DashboardName=NAME)["DashboardBody"])
    query = aws.client("athena").get_named_query(NamedQueryId=query_id)["NamedQuery"]
    function = aws.client("lambda").get_function_event_invoke_config(FunctionName=NAME, Qualifier="$LATEST")
    (target,) = aws.client("events").list_targets_by_rule(Rule=NAME)["Targets"]
    assert f"{target['Arn']}:" in f"{function['FunctionArn']}:"
    return {
        "prefix": (s3_destination["Prefix"], s3_destination["CompressionFormat"]),
        "table": aws.client("glue").get_table(DatabaseName=NAME, Name="events")["Table"]["Parameters"]["prefix"],
        "work group": aws.client("athena").get_work_group(WorkGroup=NAME)["WorkGroup"]["Description"],
        "query": (query["QueryString"], query["WorkGroup"], query["Database"]),
        "rule": aws.client("events").describe_rule(Name=NAME)["ScheduleExpression"],
        "retries": (function["MaximumRetryAttempts"], target["RetryPolicy"]["MaximumRetryAttempts"]),
        "parameter": aws.client("ssm").get_parameter(Name=f"/{NAME}")["Parameter"]["Value"],
        "dashboard": body["widgets"][0]["properties"]["markdown"],
    }


def test_deploys_changes_and_destroys_them(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    outputs = deployed_stack.deploy(lambda stack: build(stack, changed=False))
    assert state(aws, outputs["QueryId"]) == {
        "prefix": ("old/", "GZIP"),
        "table": "old/",
        "work group": "old/",
        "query": (QUERY, NAME, NAME),
        "rule": "rate(1 hour)",
        "retries": (0, 2),
        "parameter": "old",
        "dashboard": "# old",
    }
    first_query = outputs["QueryId"]

    outputs = deployed_stack.deploy(lambda stack: build(stack, changed=True))
    assert state(aws, outputs["QueryId"]) == {
        "prefix": ("new/", "GZIP"),
        "table": "new/",
        "work group": "new/",
        "query": (f"{QUERY} LIMIT 1", NAME, NAME),
        "rule": "rate(2 hours)",
        "retries": (1, 3),
        "parameter": "new",
        "dashboard": "# new",
    }
    assert aws.client("athena").list_named_queries(WorkGroup=NAME)["NamedQueryIds"] == [outputs["QueryId"]]
    assert outputs["QueryId"] != first_query

    deployed_stack.destroy()
    assert NAME not in aws.client("firehose").list_delivery_streams()["DeliveryStreamNames"]
    assert NAME not in [each["Name"] for each in aws.client("glue").get_databases()["DatabaseList"]]
    assert NAME not in [each["Name"] for each in aws.client("athena").list_work_groups()["WorkGroups"]]
    assert outputs["QueryId"] not in aws.client("athena").list_named_queries()["NamedQueryIds"]
    assert NAME not in [each["Name"] for each in aws.client("events").list_rules()["Rules"]]
    assert NAME not in [
        each["DashboardName"] for each in aws.client("cloudwatch").list_dashboards()["DashboardEntries"]
    ]
    with pytest.raises(ClientError, match="ParameterNotFound"):
        aws.client("ssm").get_parameter(Name=f"/{NAME}")


def test_a_saved_query_needs_its_work_group(deployed_stack: DeployedStack) -> None:
    def build_query(stack: cdk.Stack) -> None:
        athena.CfnNamedQuery(stack, "Query", database="default", query_string=QUERY, work_group="no-such-group")

    with pytest.raises(DeploymentError, match="WorkGroup no-such-group is not found"):
        deployed_stack.deploy(build_query)
