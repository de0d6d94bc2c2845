"""What the handlers use to watch an account and to pause it: the account's part of SES, topics, and metrics."""

# ruff: noqa: N803 - parameters have the names of AWS

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .in_memory_aws import AwsError

if TYPE_CHECKING:
    from .in_memory_services import SesState


@dataclass
class Account:
    """What SES keeps once for an account and region; in production and in good standing, unless a test says so."""

    quota: float = 50_000
    sent: float = 12_500
    rate: float = 14
    in_production: bool = True
    sending: bool = True
    enforcement: str = "HEALTHY"
    suppressed_reasons: list[str] = field(default_factory=lambda: ["BOUNCE", "COMPLAINT"])
    details: dict[str, Any] = field(default_factory=dict)
    # What a global endpoint is, look by look.
    endpoint_statuses: list[str] = field(default_factory=lambda: ["READY"])
    # Whether each configuration set may send.
    configuration_sets: dict[str, bool] = field(default_factory=dict)
    # Those of all sets.
    event_destinations: list[dict[str, Any]] = field(default_factory=list)


class SesAccount:
    """The calls of the current API (JSON) that are about the account or a configuration set."""

    state: "SesState"

    def get_account(self) -> dict[str, Any]:
        account = self.state.account
        return {
            "DedicatedIpAutoWarmupEnabled": True,
            "EnforcementStatus": account.enforcement,
            "ProductionAccessEnabled": account.in_production,
            "SendQuota": {
                "Max24HourSend": account.quota,
                "MaxSendRate": account.rate,
                "SentLast24Hours": account.sent,
            },
            "SendingEnabled": account.sending,
            "SuppressionAttributes": {"SuppressedReasons": list(account.suppressed_reasons)},
        } | ({"Details": dict(account.details)} if account.details else {})

    def get_configuration_set(self, *, ConfigurationSetName: str) -> dict[str, Any]:
        sends = self.state.account.configuration_sets[ConfigurationSetName]
        return {"ConfigurationSetName": ConfigurationSetName, "SendingOptions": {"SendingEnabled": sends}}

    def get_configuration_set_event_destinations(self, *, ConfigurationSetName: str) -> dict[str, Any]:
        assert ConfigurationSetName in self.state.account.configuration_sets
        return {"EventDestinations": list(self.state.account.event_destinations)}

    def get_multi_region_endpoint(self, *, EndpointName: str) -> dict[str, Any]:
        statuses = self.state.account.endpoint_statuses
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        return {"EndpointName": EndpointName, "EndpointId": "abcdef12.g3h", "Status": status}

    def put_account_suppression_attributes(self, *, SuppressedReasons: list[str] | None = None) -> dict[str, Any]:
        reasons = SuppressedReasons or []
        if not set(reasons) <= {"BOUNCE", "COMPLAINT"}:
            raise AwsError("BadRequestException", "Invalid suppression reason.")
        self.state.account.suppressed_reasons = list(reasons)
        return {}

    def put_account_sending_attributes(self, *, SendingEnabled: bool = False) -> dict[str, Any]:
        self.state.account.sending = SendingEnabled
        return {}

    def put_configuration_set_sending_options(
        self, *, ConfigurationSetName: str, SendingEnabled: bool = False
    ) -> dict[str, Any]:
        if ConfigurationSetName not in self.state.account.configuration_sets:
            message = f"Configuration set <{ConfigurationSetName}> does not exist."
            raise AwsError("NotFoundException", message, 404)
        self.state.account.configuration_sets[ConfigurationSetName] = SendingEnabled
        return {}


@dataclass(frozen=True)
class Published:
    """One message that a topic got."""

    topic: str
    subject: str
    body: str
    """What goes by all protocols without a text of their own."""
    by_https: str


@dataclass
class Sns:
    """Topics (query protocol), each of which takes what SNS takes."""

    topics: set[str] = field(default_factory=set)
    published: list[Published] = field(default_factory=list)

    def publish(self, *, TopicArn: str, Subject: str, Message: str, MessageStructure: str) -> dict[str, Any]:
        if TopicArn not in self.topics:
            raise AwsError("NotFound", "Topic does not exist", 404)
        if not Subject or len(Subject) >= 100 or not Subject.isascii() or not Subject.isprintable():
            raise AwsError("InvalidParameter", "Invalid parameter: Subject")
        if not Message or len(Message.encode()) > 262_144:
            raise AwsError("InvalidParameter", "Invalid parameter: Message")
        texts = json.loads(Message) if MessageStructure == "json" else {"default": Message}
        if not isinstance(texts.get("default"), str) or not all(isinstance(each, str) for each in texts.values()):
            raise AwsError("InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON")
        self.published.append(Published(TopicArn, Subject, texts["default"], texts.get("https", texts["default"])))
        return {"MessageId": f"00000000-0000-4000-8000-{len(self.published):012}"}


@dataclass
class CloudWatch:
    """Metrics (JSON), as one dictionary for each call."""

    calls: list[dict[str, Any]] = field(default_factory=list)

    def put_metric_data(self, *, Namespace: str, MetricData: list[dict[str, Any]]) -> dict[str, Any]:
        if Namespace.startswith("AWS/"):
            message = "The value AWS/ for parameter Namespace is invalid."
            raise AwsError("InvalidParameterValue", message)
        self.calls.append({"Namespace": Namespace, "MetricData": MetricData})
        return {}
