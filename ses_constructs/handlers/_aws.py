"""How the handlers call AWS, and how they read its errors."""

import logging

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

# botocore logs whole requests at DEBUG, and a hand-over carries the ResponseURL in its body.
logging.getLogger("botocore").setLevel(logging.INFO)

# SES allows one control request a second for the whole account, so a stack with many domains is throttled as a rule.
# A call that fails in every one of its tries takes 100 seconds at worst; the functions need a time-out of 5 minutes.
PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 7}, connect_timeout=5, read_timeout=10)

# For whoever asks again anyway: one call ends within a minute, so that a loop keeps the time under control.
BRISK = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5, read_timeout=10)

_GONE = frozenset({"NotFoundException", "NoSuchEntity", "ResourceNotFoundException", "RuleSetDoesNotExist"})
_THROTTLED = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"})


def code_of(error: Exception) -> str:
    """Return the code of an error that AWS answered, or nothing if the error never came from there."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def says_gone(error: Exception) -> bool:
    """Tell whether AWS says that the thing asked for does not exist."""
    return code_of(error) in _GONE


def is_transient(error: Exception) -> bool:
    """Tell whether the same call may succeed later."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return code_of(error) in _THROTTLED or status == 429 or status >= 500
    return isinstance(error, BotoCoreError) and isinstance(error, (ConnectionError, HTTPClientError))
