"""What the program refers to and does not own: topics, buckets, streams, roles."""

from .source import Call, Expression, Name, Names, Statement, call


class References:
    """Each thing once, under a variable of its own; the statements that make the variables are taken in between."""

    def __init__(self) -> None:
        self._ids = Names("ConfigurationSet", "Domain", "Inbound", "Zone", "Resource", "Default")
        self._variables = Names()
        self._known: dict[tuple[str, str], Name] = {}
        self._made: list[Statement] = []

    def take(self) -> list[Statement]:
        """The statements since the last time."""
        made, self._made = self._made, []
        return made

    def topic(self, arn: str) -> Name:
        """An SNS topic."""
        return self._refer("topic", "sns.Topic.from_topic_arn", arn)

    def bucket(self, name: str) -> Name:
        """An S3 bucket."""
        return self._refer("bucket", "s3.Bucket.from_bucket_name", name)

    def stream(self, arn: str) -> Name:
        """A Firehose stream."""
        return self._refer("stream", "firehose.DeliveryStream.from_delivery_stream_arn", arn)

    def role(self, arn: str) -> Name:
        """An IAM role, whose policies stay as they are."""
        return self._refer("role", "iam.Role.from_role_arn", arn, mutable=False)

    def pool(self, name: str) -> Name:
        """A pool of dedicated addresses."""
        return self._refer("pool", "ses.DedicatedIpPool.from_dedicated_ip_pool_name", name)

    def event_bus(self) -> Name:
        """The default one, which is the only one that SES takes."""
        return self._refer("bus", "events.EventBus.from_event_bus_name", "default")

    def _refer(self, kind: str, function: str, identifier: str, **keywords: Expression) -> Name:
        if (kind, identifier) not in self._known:
            short = identifier.rpartition(":")[2].rpartition("/")[2]
            variable = self._variables.variable(short, kind)
            construct_id = self._ids.construct_id(short if short.endswith(kind) else f"{short} {kind}", otherwise="The")
            made: Call = call(function, Name("self"), construct_id, identifier, **keywords)
            self._made.append(Statement(made, name=variable))
            self._known[kind, identifier] = Name(variable)
        return self._known[kind, identifier]
