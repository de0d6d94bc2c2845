"""Sends mail by the active route of a `SenderFailover`. Copy this file into your sender; it needs boto3 alone.

    sender = RouteSender()
    sent = sender.send(FromEmailAddress=..., Destination=..., Content=...)

The arguments are those of SES's SendEmail, without a configuration set: each account has its own, by default. It reads
the environment variables of `SendingRoute.environment`.

SES has no token by which it would know a message again. So a call without an answer may have sent the message, and a
second one may send it twice: at most once is the default, at least once is `RouteSender(at_least_once=True)`.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
)

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

PRIMARY, STANDBY = "primary", "standby"
AFTER_A_FAILURE = 5  # seconds that a route is kept at most once SES has not answered
CREDENTIAL_SECONDS = 50 * 60  # a role that assumes a role gets an hour, whatever the role says
# boto3 would itself send a message again after a time-out.
ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=3, read_timeout=10)
QUICK = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=2, read_timeout=3)

REFUSED = ("SendingPausedException", "AccountSuspendedException")  # by SES, before anything is sent
NEVER_SENT = (EndpointConnectionError, ConnectTimeoutError)  # SES was not even reached


@dataclass(frozen=True)
class Sent:
    """What SES has taken."""

    message_id: str
    route: str


class RouteSender:
    """Make one and keep it: it keeps the route, the clients, and the credentials of the standby."""

    def __init__(
        self,
        environment: Mapping[str, str] = os.environ,
        *,
        at_least_once: bool = False,
        route_seconds: float = 30,
        clock: Callable[[], float] = time.monotonic,
        report: Callable[[str], object] = print,
    ) -> None:
        self._environment = environment
        self._at_least_once = at_least_once
        self._route_seconds = route_seconds
        self._clock = clock
        self._report = report
        self._ssm = boto3.client("ssm", config=QUICK)
        self._route, self._route_until = "", 0.0
        self._clients: dict[str, tuple[SESV2Client, float]] = {}

    def send(self, **message: Any) -> Sent:
        """Send a message; what it raises is boto3's error, and after `MessageRejected` no other way is tried."""
        route = self.route()
        try:
            return self._send_by(route, message)
        except (ClientError, BotoCoreError) as error:
            again = self._second_way(route, error)
            if not again:
                raise
        return self._send_by(again, message)

    def route(self, *, afresh: bool = False) -> str:
        """`primary` or `standby`, up to *route_seconds* old unless *afresh*."""
        if self._route and not afresh and self._clock() < self._route_until:
            return self._route
        try:
            found = self._ssm.get_parameter(Name=self._environment["SENDING_ROUTE"])["Parameter"]["Value"]
            self._route = STANDBY if json.loads(found)["active"] == STANDBY else PRIMARY
        except self._ssm.exceptions.ParameterNotFound:  # nobody has switched yet
            self._route = PRIMARY
        except (ClientError, BotoCoreError):
            if not self._route:
                raise
        self._route_until = self._clock() + self._route_seconds
        return self._route

    def _second_way(self, route: str, error: ClientError | BotoCoreError) -> str:
        """The route for the one other try, or nothing."""
        if _code(error) in REFUSED:
            now = self.route(afresh=True)
            return now if now != route else ""
        if isinstance(error, NEVER_SENT) or (self._at_least_once and _is_unknown(error)):
            return self.route(afresh=True)
        return ""

    def _send_by(self, route: str, message: Mapping[str, Any]) -> Sent:
        client = self._client(route)
        began = self._clock()
        failed = refused = 0
        try:
            return Sent(client.send_email(**message)["MessageId"], route)
        except (ClientError, BotoCoreError) as error:
            failed, refused = int(_is_unknown(error)), int(_code(error) in REFUSED)
            if failed:
                self._route_until = min(self._route_until, self._clock() + AFTER_A_FAILURE)
            raise
        finally:
            self._count(route, Failed=failed, Refused=refused, Latency=round((self._clock() - began) * 1000))

    def _client(self, route: str) -> "SESV2Client":
        client, until = self._clients.get(route, (None, 0.0))
        if client is None or self._clock() > until:
            client = boto3.client("sesv2", config=ONCE, **(self._standby() if route == STANDBY else {}))
            self._clients[route] = client, self._clock() + CREDENTIAL_SECONDS
        return client

    def _standby(self) -> dict[str, Any]:
        role = self._environment["STANDBY_ROLE_ARN"]
        given = boto3.client("sts", config=QUICK).assume_role(RoleArn=role, RoleSessionName="sender")["Credentials"]
        return {
            "region_name": self._environment["STANDBY_REGION"],
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    def _count(self, route: str, **values: int) -> None:
        """In the embedded metric format: in Lambda a print is enough, elsewhere the CloudWatch agent reads it."""
        metrics = [{"Name": name, "Unit": "Milliseconds" if name == "Latency" else "Count"} for name in values]
        directive = {
            "Namespace": "SesConstructs/SendingRoute",
            "Dimensions": [["Parameter", "Route"]],
            "Metrics": metrics,
        }
        about = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
        line = {"_aws": about, "Parameter": self._environment["SENDING_ROUTE"], "Route": route, **values}
        self._report(json.dumps(line))


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""


def _is_unknown(error: Exception) -> bool:
    """Whether nobody knows what became of the message: SES did not answer, or answered that it has failed."""
    if isinstance(error, ClientError):
        return bool(error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500)
    return isinstance(error, (ConnectionError, HTTPClientError))
