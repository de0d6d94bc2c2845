"""An SMTP server on a free loopback port, in a thread that ends when it is told to."""

import asyncio
import logging
import socket
import ssl
import subprocess
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthenticatorType

from local_aws.environment import smtp_hosts
from local_aws.process import LocalAwsError

HOST = "127.0.0.1"
LARGEST_MESSAGE = 40 * 1000 * 1000  # bytes; SES takes no more
READY_WITHIN = 120.0  # seconds; it takes much less than one

# aiosmtpd warns at each login of a property that it sets itself.
logging.getLogger("mail.log").setLevel(logging.ERROR)


def ensure_certificate(certificate: Path) -> Path:
    """The key of *certificate*, which is made unless it is there: for loopback, and the endpoints it stands for."""
    key = certificate.with_suffix(".key")
    if not certificate.exists():
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(key))
        names = ",".join([f"IP:{HOST}", *(f"DNS:{host}" for host in ("localhost", *smtp_hosts()))])
        name = ("-subj", f"/CN={HOST}", "-addext", f"subjectAltName={names}")
        command = ["openssl", "req", "-x509", "-days", "2", *curve, *name, "-out", str(certificate)]
        subprocess.run(command, check=True, capture_output=True)
    return key


class UntilTheBlockEnds(ABC):
    """Something that listens, for a `with` block."""

    @abstractmethod
    def stop(self) -> None:
        """Stop listening; twice is harmless."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class SmtpListener:
    """Listens from the start until `stop`; *handler* has the hooks of aiosmtpd and runs in the listener's thread.

    STARTTLS is offered, unless *implicit_tls* starts with TLS. With an *authenticator* nothing goes without TLS.
    """

    def __init__(
        self,
        handler: Any,
        *,
        hostname: str,
        certificate: Path,
        implicit_tls: bool = False,
        authenticator: AuthenticatorType | None = None,
    ) -> None:
        self.certificate = certificate
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, ensure_certificate(certificate))
        self._implicit_tls = context if implicit_tls else None
        self._options: dict[str, Any] = {
            "hostname": hostname,
            "ident": "local AWS",
            "tls_context": None if implicit_tls else context,
            "require_starttls": authenticator is not None,
            "auth_require_tls": not implicit_tls,  # aiosmtpd knows only of STARTTLS
            "authenticator": authenticator,
            "data_size_limit": LARGEST_MESSAGE,
        }
        self._handler = handler
        self._connections: list[SMTP] = []
        self._ready, self._ended = threading.Event(), asyncio.Event()
        self._socket = socket.create_server((HOST, 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name=f"smtp-{self.port}", daemon=True)
        self._thread.start()
        if not self._ready.wait(READY_WITHIN):
            raise LocalAwsError(f"the SMTP listener was not ready within {READY_WITHIN:.0f} s")

    def stop(self) -> None:
        """Hang up on whoever is still connected, and end the thread; twice is harmless."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await self._loop.create_server(self._connection, sock=self._socket, ssl=self._implicit_tls)
        self._ready.set()
        await self._ended.wait()
        server.close()
        for connection in self._connections:
            if isinstance(connection.transport, asyncio.Transport):
                # After a second close() a TLS transport of Python 3.11.2, Debian's, has nothing left to abort.
                with suppress(AttributeError):
                    connection.transport.abort()
        await server.wait_closed()

    def _connection(self) -> SMTP:
        self._connections = [each for each in self._connections if each.transport is not None]
        made = SMTP(self._handler, loop=self._loop, **self._options)
        self._connections.append(made)
        return made
