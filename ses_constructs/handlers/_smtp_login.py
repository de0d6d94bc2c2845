"""Logs in to an SMTP server over TLS, as a client would, and sends nothing."""

import smtplib
import ssl
import time

from ._smtp_secret import Credentials

# https://docs.aws.amazon.com/ses/latest/dg/smtp-connect.html; every other port of SES starts in the clear.
IMPLICIT_TLS_PORTS = frozenset({465, 2465})

# SES takes some seconds, or tens of them, until it knows a key that IAM has just made.
_SECONDS = 80
_LONGEST_PAUSE = 15
_TIMEOUT = 10


class LoginError(Exception):
    """Why nobody can log in. Says nothing of what was sent, or of what the server answered but for its code."""


def log_in(credentials: Credentials) -> None:
    """Try until the server accepts the login, for about 80 seconds.

    Raises ``LoginError``.
    """
    deadline, pause = time.time() + _SECONDS, 2.0
    while trouble := _trouble_with(credentials):
        left = deadline - time.time()
        if left <= 0:
            raise LoginError(
                f"no login at {credentials.host}:{credentials.port} as {credentials.username} within {_SECONDS} "
                f"seconds: {trouble}"
            )
        time.sleep(min(pause, left))
        pause = min(pause * 2, _LONGEST_PAUSE)


def _trouble_with(credentials: Credentials) -> str:
    """Log in once, and say what is in the way; empty if nothing is."""
    try:
        with _connected(credentials.host, credentials.port) as smtp:
            smtp.login(credentials.username, credentials.password)
        return ""
    except smtplib.SMTPResponseException as error:
        return f"the server answered {error.smtp_code}"
    except ssl.SSLCertVerificationError as error:
        return f"the certificate of the server is not good ({error.verify_message})"
    except Exception as error:
        # By type only: what else these errors say may quote the password.
        return type(error).__name__


def _connected(host: str, port: int) -> smtplib.SMTP:
    context = ssl.create_default_context()
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
