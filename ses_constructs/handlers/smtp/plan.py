"""What to do about SMTP credentials, decided without a call: from what is wanted and what was found."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Self

from .._custom_resource import Properties, RefusedError
from .keys import AccessKey, room
from .secret import CURRENT, Credentials

_PREFIX = "smtp-credentials|"


def physical_id(user: str, first_key: str) -> str:
    return f"{_PREFIX}{user}|{first_key}"


def user_and_key_in(physical_id: str) -> tuple[str, str]:
    """Read the user and the key; both are empty if no Create has answered."""
    if not physical_id.startswith(_PREFIX):
        return "", ""
    user, _, key = physical_id.removeprefix(_PREFIX).rpartition("|")
    return user, key


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the template says."""

    user: str
    owned: bool
    secret: str
    host: str
    port: int
    region: str
    rotates: bool

    @classmethod
    def of(cls, properties: Properties) -> Self:
        port = properties.text("Port")
        if not (port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535):
            raise RefusedError(f"property Port must be 1 to 65535, got {port!r}")
        return cls(
            user=properties.text("UserName"),
            owned=properties.flag("OwnsUser"),
            secret=properties.text("SecretArn"),
            host=properties.text("Host"),
            port=int(port),
            region=properties.text("Region"),
            rotates=properties.flag("Rotates"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is there: the user's keys, and what versions of secrets say about them."""

    keys: tuple[AccessKey, ...]
    # The current version; a placeholder has no credentials and maybe a key all the same.
    current: Credentials | None
    current_key: str
    # Earlier credentials that may serve again.
    spare: tuple[Credentials, ...]
    # The staging labels of the versions that name a key; the current key is not among them.
    named: Mapping[str, Collection[str]]
    # Keys that are ours by what is remembered elsewhere.
    earlier: frozenset[str]


def decide(found: Found, wanted: Wanted, *, rotation_is_new: bool) -> Credentials | tuple[str, ...]:
    """Choose the credentials to have in the secret, or the keys to delete before new ones are made."""
    named = {key: frozenset[str]() for key in found.earlier} | dict(found.named)
    if rotation_is_new and not wanted.owned:
        _check_rotation(found, named, wanted)
    active = {key.id for key in found.keys if key.active}
    for credentials in (found.current, *found.spare):
        # A key that somebody has deactivated may be known to strangers, so that it does not come back.
        if credentials and credentials.username in active and credentials.region == wanted.region:
            return replace(credentials, host=wanted.host, port=wanted.port)
    return room(wanted.user, found.keys, found.current_key, named, owned=wanted.owned)


def _check_rotation(found: Found, named: Mapping[str, object], wanted: Wanted) -> None:
    others = sorted(key.id for key in found.keys if key.id != found.current_key and key.id not in named)
    if others:
        # CloudFormation's roll-back may meet the same refusal, so the sentence tells the way out of that too.
        raise RefusedError(
            f"user {wanted.user} has access keys that this stack did not make ({', '.join(others)}), and a rotation "
            "needs both of the keys that IAM allows; delete them or choose another user, then deploy again "
            "(or continue the update roll-back)"
        )


def superseded(
    keys: Collection[AccessKey], named: Mapping[str, Collection[str]], found: Found, wanted: Wanted, *, kept: str
) -> tuple[str, ...]:
    """List the keys that go once the secret is as it should be, with the key *kept* as the current one.

    Without a rotation only the current key stays. A rotation keeps the keys that any version names, until their time.
    """
    # Both, for a rotation may have ended in the meantime.
    current = {kept} | {key for key, stages in named.items() if CURRENT in stages}
    return tuple(
        key.id
        for key in keys
        if key.id not in current
        and (wanted.owned or key.id in named or key.id in found.earlier)
        and not (wanted.rotates and key.id in named)
    )
