"""Who is let in at all: programs of this machine, and no web page in a browser of it.

A page of any site may send requests to loopback, and a host name of its own that resolves to 127.0.0.1 makes them its
own site's. Programs name the address and say nothing of pages; browsers cannot hide what they put in.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_HOSTS = frozenset({"127.0.0.1", "localhost"})
# Page scripts cannot set or remove these.
_FROM_PAGES = frozenset({b"origin", b"sec-fetch-site"})


def refusal(headers: list[tuple[bytes, bytes]], *, port: int) -> str | None:
    """Why a request with these *headers*, their names in lower case, is turned away; None for one that may pass."""
    hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
    if len(hosts) != 1 or hosts[0] not in {f"{host}:{port}" for host in _HOSTS}:
        return f"the local AWS is asked as 127.0.0.1:{port} or localhost:{port} only, and not as {hosts}"
    given = sorted(name.decode() for name, _ in headers if name in _FROM_PAGES)
    return f"the local AWS answers no browser, and only browsers send {' and '.join(given)}" if given else None


def guarded(app: App, *, port: int) -> App:
    """*app*, which does not see what is turned away."""

    async def at_the_door(scope: Scope, receive: Receive, send: Send) -> None:
        told = refusal(scope["headers"], port=port) if "headers" in scope else None  # a lifespan has none
        if told is None:
            await app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": told.encode()})

    return at_the_door
