"""The SMTP password of an access key, as SES derives it.

https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html. Written anew here, so that a mistake in the package's
own derivation fails to log in.
"""

import base64
import hmac
from functools import reduce

VERSION = b"\x04"
# What SES signs instead of a day, a service and a request: the same for every message.
DATE, SERVICE, TERMINAL, MESSAGE = "11111111", "ses", "aws4_request", "SendRawEmail"


def smtp_password(secret_access_key: str, region: str) -> str:
    """44 characters, another one in each region."""
    start = f"AWS4{secret_access_key}".encode()
    signature = reduce(
        lambda key, part: hmac.digest(key, part.encode(), "sha256"), (DATE, region, SERVICE, TERMINAL, MESSAGE), start
    )
    return base64.b64encode(VERSION + signature).decode("ascii")


def fits(password: bytes, secret_access_key: str, region: str) -> bool:
    return hmac.compare_digest(password, smtp_password(secret_access_key, region).encode())
