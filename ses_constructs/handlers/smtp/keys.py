"""The access keys of one IAM user, of which IAM allows two. The id of a key is the user name in SMTP, and no secret."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import boto3

from .._aws import RETRY_SHORT, is_not_found
from .._custom_resource import RefusedError
from .calls import NO_RETRY, without_secrets

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.type_defs import AccessKeyTypeDef

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_KEYS = 2

# IAM shows a new key everywhere after some seconds, so that a look for one comes again after each wait.
LOOKS = (2, 4, 8, 8)

# After so long, no other run of a rotation can be about to write a key that it has made: see ``issue.py``.
SETTLED_SECONDS = 120


@dataclass(frozen=True, slots=True)
class AccessKey:
    """What IAM tells about a key that it has."""

    id: str
    active: bool
    created: datetime

    def settles_in(self) -> float:
        """Tell for how many seconds a key that no version names may still be one that another run is about to write."""
        return max(self.created.timestamp() + SETTLED_SECONDS - time.time(), 0)


def room(
    user: str, keys: Collection[AccessKey], current: str, named: Mapping[str, Collection[str]], *, owned: bool
) -> tuple[str, ...]:
    """Choose the keys to delete so that one more fits; *named* maps keys to the stages of the versions that hold them.

    The current key stays, and in a user that is not ours every key that our secret does not name.
    """
    needed = max(len(keys) + 1 - MOST_KEYS, 0)
    in_use = {current} | {key for key, stages in named.items() if "AWSCURRENT" in stages}
    spare = [key for key in keys if key.id not in in_use and (owned or key.id in named)]
    if len(spare) < needed:
        others = ", ".join(sorted(key.id for key in keys if key not in spare))
        raise RefusedError(
            f"user {user} has {len(keys)} access keys ({others}), and IAM allows {MOST_KEYS}, so that there is no room "
            "for a new one; delete a key that nobody uses any more, or choose another user"
        )
    return tuple(key.id for key in sorted(spare, key=lambda key: _worth(key, named))[:needed])


def _worth(key: AccessKey, named: Mapping[str, Collection[str]]) -> tuple[int, bool, datetime]:
    # Clients may still log in with the previous key, and nobody has read one that never became current.
    stages = named.get(key.id)
    rank = 0 if stages is None else 3 if "AWSPREVIOUS" in stages else 2 if "AWSPENDING" in stages else 1
    return rank, key.active, key.created


class Keys:
    """Lists, makes and deletes access keys."""

    def __init__(self, user: str) -> None:
        self.user = user

    @cached_property
    def _iam(self) -> "IAMClient":
        return boto3.client("iam", config=RETRY_SHORT)

    @cached_property
    def _iam_once(self) -> "IAMClient":
        return boto3.client("iam", config=NO_RETRY)

    def listed(self) -> tuple[AccessKey, ...]:
        found = self._iam.list_access_keys(UserName=self.user)["AccessKeyMetadata"]
        return tuple(AccessKey(key["AccessKeyId"], key["Status"] == "Active", key["CreateDate"]) for key in found)

    def listed_with(self, key_id: str) -> tuple[AccessKey, ...]:
        """List the keys, and wait if one is not among them that must be there and may be new; empty waits for none."""
        found = self.listed()
        for wait in LOOKS:
            if not key_id or key_id in {key.id for key in found}:
                break
            time.sleep(wait)
            found = self.listed()
        return found

    def create(self) -> "AccessKeyTypeDef":
        """Make a key in one try; if it fails in any way but an answer of AWS, the key may be there all the same."""
        return without_secrets(self._iam_once.create_access_key, UserName=self.user)["AccessKey"]

    def delete(self, key_id: str) -> None:
        """Delete a key if it is there, and one of this user."""
        try:
            self._iam.delete_access_key(UserName=self.user, AccessKeyId=key_id)
        except Exception as error:
            if not is_not_found(error):
                raise

    def deactivate(self, key_id: str) -> None:
        try:
            self._iam.update_access_key(UserName=self.user, AccessKeyId=key_id, Status="Inactive")
        except Exception as error:
            if not is_not_found(error):
                raise
