"""Why a message is not forwarded. No text here holds content of a message or an address."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError, IncompleteReadError

from .._aws import error_code, is_transient

_HANDLERS = Path(__file__).parents[1]


class Reason(StrEnum):
    """Every reason there is; metrics, queues and ``redrive`` go by these words."""

    VIRUS = "virus"
    SPAM = "spam"
    DMARC = "dmarc"
    OWN_DOMAIN = "own-domain"
    UNCHECKED = "unchecked"
    AUTO_REPLY = "auto-reply"
    LOOP = "loop"
    FAILED = "failed"


class RefusedError(Exception):
    """The message must not be forwarded, now or later, unless a person wants it."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class NotForwardedError(Exception):
    """The message should have been forwarded and cannot be; a person has to look. The stored object stays."""

    reason = Reason.FAILED


class UncheckedError(NotForwardedError):
    """Nobody knows whether the message is from us. Its text begins with the reason, for the dead-letter queue."""

    reason = Reason.UNCHECKED

    def __init__(self, detail: str) -> None:
        super().__init__(f"{self.reason}: {detail}")


class TryAgainError(Exception):
    """The message may be forwarded later."""


@contextmanager
def calling(call: str) -> Iterator[None]:
    """Turn the errors of AWS into ours; only their code is passed on, for their text may quote addresses."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise translated(error, call) from None


def translated(error: Exception, call: str) -> Exception:
    """Find what *error* means for the message."""
    code = error_code(error) or type(error).__name__
    if code == "SendingPausedException":
        return NotForwardedError(
            f'{call} failed: sending is paused; once it is on again, invoke {{"redrive": "failed"}}'
        )
    passing = is_transient(error) or isinstance(error, IncompleteReadError)
    return (TryAgainError if passing else NotForwardedError)(f"{call} failed: {code}")


def unexpected(error: Exception) -> str:
    """Say where in our code an error that nobody thought of came up; its own text stays out."""
    at, where = error.__traceback__, "nowhere"
    while at:
        file = Path(at.tb_frame.f_code.co_filename)
        if file.is_relative_to(_HANDLERS):
            where = f"{file.name}:{at.tb_lineno}"
        at = at.tb_next
    return f"unexpected {type(error).__name__} at {where}"
