"""Logs in to an SMTP server over TLS, as a client would, and sends nothing."""

import smtplib
import ssl
import time
from functools import cache
from typing import NamedTuple

from .secret import IMPLICIT_TLS_PORTS, Credentials

# SES takes some seconds, or tens of them, until it knows a key that IAM has just made.
SECONDS = 80
_LONGEST_PAUSE = 15
_TIMEOUT = 10


class LoginError(Exception):
    """Why nobody can log in. Says nothing of what was sent, or of what the server answered but for its code."""


class _Trouble(NamedTuple):
    """What is in the way of a login, and whether it is the server that says so."""

    what: str
    answered: bool = False


def log_in(credentials: Credentials, *, seconds: float = SECONDS, answers_only: bool = False) -> None:
    """Try until the server accepts the login, for about 80 seconds, or for other *seconds*.

    With *answers_only*, sit out what a server answers and nothing else: who cannot reach it learns nothing by waiting.

    Raises ``LoginError``.
    """
    server = f"{credentials.host}:{credentials.port}"
    deadline, pause = time.time() + seconds, 2.0
    while trouble := _trouble_with(credentials):
        if answers_only and not trouble.answered:
            raise LoginError(f"no login at {server} could be tried: {trouble.what}")
        left = deadline - time.time()
        if left <= 0:
            raise LoginError(
                f"no login at {server} as {credentials.username} within {seconds:.0f} seconds: {trouble.what}"
            )
        time.sleep(min(pause, left))
        pause = min(pause * 2, _LONGEST_PAUSE)


def _trouble_with(credentials: Credentials) -> _Trouble | None:
    """Log in once, and say what is in the way."""
    try:
        with _connected(credentials.host, credentials.port) as smtp:
            smtp.login(credentials.username, credentials.password)
        return None
    except smtplib.SMTPResponseException as error:
        return _Trouble(f"the server answered {error.smtp_code}", answered=True)
    except ssl.SSLCertVerificationError as error:
        return _Trouble(f"the certificate of the server is not good ({error.verify_message})")
    except Exception as error:
        # By type only: what else these errors say may quote the password.
        return _Trouble(type(error).__name__)


@cache
def _tls() -> ssl.SSLContext:
    # Reading the certificates of all authorities takes longer than a login, of which there may be many.
    return ssl.create_default_context()


def _connected(host: str, port: int) -> smtplib.SMTP:
    context = _tls()
    if port in IMPLICIT_TLS_PORTS:
        return smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT, context=context)
    smtp = smtplib.SMTP(host, port, timeout=_TIMEOUT)
    try:
        # Raises unless the server agrees, so that the password never travels in the clear.
        smtp.starttls(context=context)
    except BaseException:
        smtp.close()
        raise
    return smtp
