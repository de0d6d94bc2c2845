"""The SMTP password that belongs to the secret half of an access key, in one region.

https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html gives the algorithm: the signing key of a fixed request,
as Signature Version 4 derives it, behind a byte that tells the version. It cannot be turned round, nor moved to another
region without the secret half of the key.
"""

import base64
import hashlib
import hmac

_DATE, _SERVICE, _END, _ACTION = "11111111", "ses", "aws4_request", "SendRawEmail"
_VERSION = b"\x04"


def smtp_password(secret_access_key: str, region: str) -> str:
    """Derive the password, 44 characters of base64 that start with ``B``."""
    key = f"AWS4{secret_access_key}".encode()
    for step in (_DATE, region, _SERVICE, _END, _ACTION):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return base64.b64encode(_VERSION + key).decode()
