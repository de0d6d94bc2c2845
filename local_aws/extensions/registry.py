"""Where extensions hang themselves in: CloudFormation's table of types, and the two SES request handlers."""

import html
import json
import random
import re
import string
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, unquote

from ministack.services import ses, ses_v2
from ministack.services.cloudformation import handlers, provisioners

Properties = dict[str, Any]
Params = dict[str, Any]
Response = tuple[int, dict[str, str], bytes]
Provisioned = tuple[str, dict[str, Any]]
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Response]]

V2_PREFIX = "/v2/email"
STACK_OPERATIONS = ("CreateStack", "UpdateStack", "ExecuteChangeSet")

# Filled by the extensions, read at each request. A REST call that gives None leaves the request to ministack.
query_calls: dict[str, Callable[[Params], Response]] = {}
rest_calls: list[tuple[str, re.Pattern[str], Callable[[re.Match[str], Any], Response | None]]] = []
before_each_call: list[Callable[[], None]] = []  # of SES, and before a stack is made or changed
after_query_call: list[Callable[[str, Params, Response], None]] = []
after_rest_call: list[Callable[[str, str, Any, Response], Response]] = []


def register_type(
    resource_type: str,
    *,
    create: Callable[[str, Properties, str], Provisioned],
    delete: Callable[[str, Properties], None],
    update: Callable[[str, Properties, Properties, str], Provisioned] | None = None,
    replaced_by: tuple[str, ...] = (),
) -> None:
    """Let CloudFormation make *resource_type*; a change to one of *replaced_by* makes a new resource."""
    provisioners._RESOURCE_HANDLERS[resource_type] = {"create": create, "delete": delete} | (
        {"update": update} if update else {}
    )
    provisioners._REPLACING_PROPERTIES[resource_type] = replaced_by


def after_provision(resource_type: str, apply: Callable[[str, Properties], None]) -> None:
    """Let *apply* follow each creation and update of *resource_type*, with the physical id and the new properties."""
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]

    def following(provision: Callable[..., Provisioned], properties_at: int) -> Callable[..., Provisioned]:
        def run(*arguments: Any, **options: Any) -> Provisioned:
            physical_id, attributes = provision(*arguments, **options)
            apply(physical_id, arguments[properties_at])
            return physical_id, attributes

        return run

    handlers["create"] = following(handlers["create"], 1)
    handlers["update"] = following(handlers["update"], 2)


def generated_name(logical_id: str) -> str:
    """A physical name in CloudFormation's manner: the logical id and twelve random characters."""
    return f"{logical_id[:40]}-{''.join(random.choices(string.ascii_letters + string.digits, k=12))}"


def checked(response: Response) -> Response:
    """Pass a success on; raise an SES error as the reason that CloudFormation reports."""
    status, _, body = response
    if status >= 400:
        code, message = (re.search(rb"<%s>(.*?)</%s>" % (tag, tag), body, re.DOTALL) for tag in (b"Code", b"Message"))
        told = html.unescape((message.group(1) if message else body).decode())
        raise ValueError(f"{told} (Error Code: {code.group(1).decode()})" if code else told)
    return response


def json_error(code: str, message: str | None, status: int = 400) -> Response:
    error: Response = ses_v2._json_err(code, message, status)
    return error


def json_success(body: dict[str, Any]) -> Response:
    response: Response = ses_v2.json_response(body)
    return response


def install() -> None:
    """Put our calls before ministack's, for SES v1 (query) and SES v2 (REST)."""
    ses.handle_request = _query_handler(ses.handle_request)
    ses_v2.handle_request = _rest_handler(ses_v2.handle_request)
    for operation in STACK_OPERATIONS:
        handlers._ACTION_HANDLERS[operation] = _stack_operation(handlers._ACTION_HANDLERS[operation])


def _stack_operation(original: Callable[[Params], Response]) -> Callable[[Params], Response]:
    def run(params: Params) -> Response:
        for hook in before_each_call:
            hook()
        return original(params)

    return run


def _query_handler(original: Handler) -> Handler:
    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
    ) -> Response:
        if path.startswith("/v2/"):
            response: Response = await ses_v2.handle_request(method, path, headers, body, query_params)
            return response
        params = {**query_params, **parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)}
        action = ses._p(params, "Action")
        for hook in before_each_call:
            hook()
        if action in query_calls:
            response = query_calls[action](params)
        else:
            response = await original(method, path, headers, body, query_params)
        for after in after_query_call:
            after(action, params, response)
        return response

    return handle


def _rest_handler(original: Handler) -> Handler:
    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
    ) -> Response:
        route = unquote(path).rstrip("/").removeprefix(V2_PREFIX)
        try:
            data = json.loads(body) if body else {}
        except json.JSONDecodeError:
            data = {}
        for hook in before_each_call:
            hook()
        for verb, pattern, call in rest_calls:
            match = pattern.fullmatch(route) if verb == method else None
            answer = call(match, data) if match else None
            if answer is not None:
                return answer
        response = await original(method, path, headers, body, query_params)
        for after in after_rest_call:
            response = after(method, route, data, response)
        return response

    return handle
