"""Text that becomes a part of an ARN in a policy, and keys of objects that begin with it; pure."""

from collections.abc import Sequence

from .arguments import check_printable, invalid, without_tokens

# S3 takes keys of 1024 bytes; SES's ids have been 40 characters, as the one in its example of a notification
# (https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-examples.html).
MAX_KEY_PREFIX = 1024 - 40


def check_no_pattern(argument: str, value: str, *, patterns: Sequence[str] = ("*", "?", "${")) -> str:
    """Return *value* if a policy reads every letter of it as it is written; raise ``ValueError`` otherwise.

    ``${`` begins a variable of the policy, such as the name of whoever asks.

    >>> check_no_pattern("prefix", "${aws:username}/")
    Traceback (most recent call last):
    ValueError: prefix must have no '${', which policies read as a pattern, got '${aws:username}/'; leave it out
    """
    known = without_tokens(check_printable(argument, value))
    for pattern in patterns:
        if pattern in known:
            raise invalid(argument, f"have no {pattern!r}, which policies read as a pattern", value, "leave it out")
    return value


def check_key_prefix(argument: str, value: str) -> str:
    """Return *value* if keys of objects in S3 may begin so; raise ``ValueError`` otherwise."""
    known = without_tokens(check_no_pattern(argument, value))
    if len(known.encode()) > MAX_KEY_PREFIX:
        raise invalid(argument, f"be at most {MAX_KEY_PREFIX} bytes, as SES's message id follows", value, "shorten it")
    if {".", ".."} & {*known.split("/")}:
        raise invalid(argument, "have no '.' and '..' between slashes, which programs resolve", value, "leave them out")
    return value
