"""What a call of the local AWS was refused with."""

from collections.abc import Callable

from botocore.exceptions import ClientError


def refusal_of(call: Callable[..., object], **arguments: object) -> tuple[str, str]:
    """SES's code and message, or two empty texts when it took the call."""
    try:
        call(**arguments)
    except ClientError as error:
        told = error.response["Error"]
        return str(told["Code"]), str(told.get("Message") or "")
    return "", ""
