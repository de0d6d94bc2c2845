"""Makes an access key, and finds those whose answer was lost: IAM gives the secret half of a key once and never again.

IAM shows a new key everywhere only after some seconds
(https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency), so that
a look which finds nothing may have come too early.
"""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .._aws import error_code
from .._custom_resource import RefusedError
from .calls import had_no_effect, is_retryable
from .keys import LOOKS, AccessKey, Keys
from .password import smtp_password

# How long between two tries to make a key.
_PAUSES = (2, 4, 8)

# What IAM's clock may be behind ours. A key that is older than our call is somebody else's.
_SKEW_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Login:
    """The name and the password of a new key, which exist nowhere else."""

    username: str
    password: str = field(repr=False)
    # By IAM's clock.
    made: float


class StrayKeyError(RefusedError):
    """A key was made that is in no secret, or may be, and could not be deleted. *key_id* may be unknown."""

    def __init__(self, sentence: str, *, key_id: str = "") -> None:
        super().__init__(sentence, may_repeat=False)
        self.key_id = key_id


class NoRoomError(RefusedError):
    """Somebody else has a key in the place where ours would have been."""


IsTaken = Callable[[AccessKey], bool]


def new_login(keys: Keys, known: Collection[str], region: str, is_taken: IsTaken | None = None) -> Login:
    """Make a key beside the *known* ones. When this fails, no key has been made, or ``StrayKeyError`` says so.

    Where others make keys at the same time, *is_taken* tells of one whether it is theirs.
    """
    lost, pauses = _LostKeys(keys, known, is_taken), iter(_PAUSES)
    while True:
        try:
            made = keys.create()
            password = smtp_password(made["SecretAccessKey"], region)
            login = Login(made["AccessKeyId"], password, made["CreateDate"].timestamp())
        except Exception as error:
            trouble = error
        else:
            lost.settle(login.username)
            return login
        if error_code(trouble) == "LimitExceeded":
            lost.make_way(trouble)
            continue
        if is_retryable(trouble) and not had_no_effect(trouble):
            lost.count += 1
        pause = next(pauses, None)
        if pause is None or not is_retryable(trouble):
            # With no try to come, this is the last chance to see a key of an earlier one.
            lost.look(LOOKS)
            raise trouble
        if lost.count:
            lost.look((pause,))
        else:
            time.sleep(pause)


class _LostKeys:
    """The keys that calls with a lost answer may have made: at most *count* of them.

    One that came up during our own calls and is not taken counts as ours; IAM tells nothing else about where one comes
    from.
    """

    def __init__(self, keys: Keys, known: Collection[str], is_taken: IsTaken | None) -> None:
        self._keys, self._known, self._is_taken = keys, set(known), is_taken
        self._since = time.time() - _SKEW_SECONDS
        self.count = 0

    def look(self, waits: Iterable[float], *, new: str = "") -> None:
        """Delete them as they come up, a look after each of the *waits*, until none can be left.

        None can once the list shows *new*, which was made after all of them.
        """
        for wait in waits:
            if self.count <= 0:
                break
            time.sleep(wait)
            if new in self._delete_listed(new):
                self.count = 0

    def settle(self, new: str) -> None:
        """Make sure that of our calls the key *new* alone is left, or that it is not left either."""
        try:
            self.look(LOOKS, new=new)
            if self.count <= 0:
                return
            trouble: RefusedError = self._stray("it does not list its newest key")
        except RefusedError as error:
            trouble = error
        try:
            self._keys.delete(new)
        except Exception as error:
            sentence = f"{trouble}; access key {new}, which was made after it, could not be deleted either ({error})"
            raise StrayKeyError(sentence, key_id=new) from error
        raise trouble

    def make_way(self, trouble: Exception) -> None:
        """Delete the one that takes the place of a further key."""
        if self.count <= 0:
            raise NoRoomError(
                f"user {self._keys.user} has all the access keys that IAM allows, though IAM may not list them yet; "
                "wait a minute and try again, and if that does not help, delete one that no secret names and nobody "
                "uses any more"
            ) from trouble
        before = self.count
        for wait in LOOKS:
            self.look((wait,))
            if self.count < before:
                return
        raise self._stray(trouble) from trouble

    def _delete_listed(self, new: str) -> set[str]:
        stray: list[str] = []
        trouble: Exception | None = None
        try:
            listed = self._keys.listed()
        except Exception as error:
            raise self._stray(error) from error
        for key in listed:
            if key.id in {*self._known, new} or key.created.timestamp() < self._since:
                continue
            if self._is_taken and self._is_taken(key):
                raise NoRoomError(f"access key {key.id} of user {self._keys.user} was made by somebody else meanwhile")
            try:
                self._keys.delete(key.id)
            except Exception as error:
                trouble = error
                stray.append(key.id)
            else:
                # A list may go on showing it.
                self._known.add(key.id)
                self.count -= 1
        if trouble:
            raise self._stray(trouble, stray) from trouble
        return {key.id for key in listed}

    def _stray(self, trouble: object, keys: Sequence[str] = ()) -> StrayKeyError:
        whats = [f"access key {key}" for key in keys]
        if self.count > len(keys):
            since = datetime.fromtimestamp(self._since, UTC).strftime("%Y-%m-%d %H:%M UTC")
            whats.append(f"any access key made since {since}, unless you made it yourself,")
        return StrayKeyError(
            f"IAM does not say whether it made an access key for user {self._keys.user} ({trouble}); delete "
            f"{' and '.join(whats)} if no secret names it, then try again",
            key_id=keys[0] if keys else "",
        )
