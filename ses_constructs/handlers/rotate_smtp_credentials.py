"""Rotates SMTP credentials: a new access key, tried by a real login, before everybody gets it; the old one goes later.

One function for each secret. Environment:

- ``SMTP_USER_NAME``: the IAM user.
- ``SMTP_SECRET_ARN``: the secret, as ``smtp_credentials`` fills it.
- ``SMTP_OWNS_USER``: ``true`` if every key of the user is ours, otherwise ``false``.
- ``SMTP_HOST``, ``SMTP_PORT``: the endpoint, which alone may get a password, whatever the secret says.
- ``SMTP_GRACE_SECONDS``: how long the previous key works on once it is replaced.

Events: the four steps of Secrets Manager
(https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html), each of which may
come again, even while its first run goes on; and any scheduled event of EventBridge, best once an hour, for the sweep.
The sweep deactivates the previous key when its grace time is over, and deletes it after as much time again, in which a
person can still activate it.

IAM allows two keys. When a rotation begins, all but the current one make room: what a rotation that was not finished
left, and the previous key, even within its grace time. The key that the secret names as current is never deactivated or
deleted here, nor is a key of a user that is not ours unless a version of the secret names it.

Give the function a time-out of 5 minutes; the login alone may wait for 80 seconds, and a key that no version names may
be that of another run until it is 2 minutes old. Whatever fails is raised, as a sentence without a secret, so that
Secrets Manager tries again.

Permissions, on the user: ``iam:ListAccessKeys``, ``iam:CreateAccessKey``, ``iam:UpdateAccessKey``,
``iam:DeleteAccessKey``. On the secret: ``secretsmanager:DescribeSecret``, ``secretsmanager:GetSecretValue``,
``secretsmanager:ListSecretVersionIds``, ``secretsmanager:PutSecretValue``, ``secretsmanager:UpdateSecretVersionStage``.
With a KMS key of its own, on that key: ``kms:Decrypt`` and ``kms:GenerateDataKey``. And a way to the SMTP endpoint.
"""

import logging
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from botocore.exceptions import BotoCoreError, ClientError

from ._aws import error_code, ignore_error_if_done
from ._custom_resource import RefusedError
from ._lambda import FLAGS, Context
from .smtp.calls import UnreadableError
from .smtp.issue import issue
from .smtp.keys import SETTLED_SECONDS, AccessKey, Keys, room
from .smtp.login import LoginError, log_in
from .smtp.new_key import NoRoomError
from .smtp.secret import CURRENT, PENDING, Credentials, Description, Secret

log = logging.getLogger(__name__)

# What Secrets Manager answers to a second value of one and the same version.
_WRITTEN_BY_ANOTHER = "ResourceExistsException"

# Between two looks at what another run does.
_LONGEST_PAUSE = 15


class RotationError(Exception):
    """A sentence for the person who reads the log. Holds no secret."""


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Do one step of a rotation, or sweep."""
    try:
        _run(event, Settings.of(os.environ))
        return
    except (RotationError, RefusedError, LoginError, UnreadableError, BotoCoreError, ClientError) as error:
        reason = str(error)
    except Exception as error:
        reason = f"unexpected {type(error).__name__}"
    log.error("rotation failed", extra={"step": str(event.get("Step", "sweep")), "reason": reason})
    # Outside the handlers, so that Lambda does not log what they caught.
    raise RotationError(reason)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says."""

    user: str
    secret: str
    owned: bool
    host: str
    port: int
    grace: int

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        grace, owned = _text(environment, "SMTP_GRACE_SECONDS"), _text(environment, "SMTP_OWNS_USER")
        if not (grace.isascii() and grace.isdecimal()):
            raise RotationError(f"SMTP_GRACE_SECONDS must be whole seconds, got {grace!r}")
        if owned not in FLAGS:
            raise RotationError(f"SMTP_OWNS_USER must be 'true' or 'false', got {owned!r}")
        return cls(
            user=_text(environment, "SMTP_USER_NAME"),
            secret=_text(environment, "SMTP_SECRET_ARN"),
            owned=FLAGS[owned],
            host=_text(environment, "SMTP_HOST"),
            port=int(_text(environment, "SMTP_PORT")),
            grace=int(grace),
        )


def _text(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise RotationError(f"{name} must be set")
    return value


def _run(event: Mapping[str, Any], settings: Settings) -> None:
    match event:
        case {"source": "aws.events", "detail-type": "Scheduled Event"}:
            _sweep(settings)
        case {
            "Step": "createSecret" | "setSecret" | "testSecret" | "finishSecret" as step,
            "SecretId": str(secret),
            "ClientRequestToken": str(token),
        }:
            # Secrets Manager may ask for any secret that names this function; our permissions are for this one.
            if secret != settings.secret:
                raise RotationError(f"this function rotates {settings.secret}, and not {secret}")
            _rotate(step, token, settings)
        case _:
            raise RotationError("this is neither a step of a rotation nor a scheduled event; nothing was done")


def _rotate(step: str, token: str, settings: Settings) -> None:
    rotation = Rotation(settings, token)
    if rotation.is_done():
        return
    match step:
        case "createSecret":
            rotation.create()
        case "testSecret":
            rotation.test()
        case "finishSecret":
            rotation.finish()
    # Nothing to do for setSecret, since IAM knows its own keys.
    log.info("step done", extra={"step": step})


class Rotation:
    """One rotation, told from others by its token, which is also the id of the new version."""

    def __init__(self, settings: Settings, token: str) -> None:
        self._settings, self._token = settings, token
        self._keys, self._secret = Keys(settings.user), Secret(settings.secret)
        self._described = self._secret.described()

    def is_done(self) -> bool:
        """Check what AWS asks every rotation function to check."""
        # The schedule is tested while it is made, when the secret may not say anything about it yet.
        if self._described.rotates is False:
            raise RotationError("the secret has no rotation enabled; enable it first")
        stages = self._described.stages.get(self._token, [])
        if CURRENT not in stages and PENDING not in stages:
            raise RotationError(f"version {self._token} of the secret is not the one that a rotation waits for")
        return CURRENT in stages

    def create(self) -> None:
        """Make a key for the pending version, with the rest as it is in the current one, unless another run does."""
        ends, pause = time.time() + SETTLED_SECONDS, 1
        while True:
            current = self._secret.credentials(stage=CURRENT)
            if not current:
                raise RotationError(
                    "the current version of the secret holds no SMTP credentials; deploy its stack again"
                )
            keys = self._keys.listed_with(current.username)
            known = {current.username, *(key.id for key in keys)}
            named = self._secret.stages_of(known - {current.username})
            # Read last: while it is empty, no other run has come any further, and what was read before is no later.
            if text := self._secret.text(version=self._token):
                self._check_pending(Credentials.read(text))
                return
            unnamed = [key for key in keys if key.id not in {current.username, *named}]
            if not any(key.settles_in() for key in unnamed):
                try:
                    self._make(current, keys, named)
                    return
                except NoRoomError:
                    if time.time() > ends:
                        raise
                except ClientError as error:
                    if error_code(error) != _WRITTEN_BY_ANOTHER:
                        raise
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _make(self, current: Credentials, keys: Collection[AccessKey], named: Mapping[str, Collection[str]]) -> None:
        for key in room(self._settings.user, keys, current.username, named, owned=self._settings.owned):
            self._keys.delete(key)
            log.info("key deleted to make room", extra={"key": key, "stages": sorted(named.get(key, ()))})
        issue(
            self._keys,
            self._secret,
            {current.username, *(key.id for key in keys)},
            host=self._settings.host,
            port=self._settings.port,
            region=current.region,
            pending=self._token,
        )

    def test(self) -> None:
        """Log in with the pending credentials.

        A schedule that does not rotate at once is tested with this step alone, for which there may be no pending value;
        then the current credentials show that everything is in place.
        """
        credentials = self._secret.credentials(version=self._token) or self._secret.credentials(stage=CURRENT)
        if not credentials:
            raise RotationError("the secret holds no SMTP credentials; deploy its stack again")
        log_in(replace(credentials, host=self._settings.host, port=self._settings.port))

    def finish(self) -> None:
        """Let everybody have the pending credentials."""
        self._check_pending(self._secret.credentials(version=self._token))
        with ignore_error_if_done(lambda _: self._secret.described().version_with(CURRENT) == self._token):
            self._secret.move_current(to=self._token, away_from=self._described.version_with(CURRENT))

    def _check_pending(self, pending: Credentials | None) -> None:
        """Refuse a pending version without a key that works, or one that is older than a change of the current one.

        A version cannot be written twice, and Secrets Manager comes back to a version that is pending; without its
        label, the next rotation starts afresh.
        """
        current = self._secret.credentials(stage=CURRENT)
        if pending and current and pending.username != current.username and pending.endpoint == current.endpoint:
            keys = self._keys.listed_with(pending.username)
            if any(key.id == pending.username and key.active for key in keys):
                return
        if self._secret.described().version_with(CURRENT) == self._token:
            return  # another run has come to the end
        self._secret.drop_pending(self._token)
        raise RotationError(
            "the pending version of the secret names no active key of the user, or another endpoint than the current "
            "version, so this rotation was given up; the next one starts afresh"
        )


def _sweep(settings: Settings) -> None:
    keys, secret = Keys(settings.user), Secret(settings.secret)
    listed = keys.listed()
    if len(listed) < 2:
        return
    # Read after the list: a key that is in it and becomes current later was pending before.
    described = secret.described()
    named = secret.stages_of(key.id for key in listed)
    current = next((key for key in listed if CURRENT in named.get(key.id, ())), None)
    if not current:
        return
    age = time.time() - _in_use_since(current, described)
    for key in listed:
        stages = named.get(key.id)
        if stages is None or stages & {CURRENT, PENDING}:
            continue
        match fate(age, settings.grace, active=key.active):
            case "delete":
                keys.delete(key.id)
                log.info("previous key deleted", extra={"key": key.id})
            case "deactivate":
                keys.deactivate(key.id)
                log.info("previous key deactivated", extra={"key": key.id})


def _in_use_since(current: AccessKey, described: Description) -> float:
    # A rotation that was held up finishes long after its key was made.
    return max(current.created.timestamp(), described.rotated.timestamp() if described.rotated else 0)


def fate(age: float, grace: int, *, active: bool) -> Literal["keep", "deactivate", "delete"]:
    """Say what becomes of a superseded key where the current one has been in use for *age* seconds."""
    if age > 2 * grace:
        return "delete"
    return "deactivate" if age > grace and active else "keep"
