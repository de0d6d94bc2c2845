"""Keeping events: what writes them, what deletes them, what asks them, and who may."""

from typing import Any

import pytest
from aws_cdk import App, Duration, Environment, Size, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses

from ses_constructs import BounceMonitoring, EventHistory
from tests.constructs.templates import (
    conditions,
    identified,
    needs,
    only,
    resources,
    role_statements,
    template,
    written,
)

STREAM = "AWS::KinesisFirehose::DeliveryStream"
TABLE = "AWS::Glue::Table"
WORK_GROUP = "AWS::Athena::WorkGroup"


def make(stack: Stack, **changes: Any) -> EventHistory:
    if "monitoring" not in changes:
        changes["monitoring"] = BounceMonitoring(stack, "Bounces")
    return EventHistory(stack, "History", **changes)


def key(stack: Stack) -> kms.Key:
    return kms.Key(stack, "Key")


def bucket_id(stack: Stack) -> str:
    (found,) = identified(stack, "AWS::S3::Bucket")
    return found


def destination(stack: Stack) -> dict[str, Any]:
    """Where and how Firehose writes."""
    return dict(only(stack, STREAM)["Properties"]["ExtendedS3DestinationConfiguration"])


def projection(stack: Stack) -> dict[str, Any]:
    return dict(only(stack, TABLE)["Properties"]["TableInput"]["Parameters"])


def settings(stack: Stack) -> dict[str, Any]:
    return dict(only(stack, WORK_GROUP)["Properties"]["WorkGroupConfiguration"])


def allowed(stack: Stack, *, of: str) -> set[tuple[str, str]]:
    """Every action with each of its resources, both as text."""
    found: set[tuple[str, str]] = set()
    for statement in role_statements(stack, of=of):
        actions, targets = statement["Action"], statement["Resource"]
        for action in [actions] if isinstance(actions, str) else actions:
            found |= {(action, written(each)) for each in (targets if isinstance(targets, list) else [targets])}
    return found


# The bucket


def test_the_bucket_is_encrypted_closed_and_takes_requests_over_tls_only(stack: Stack) -> None:
    make(stack)

    properties = only(stack, "AWS::S3::Bucket")["Properties"]
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert "VersioningConfiguration" not in properties
    (statement,) = only(stack, "AWS::S3::BucketPolicy")["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


@pytest.mark.parametrize(("changes", "days"), [({}, 90), ({"keep_for": Duration.days(30)}, 30)])
def test_everything_is_deleted_in_time_and_answers_sooner(stack: Stack, changes: dict[str, Any], days: int) -> None:
    make(stack, **changes)

    everything, answers = only(stack, "AWS::S3::Bucket")["Properties"]["LifecycleConfiguration"]["Rules"]
    assert everything == {
        "ExpirationInDays": days,
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        "Status": "Enabled",
    }
    assert answers == {"Prefix": "results/", "ExpirationInDays": 1, "Status": "Enabled"}


def test_the_events_outlive_the_stack_and_nothing_else_does(stack: Stack) -> None:
    history = make(stack)

    own = [each for name, each in template(stack)["Resources"].items() if name.startswith(history.node.id)]
    assert [each["Type"] for each in own if each.get("DeletionPolicy", "Delete") != "Delete"] == ["AWS::S3::Bucket"]


# The delivery stream


def test_events_are_written_compressed_into_a_folder_for_each_day(stack: Stack) -> None:
    make(stack)

    found = destination(stack)
    assert found["BucketARN"] == {"Fn::GetAtt": [bucket_id(stack), "Arn"]}
    assert found["Prefix"] == "events/day=!{timestamp:yyyy-MM-dd}/"
    assert found["CompressionFormat"] == "GZIP"
    assert found["BufferingHints"] == {"IntervalInSeconds": 300, "SizeInMBs": 64}
    assert only(stack, STREAM)["Properties"]["DeliveryStreamType"] == "DirectPut"


def test_what_could_not_be_written_stays_outside_of_the_table_and_is_logged(stack: Stack) -> None:
    make(stack)

    found = destination(stack)
    (log_group_id,) = (each for each in identified(stack, "AWS::Logs::LogGroup") if "Delivery" in each)
    (log_stream_id,) = identified(stack, "AWS::Logs::LogStream")
    assert found["ErrorOutputPrefix"].startswith("errors/!{firehose:error-output-type}/")
    assert found["CloudWatchLoggingOptions"] == {
        "Enabled": True,
        "LogGroupName": {"Ref": log_group_id},
        "LogStreamName": {"Ref": log_stream_id},
    }
    assert identified(stack, "AWS::Logs::LogGroup")[log_group_id]["Properties"]["RetentionInDays"] == 30


def test_only_this_stream_may_take_the_role(stack: Stack) -> None:
    make(stack)

    (role,) = (each for name, each in identified(stack, "AWS::IAM::Role").items() if "HistoryDelivery" in name)
    (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    name = only(stack, STREAM)["Properties"]["DeliveryStreamName"]
    assert statement["Principal"] == {"Service": "firehose.amazonaws.com"}
    assert conditions(statement) == {
        "aws:SourceAccount": "111122223333",
        "aws:SourceArn": f"arn:<AWS::Partition>:firehose:eu-west-1:111122223333:deliverystream/{name}",
    }


def test_the_stream_writes_below_its_prefixes_and_may_do_nothing_else(stack: Stack) -> None:
    make(stack)

    bucket = f"<{bucket_id(stack)}.Arn>"
    log_group = destination(stack)["CloudWatchLoggingOptions"]["LogGroupName"]["Ref"]
    assert allowed(stack, of="HistoryDeliveryRole") == {
        *(
            (f"s3:{action}", f"{bucket}/{prefix}/*")
            for action in ("AbortMultipartUpload", "GetObject", "PutObject")
            for prefix in ("events", "errors")
        ),
        *((f"s3:{action}", bucket) for action in ("GetBucketLocation", "ListBucket", "ListBucketMultipartUploads")),
        (
            "logs:PutLogEvents",
            f"arn:<AWS::Partition>:logs:eu-west-1:111122223333:log-group:<{log_group}>:log-stream:S3Delivery",
        ),
    }


def test_ses_assumes_a_role_that_is_older_than_the_stream_which_waits_for_its_policy(stack: Stack) -> None:
    make(stack)

    (stream_id,) = identified(stack, STREAM)
    (role_id,) = (key for key in identified(stack, "AWS::IAM::Role") if "HistoryEvents" in key)
    (policy_id,) = (each for each in identified(stack, "AWS::IAM::Policy") if "HistoryDelivery" in each)
    (last,) = (key for key in identified(stack, "AWS::SES::ConfigurationSetEventDestination") if "HistoryEv" in key)
    assert {role_id, policy_id} <= needs(stack, stream_id)
    assert stream_id in needs(stack, last)
    assert [key for key in template(stack)["Resources"] if key in needs(stack, key)] == []


def test_the_stream_brings_no_mapping_that_nobody_uses(agnostic_stack: Stack) -> None:
    history = make(agnostic_stack, encryption_key=key(agnostic_stack))
    history.grant_query(iam.Role(agnostic_stack, "Support", assumed_by=iam.AccountRootPrincipal()))

    assert "Mappings" not in template(agnostic_stack)


def test_a_network_that_lets_the_stream_in_finds_its_mapping(agnostic_stack: Stack) -> None:
    history = make(agnostic_stack)
    group = ec2.SecurityGroup(agnostic_stack, "Group", vpc=ec2.Vpc(agnostic_stack, "Vpc"))
    group.connections.allow_from(history.stream, ec2.Port.tcp(5439))

    assert history.stream is history.stream
    (rule,) = only(agnostic_stack, "AWS::EC2::SecurityGroup")["Properties"]["SecurityGroupIngress"]
    mapping_id, region, name = rule["CidrIp"]["Fn::FindInMap"]
    assert region == {"Ref": "AWS::Region"}
    assert name in template(agnostic_stack)["Mappings"][mapping_id]["eu-west-1"]


@pytest.mark.parametrize("first", [True, False])
def test_the_mapping_of_another_stream_stays(agnostic_stack: Stack, first: bool) -> None:
    if not first:
        make(agnostic_stack)
    bucket = s3.Bucket(agnostic_stack, "OwnBucket")
    firehose.DeliveryStream(agnostic_stack, "Own", destination=firehose.S3Bucket(bucket))
    if first:
        make(agnostic_stack)

    assert len(template(agnostic_stack)["Mappings"]) == 1


# A key


def test_a_key_encrypts_the_stream_the_bucket_and_the_answers(stack: Stack) -> None:
    make(stack, encryption_key=key(stack))

    (key_id,) = identified(stack, "AWS::KMS::Key")
    arn = {"Fn::GetAtt": [key_id, "Arn"]}
    (rule,) = only(stack, "AWS::S3::Bucket")["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}
    assert rule["BucketKeyEnabled"] is True
    of_stream = only(stack, STREAM)["Properties"]["DeliveryStreamEncryptionConfigurationInput"]
    assert of_stream == {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": arn}
    of_answers = settings(stack)["ResultConfiguration"]["EncryptionConfiguration"]
    assert of_answers == {"EncryptionOption": "SSE_KMS", "KmsKey": arn}
    used = {each for each in allowed(stack, of="HistoryDeliveryRole") if each[0].startswith("kms:")}
    assert used == {(action, f"<{key_id}.Arn>") for action in ("kms:Decrypt", "kms:GenerateDataKey")}


def test_without_a_key_the_stream_and_the_answers_are_encrypted_by_aws(stack: Stack) -> None:
    make(stack)

    assert only(stack, STREAM)["Properties"]["DeliveryStreamEncryptionConfigurationInput"] == {
        "KeyType": "AWS_OWNED_CMK"
    }
    assert settings(stack)["ResultConfiguration"]["EncryptionConfiguration"] == {"EncryptionOption": "SSE_S3"}


# The table


def test_partitions_are_looked_for_where_the_stream_writes(stack: Stack) -> None:
    make(stack)

    folder = destination(stack)["Prefix"].replace("!{timestamp:yyyy-MM-dd}", "${day}")
    assert written(projection(stack)["storage.location.template"]) == f"s3://<{bucket_id(stack)}>/{folder}"
    assert projection(stack)["projection.day.format"] == "yyyy-MM-dd"
    assert projection(stack)["projection.enabled"] == "true"
    assert only(stack, TABLE)["Properties"]["TableInput"]["PartitionKeys"] == [{"Name": "day", "Type": "string"}]


@pytest.mark.parametrize(("keep_for", "days"), [(Duration.days(1), 1), (Duration.hours(48), 2)])
def test_nothing_is_seen_that_should_be_gone(stack: Stack, keep_for: Duration, days: int) -> None:
    make(stack, keep_for=keep_for)

    assert projection(stack)["projection.day.range"] == f"NOW-{days}DAYS,NOW"


def test_every_documented_part_of_an_event_is_a_column(stack: Stack) -> None:
    make(stack)

    descriptor = only(stack, TABLE)["Properties"]["TableInput"]["StorageDescriptor"]
    names = {each["Name"] for each in descriptor["Columns"]}
    parts = "mail bounce complaint delivery reject open click failure deliverydelay subscription"
    assert names == {"eventtype", *parts.split()}
    assert all(each["Type"] == each["Type"].lower() for each in descriptor["Columns"])
    assert descriptor["SerdeInfo"] == {
        "SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe",
        "Parameters": {"case.insensitive": "true", "ignore.malformed.json": "true"},
    }


# The work group


@pytest.mark.parametrize(
    ("changes", "bytes_read"), [({}, 10 * 1024**3), ({"scan_limit": Size.mebibytes(100)}, 100 * 1024**2)]
)
def test_a_query_reads_no_more_than_it_may_by_settings_that_cannot_be_overridden(
    stack: Stack, changes: dict[str, Any], bytes_read: int
) -> None:
    make(stack, **changes)

    found = settings(stack)
    assert found["BytesScannedCutoffPerQuery"] == bytes_read
    assert found["EnforceWorkGroupConfiguration"] is True
    assert written(found["ResultConfiguration"]["OutputLocation"]) == f"s3://<{bucket_id(stack)}>/results/"
    # One that was used can be deleted.
    assert only(stack, WORK_GROUP)["Properties"]["RecursiveDeleteOption"] is True


def test_the_saved_queries_are_in_the_work_group_and_of_the_database(stack: Stack) -> None:
    history = make(stack)

    (work_group_id,), (database_id,) = identified(stack, WORK_GROUP), identified(stack, "AWS::Glue::Database")
    found = [each["Properties"] for each in resources(stack, "AWS::Athena::NamedQuery")]
    assert list(history.queries) == [
        "MailForAddress",
        "Bounces",
        "Complaints",
        "Deliverability",
        "Engagement",
        "Delays",
    ]
    assert len(found) == 6
    assert all(each["WorkGroup"] == {"Ref": work_group_id} for each in found)
    assert all(each["Database"] == {"Ref": database_id} for each in found)
    assert [each["QueryString"].count("?,") for each in found] == [0] * 6
    assert ["lower(?)" in each["QueryString"] for each in found] == [True, False, False, False, False, False]


def test_the_names_for_a_program_are_those_of_the_resources(stack: Stack) -> None:
    history = make(stack)

    assert only(stack, WORK_GROUP)["Properties"]["Name"] == history.work_group_name
    assert only(stack, "AWS::Glue::Database")["Properties"]["DatabaseInput"]["Name"] == history.database_name
    assert history.database_name == history.database_name.lower()
    assert only(stack, TABLE)["Properties"]["TableInput"]["Name"] == "events"


def test_two_histories_have_names_of_their_own(stack: Stack) -> None:
    made = [
        EventHistory(stack, f"{each}History", monitoring=BounceMonitoring(stack, each, watch_account=False))
        for each in ("Shop", "News")
    ]

    assert len({each.work_group_name for each in made} | {each.database_name for each in made}) == 4
    assert len({each["Properties"]["DeliveryStreamName"] for each in resources(stack, STREAM)}) == 2


# What is kept


@pytest.mark.parametrize(
    ("changes", "events"),
    [
        ({}, "bounce complaint delivery deliveryDelay reject renderingFailure send subscription"),
        ({"events": [ses.EmailSendingEvent.BOUNCE, ses.EmailSendingEvent.OPEN]}, "bounce open"),
    ],
)
def test_every_kind_of_event_but_opens_and_clicks_is_kept_unless_told(
    stack: Stack, changes: dict[str, Any], events: str
) -> None:
    make(stack, **changes)

    (stream_id,) = identified(stack, STREAM)
    (kept,) = (
        each["Properties"]["EventDestination"]
        for each in resources(stack, "AWS::SES::ConfigurationSetEventDestination")
        if "KinesisFirehoseDestination" in each["Properties"]["EventDestination"]
    )
    assert kept["KinesisFirehoseDestination"]["DeliveryStreamARN"] == {"Fn::GetAtt": [stream_id, "Arn"]}
    assert sorted(kept["MatchingEventTypes"]) == events.split()


def test_monitoring_keeps_events_for_the_time_that_it_is_told(stack: Stack) -> None:
    monitoring = BounceMonitoring(stack, "Bounces", history=Duration.days(14))

    assert monitoring.history is not None
    assert monitoring.history.keep_for.to_days() == 14
    assert projection(stack)["projection.day.range"] == "NOW-14DAYS,NOW"
    assert BounceMonitoring(Stack(App(), "Other"), "Bounces").history is None


def test_a_history_may_stand_in_a_stack_of_its_own(app: App, stack: Stack) -> None:
    monitoring = BounceMonitoring(stack, "Bounces")
    other = Stack(app, "Archive", env=Environment(account="111122223333", region="eu-west-1"))
    make(other, monitoring=monitoring)

    assert len(resources(other, STREAM)) == 1
    assert resources(stack, STREAM) == []


# Who may ask


@pytest.mark.parametrize("with_key", [False, True])
def test_who_may_ask_may_do_nothing_else(stack: Stack, with_key: bool) -> None:
    history = make(stack, encryption_key=key(stack) if with_key else None)
    history.grant_query(iam.Role(stack, "Support", assumed_by=iam.AccountRootPrincipal()))

    def arn(service: str, rest: str) -> str:
        return f"arn:<AWS::Partition>:{service}:eu-west-1:111122223333:{rest}"

    bucket = f"<{bucket_id(stack)}.Arn>"
    found = allowed(stack, of="Support")
    by_service = {
        name: {each for each in found if each[0].startswith(f"{name}:")} for name in ("athena", "glue", "s3", "kms")
    }
    assert sum(map(len, by_service.values())) == len(found)
    assert {resource for _, resource in by_service["athena"]} == {
        arn("athena", f"workgroup/{history.work_group_name}"),
        arn("athena", "datacatalog/AwsDataCatalog"),
    }
    assert {resource for _, resource in by_service["glue"]} == {
        arn("glue", "catalog"),
        arn("glue", f"database/{history.database_name}"),
        arn("glue", "database/default"),
        arn("glue", f"table/{history.database_name}/events"),
    }
    assert all(":Get" in action or ":BatchGet" in action for action, _ in by_service["glue"])
    assert ("glue:GetTable", arn("glue", "database/default")) not in found
    assert {action for action, resource in by_service["s3"] if resource == f"{bucket}/events/*"} == {"s3:GetObject"}
    assert {action for action, resource in by_service["s3"] if resource == f"{bucket}/results/*"} == {
        "s3:GetObject",
        "s3:PutObject",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
    }
    assert {resource for _, resource in by_service["s3"]} == {bucket, f"{bucket}/events/*", f"{bucket}/results/*"}
    assert {action for action, _ in by_service["kms"]} == (
        {"kms:Decrypt", "kms:GenerateDataKey"} if with_key else set()
    )


def test_a_user_who_is_not_of_the_app_may_ask_as_well(stack: Stack) -> None:
    role = iam.Role.from_role_arn(stack, "Support", "arn:aws:iam::111122223333:role/Support")

    assert make(stack).grant_query(role).success


# What is refused


DAYS = r"keep_for must be whole days, from 1 day to 3650 days, got '{}'; pass Duration"
LATER = Token.as_number({"Ref": "Later"})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keep_for": Duration.hours(12)}, DAYS.format("12 hours")),
        ({"keep_for": Duration.hours(36)}, DAYS.format("1 day 12 hours")),
        ({"keep_for": Duration.days(3651)}, DAYS.format("3651 days")),
        ({"keep_for": Duration.days(LATER)}, r"keep_for must be known at synth, got '<token> days'; pass a Duration"),
        ({"scan_limit": Size.mebibytes(9)}, "scan_limit must be at least 10000000 bytes, got 9437184; pass Size.meb"),
        ({"scan_limit": Size.gibibytes(LATER)}, "scan_limit must be known before deployment, got .*; pass Size.gib"),
        ({"events": []}, r"events must be at least one kind of event, got \[\]; leave it out for"),
    ],
)
def test_what_cannot_be_is_refused(stack: Stack, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(stack, **changes)


def test_a_key_of_another_region_is_refused(stack: Stack) -> None:
    other = kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:us-east-1:111122223333:key/1234")

    with pytest.raises(ValueError, match=r"encryption_key must be a key of eu-west-1, got 'us-east-1'; pass a key of"):
        make(stack, encryption_key=other)


def test_a_second_history_of_the_same_monitoring_is_refused(stack: Stack) -> None:
    monitoring = BounceMonitoring(stack, "Bounces", history=Duration.days(14))

    with pytest.raises(
        ValueError, match=r"monitoring must have one history, or each event is kept twice, got 'Mail/Bounces'; share"
    ):
        make(stack, monitoring=monitoring)


def test_a_history_in_another_region_is_refused(app: App, stack: Stack) -> None:
    monitoring = BounceMonitoring(stack, "Bounces")
    other = Stack(app, "Archive", env=Environment(account="111122223333", region="us-east-1"))

    with pytest.raises(
        ValueError, match=r"monitoring must be in us-east-1 as well, because SES delivers.*, got 'eu-west-1'; make the"
    ):
        make(other, monitoring=monitoring)
