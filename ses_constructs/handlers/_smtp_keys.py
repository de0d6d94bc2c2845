"""The access keys of one IAM user, of which IAM allows two. The id of a key is the user name in SMTP, and no secret."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import boto3

from ._aws import BRISK, code_of, says_gone
from ._custom_resource import RefusedError
from ._smtp_calls import ONCE, had_no_effect, may_pass, quietly
from ._smtp_password import smtp_password

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_KEYS = 2

# IAM shows a new key everywhere after some seconds, so a look for one that got lost comes after each wait.
_WAITS = (2, 4, 8)


@dataclass(frozen=True, slots=True)
class AccessKey:
    """What IAM tells about a key that it has."""

    id: str
    active: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class Login:
    """The name and the password of a new key, which exist nowhere else."""

    username: str
    password: str = field(repr=False)


class StrayKeyError(RefusedError):
    """A key was made that is in no secret, or may be, and could not be deleted. *key_id* may be unknown."""

    def __init__(self, sentence: str, *, key_id: str = "") -> None:
        super().__init__(sentence)
        self.key_id = key_id


def room(
    user: str, keys: Collection[AccessKey], current: str, named: Mapping[str, Collection[str]], *, owned: bool
) -> tuple[str, ...]:
    """Choose the keys to delete so that one more fits; *named* maps keys to the stages of the versions that hold them.

    The current key stays, and in a user that is not ours every key that our secret does not name.
    """
    needed = max(len(keys) + 1 - MOST_KEYS, 0)
    spare = [key for key in keys if key.id != current and (owned or key.id in named)]
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
    """Makes and deletes access keys."""

    def __init__(self, user: str) -> None:
        self.user = user

    @cached_property
    def _iam(self) -> "IAMClient":
        return boto3.client("iam", config=BRISK)

    @cached_property
    def _iam_once(self) -> "IAMClient":
        return boto3.client("iam", config=ONCE)

    def listed(self) -> tuple[AccessKey, ...]:
        found = self._iam.list_access_keys(UserName=self.user)["AccessKeyMetadata"]
        return tuple(AccessKey(key["AccessKeyId"], key["Status"] == "Active", key["CreateDate"]) for key in found)

    def delete(self, key_id: str) -> None:
        """Delete a key if it is there, and one of this user."""
        try:
            self._iam.delete_access_key(UserName=self.user, AccessKeyId=key_id)
        except Exception as error:
            if not says_gone(error):
                raise

    def deactivate(self, key_id: str) -> None:
        try:
            self._iam.update_access_key(UserName=self.user, AccessKeyId=key_id, Status="Inactive")
        except Exception as error:
            if not says_gone(error):
                raise

    def make(self, known: Collection[str], region: str) -> Login:
        """Make a key beside the *known* ones. When this fails, no key has been made, or ``StrayKeyError`` says so."""
        waits = iter(_WAITS)
        while True:
            try:
                key = quietly(self._iam_once.create_access_key, UserName=self.user)["AccessKey"]
                return Login(key["AccessKeyId"], smtp_password(key["SecretAccessKey"], region))
            except Exception as error:
                trouble = error
            if code_of(trouble) == "LimitExceeded":
                raise RefusedError(
                    f"user {self.user} has all the access keys that IAM allows; delete one that nobody uses any more"
                ) from trouble
            if not may_pass(trouble):
                raise trouble
            wait = next(waits, None)
            # Also after the last try, whose key would be left.
            time.sleep(wait or _WAITS[0])
            if not had_no_effect(trouble):
                self._delete_lost(known)
            if wait is None:
                raise trouble

    def _delete_lost(self, known: Collection[str]) -> None:
        """Delete the key of a call whose answer was lost, and its secret with it.

        A key that came up during our own call is taken for ours; IAM tells nothing else about where one comes from.
        """
        lost = ""
        try:
            for key in self.listed():
                if key.id not in known:
                    lost = key.id
                    self.delete(lost)
        except Exception as error:
            what = f"access key {lost}" if lost else f"the newest access key, unless you made it at {_now()} yourself,"
            raise StrayKeyError(
                f"IAM does not say whether it made an access key for user {self.user} ({error}); delete {what} "
                "if no secret names it, then try again",
                key_id=lost,
            ) from error


def _now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%d %H:%M UTC")
