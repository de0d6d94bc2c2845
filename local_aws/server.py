"""The server process: ministack with our extensions, on a socket that the parent has already bound.

`local_aws.process.ServerProcess` starts it with ministack's own Python; nobody else needs to.
"""

import argparse
import asyncio
import os
import shutil
import signal
import tempfile
import threading
from types import FrameType
from typing import NoReturn


def end(*_: int | FrameType | None) -> NoReturn:
    """Leave nothing behind and end at once, whatever a deployment is waiting for."""
    shutil.rmtree(tempfile.gettempdir(), ignore_errors=True)
    # The functions' worker processes share our group; an orderly shutdown would wait for a handler that never answers.
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(0)


def end_with_parent() -> None:
    """End when the parent does: it holds the other end of our standard input and never writes to it."""

    def watch() -> None:
        # Not sys.stdin, whose lock would make an interpreter abort that ends for another reason.
        while os.read(0, 1024):
            pass
        end()

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def serve(socket_fd: int) -> None:
    # The import reads the environment (port, TLS, IAM), which is therefore complete before this function runs.
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config
    from ministack import app as ministack_app
    from ministack.core import tls

    from local_aws import extensions
    from local_aws.environment import smtp_hosts
    from local_aws.extensions.door import guarded

    extensions.install()
    generated = tls._generated_cert_names
    # The SMTP endpoints show the same certificate.
    tls._generated_cert_names = lambda: [*generated(), *smtp_hosts()]
    config = Config()
    # Only the socket we were given: ministack's own entry point would take 127.0.0.1:443 as well under TLS.
    config.bind = [f"fd://{socket_fd}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    if tls.use_ssl_enabled():
        config.certfile, config.keyfile = tls.resolve_tls_material()

    async def forever() -> None:
        await asyncio.Event().wait()

    app = guarded(ministack_app.app, port=int(os.environ["GATEWAY_PORT"]))
    asyncio.run(hypercorn_serve(app, config, shutdown_trigger=forever))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket-fd", type=int, required=True, help="a bound TCP socket that this process inherits")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    end_with_parent()
    serve(arguments.socket_fd)


if __name__ == "__main__":
    main()
