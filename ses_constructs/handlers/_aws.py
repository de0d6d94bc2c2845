"""How the handlers call AWS, and how they read its errors."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

# botocore logs whole requests at DEBUG, and the body of an invocation may hold the ResponseURL.
logging.getLogger("botocore").setLevel(logging.INFO)

# SES allows one control request a second for the whole account, so a stack with many domains is throttled as a rule.
# A call whose every try fails takes 100 seconds at worst; the functions need a time-out of 5 minutes.
RETRY_LONG = Config(retries={"mode": "standard", "total_max_attempts": 7}, connect_timeout=5, read_timeout=10)

# For loops that ask again anyway: one call ends within a minute, so that the loop can watch the time.
RETRY_SHORT = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5, read_timeout=10)

_NOT_FOUND = frozenset({"NotFoundException", "NoSuchEntity", "ResourceNotFoundException", "RuleSetDoesNotExist"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})
_THROTTLED = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"})


def error_code(error: Exception) -> str:
    """Return the code of an error that AWS answered; empty for an error that did not come from AWS."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def is_not_found(error: Exception) -> bool:
    """Tell whether AWS says that the thing asked for does not exist."""
    return error_code(error) in _NOT_FOUND


def is_denied(error: BaseException | None) -> bool:
    """Tell whether *error*, or one during which it was raised, says that a permission is missing."""
    return isinstance(error, Exception) and (error_code(error) in _DENIED or is_denied(error.__context__))


def is_throttled(error: Exception) -> bool:
    """Tell whether AWS says that there were too many calls, and did nothing."""
    return error_code(error) in _THROTTLED or _status(error) == 429


def is_transient(error: Exception) -> bool:
    """Tell whether the same call may succeed later."""
    if isinstance(error, ClientError):
        return is_throttled(error) or _status(error) >= 500
    return isinstance(error, BotoCoreError) and isinstance(error, (ConnectionError, HTTPClientError))


def _status(error: Exception) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) if isinstance(error, ClientError) else 0


@contextmanager
def ignore_error_if_done(is_done: Callable[[Exception], bool]) -> Iterator[None]:
    """Make a write, and let its error count only if a look at AWS shows that the write did not take effect.

    botocore retries by itself. An early try may have taken effect and lost its answer, whatever the last one says:
    "already exists", "access denied", a time-out.

    Args:
        is_done: Looks, and tells whether the write took effect. Gets the error; what it raises itself is raised.
    """
    try:
        yield
    except Exception as error:
        if not is_done(error):
            raise
