"""The protocol with CloudFormation: one answer for every event, of the right form, whatever happens."""

import http.client
import json
import threading
import urllib.error
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest

from ses_constructs.handlers._custom_resource import (
    CREATE_FAILED,
    Continued,
    Properties,
    RefusedError,
    Request,
    Succeeded,
    respond,
)

from .world import CUSTOM_RESOURCES, KINDS, Event, World, event, in_turn


class ScriptedHandler:
    """Does what the test says."""

    resource_type = "Custom::SESVerificationToken"

    def __init__(self, result: Succeeded | Continued | Exception = Succeeded("thing")) -> None:  # noqa: B008 - frozen
        self.result = result
        self.requests: list[Request] = []

    def create(self, request: Request) -> Succeeded | Continued:
        self.requests.append(request)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    update = create

    def delete(self, request: Request) -> None:
        self.create(request)


def answer(aws: World, sent: Event, handler: ScriptedHandler) -> None:
    """Have *handler* run for what CloudFormation is at work on."""
    aws.stack.begin(sent)
    respond(sent, handler, aws.context)


def sent(kind: str = "create", **fields: object) -> Event:
    return event("verification_token", kind) | fields


def test_data_and_physical_id_reach_cloudformation(aws: World) -> None:
    answer(aws, sent(), ScriptedHandler(Succeeded("thing", {"Token": "abc"})))

    (got,) = aws.cloudformation.answers
    assert (got["Status"], got["PhysicalResourceId"], got["Data"]) == ("SUCCESS", "thing", {"Token": "abc"})


def test_the_answer_is_put_with_the_empty_content_type_that_the_url_is_signed_for(aws: World) -> None:
    answer(aws, sent(), ScriptedHandler())

    (request,) = aws.cloudformation.requests
    assert request.get_method() == "PUT"
    assert request.get_header("Content-type") == ""


def test_a_handler_sees_both_property_sets_and_no_response_url(aws: World) -> None:
    handler = ScriptedHandler()
    answer(aws, sent("update"), handler)

    (request,) = handler.requests
    assert request.properties.text("Domain") == request.old_properties.text("Domain") == "example.com"
    assert "X-Amz-Signature" not in repr(request)


def test_a_handler_that_hands_over_is_not_answered(aws: World) -> None:
    answer(aws, sent(), ScriptedHandler(Continued()))

    assert not aws.cloudformation.requests


def test_a_refusal_is_passed_on_word_for_word(aws: World) -> None:
    answer(aws, sent(), ScriptedHandler(RefusedError("this is in the way; do that")))

    (got,) = aws.cloudformation.answers
    assert (got["Status"], got["Reason"]) == ("FAILED", "this is in the way; do that")
    assert got["PhysicalResourceId"] == CREATE_FAILED


def test_an_error_nobody_thought_of_is_answered_and_logged(aws: World, caplog: pytest.LogCaptureFixture) -> None:
    answer(aws, sent(), ScriptedHandler(KeyError("surprise")))

    assert aws.cloudformation.answers[0]["Reason"] == "KeyError: 'surprise'"
    assert "Traceback" in caplog.text


def test_a_create_that_may_have_left_something_names_it_for_its_delete(aws: World) -> None:
    answer(aws, sent(), ScriptedHandler(RefusedError("not sure", physical_id_to_delete="thing?")))

    assert aws.cloudformation.answers[0]["PhysicalResourceId"] == "thing?"


def test_an_update_that_may_have_left_something_keeps_its_id(aws: World) -> None:
    answer(aws, sent("update"), ScriptedHandler(RefusedError("not sure", physical_id_to_delete="thing?")))

    assert aws.cloudformation.answers[0]["PhysicalResourceId"] == "_amazonses.example.com"


def test_the_delete_of_a_failed_create_never_reaches_the_handler(aws: World) -> None:
    handler = ScriptedHandler()
    answer(aws, sent("delete", PhysicalResourceId=CREATE_FAILED), handler)

    assert not handler.requests
    assert aws.cloudformation.answers[0]["Status"] == "SUCCESS"


def test_a_physical_id_that_cloudformation_would_not_take_is_refused(aws: World) -> None:
    answer(aws, sent(), ScriptedHandler(Succeeded("x" * 1025)))

    (got,) = aws.cloudformation.answers
    assert got["Status"] == "FAILED"
    assert "longer than 1024 bytes" in got["Reason"]


@pytest.mark.parametrize("reason", ["r" * 9000, "é" * 9000, '"' * 9000, "\ud800" * 9000])
def test_a_long_reason_is_cut_to_fit(aws: World, reason: str) -> None:
    answer(aws, sent(), ScriptedHandler(RefusedError(reason)))

    (body,) = aws.cloudformation.bodies
    assert len(body) <= 4096
    got = json.loads(body)
    assert got["Status"] == "FAILED"
    assert got["Reason"].startswith(reason[0])
    assert got["Reason"].endswith(" ...")


def test_an_answer_whose_data_does_not_fit_becomes_a_failure(aws: World) -> None:
    answer(aws, sent(), ScriptedHandler(Succeeded("thing", {"Token": "t" * 5000})))

    (got,) = aws.cloudformation.answers
    assert (got["Status"], got["PhysicalResourceId"]) == ("FAILED", "thing")
    assert "larger than 4096 bytes" in got["Reason"]


LOSSES = (
    TimeoutError("timed out"),
    ConnectionResetError("reset"),
    urllib.error.URLError("no route"),
    http.client.BadStatusLine("nonsense"),
    http.client.InvalidURL("URL can't contain control characters. '/x?X-Amz-Signature=1'"),
)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_a_lost_answer_is_sent_again(aws: World, loss: Exception) -> None:
    aws.cloudformation.losses = [loss] * 3
    answer(aws, sent(), ScriptedHandler())

    assert len(aws.cloudformation.answers) == 1
    assert aws.clock.sleeps == [1, 2, 4]


def test_an_answer_that_nobody_takes_is_an_error_without_the_url(aws: World) -> None:
    url = sent()["ResponseURL"]
    aws.cloudformation.losses = [urllib.error.HTTPError(url, 403, "Forbidden", Message(), None)] * 9

    with pytest.raises(RuntimeError, match="did not take the answer in 4 tries") as caught:
        answer(aws, sent(), ScriptedHandler())

    assert caught.value.__context__ is None
    assert "X-Amz" not in str(caught.value)


BAD_URLS = [
    {},
    {"ResponseURL": ""},
    {"ResponseURL": None},
    {"ResponseURL": "ftp://x"},
    {"ResponseURL": 7},
    [],
    None,
    "x",
]


@pytest.mark.parametrize(("handler", "bad"), in_turn(CUSTOM_RESOURCES, BAD_URLS))
def test_an_event_that_cannot_be_answered_raises_and_does_nothing(aws: World, handler: str, bad: object) -> None:
    with pytest.raises(ValueError, match="no usable ResponseURL"):
        aws.invoke(handler, bad)

    assert not aws.aws.calls


@pytest.mark.parametrize(("handler", "kind"), in_turn(CUSTOM_RESOURCES, ["", "create", "Replace", None, 7]))
def test_an_unknown_request_type_is_answered(aws: World, handler: str, kind: object) -> None:
    got = aws.send(handler, event(handler, "update") | {"RequestType": kind})

    assert got["Status"] == "FAILED"
    assert "RequestType must be Create, Update or Delete" in got["Reason"]
    assert got["PhysicalResourceId"] == event(handler, "update")["PhysicalResourceId"]


@pytest.mark.parametrize("kind", ["create", "update"])
@pytest.mark.parametrize(("handler", "properties"), in_turn(CUSTOM_RESOURCES, [{}, None, [], "text", 7]), ids=repr)
def test_properties_that_are_no_object_or_empty_are_answered(
    aws: World, handler: str, kind: str, properties: object
) -> None:
    got = aws.send(handler, event(handler, kind) | {"ResourceProperties": properties})

    assert got["Status"] == "FAILED"
    assert "propert" in got["Reason"].lower()
    assert not aws.aws.calls


@pytest.mark.parametrize("handler", CUSTOM_RESOURCES)
def test_an_event_of_nothing_but_a_response_url_is_answered(aws: World, handler: str) -> None:
    got = aws.send(handler, {"ResponseURL": "https://answers.invalid/"})

    assert (got["Status"], got["StackId"], got["PhysicalResourceId"]) == ("FAILED", "", CREATE_FAILED)


REQUIRED = [
    ("default_configuration_set", "Identity"),
    ("default_configuration_set", "ConfigurationSet"),
    ("default_configuration_set", "OwnsSet"),
    ("sender_policy", "Identity"),
    ("sender_policy", "PolicyName"),
    ("sender_policy", "Policy"),
    ("verification_token", "Domain"),
    ("wait_for_verification", "Domain"),
    ("wait_for_verification", "TimeoutSeconds"),
]


@pytest.mark.parametrize(("required", "value"), in_turn(REQUIRED, [None, "", "  ", ["a"], {"a": "b"}]), ids=repr)
@pytest.mark.parametrize("kind", ["create", "update"])
def test_a_missing_property_is_named(aws: World, required: tuple[str, str], value: object, kind: str) -> None:
    handler, name = required
    got = aws.send(handler, event(handler, kind, **{name: value}))

    assert got["Status"] == "FAILED"
    assert f"property {name} must be a text that is not empty" in got["Reason"]
    assert not aws.aws.calls


@pytest.mark.parametrize("handler", CUSTOM_RESOURCES)
@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_is_too_long_however_long_the_properties(aws: World, handler: str, kind: str) -> None:
    long: dict[str, Any] = dict.fromkeys(("Domain", "Identity", "PolicyName", "MailFromDomain"), "é" * 5000)
    aws.send(handler, event(handler, kind, **long, Records=["r" * 300] * 500, TimeoutSeconds="9" * 5000))

    assert len(aws.cloudformation.bodies[0]) <= 4096


def test_scalars_in_a_list_property_become_text() -> None:
    properties = Properties({"Records": ["a", 1], "One": "b"})

    assert properties.texts("Records") == ("a", "1")
    assert properties.texts("One") == ("b",)
    assert properties.texts("Absent") == ()


class Endpoint(BaseHTTPRequestHandler):
    """Takes answers over HTTP, after it has refused the first one."""

    seen: ClassVar[list[tuple[str, str | None, bytes]]] = []

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, self.headers["Content-Type"], body))
        self.send_response(503 if len(self.seen) == 1 else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/answers?X=1"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_arrives_over_real_http(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("ses_constructs.handlers._custom_resource._WAITS_BETWEEN_TRIES", (0,))
    # No world around this one, for it would take the answer.
    monkeypatch.setattr("ses_constructs.handlers._ownership.Stack.asks_for", lambda *_: True)
    respond(sent(ResponseURL=endpoint), ScriptedHandler(Succeeded("thing")), World().context)

    refused, taken = Endpoint.seen
    assert refused == taken
    assert taken[:2] == ("/answers?X=1", "")
    assert json.loads(taken[2])["PhysicalResourceId"] == "thing"
