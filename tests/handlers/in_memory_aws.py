"""An AWS in memory, behind the real botocore: requests are built, checked, parsed and retried as against AWS itself.

``InMemoryAws`` answers botocore's ``before-send`` event, so that nothing leaves the process. It routes by operation to
a service object: the operation ``GetEmailIdentity`` of ``sesv2`` is the method ``get_email_identity`` of the service
registered under ``sesv2``. To add an operation, write the method; how it travels is read from botocore's own model.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import botocore.session
from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

Params = Mapping[str, Any]


class UnknownRequest(BaseException):
    """Something that this AWS does not have; no Exception, so that no handler takes it for an error of AWS."""


class AwsError(Exception):
    """An error that the service answers."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class Trouble(Enum):
    """What may go wrong with one call."""

    THROTTLED = "throttled"
    DENIED = "access denied"
    BROKEN = "internal error"
    TIMED_OUT = "time-out before the effect"
    TIMED_OUT_AFTER = "time-out after the effect"


@dataclass
class Fault:
    """Trouble for calls of *operation* (any, if empty): the first *skip* go well, the next *times* do not."""

    trouble: Trouble
    operation: str = ""
    skip: int = 0
    times: int = 1

    def strikes(self, operation: str) -> bool:
        if self.operation not in ("", operation) or self.times == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass(frozen=True)
class Call:
    """One HTTP request that reached this AWS. Retries of botocore count, for a service sees them all."""

    operation: str
    params: Params


@dataclass
class InMemoryAws:
    """Routes calls of botocore to *services*, by botocore's name of the service."""

    services: Mapping[str, object]
    faults: list[Fault] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    # Before all of these, a custom resource asks CloudFormation whether an event is its own.
    questions: list[Call] = field(default_factory=list)
    # Called when a request arrives, before anything comes of it.
    arrived: Callable[[], None] = lambda: None

    def attach_to(self, session: botocore.session.Session) -> None:
        session.register("before-send", self.receive)

    def detach_from(self, session: botocore.session.Session) -> None:
        session.unregister("before-send", self.receive)

    def operations(self) -> list[str]:
        return [call.operation for call in self.calls]

    def receive(self, **hook: Any) -> Any:
        request: AWSPreparedRequest = hook["request"]
        _, endpoint, name = hook["event_name"].split(".")
        # The hooks go by the id of a service, which is its name in almost every case.
        endpoint = {"secrets-manager": "secretsmanager", "route-53": "route53"}.get(endpoint, endpoint)
        service = self.services.get(endpoint)
        method: Callable[..., Mapping[str, Any]] | None = getattr(service, str(xform_name(name)), None)
        if method is None:
            raise UnknownRequest(f"{endpoint}.{name}")
        operation = _model(endpoint).operation_model(name)
        call = Call(f"{endpoint}.{name}", dict(_params(request, operation)))
        self.arrived()
        (self.questions if endpoint == "cloudformation" else self.calls).append(call)
        trouble = next((fault.trouble for fault in self.faults if fault.strikes(call.operation)), None)
        try:
            _before(trouble, request, endpoint)
            result = method(**call.params)
            response = _respond(request, operation.http.get("responseCode", 200), *_result_body(result, operation))
        except AwsError as error:
            response = _respond(request, error.status, *_error_body(error, operation))
        if trouble is Trouble.TIMED_OUT_AFTER:
            raise ReadTimeoutError(endpoint_url=request.url)
        return response


_THROTTLES = {
    "ses": AwsError("Throttling", "Maximum sending rate exceeded."),
    "sesv2": AwsError("TooManyRequestsException", "Too many requests have been made to the operation.", 429),
    "lambda": AwsError("TooManyRequestsException", "Rate Exceeded.", 429),
    "sns": AwsError("Throttling", "Rate exceeded"),
    "cloudwatch": AwsError("ThrottlingException", "Rate exceeded"),
    "iam": AwsError("Throttling", "Rate exceeded"),
    "secretsmanager": AwsError("ThrottlingException", "Rate exceeded"),
    "sqs": AwsError("ThrottlingException", "Rate exceeded"),
    "cloudformation": AwsError("Throttling", "Rate exceeded"),
    "route53": AwsError("Throttling", "Rate exceeded"),
    "ssm": AwsError("ThrottlingException", "Rate exceeded"),
    "sts": AwsError("Throttling", "Rate exceeded"),
}

# What a service answers in the place of AccessDeniedException.
_DENIED = {
    "ses": "AccessDenied",
    "sns": "AuthorizationError",
    "cloudwatch": "AccessDenied",
    "iam": "AccessDenied",
    "cloudformation": "AccessDenied",
    "route53": "AccessDenied",
    "sts": "AccessDenied",
}


def _before(trouble: Trouble | None, request: AWSPreparedRequest, endpoint: str) -> None:
    match trouble:
        case Trouble.THROTTLED:
            raise _THROTTLES[endpoint]
        case Trouble.DENIED:
            code = _DENIED.get(endpoint, "AccessDeniedException")
            raise AwsError(code, "User is not authorized to perform this action", 403)
        case Trouble.BROKEN:
            raise AwsError("InternalFailure", "An internal error occurred.", 500)
        case Trouble.TIMED_OUT:
            raise ReadTimeoutError(endpoint_url=request.url)


_MODELS: dict[str, ServiceModel] = {}


def _model(endpoint: str) -> ServiceModel:
    if endpoint not in _MODELS:
        _MODELS[endpoint] = botocore.session.get_session().get_service_model(endpoint)
    return _MODELS[endpoint]


def _is_query(operation: OperationModel) -> bool:
    return bool(operation.service_model.metadata["protocol"] == "query")


def _is_xml(operation: OperationModel) -> bool:
    return bool(operation.service_model.metadata["protocol"] == "rest-xml")


def _read_xml(element: ElementTree.Element, shape: Shape | None) -> Any:
    """What botocore wrote; of lists only those that are not flattened."""
    match shape:
        case StructureShape():
            children = {child.tag.rpartition("}")[2]: child for child in element}
            named = {name: member.serialization.get("name", name) for name, member in shape.members.items()}
            return {
                name: _read_xml(children[tag], shape.members[name]) for name, tag in named.items() if tag in children
            }
        case ListShape():
            return [_read_xml(child, shape.member) for child in element]
    return element.text or ""


def _params(request: AWSPreparedRequest, operation: OperationModel) -> Iterator[tuple[str, Any]]:
    body: Any = request.body or b""
    raw = body.encode() if isinstance(body, str) else bytes(body)
    if _is_query(operation):
        form = dict(parse_qsl(raw.decode(), keep_blank_values=True))
        assert form.pop("Action") == operation.name
        form.pop("Version")
        for name in {key.partition(".")[0] for key in form}:
            # Lists travel as Name.member.1, Name.member.2, and so on; structures are not needed yet.
            members = [value for key, value in form.items() if key.startswith(f"{name}.member.")]
            yield name, form.get(name, members)
        return
    split, uri = urlsplit(request.url), operation.http["requestUri"].partition("?")[0]
    path, given = split.path, dict(parse_qsl(split.query))
    match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", uri), path)
    assert match, f"{operation.name} went to {path}"
    members: Mapping[str, Shape] = getattr(operation.input_shape, "members", {})
    for name, member in members.items():
        written = match.groupdict() if member.serialization.get("location") == "uri" else given
        if (tag := member.serialization.get("name", name)) in written:
            yield name, unquote(written[tag])
    headers: Any = request.headers
    for name, value in headers.items():
        if name.lower() == "x-amz-invocation-type":
            yield "InvocationType", value.decode() if isinstance(value, bytes) else value
    payload = operation.input_shape.serialization.get("payload") if operation.input_shape else None
    if payload:
        yield payload, raw
    elif raw and _is_xml(operation):
        yield from (
            (name, value) for name, value in _read_xml(ElementTree.fromstring(raw), operation.input_shape).items()
        )
    elif raw:
        yield from json.loads(raw).items()


def _respond(request: AWSPreparedRequest, status: int, headers: Mapping[str, str], body: str) -> AWSResponse:
    raw: Any = _Raw(body.encode())
    return AWSResponse(request.url, status, HTTPHeaders.from_pairs(headers.items()), raw)


class _Raw:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self._body

    def read(self, *_: object) -> bytes:
        body, self._body = self._body, b""
        return body


def _result_body(result: Mapping[str, Any], operation: OperationModel) -> tuple[dict[str, str], str]:
    if _is_xml(operation):
        return {"content-type": "text/xml"}, f"<Answer>{_xml(result, operation.output_shape)}</Answer>"
    if not _is_query(operation):
        payload = operation.output_shape.serialization.get("payload") if operation.output_shape else None
        return {"content-type": "application/json"}, "" if payload else json.dumps(result)
    name = operation.name
    inner = f"<{name}Result>{_xml(result, operation.output_shape)}</{name}Result>" if operation.output_shape else ""
    return {"content-type": "text/xml"}, f"<{name}Response>{inner}</{name}Response>"


def _error_body(error: AwsError, operation: OperationModel) -> tuple[dict[str, str], str]:
    if not _is_query(operation) and not _is_xml(operation):
        # REST services name the error in the header, others in the body.
        body = json.dumps({"__type": error.code, "message": str(error)})
        return {"content-type": "application/json", "x-amzn-errortype": error.code}, body
    text = f"<Type>Sender</Type><Code>{error.code}</Code><Message>{escape(str(error))}</Message>"
    return {"content-type": "text/xml"}, f"<ErrorResponse><Error>{text}</Error></ErrorResponse>"


def _xml(value: Any, shape: Shape | None) -> str:
    assert shape is not None
    match shape.type_name:
        case "structure":
            members: Mapping[str, Shape] = getattr(shape, "members", {})
            return "".join(f"<{key}>{_xml(item, members[key])}</{key}>" for key, item in value.items())
        case "list":
            member: Shape = getattr(shape, "member")  # noqa: B009
            tag = member.serialization.get("name", "member")
            return "".join(f"<{tag}>{_xml(item, member)}</{tag}>" for item in value)
        case "map":
            entry = "<entry><key>{}</key><value>{}</value></entry>"
            return "".join(
                entry.format(escape(key), _xml(item, getattr(shape, "value", None))) for key, item in value.items()
            )
        case "boolean":
            return str(value).lower()
        case _:
            return escape(str(value))
