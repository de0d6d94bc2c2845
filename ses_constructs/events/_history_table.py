"""The table over the kept events: what Athena needs to read them in place.

The events: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-firehose-contents.html
"""

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3 as s3
from constructs import Construct

TABLE_NAME = "events"
EVENTS_PREFIX = "events/"


def _struct(texts: str, **others: str) -> str:
    """A Hive struct of text fields, and of others with their types."""
    fields = dict.fromkeys(texts.split(), "string") | others
    return f"struct<{','.join(f'{name}:{kind}' for name, kind in fields.items())}>"


_TEXTS = "array<string>"
_TAGS = f"map<string,{_TEXTS}>"
_TOPICS = _struct(
    "", unsubscribeall="boolean", topicsubscriptionstatus=f"array<{_struct('topicname subscriptionstatus')}>"
)
# In lower case, as Glue and the SerDe have it. Times stay text: ISO 8601 in UTC sorts and cuts as it is.
_COLUMNS = {
    "eventtype": "string",
    "mail": _struct(
        "timestamp messageid source sourcearn sourceip calleridentity sendingaccountid headerstruncated",
        destination=_TEXTS,
        headers=f"array<{_struct('name value')}>",
        commonheaders=_struct(
            "date messageid subject sender returnpath",
            **dict.fromkeys(("from", "to", "cc", "bcc", "replyto"), _TEXTS),
        ),
        tags=_TAGS,
    ),
    "bounce": _struct(
        "bouncetype bouncesubtype timestamp feedbackid reportingmta remotemtaip",
        bouncedrecipients=f"array<{_struct('emailaddress action status diagnosticcode')}>",
    ),
    "complaint": _struct(
        "timestamp feedbackid complaintsubtype complaintfeedbacktype useragent arrivaldate",
        complainedrecipients=f"array<{_struct('emailaddress')}>",
    ),
    "delivery": _struct(
        "timestamp smtpresponse reportingmta remotemtaip", processingtimemillis="bigint", recipients=_TEXTS
    ),
    "deliverydelay": _struct(
        "timestamp delaytype expirationtime reportingmta",
        delayedrecipients=f"array<{_struct('emailaddress status diagnosticcode')}>",
    ),
    "reject": _struct("reason"),
    "failure": _struct("templatename errormessage"),
    # isBotEvent, Likely or Unlikely, is there since August 2026
    # (https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-firehose-contents.html).
    "open": _struct("timestamp ipaddress useragent isbotevent"),
    "click": _struct("timestamp ipaddress useragent link isbotevent", linktags=_TAGS),
    "subscription": _struct("timestamp contactlist source", newtopicpreferences=_TOPICS, oldtopicpreferences=_TOPICS),
}


def make_database(scope: Construct, *, name: str) -> glue.CfnDatabase:
    """A database of its own, so that access to it is access to the history and to nothing else."""
    return glue.CfnDatabase(
        scope,
        "Database",
        catalog_id=Stack.of(scope).account,
        database_input=glue.CfnDatabase.DatabaseInputProperty(
            name=name, description="What became of mail that was sent through Amazon SES"
        ),
    )


def make_table(scope: Construct, *, database: glue.CfnDatabase, bucket: s3.IBucket, days: int) -> glue.CfnTable:
    """A table with one partition a day, which Athena works out from the dates: no crawler, nothing to keep in step."""
    location = f"s3://{bucket.bucket_name}/{EVENTS_PREFIX}"
    return glue.CfnTable(
        scope,
        "Table",
        catalog_id=Stack.of(scope).account,
        database_name=database.ref,
        table_input=glue.CfnTable.TableInputProperty(
            name=TABLE_NAME,
            description="One row for each event; the partition is the day on which it arrived, in UTC",
            table_type="EXTERNAL_TABLE",
            partition_keys=[_column("day", "string")],
            parameters={
                "EXTERNAL": "TRUE",
                "classification": "json",
                "projection.enabled": "true",
                "projection.day.type": "date",
                "projection.day.format": "yyyy-MM-dd",
                # S3 may take a day longer to delete what is too old; nobody sees it meanwhile.
                "projection.day.range": f"NOW-{days}DAYS,NOW",
                "projection.day.interval": "1",
                "projection.day.interval.unit": "DAYS",
                "storage.location.template": f"{location}day=${{day}}/",
            },
            storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                location=location,
                input_format="org.apache.hadoop.mapred.TextInputFormat",
                output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                compressed=True,
                serde_info=glue.CfnTable.SerdeInfoProperty(
                    serialization_library="org.openx.data.jsonserde.JsonSerDe",
                    # One broken line must not make every question fail.
                    parameters={"case.insensitive": "true", "ignore.malformed.json": "true"},
                ),
                columns=[_column(name, kind) for name, kind in _COLUMNS.items()],
            ),
        ),
    )


def _column(name: str, kind: str) -> glue.CfnTable.ColumnProperty:
    return glue.CfnTable.ColumnProperty(name=name, type=kind)
