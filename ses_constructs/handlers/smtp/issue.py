"""Makes an SMTP login and writes it to its secret: both, or neither."""

from collections.abc import Collection

from .keys import Keys
from .new_key import StrayKeyError, new_login
from .secret import CURRENT, Credentials, Secret


def issue(
    keys: Keys, secret: Secret, known: Collection[str], *, host: str, port: int, region: str, pending: str = ""
) -> Credentials:
    """Return a new login, which is a key beside the *known* ones.

    It is current in the secret at once, or it is the *pending* version of a rotation. When this fails, the key is gone
    again, or ``StrayKeyError`` says that it may not be.
    """
    login = new_login(keys, known, region)
    credentials = Credentials(host=host, port=port, region=region, username=login.username, password=login.password)
    try:
        secret.put(credentials, pending=pending)
        return credentials
    except Exception as error:
        trouble = error
    # Whatever botocore's last try says, an earlier one may have taken effect.
    try:
        if (secret.username(version=pending) if pending else secret.username(stage=CURRENT)) == login.username:
            return credentials
        keys.delete(login.username)
    except Exception as error:
        raise StrayKeyError(
            f"access key {login.username} of user {keys.user} was made, then its secret could not be written "
            f"({trouble}), nor could the key be removed ({error}); delete that key if no secret names it",
            key_id=login.username,
        ) from error
    raise trouble
