"""Makes an SMTP login and writes it to its secret: both, or neither.

Two runs of a rotation may overlap. Secrets Manager takes the pending version from one of them, and once. A key that is
in no version yet looks to the other run as one that nobody needs, which is why that run lets it alone until it has
settled: by then it is written, or gone, or left behind.
"""

import time
from collections.abc import Collection

from .._custom_resource import RefusedError
from .keys import SETTLED_SECONDS, AccessKey, Keys
from .new_key import StrayKeyError, new_login
from .secret import CURRENT, Credentials, Secret

# The last try of a write that begins in this time ends before the key has settled; one call takes less than a minute.
_WRITTEN_WITHIN_SECONDS = SETTLED_SECONDS - 60


def issue(
    keys: Keys, secret: Secret, known: Collection[str], *, host: str, port: int, region: str, pending: str = ""
) -> Credentials:
    """Return a new login, which is a key beside the *known* ones.

    It is current in the secret at once, or it is the *pending* version of a rotation. When this fails, the key is gone
    again, or ``StrayKeyError`` says that it may not be.
    """

    def is_taken(key: AccessKey) -> bool:
        time.sleep(key.settles_in())
        return secret.username(version=pending) == key.id

    login = new_login(keys, known, region, is_taken if pending else None)
    credentials = Credentials(host=host, port=port, region=region, username=login.username, password=login.password)
    try:
        if pending and time.time() - login.made > _WRITTEN_WITHIN_SECONDS:
            raise RefusedError(f"access key {login.username} came too late to be written; try again")
        secret.put(credentials, pending=pending)
        return credentials
    except Exception as error:
        trouble = error
    # It may have been written all the same, as ignore_error_if_done explains.
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
