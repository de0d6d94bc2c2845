"""Before it says that new credentials are ready, the custom resource logs in with them."""

import logging
import smtplib
import socket
import ssl

import pytest

from ..in_memory_aws import FOREVER
from .smtp_world import HOST, SmtpWorld

WARNING = "new credentials may not log in yet"


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    records = [record for record in caplog.records if record.getMessage() == WARNING]
    assert all(record.levelno == logging.WARNING for record in records)
    return [record.__dict__["reason"] for record in records]


def logs_in_now(smtp: SmtpWorld, region: str = "eu-west-1") -> bool:
    current = smtp.current()
    return smtp.server.accepts(current["username"], current["password"], region)


def test_a_create_that_comes_again_before_they_do_waits_too(smtp: SmtpWorld) -> None:
    smtp.server.refusals = [OSError("no route")]
    smtp.send("create")
    assert not logs_in_now(smtp)

    smtp.deploy()

    assert logs_in_now(smtp)
    assert smtp.iam.made == 1


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (socket.gaierror(-2, "Name or service not known"), "gaierror"),
        (ConnectionRefusedError(111, "refused"), "ConnectionRefusedError"),
        (TimeoutError(), "TimeoutError"),
        (smtplib.SMTPServerDisconnected("gone"), "SMTPServerDisconnected"),
        (ssl.SSLError(1, "wrong version number"), "SSLError"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_endpoint_out_of_reach_is_no_failure_and_ends_the_try(
    smtp: SmtpWorld, refusal: Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    smtp.server.refusals, before = [refusal] * FOREVER, smtp.world.clock.now

    smtp.deploy()

    assert len(smtp.server.connections) == 1
    assert smtp.world.clock.now == before
    assert reasons(caplog) == [f"no login at {HOST}:465 could be tried: {said}"]


def test_a_busy_server_is_tried_again(smtp: SmtpWorld) -> None:
    smtp.server.refusals = [smtplib.SMTPConnectError(421, b"busy")]

    smtp.deploy()

    assert logs_in_now(smtp)


@pytest.mark.parametrize(("left", "at_most"), [(300, 80), (180, 60), (125, 5), (120, 0), (30, 0)])
def test_the_login_leaves_time_for_the_rest(
    smtp: SmtpWorld, left: float, at_most: float, caplog: pytest.LogCaptureFixture
) -> None:
    smtp.server.delay, before, smtp.world.timeout = FOREVER, smtp.world.clock.now, left

    smtp.deploy()

    assert smtp.world.clock.now - before == at_most
    assert smtp.logs_in()
    (reason,) = reasons(caplog)
    assert (reason == "no time is left to try a login") is (at_most == 0)
    assert bool(smtp.server.connections) is (at_most > 0)
