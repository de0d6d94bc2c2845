"""How CloudFormation and a handler talk: one event comes in, one answer goes out by HTTP PUT.

A stack waits for up to an hour for an answer that is lost, so every event is answered, also after an error that nobody
thought of. Only an event that does not say where to send the answer is left to Lambda's log.

Whoever may invoke the function can choose where the answer goes; so no answer holds a secret, and nothing is done for
an event that CloudFormation does not confirm.

Permissions: those of ``_ownership``.
"""

import http.client
import json
import logging
import time
import urllib.request
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from ._aws import is_denied, is_not_found
from ._lambda import FLAGS, Context
from ._ownership import Stack

log = logging.getLogger(__name__)

T = TypeVar("T")

# The id of a resource that was never made. CloudFormation sends a Delete for it, which then has nothing to do.
CREATE_FAILED = "ses-constructs:create-failed"
# The id of one that an earlier try of its Create may have made: as for an id that CloudFormation makes up where nobody
# answers, its Delete has to look.
UNSURE = "ses-constructs:unsure"

_ANSWER_BYTES = 4096
_ID_BYTES = 1024
_LOGGED_CHARACTERS = 300
_WAITS_BETWEEN_TRIES = (1, 2, 4)
# 90 seconds for an event, however many of its calls are denied.
_PAUSES_WHILE_DENIED = (1, 2, 4, 8, 16, 29, 30)
# For a call that fails in all of its tries, and for the answer.
_SECONDS_TO_END = 150


class RefusedError(Exception):
    """A sentence for the person who deploys: what is in the way, and what to do.

    Args:
        physical_id_to_delete: The physical id of what a failed Create may have made all the same. CloudFormation then
            sends a Delete with this id.
        may_repeat: Whether the same event may be tried again; not if every try may leave something behind.
    """

    def __init__(self, sentence: str, *, physical_id_to_delete: str = "", may_repeat: bool = True) -> None:
        super().__init__(sentence)
        self.physical_id_to_delete = physical_id_to_delete
        self.may_repeat = may_repeat


@dataclass(frozen=True, slots=True)
class Properties:
    """The properties of a custom resource. CloudFormation turns every scalar into a string."""

    values: Mapping[str, Any]

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or not value.strip():
            raise RefusedError(
                f"property {name} must be a text that is not empty; the template of this stack must set it"
            )
        return value.strip()

    def optional(self, name: str) -> str:
        return self.text(name) if self.values.get(name) else ""

    def flag(self, name: str) -> bool:
        text = self.text(name)
        if text not in FLAGS:
            raise RefusedError(f"property {name} must be 'true' or 'false', got {text!r}")
        return FLAGS[text]

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name) or []
        return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


@dataclass(frozen=True, slots=True)
class Request:
    """What a handler sees of an event; the ResponseURL, a pre-signed credential, is not part of it."""

    stack_id: str
    logical_id: str
    physical_id: str
    properties: Properties
    old_properties: Properties

    def before(self, read: Callable[[Properties], T]) -> T | None:
        """Read the properties before an update; ``None`` if they are bad, as in the roll-back of an update to them."""
        try:
            return read(self.old_properties)
        except RefusedError:
            return None


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The end of a Create or Update. If *physical_id* changes in an Update, CloudFormation deletes the old one."""

    physical_id: str
    data: Mapping[str, str] = field(default_factory=dict)


class Continued:
    """Not the end yet: another invocation has the event, and will answer it."""


class CustomResourceHandler(Protocol):
    """What a custom resource of one type does. Every method may be called twice with the same request."""

    @property
    def resource_type(self) -> str: ...
    def create(self, request: Request) -> Succeeded | Continued: ...
    def update(self, request: Request) -> Succeeded | Continued: ...
    def delete(self, request: Request) -> None: ...


@dataclass(frozen=True, slots=True)
class _Response:
    status: Literal["SUCCESS", "FAILED"]
    physical_id: str
    reason: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


def respond(event: Mapping[str, Any], handler: CustomResourceHandler, context: Context) -> None:
    """Do what *event* asks for and tell CloudFormation how it went."""
    url = event.get("ResponseURL") if isinstance(event, Mapping) else None
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        raise ValueError("the event has no usable ResponseURL, so CloudFormation cannot be answered; nothing was done")
    about = {"request_type": str(event.get("RequestType")), "logical_id": str(event.get("LogicalResourceId"))}
    result = _run(event, handler, context)
    if result is None:
        log.info("handed over", extra=about)
        return
    log.info("answering", extra=about | {"status": result.status, "reason": result.reason[:_LOGGED_CHARACTERS]})
    _put(url, _body(event, result))


def _run(event: Mapping[str, Any], handler: CustomResourceHandler, context: Context) -> _Response | None:
    kind = event.get("RequestType")
    physical_id = str(event.get("PhysicalResourceId") or CREATE_FAILED)
    try:
        ids = str(event.get("StackId")), str(event.get("LogicalResourceId")), physical_id
        request = Request(*ids, _properties(event, "Resource"), _properties(event, "OldResource"))
        succeeded = _do(event, request, handler, context)
        if succeeded is None:
            return None
        if len(succeeded.physical_id.encode()) > _ID_BYTES:
            raise RefusedError(
                f"the physical id would be longer than {_ID_BYTES} bytes; shorten the names in this resource"
            )
    except Exception as error:
        if kind == "Delete" and is_not_found(error):
            return _Response("SUCCESS", physical_id)
        # An Update that fails keeps its id; a Create that fails gets one that says so.
        if kind == "Create":
            physical_id = getattr(error, "physical_id_to_delete", "") or CREATE_FAILED
        if isinstance(error, (RefusedError, BotoCoreError, ClientError)):
            return _Response("FAILED", physical_id, str(error))
        log.error("unexpected error", exc_info=error)
        return _Response("FAILED", physical_id, f"{type(error).__name__}: {error}")
    return _Response("SUCCESS", succeeded.physical_id, data=succeeded.data)


def _do(
    event: Mapping[str, Any], request: Request, handler: CustomResourceHandler, context: Context
) -> Succeeded | None:
    kind, pauses = event.get("RequestType"), iter(_PAUSES_WHILE_DENIED)
    if kind not in ("Create", "Update", "Delete"):
        raise RefusedError(f"RequestType must be Create, Update or Delete, got {kind!r}; was this event made by hand?")
    if kind == "Delete" and request.physical_id == CREATE_FAILED:
        return Succeeded(request.physical_id)
    _once_permitted(lambda: _confirm(event, handler.resource_type), pauses, context)
    if kind == "Delete":
        handler.delete(request)
        return Succeeded(request.physical_id)
    act = handler.create if kind == "Create" else handler.update
    result = _once_permitted(lambda: act(request), pauses, context)
    return result if isinstance(result, Succeeded) else None


def _confirm(event: Mapping[str, Any], resource_type: str) -> None:
    """Refuse an event that CloudFormation did not send."""
    try:
        confirmed = Stack().asks_for(event, resource_type)
    except Exception as error:
        if is_denied(error):
            raise
        raise RefusedError(str(error), physical_id_to_delete=UNSURE) from error
    if not confirmed:
        raise RefusedError(
            f"CloudFormation is not at work on {event.get('LogicalResourceId')!r} in the stack of this function as "
            "this event says, so that nothing was done; was it made by hand?",
            physical_id_to_delete=UNSURE,
        )


def _once_permitted(act: Callable[[], T], pauses: Iterator[float], context: Context) -> T:
    """Do *act*, again while it is denied: IAM applies what CloudFormation has just attached some seconds later."""
    to_delete = ""
    while True:
        try:
            return act()
        except Exception as error:
            pause = next(pauses, None) if is_denied(error) and getattr(error, "may_repeat", True) else None
            own = getattr(error, "physical_id_to_delete", "")
            if pause is None or context.get_remaining_time_in_millis() < (pause + _SECONDS_TO_END) * 1000:
                if own or not to_delete:
                    raise
                # This try does not know what an earlier one may have made.
                raise RefusedError(str(error), physical_id_to_delete=to_delete) from error
            to_delete = own or to_delete
        log.info("denied, trying again", extra={"seconds": pause})
        time.sleep(pause)


def _properties(event: Mapping[str, Any], prefix: str) -> Properties:
    values = event.get(f"{prefix}Properties") or {}
    if not isinstance(values, Mapping):
        raise RefusedError(f"{prefix}Properties must be an object; was this event made by hand?")
    return Properties(values)


def _body(event: Mapping[str, Any], result: _Response) -> bytes:
    """Write the answer in at most 4096 bytes, for CloudFormation ignores a longer one. The reason gives way."""
    fields = {name: str(event.get(name, ""))[:512] for name in ("StackId", "RequestId", "LogicalResourceId")}
    fields |= {"Status": result.status, "PhysicalResourceId": result.physical_id}

    def write(reason: str) -> bytes:
        return json.dumps({**fields, "Reason": reason, "Data": dict(result.data)}).encode()

    if len(write(result.reason)) <= _ANSWER_BYTES:
        return write(result.reason)
    if result.data:
        too_large = "the answer to CloudFormation would be larger than 4096 bytes; make the values in it smaller"
        return _body(event, _Response("FAILED", result.physical_id, too_large))
    lengths = range(len(result.reason))
    fitting = bisect_right(lengths, _ANSWER_BYTES, key=lambda length: len(write(f"{result.reason[:length]} ...")))
    return write(f"{result.reason[: max(fitting - 1, 0)]} ...")


def _put(url: str, body: bytes) -> None:
    # The URL is signed for an empty content type; urllib would send one of its own.
    request = urllib.request.Request(url, data=body, method="PUT", headers={"Content-Type": ""})
    for wait in (*_WAITS_BETWEEN_TRIES, 0):
        try:
            with urllib.request.urlopen(request, timeout=10):
                return
        except (OSError, ValueError, http.client.HTTPException) as error:
            # By type only: the text of some of these errors quotes the URL.
            log.warning("answer not delivered", extra={"error": type(error).__name__})
        time.sleep(wait)
    # Outside the handler of the error, so that Lambda does not log its text as the cause. Lambda then sends the event
    # again, and the handler, being idempotent, gets another chance to answer.
    tries = len(_WAITS_BETWEEN_TRIES) + 1
    raise RuntimeError(
        f"CloudFormation did not take the answer in {tries} tries; it fails the resource when time is up"
    )
