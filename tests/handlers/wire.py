"""How requests and answers of AWS travel, read from botocore's models."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape


class AwsError(Exception):
    """An error that the service answers."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@cache
def model_of(endpoint: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(endpoint)


def _protocol(operation: OperationModel) -> str:
    return str(operation.service_model.metadata["protocol"])


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


def params_of(request: AWSPreparedRequest, operation: OperationModel) -> Iterator[tuple[str, Any]]:
    raw = _body(request)
    if operation.service_model.service_name == "s3":
        yield from _object_in(request, raw)
        return
    assert len(raw) == int(request.headers.get("Content-Length", 0))
    if _protocol(operation) == "query":
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
    inputs: Mapping[str, Shape] = getattr(operation.input_shape, "members", {})
    for name, member in inputs.items():
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
    elif raw and _protocol(operation) == "rest-xml":
        yield from (
            (name, value) for name, value in _read_xml(ElementTree.fromstring(raw), operation.input_shape).items()
        )
    elif raw:
        yield from json.loads(raw).items()


def _body(request: AWSPreparedRequest) -> bytes:
    body: Any = request.body or b""
    if hasattr(body, "read"):
        return bytes(body.read())  # the stream itself stays, as botocore rewinds it before it tries again
    return body.encode() if isinstance(body, str) else bytes(body)


def _object_in(request: AWSPreparedRequest, raw: bytes) -> Iterator[tuple[str, Any]]:
    """Where the object of a request to S3 lies, and what it is to be."""
    url = urlsplit(request.url)
    yield "Bucket", url.netloc.partition(".s3.")[0]
    yield "Key", unquote(url.path[1:])
    if raw:
        # Two lines around the content, and a checksum behind it: what botocore makes of a small body.
        size, _, chunk = raw.partition(b"\r\n")
        yield "Body", chunk[: int(size, 16)]


def _respond(request: AWSPreparedRequest, status: int, headers: Mapping[str, str], body: bytes) -> AWSResponse:
    raw: Any = _Raw(body)
    return AWSResponse(request.url, status, HTTPHeaders.from_pairs(headers.items()), raw)


class _Raw:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self.read()

    def read(self, amount: int | None = None) -> bytes:
        end = len(self._body) if amount is None else self._at + amount
        read, self._at = self._body[self._at : end], min(end, len(self._body))
        return read

    def close(self) -> None:
        """Nothing is open."""


def result_response(
    request: AWSPreparedRequest, result: Mapping[str, Any], operation: OperationModel, cut: int = 0
) -> AWSResponse:
    """The answer, without its last *cut* bytes."""
    headers, body = _result(result, operation)
    return _respond(request, operation.http.get("responseCode", 200), headers, body[: len(body) - cut])


def _result(result: Mapping[str, Any], operation: OperationModel) -> tuple[dict[str, str], bytes]:
    name, shape = operation.name, operation.output_shape
    if operation.service_model.service_name == "s3":
        metadata = {f"x-amz-meta-{key}": value for key, value in result.get("Metadata", {}).items()}
        body: bytes = result.get("Body", b"")
        return {"content-length": str(len(body)), **metadata}, body
    match _protocol(operation):
        case "rest-xml":
            return {"content-type": "text/xml"}, f"<Answer>{_xml(result, shape)}</Answer>".encode()
        case "query":
            inner = f"<{name}Result>{_xml(result, shape)}</{name}Result>" if shape else ""
            return {"content-type": "text/xml"}, f"<{name}Response>{inner}</{name}Response>".encode()
        case _:
            payload = shape.serialization.get("payload") if shape else None
            return {"content-type": "application/json"}, b"" if payload else json.dumps(result).encode()


def error_response(request: AWSPreparedRequest, error: AwsError, operation: OperationModel) -> AWSResponse:
    if _protocol(operation) not in ("query", "rest-xml"):
        # REST services name the error in the header, others in the body.
        text = json.dumps({"__type": error.code, "message": str(error)})
        headers = {"content-type": "application/json", "x-amzn-errortype": error.code}
    else:
        inner = f"<Type>Sender</Type><Code>{error.code}</Code><Message>{escape(str(error))}</Message>"
        text, headers = f"<ErrorResponse><Error>{inner}</Error></ErrorResponse>", {"content-type": "text/xml"}
    return _respond(request, error.status, headers, text.encode())


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
