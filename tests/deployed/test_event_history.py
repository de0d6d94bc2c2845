"""EventHistory through the real CDK CLI: what became of each mail lies in the bucket, and can be asked for."""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from aws_cdk import CfnOutput, Duration, Stack

from local_aws.aws import LocalAws
from ses_constructs import BounceMonitoring
from tests.deployed.test_verified_domain import make
from tests.event_history.athena import duckdb_type, for_duckdb, in_lower_case
from tests.running_aws.deployed_stack import DeployedStack
from tests.running_aws.fixtures import stack_in, zone_in
from tests.running_aws.processes import wait_until
from tests.running_aws.zones import Zone

pytestmark = pytest.mark.xdist_group("local-aws-2")

# In the events of each address, in the order in which they happen.
STORIES = {
    "success": ["Send", "Delivery"],
    "bounce": ["Send", "Bounce"],
    "complaint": ["Send", "Delivery", "Complaint"],
    "suppressionlist": ["Send", "Bounce"],
}
EVENTS = sorted(event for events in STORIES.values() for event in events)
STORY = "What happened to mail for an address"


def add_history(stack: Stack, zone: Zone) -> None:
    monitoring = BounceMonitoring(stack, "Bounces", domain=make(stack, zone), history=Duration.days(30))
    assert monitoring.history
    for name, value in {
        "Bucket": monitoring.history.bucket.bucket_name,
        "Stream": monitoring.history.stream.delivery_stream_name,
        "Database": monitoring.history.database_name,
        "WorkGroup": monitoring.history.work_group_name,
    }.items():
        CfnOutput(stack, name, value=value)


@dataclass(frozen=True, slots=True)
class History:
    """The deployed history of a domain."""

    aws: LocalAws
    stack: DeployedStack
    zone: Zone
    outputs: dict[str, str]

    def send_all(self) -> None:
        """Send a message to each address, and wait for the events."""
        for name in STORIES:
            self.aws.client("sesv2").send_email(
                FromEmailAddress=f"receipts@{self.zone.domain}",
                Destination={"ToAddresses": [f"{name}@simulator.amazonses.com"]},
                Content={"Simple": {"Subject": {"Data": "A receipt"}, "Body": {"Text": {"Data": "Thank you."}}}},
            )
        assert wait_until(lambda: len(self.lines()) >= len(EVENTS))

    def stored(self) -> dict[str, bytes]:
        """Everything in the bucket."""
        s3, bucket = self.aws.client("s3"), self.outputs["Bucket"]
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def lines(self) -> list[bytes]:
        found = [gzip.decompress(body).splitlines(keepends=True) for body in self.stored().values()]
        return [line for lines in found for line in lines]

    def table(self) -> Any:
        return self.aws.client("glue").get_table(DatabaseName=self.outputs["Database"], Name="events")["Table"]

    def queries(self) -> dict[str, str]:
        """The SQL of the saved queries by their names."""
        athena = self.aws.client("athena")
        ids = athena.list_named_queries(WorkGroup=self.outputs["WorkGroup"])["NamedQueryIds"]
        found = [athena.get_named_query(NamedQueryId=each)["NamedQuery"] for each in ids]
        assert {each["Database"] for each in found} == {self.outputs["Database"]}
        return {each["Name"]: each["QueryString"] for each in found}


@pytest.fixture(scope="module")
def history(aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    folder: Path = tmp_path_factory.mktemp("history")
    for zone in zone_in(aws):
        for stack in stack_in(aws, folder):
            outputs = stack.deploy(partial(add_history, zone=zone))
            deployed = History(aws, stack, zone, outputs)
            deployed.send_all()
            yield deployed
            # The bucket is data, and stays.
            for key in deployed.stored():
                aws.client("s3").delete_object(Bucket=outputs["Bucket"], Key=key)
            stack.destroy()
            aws.client("s3").delete_bucket(Bucket=outputs["Bucket"])


def test_each_event_is_a_line_in_the_folder_of_its_day(history: History) -> None:
    assert all(re.fullmatch(r"events/day=\d{4}-\d{2}-\d{2}/[^/]+", key) for key in history.stored())
    lines = history.lines()
    assert all(line.endswith(b"\n") for line in lines)
    events = [json.loads(line) for line in lines]
    assert sorted(event["eventType"] for event in events) == EVENTS
    assert {event["mail"]["source"] for event in events} == {f"receipts@{history.zone.domain}"}


def test_the_table_finds_the_folders(history: History) -> None:
    parameters, bucket = history.table()["Parameters"], history.outputs["Bucket"]
    template = parameters["storage.location.template"]
    assert template.startswith(f"s3://{bucket}/events/day=${{day}}")
    assert parameters["projection.day.range"] == "NOW-30DAYS,NOW"
    group = history.aws.client("athena").get_work_group(WorkGroup=history.outputs["WorkGroup"])["WorkGroup"]
    location = group["Configuration"]["ResultConfiguration"]["OutputLocation"]
    assert location.startswith(f"s3://{bucket}/results/")


def test_the_saved_queries_are_there_and_answer(history: History, tmp_path: Path) -> None:
    queries = history.queries()
    assert len(queries) == 6
    read = tmp_path / "read"
    read.mkdir()
    for number, (key, body) in enumerate(history.stored().items()):
        day = key.partition("day=")[2].partition("/")[0]
        lines = gzip.decompress(body).splitlines(keepends=True)
        (read / f"{day}.{number}.gz").write_bytes(gzip.compress(b"".join(map(in_lower_case, lines))))
    columns = {each["Name"]: duckdb_type(each["Type"]) for each in history.table()["StorageDescriptor"]["Columns"]}
    connection = duckdb.connect()
    connection.execute(
        "CREATE VIEW events AS SELECT * EXCLUDE filename, parse_filename(filename)[:10] AS day FROM read_json("
        f"'{read}/*.gz', format = 'newline_delimited', compression = 'gzip', columns = {columns}, filename = true)"
    )
    for name, expected in STORIES.items():
        answer = connection.execute(for_duckdb(queries[STORY]), [f"{name}@simulator.amazonses.com"])
        names = [column[0] for column in answer.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
        assert sorted(row["event"] for row in rows) == sorted(expected)
        assert {row["subject"] for row in rows} == {"A receipt"}


def test_the_bucket_outlives_the_stack(history: History) -> None:
    before = history.stored()
    history.stack.destroy()
    assert history.stored() == before
    assert (
        history.outputs["Stream"] not in history.aws.client("firehose").list_delivery_streams()["DeliveryStreamNames"]
    )
    groups = [each["Name"] for each in history.aws.client("athena").list_work_groups()["WorkGroups"]]
    assert history.outputs["WorkGroup"] not in groups
    databases = [each["Name"] for each in history.aws.client("glue").get_databases()["DatabaseList"]]
    assert history.outputs["Database"] not in databases
