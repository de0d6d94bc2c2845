"""Calls whose request or answer holds a secret: what goes wrong with them must not quote it.

botocore is careful in most of its errors, but not in two: one about a parameter quotes the value, and one about an
answer that cannot be read quotes the answer.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from .._aws import is_transient

T = TypeVar("T")

# A key that was made by a call whose answer is lost is of no use, so that botocore must not try again by itself.
NO_RETRY = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=5, read_timeout=10)


class UnreadableError(Exception):
    """AWS took the request, and what it answered cannot be read. Says no more than that."""


def without_secrets(call: Callable[..., T], **parameters: Any) -> T:
    """Make a call of boto3 in a way that no error holds more than a code and what AWS says about it."""
    try:
        return call(**parameters)
    except ParamValidationError:
        trouble = "was not made, for boto3 does not accept its parameters"
    except (ClientError, BotoCoreError):
        raise
    except Exception as error:
        trouble = f"was answered in a way that cannot be read ({type(error).__name__})"
    # Outside the handlers, so that what they caught is not logged as the cause.
    raise UnreadableError(f"{getattr(call, '__name__', 'a call')} {trouble}")


def is_retryable(error: Exception) -> bool:
    """Tell whether the same call may succeed later."""
    return is_transient(error) or isinstance(error, UnreadableError)


def had_no_effect(error: Exception) -> bool:
    """Tell whether AWS says that it did not do what it was asked for; after a lost answer nobody knows."""
    status = (
        error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) if isinstance(error, ClientError) else 0
    )
    return 400 <= status < 500
