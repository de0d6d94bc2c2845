"""Whose a secret is: CloudFormation has written it on the secret, so that no event can say otherwise.

The tags name the custom resource, the user, and the endpoint that alone may get a password. They come and go with the
secret, and change before the custom resource does.
"""

import time

from .._custom_resource import RefusedError
from .plan import Wanted
from .secret import Secret

RESOURCE_TAG = "ses-constructs:smtp-credentials"
USER_TAG = "ses-constructs:smtp-user"
OWNS_USER_TAG = "ses-constructs:smtp-owns-user"
ENDPOINT_TAG = "ses-constructs:smtp-endpoint"

# Secrets Manager may show a change of the tags some seconds late.
_PAUSES = (1, 2, 4, 8)


def tags_of(logical_id: str, wanted: Wanted) -> dict[str, str]:
    """Say which tags the secret of a custom resource has."""
    return {
        RESOURCE_TAG: logical_id,
        # No tag may have the comma that a user name may, and no user name the colon.
        USER_TAG: wanted.user.replace(",", ":"),
        OWNS_USER_TAG: "true" if wanted.owned else "false",
        ENDPOINT_TAG: f"{wanted.host}:{wanted.port}:{wanted.region}",
    }


def check_owner(secret: Secret, logical_id: str, wanted: Wanted) -> None:
    """Refuse what the secret does not say."""
    expected = tags_of(logical_id, wanted)
    for pause in (*_PAUSES, 0):
        tags = secret.tags()
        if all(tags.get(key) == value for key, value in expected.items()):
            return
        time.sleep(pause)
    differing = ", ".join(key for key, value in expected.items() if tags.get(key) != value)
    raise RefusedError(
        f"the tags {differing} of the secret do not say what this event says, so that nothing was done; put them back "
        "as the template has them"
    )
