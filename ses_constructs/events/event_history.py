"""EventHistory: what became of each message, kept for a while and ready to be asked."""

from collections.abc import Collection
from functools import cached_property

from aws_cdk import Duration, Names, Size, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from constructs import Construct, RootConstruct

from ..common.arguments import check_kind, invalid
from ..common.checks import check_known_seconds, check_resource, regions_differ
from ..common.reach import check_same_stage
from ._history_stream import EventStream, make_bucket
from ._history_table import make_database, make_table
from ._history_work_group import grant_query, make_work_group, save_queries
from ._stream_role import StreamRole
from .event_destinations import Event, FirehoseEvents
from .event_source import EventSource

_DESTINATION_ID = "HistoryEvents"
_DAY = 24 * 60 * 60
_MAX_DAYS = 3650
# https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html
_MIN_SCAN_BYTES = 10_000_000


class EventHistory(Construct):
    """Keeps the events of a configuration set, for questions such as "what happened to mail for x?".

    A Firehose stream writes them to a bucket, as compressed lines of JSON in a folder for each day; Athena reads them
    there, with a table, saved queries and a work group of its own. An event can be asked for about five minutes after
    it happened. Events hold addresses and subjects: they are personal data, and are deleted when their time is over,
    also after the stack is gone, for the bucket stays.

    Sources: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-firehose-contents.html,
    https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html.

    Args:
        monitoring: Whose events are kept; a ``BounceMonitoring`` of the same region, which has no history yet.
        keep_for: How long, whole days from 1 to 3650; 90 days unless given.
        events: The kinds of events; every kind but opens and clicks unless given.
        encryption_key: Encrypts the stream, the bucket and the answers; a key of AWS unless given. A key from elsewhere
            must let this account use it, and make grants for Firehose.
        scan_limit: How much one query may read, and cost, compressed as stored, at least 10 MB; 10 GiB unless given.

    Raises:
        ValueError: Arguments that cannot work, alone or together, and a second history of the same monitoring.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        monitoring: EventSource,
        keep_for: Duration | None = None,
        events: Collection[Event] | None = None,
        encryption_key: kms.IKey | None = None,
        scan_limit: Size | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        check_kind("monitoring", monitoring, EventSource, "pass a BounceMonitoring")
        keep_for = keep_for if keep_for is not None else Duration.days(90)
        days = checked_days("keep_for", keep_for)
        scan_bytes = _checked_bytes(scan_limit if scan_limit is not None else Size.gibibytes(10))
        self._check_regions(monitoring, encryption_key)
        if monitoring.node.try_find_child(_DESTINATION_ID) is not None:
            raise invalid(
                "monitoring",
                "have one history, or each event is kept twice",
                monitoring.node.path,
                "share the first one",
            )
        name = Names.unique_resource_name(self, max_length=64)
        self.keep_for = keep_for
        """How long an event is kept."""
        self.database_name = name.lower()
        """The name of the Glue database, which holds the table ``events``."""
        self.work_group_name = name
        """The name of the Athena work group."""
        self._encryption_key = encryption_key

        self.bucket = make_bucket(self, key=encryption_key, keep_for=keep_for)
        """The bucket: events below ``events/``, answers to questions below ``results/``, failures below ``errors/``."""
        self._delivery = EventStream(self, "Delivery", bucket=self.bucket, key=encryption_key, name=name)
        self.log_group = self._delivery.log_group
        """What Firehose could not deliver, and why."""
        self.database = make_database(self, name=self.database_name)
        """The Glue database."""
        self.table = make_table(self, database=self.database, bucket=self.bucket, days=days)
        """The Glue table."""
        self.work_group = make_work_group(
            self, name=name, bucket=self.bucket, key=encryption_key, scan_limit=scan_bytes
        )
        """The Athena work group."""
        self.queries = save_queries(self, work_group=self.work_group, database_name=self.database.ref)
        """The saved queries: ``MailForAddress``, ``Bounces``, ``Complaints``, ``Deliverability``, ``Delays``."""
        # Seen from a stack that is no part of the app: a mapping that nothing uses stays out of the template, where it
        # would be a finding of cfn-lint.
        stream = self._delivery.as_seen_from(Stack(RootConstruct(), "Aside"))
        monitoring.add_destination(
            _DESTINATION_ID,
            FirehoseEvents(stream=stream) if events is None else FirehoseEvents(stream=stream, events=events),
        )
        access = monitoring.node.find_child(_DESTINATION_ID).node.find_child("Access")
        assert isinstance(access, StreamRole)
        self._delivery.comes_after(access)

    @cached_property
    def stream(self) -> firehose.IDeliveryStream:
        """The Firehose stream; ``stream.metric("DeliveryToS3.DataFreshness")`` is how far the history is behind."""
        # Made when it is asked for, because CDK adds a mapping to the template with it.
        return self._delivery.as_seen_from(self)

    def grant_query(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let somebody ask questions in the work group, and read all events and the answers to all questions.

        Args:
            grantee: Whoever asks.

        Returns:
            The permissions, for four services.

        Raises:
            ValueError: A grantee whose policies cannot be changed here, such as a role of another account.
        """
        return grant_query(
            self,
            grantee,
            work_group_name=self.work_group_name,
            database_name=self.database_name,
            bucket=self.bucket,
            key=self._encryption_key,
        )

    def _check_regions(self, monitoring: EventSource, key: kms.IKey | None) -> None:
        fix = "make the history in the stack of the monitoring"
        check_same_stage("monitoring", monitoring, user=self, fix=fix)
        own = Stack.of(self).region
        if regions_differ(own, Stack.of(monitoring).region):
            raise invalid(
                "monitoring",
                f"be in {own} as well, because SES delivers events within a region",
                Stack.of(monitoring).region,
                fix,
            )
        if key is None:
            return
        check_resource("encryption_key", key, "KMS key")
        if regions_differ(own, key.env.region):
            raise invalid("encryption_key", f"be a key of {own}", key.env.region, "pass a key of the same region")


def checked_days(argument: str, keep_for: Duration) -> int:
    """How many days events are kept; raises ``ValueError`` for what cannot be."""
    days = check_known_seconds(argument, keep_for, "pass a Duration, such as Duration.days(90)") / _DAY
    if not 1 <= days <= _MAX_DAYS or days % 1:
        raise invalid(
            argument,
            f"be whole days, from 1 day to {_MAX_DAYS} days",
            keep_for.to_human_string(),
            "pass Duration.days(90)",
        )
    return int(days)


def _checked_bytes(scan_limit: Size) -> int:
    check_kind("scan_limit", scan_limit, Size, "pass a Size, such as Size.gibibytes(10)")
    if scan_limit.is_unresolved():
        raise invalid("scan_limit", "be known before deployment", str(scan_limit), "pass Size.gibibytes(10)")
    size = int(scan_limit.to_bytes())
    if size < _MIN_SCAN_BYTES:
        raise invalid("scan_limit", f"be at least {_MIN_SCAN_BYTES} bytes", size, "pass Size.mebibytes(10) or more")
    return size
