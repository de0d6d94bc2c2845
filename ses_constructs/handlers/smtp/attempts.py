"""Which keys of a user are ours although nothing names them: those that came up while we were about to make one.

Lambda may be stopped between the making of a key and the writing of its password. In a user that is not ours nobody
could tell that key from one of somebody else, and it would be in the way of every later one. So what was there is
written down before: a note beside the credentials says which keys there were, and when a new one was tried. It goes
when the key that came of it is written, or is deleted.
"""

import json
import logging
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Self

from .._aws import error_code
from .keys import AccessKey
from .new_key import StrayKeyError
from .secret import ATTEMPTS, Secret

log = logging.getLogger(__name__)

# Lambda stops the functions that make keys after five minutes, and IAM's clock may be some seconds off.
_LONGEST_SECONDS = 300
_SKEW_SECONDS = 5

# More are of no use; the note is small.
_MOST = 20


class Attempts:
    """What the note says; nothing if there is none."""

    def __init__(self, known: Collection[str] = (), times: Collection[float] = ()) -> None:
        self._known, self._times = known, times

    @classmethod
    def read(cls, secret: Secret) -> Self:
        try:
            match json.loads(secret.text(stage=ATTEMPTS)):
                case {"known": [*known], "attempts": [*times]}:
                    return cls([str(each) for each in known], [float(each) for each in times])
        except ValueError:
            pass
        return cls()

    def left(self, keys: Iterable[AccessKey]) -> frozenset[str]:
        """List the keys that an attempt may have made and left behind."""
        return frozenset(key.id for key in keys if key.id not in self._known and self._covers(key.created.timestamp()))

    def _covers(self, created: float) -> bool:
        return any(
            began - _SKEW_SECONDS <= created <= began + _LONGEST_SECONDS + _SKEW_SECONDS for began in self._times
        )

    @property
    def is_empty(self) -> bool:
        return not self._times

    def written(self, keys: Iterable[AccessKey]) -> str:
        """Write a note about one more attempt beside *keys*."""
        known = sorted(self._known if self._times else {key.id for key in keys})
        return json.dumps({"known": known, "attempts": [*self._times, time.time()][-_MOST:]})


@contextmanager
def noted(secret: Secret, keys: Iterable[AccessKey], *, owned: bool) -> Iterator[None]:
    """Keep a note while a key is made beside *keys*, and after a failure that may have left one; none is *owned*."""
    if owned:
        yield
        return
    earlier = Attempts.read(secret)
    version = secret.note(earlier.written(keys))
    try:
        yield
    except StrayKeyError:
        raise
    except Exception:
        if earlier.is_empty:
            _drop(secret, version)
        raise
    _drop(secret, version)


def _drop(secret: Secret, version: str) -> None:
    try:
        secret.drop_note(version)
    except Exception as error:
        # What it says is right, and of no use.
        log.warning("note stays", extra={"code": error_code(error)})
