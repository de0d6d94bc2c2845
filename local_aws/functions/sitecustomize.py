"""Runs first in every function's process: the SMTP endpoint of SES is the one on this machine, if one listens.

It stands on the functions' PYTHONPATH; nothing imports it. Names and ports are those of SES, so that an app deploys as
it is; the certificate of the local endpoint has the name as well.
"""

import json
import os
import re
import socket
from pathlib import Path
from typing import Any

# The name of the endpoint, and the ports that speak TLS from the first byte.
_ENDPOINT = re.compile(r"email-smtp\.([a-z0-9-]+)\.amazonaws\.com")
_IMPLICIT_TLS = (465, 2465)

_original = socket.getaddrinfo


def _getaddrinfo(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
    endpoint = _ENDPOINT.fullmatch(host) if isinstance(host, str) else None
    if endpoint is None:
        return _original(host, port, *arguments, **options)
    ports = _listening().get(endpoint.group(1))
    if ports is None:
        raise socket.gaierror(socket.EAI_NONAME, f"no local SMTP endpoint for {host}; start one with submit_mail()")
    return _original("127.0.0.1", ports[0 if port in _IMPLICIT_TLS else 1], *arguments, **options)


def _listening() -> dict[str, list[int]]:
    try:
        found: dict[str, list[int]] = json.loads(Path(os.environ["LOCAL_AWS_SMTP_PORTS"]).read_text(encoding="utf-8"))
    except (KeyError, OSError, ValueError):
        return {}
    return found


socket.getaddrinfo = _getaddrinfo
