"""The sender of docs/standby.md: by which route, when a second time, and what it reports."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from examples.follow_route.route_sender import RouteSender, Sent

from .in_memory_aws import AwsError, Fault, Trouble
from .world import World

PARAMETER, ROLE = "/route", "arn:aws:iam::222233334444:role/standby"
SEND, READ, ASSUME = "sesv2.SendEmail", "ssm.GetParameter", "sts.AssumeRole"
MESSAGE: dict[str, Any] = {
    "FromEmailAddress": "receipts@example.com",
    "Destination": {"ToAddresses": ["you@example.org"]},
    "Content": {"Simple": {"Subject": {"Data": "A receipt"}, "Body": {"Text": {"Data": "Thank you."}}}},
}


@dataclass
class Ses:
    """SES of one account, which may refuse."""

    place: str
    taken: list[str]
    refuses_with: str = ""
    on_refusal: Callable[[], None] = lambda: None

    def send_email(self, **message: Any) -> dict[str, Any]:
        assert message == MESSAGE
        if self.refuses_with:
            self.on_refusal()
            raise AwsError(self.refuses_with, "no", 400)
        self.taken.append(self.place)
        return {"MessageId": f"message-{len(self.taken)}"}


@dataclass
class Post:
    """Both accounts, and a sender."""

    world: World
    now: float = 0.0
    taken: list[str] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.primary = Ses("primary", self.taken)
        services = self.world.aws.services
        services |= {"sesv2": self.primary, "sesv2 in eu-central-1": Ses("standby", self.taken)}

    def route(self, active: str) -> None:
        self.world.parameters.values[PARAMETER] = json.dumps({"active": active, "generation": 1})

    def sender(self, **options: Any) -> RouteSender:
        environment = {"SENDING_ROUTE": PARAMETER, "STANDBY_ROLE_ARN": ROLE, "STANDBY_REGION": "eu-central-1"}
        report = lambda line: self.lines.append(json.loads(line))  # noqa: E731
        return RouteSender(environment, clock=lambda: self.now, report=report, **options)

    @property
    def calls(self) -> list[str]:
        return self.world.aws.operations()


@pytest.fixture
def post(aws: World) -> Post:
    return Post(aws)


def test_before_the_first_switch_mail_goes_through_the_primary(post: Post) -> None:
    assert post.sender().send(**MESSAGE) == Sent("message-1", "primary")


def test_mail_goes_through_the_standby_by_its_role(post: Post) -> None:
    post.route("standby")

    assert post.sender().send(**MESSAGE) == Sent("message-1", "standby")
    assert post.world.sts.sessions == [(ROLE, "sender")]


def test_the_route_is_kept_for_half_a_minute_and_the_role_for_less_than_an_hour(post: Post) -> None:
    post.route("standby")
    sender = post.sender()
    for now in (0, 29, 31, 3001, 3002):
        post.now = now
        sender.send(**MESSAGE)

    assert (post.calls.count(READ), post.calls.count(ASSUME), len(post.taken)) == (3, 2, 5)


def test_a_route_that_cannot_be_read_stays_what_it_was(post: Post) -> None:
    post.route("standby")
    sender = post.sender()
    sender.send(**MESSAGE)
    post.now, post.world.aws.faults = 60, [Fault(Trouble.BROKEN, READ, times=3)]

    assert sender.send(**MESSAGE).route == "standby"


def test_a_route_that_was_never_read_is_an_error(post: Post) -> None:
    post.world.aws.faults = [Fault(Trouble.DENIED, READ)]

    with pytest.raises(ClientError, match="AccessDenied"):
        post.sender().send(**MESSAGE)

    assert post.taken == []


@pytest.mark.parametrize("code", ["SendingPausedException", "AccountSuspendedException"])
def test_a_refusal_is_followed_by_one_fresh_look_and_one_try_by_the_other_route(post: Post, code: str) -> None:
    sender = post.sender()
    sender.send(**MESSAGE)
    post.primary.refuses_with = code
    post.route("standby")

    assert sender.send(**MESSAGE) == Sent("message-2", "standby")
    assert (post.calls.count(SEND), post.calls.count(READ)) == (3, 2)
    assert [(each["Route"], each["Refused"], each["Failed"]) for each in post.lines[1:]] == [
        ("primary", 1, 0),
        ("standby", 0, 0),
    ]


def test_a_refusal_without_a_switch_is_final(post: Post) -> None:
    post.primary.refuses_with = "SendingPausedException"

    with pytest.raises(ClientError, match="SendingPaused"):
        post.sender().send(**MESSAGE)

    assert post.calls.count(SEND) == 1


@pytest.mark.parametrize("code", ["MessageRejected", "LimitExceededException", "MailFromDomainNotVerifiedException"])
@pytest.mark.parametrize("at_least_once", [False, True])
def test_what_ses_says_of_the_message_is_final_whatever_the_route(post: Post, code: str, at_least_once: bool) -> None:
    post.primary.refuses_with = code
    post.primary.on_refusal = lambda: post.route("standby")

    with pytest.raises(ClientError, match=code):
        post.sender(at_least_once=at_least_once).send(**MESSAGE)

    assert (post.taken, post.lines[0]["Failed"], post.lines[0]["Refused"]) == ([], 0, 0)


@pytest.mark.parametrize("trouble", [Trouble.BROKEN, Trouble.TIMED_OUT, Trouble.TIMED_OUT_AFTER])
def test_at_most_once_nothing_is_sent_again_that_may_have_been_sent(post: Post, trouble: Trouble) -> None:
    post.world.aws.faults = [Fault(trouble, SEND)]

    with pytest.raises((ClientError, ReadTimeoutError)):
        post.sender().send(**MESSAGE)

    assert post.calls.count(SEND) == 1
    assert (post.lines[0]["Failed"], post.lines[0]["Route"]) == (1, "primary")


@pytest.mark.parametrize("trouble", [Trouble.BROKEN, Trouble.TIMED_OUT, Trouble.TIMED_OUT_AFTER])
def test_at_least_once_it_is_sent_once_more_by_the_route_of_then(post: Post, trouble: Trouble) -> None:
    sender = post.sender(at_least_once=True)
    sender.send(**MESSAGE)
    post.route("standby")
    post.world.aws.faults = [Fault(trouble, SEND)]

    assert sender.send(**MESSAGE).route == "standby"
    assert post.taken[1:] == ["primary"] * (trouble is Trouble.TIMED_OUT_AFTER) + ["standby"]


def test_what_never_reached_ses_is_tried_again(post: Post) -> None:
    def unreachable() -> None:
        raise ConnectTimeoutError(endpoint_url="https://email.eu-west-1.amazonaws.com")

    post.world.aws.faults = [Fault(unreachable, SEND)]

    assert post.sender().send(**MESSAGE) == Sent("message-1", "primary")
    assert [each["Failed"] for each in post.lines] == [1, 0]


def test_after_a_failure_the_route_is_looked_at_soon(post: Post) -> None:
    sender = post.sender()
    post.world.aws.faults = [Fault(Trouble.BROKEN, SEND)]
    with pytest.raises(ClientError):
        sender.send(**MESSAGE)
    post.route("standby")

    post.now = 4
    assert sender.send(**MESSAGE).route == "primary"
    post.now = 6
    assert sender.send(**MESSAGE).route == "standby"


def test_it_reports_in_the_embedded_metric_format(post: Post) -> None:
    post.sender().send(**MESSAGE)

    (line,) = post.lines
    (directive,) = line.pop("_aws")["CloudWatchMetrics"]
    assert directive["Namespace"] == "SesConstructs/SendingRoute"
    assert directive["Dimensions"] == [["Parameter", "Route"]]
    assert {each["Name"] for each in directive["Metrics"]} == {"Failed", "Refused", "Latency"}
    assert line == {"Parameter": PARAMETER, "Route": "primary", "Failed": 0, "Refused": 0, "Latency": 0}
