"""Custom::SESSmtpCredentials: an access key of an IAM user, turned into SMTP credentials that are only in a secret.

Properties: ``UserName``; ``SecretArn``, of a secret that may be empty or hold a placeholder; ``Host``, ``Port`` and
``Region`` of the endpoint; ``OwnsUser``, ``true`` if this stack made the user, so that all of its keys are ours,
else ``false``; ``Rotates``, ``true`` or ``false``. No data in the answer. The secret becomes
``{"host": ..., "port": <number>, "username": ..., "password": ..., "region": ...}``.

The physical id is ``smtp-credentials|<user>|<key>``: the user, and the key of the first credentials. It changes with
the user alone, so that the old user's keys go when CloudFormation deletes the old id, after everything else works with
the new one. What is replaced for one and the same user goes at once, or is left to the rotation's grace time.

The secret half of a key is in the memory of one function for as long as the password is derived, and nowhere else.
Another region therefore needs another key; another host or port does not.

The secret is that of this resource, and the user and the endpoint are those of the secret, when the secret's tags say
so. A key is ours when the user is, when a version of the secret names it, or when the physical id does. No other key is
ever deleted. The key that the secret names as current is deleted with the resource, and not before.

SES takes some tens of seconds until it knows a new key. So a Create, and an Update that makes a key, logs in before it
answers, and before it deletes what is replaced. An endpoint that cannot be reached from here is no failure, nor is a
login that is refused until the time is up: both are logged.

Permissions, on the user: ``iam:ListAccessKeys``, ``iam:CreateAccessKey``, ``iam:DeleteAccessKey``. On the secret:
``secretsmanager:DescribeSecret``, ``secretsmanager:GetSecretValue``, ``secretsmanager:ListSecretVersionIds``,
``secretsmanager:PutSecretValue``, ``secretsmanager:UpdateSecretVersionStage``. With a KMS key of its own, on that key:
``kms:Decrypt`` and ``kms:GenerateDataKey``.
"""

import logging
import time
from collections.abc import Collection, Mapping
from typing import Any

from ._aws import error_code, is_denied
from ._custom_resource import RefusedError, Request, Succeeded, respond
from ._lambda import Context
from .smtp.calls import is_retryable
from .smtp.issue import issue
from .smtp.keys import Keys
from .smtp.login import SECONDS, LoginError, log_in
from .smtp.new_key import StrayKeyError
from .smtp.owner import OWNS_USER_TAG, RESOURCE_TAG, USER_TAG, check_owner, tags_of
from .smtp.plan import Found, Wanted, decide, physical_id, superseded, user_and_key_in
from .smtp.secret import CURRENT, PREVIOUS, Credentials, Secret, username_in

log = logging.getLogger(__name__)

# What is left for the rest: the last login may take longer than its time, as may the calls and the answer after it.
_KEPT_BACK_SECONDS = 120

# IAM's list of keys shows a change after so long at the latest.
_LIST_AGE_SECONDS = 15


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation."""
    respond(event, SmtpCredentialsHandler(context), context)


class SmtpCredentialsHandler:
    """Keeps one secret as the template says."""

    resource_type = "Custom::SESSmtpCredentials"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._new_key = ""

    def create(self, request: Request) -> Succeeded:
        wanted = Wanted.of(request.properties)
        keys, secret = Keys(wanted.user), Secret(wanted.secret)
        try:
            check_owner(secret, request.logical_id, wanted)
            found = self._look(keys, secret, wanted, None, "")
        except Exception as error:
            if not is_retryable(error):
                raise
            # An earlier try of this Create may have made a key; with this id its Delete comes back and looks.
            raise RefusedError(str(error), physical_id_to_delete=physical_id(wanted.user, "")) from error
        plan = decide(found, wanted, rotation_is_new=wanted.rotates)
        try:
            username = self._act(keys, secret, plan, found, wanted, is_new=True)
        except Exception as error:
            key = getattr(error, "key_id", "") or self._new_key
            raise RefusedError(
                str(error),
                physical_id_to_delete=physical_id(wanted.user, key),
                # IAM may not list the key yet, and another try would make a second one.
                may_repeat=not (self._new_key or isinstance(error, StrayKeyError)),
            ) from error
        return Succeeded(physical_id(wanted.user, username))

    def update(self, request: Request) -> Succeeded:
        wanted, before = Wanted.of(request.properties), request.before(Wanted.of)
        user, key = user_and_key_in(request.physical_id)
        keys, secret = Keys(wanted.user), Secret(wanted.secret)
        check_owner(secret, request.logical_id, wanted)
        found = self._look(keys, secret, wanted, before, key if user == wanted.user else "")
        turned_on = wanted.rotates and before is not None and not before.rotates
        plan = decide(found, wanted, rotation_is_new=turned_on)
        username = self._act(keys, secret, plan, found, wanted)
        if user != wanted.user:
            return Succeeded(physical_id(wanted.user, username))
        if before and before.user != wanted.user:
            # The roll-back of a replacement that failed: CloudFormation does not know of the keys that it made, so that
            # no Delete will come for them. They may be some seconds old, and the list as well.
            time.sleep(_LIST_AGE_SECONDS)
            earlier = {found.current_key, *(one.username for one in found.spare), *secret.names()}
            self._delete_ours(before, earlier - {username, "", *(one.id for one in found.keys)})
        return Succeeded(request.physical_id)

    def delete(self, request: Request) -> None:
        wanted = Wanted.of(request.properties)
        user, key = user_and_key_in(request.physical_id)
        secret = Secret(wanted.secret)
        tags, expected = secret.tags(), tags_of(request.logical_id, wanted)
        if user not in ("", wanted.user) or tags.get(RESOURCE_TAG, request.logical_id) != request.logical_id:
            raise RefusedError(f"the secret or the user in this event is not that of {request.logical_id}")
        # After a change of the user, the secret says whose the new one is.
        is_its_user = all(tags.get(name) == expected[name] for name in (RESOURCE_TAG, USER_TAG, OWNS_USER_TAG))
        if user or is_its_user:
            owned = wanted.owned and is_its_user
            known = {key, *self._named(secret, needed=not owned)} - {""}
            self._delete_ours(wanted, known, owned=owned)

    def _named(self, secret: Secret, *, needed: bool) -> set[str]:
        """Read which keys the secret names, which it need not tell where IAM's list does."""
        try:
            return secret.names()
        except Exception as error:
            if needed or is_retryable(error):
                raise
            log.warning("the secret cannot be read", extra={"code": error_code(error)})
            return set()

    def _look(self, keys: Keys, secret: Secret, wanted: Wanted, before: Wanted | None, first_key: str) -> Found:
        text = secret.text(stage=CURRENT)
        current = Credentials.read(text)
        same_user = before is None or before.user == wanted.user
        if before and same_user and (before.region, before.secret) != (wanted.region, wanted.secret):
            # What an update to the other region or secret has just deleted must not look as if it could serve again,
            # and what has just been made must be seen.
            time.sleep(_LIST_AGE_SECONDS)
        listed = keys.listed_with(current.username if current and same_user else "")
        spare: list[Credentials | None] = []
        earlier: set[str] = {first_key} - {""}
        others = {key.id for key in listed} - {username_in(text)}
        if before and (before.user, before.region) != (wanted.user, wanted.region):
            # A roll-back finds here what the update replaced.
            spare.append(secret.credentials(stage=PREVIOUS))
        if before and before.secret != wanted.secret:
            try:
                old = Secret(before.secret)
                spare.append(old.credentials(stage=CURRENT))
                earlier |= old.stages_of(others).keys()
            except Exception as error:
                # By now the role may have lost its permissions for the secret before.
                if not is_denied(error):
                    raise
        named = secret.stages_of(others)
        return Found(
            keys=listed,
            current=current,
            current_key=username_in(text),
            spare=tuple(one for one in spare if one),
            named=named,
            earlier=frozenset(earlier),
        )

    def _act(
        self,
        keys: Keys,
        secret: Secret,
        plan: Credentials | tuple[str, ...],
        found: Found,
        wanted: Wanted,
        *,
        is_new: bool = False,
    ) -> str:
        if isinstance(plan, Credentials):
            credentials = plan
            if plan != found.current:
                secret.stop_rotation()
                secret.put(plan)
        else:
            secret.stop_rotation()
            for key in plan:
                keys.delete(key)
            known = {found.current_key, *(key.id for key in found.keys)}
            credentials = issue(keys, secret, known, host=wanted.host, port=wanted.port, region=wanted.region)
            self._new_key, is_new = credentials.username, True
        if is_new:
            self._log_in(credentials)
        self._delete_superseded(keys, secret, found, wanted, kept=credentials.username)
        return credentials.username

    def _log_in(self, credentials: Credentials) -> None:
        """Hold the deployment until a login succeeds, as far as one can be tried from here."""
        seconds = min(SECONDS, self._context.get_remaining_time_in_millis() / 1000 - _KEPT_BACK_SECONDS)
        try:
            if seconds <= 0:
                raise LoginError("no time is left to try a login")
            log_in(credentials, seconds=seconds, answers_only=True)
        except LoginError as error:
            log.warning("new credentials may not log in yet", extra={"reason": str(error)})

    def _delete_superseded(self, keys: Keys, secret: Secret, found: Found, wanted: Wanted, *, kept: str) -> None:
        # The next event may come at once, as a roll-back does, and must see the new key.
        listed = keys.listed_with(kept)
        # A list without it may hold a single key all the same, which is what it replaces.
        if {key.id for key in listed} <= {kept}:
            return
        if not wanted.rotates:
            secret.stop_rotation()
        # Read again at the last moment: in the meantime a rotation may have ended.
        named = secret.stages_of(key.id for key in listed)
        for key in superseded(listed, named, found, wanted, kept=kept):
            keys.delete(key)
            log.info("superseded key deleted", extra={"user": wanted.user, "key": key})

    def _delete_ours(self, wanted: Wanted, known: Collection[str], *, owned: bool = False) -> None:
        """Delete the *known* keys even if the list does not show them yet, and all others of a user that is *owned*.

        Of another user we know the keys from the versions of the secret; if somebody has emptied it, there is
        still the first key in the physical id, which is the only one without a rotation. Any further key could as well
        be somebody else's, and stays.
        """
        keys = Keys(wanted.user)
        listed = {key.id for key in keys.listed()}
        ours = {*known, *(listed if owned else ())}
        for key in sorted(ours):
            keys.delete(key)
        if left := sorted(listed - ours):
            log.info("keys of others stay", extra={"user": wanted.user, "keys": left})
