"""What the tests' side asks of the server or does to it, beside AWS's calls: GET `/_ministack/local-aws/<name>`.

`ServerProcess.control` asks, and `LocalAws` has a method for most of it. Any process on this machine may ask as well,
as it may call everything else here.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.core.responses import request_scope

from local_aws.environment import ACCOUNT, CONTROLS, REGION
from local_aws.extensions.registry import Params, Response

Arguments = dict[str, str]

# Filled by the extensions. A control that raises ValueError answers 400 with its words.
controls: dict[str, Callable[[Arguments], Any]] = {}


def _answer(name: str, arguments: Arguments) -> Response:
    headers = {"Content-Type": "application/json"}
    if name not in controls:
        return 404, headers, json.dumps(f"there is no control {name}").encode()
    try:
        with request_scope(arguments.pop("account", ACCOUNT), arguments.pop("region", REGION)):
            return 200, headers, json.dumps(controls[name](arguments)).encode()
    except ValueError as error:
        return 400, headers, json.dumps(str(error)).encode()


def install() -> None:
    # The requests that ministack answers before it asks for credentials go through here, one after the other.
    original: Callable[..., Awaitable[Response | None]] = app._handle_ses_messages_request

    async def handle(method: str, path: str, headers: dict[str, str], query_params: Params) -> Response | None:
        if method == "GET" and path.startswith(CONTROLS):
            given = {key: value[0] if isinstance(value, list) else value for key, value in query_params.items()}
            return _answer(path.removeprefix(CONTROLS), given)
        return await original(method, path, headers, query_params)

    app._handle_ses_messages_request = handle
