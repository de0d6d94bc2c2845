"""The secret that holds SMTP credentials: JSON with ``host``, ``port``, ``username``, ``password``, ``region``
and ``url``, which holds all of them but the region.

Its tags, which CloudFormation writes, say whose it is: see ``owner.py``.
"""

import json
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import boto3

from .._aws import RETRY_SHORT, error_code, ignore_error_if_done, is_not_found
from .._text import parse_json
from .calls import had_no_effect, is_retryable, without_secrets

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

log = logging.getLogger(__name__)

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"

# https://docs.aws.amazon.com/ses/latest/dg/smtp-connect.html; every other port of SES starts in the clear.
IMPLICIT_TLS_PORTS = frozenset({465, 2465})

# In the place of "not found", for a secret that waits for its deletion.
_MARKED_FOR_DELETION = "InvalidRequestException"

# https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html
_KEY_ID = re.compile(r"\w{16,128}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Everything that a client needs for a login."""

    host: str
    port: int
    region: str
    username: str
    password: str = field(repr=False)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read the text of a version; ``None`` for a placeholder, or for what somebody else wrote there."""
        match parse_json(text):
            case {
                "host": str(host),
                "port": int(port),
                "username": str(username),
                "password": str(password),
                "region": str(region),
            } if _KEY_ID.fullmatch(username):
                return cls(host=host, port=port, region=region, username=username, password=password)
        return None

    @property
    def endpoint(self) -> tuple[str, int, str]:
        return self.host, self.port, self.region

    def written(self) -> str:
        return json.dumps(
            {
                "host": self.host,
                "port": self.port,
                "username": self.username,
                "password": self.password,
                "region": self.region,
                "url": self.url,
            }
        )

    @property
    def url(self) -> str:
        """For programs that take one setting: a password of base64 has letters that end or split a URL."""
        scheme = "smtps" if self.port in IMPLICIT_TLS_PORTS else "smtp"
        login = f"{quote(self.username, safe='')}:{quote(self.password, safe='')}"
        return f"{scheme}://{login}@{self.host}:{self.port}"


def username_in(text: str) -> str:
    """Read which key a version names, even if the rest of it is not as we write it."""
    match parse_json(text):
        case {"username": str(username)} if _KEY_ID.fullmatch(username):
            return username
    return ""


@dataclass(frozen=True, slots=True)
class Description:
    """What Secrets Manager tells about a secret without its values."""

    # Not known before the first rotation, for one.
    rotates: bool | None
    rotated: datetime | None
    stages: dict[str, list[str]]
    tags: dict[str, str]

    def version_with(self, stage: str) -> str:
        """Find the version that has a staging label; empty if none has."""
        return next((version for version, stages in self.stages.items() if stage in stages), "")


class Secret:
    """Reads and writes the versions of one secret."""

    def __init__(self, arn: str) -> None:
        self._arn = arn

    @cached_property
    def _client(self) -> "SecretsManagerClient":
        return boto3.client("secretsmanager", config=RETRY_SHORT)

    def described(self) -> Description:
        found = self._client.describe_secret(SecretId=self._arn)
        tags = {tag.get("Key", ""): tag.get("Value", "") for tag in found.get("Tags", [])}
        stages = dict(found.get("VersionIdsToStages", {}))
        return Description(found.get("RotationEnabled"), found.get("LastRotatedDate"), stages, tags)

    def tags(self) -> dict[str, str]:
        """Read the tags; none of a secret that is gone."""
        try:
            return self.described().tags
        except Exception as error:
            if is_not_found(error):
                return {}
            raise

    def text(self, *, stage: str = "", version: str = "") -> str:
        """Read a version by its staging label or its id; empty if there is no such version, or no value in it yet."""
        which = {"VersionStage": stage} if stage else {"VersionId": version}
        try:
            return str(
                without_secrets(self._client.get_secret_value, SecretId=self._arn, **which).get("SecretString", "")
            )
        except Exception as error:
            if is_not_found(error) or error_code(error) == _MARKED_FOR_DELETION:
                return ""
            raise

    def credentials(self, *, stage: str = "", version: str = "") -> Credentials | None:
        return Credentials.read(self.text(stage=stage, version=version))

    def username(self, *, stage: str = "", version: str = "") -> str:
        return username_in(self.text(stage=stage, version=version))

    def put(self, credentials: Credentials, *, pending: str = "") -> None:
        """Write a version that becomes current at once, or the *pending* one of a rotation."""
        options: dict[str, Any] = {"ClientRequestToken": pending, "VersionStages": [PENDING]} if pending else {}
        without_secrets(
            self._client.put_secret_value, SecretId=self._arn, SecretString=credentials.written(), **options
        )

    def move_current(self, *, to: str, away_from: str) -> None:
        self._client.update_secret_version_stage(
            SecretId=self._arn, VersionStage=CURRENT, MoveToVersionId=to, RemoveFromVersionId=away_from
        )

    def drop_pending(self, version: str) -> None:
        """Take the label off a version that is never going to be current, or Secrets Manager comes back to it."""
        with ignore_error_if_done(lambda _: self.described().version_with(PENDING) != version):
            self._client.update_secret_version_stage(
                SecretId=self._arn, VersionStage=PENDING, RemoveFromVersionId=version
            )

    def stop_rotation(self) -> None:
        """Let no rotation that has begun end, for it would bring back what the secret held when it began.

        The label may also be left from one that has ended.
        """
        if version := self.described().version_with(PENDING):
            self.drop_pending(version)

    def stages_of(self, key_ids: Iterable[str]) -> dict[str, frozenset[str]]:
        """Map those keys that any version names to the staging labels of these versions.

        A version without a label counts too, for as long as Secrets Manager keeps it; it is asked for only when a key
        is in no other.
        """
        wanted = set(key_ids)
        if not wanted:
            return {}
        found: dict[str, frozenset[str]] = {}
        try:
            labelled = self.described().stages
            for version, stages in labelled.items():
                username = self.username(version=version)
                if username in wanted:
                    found[username] = found.get(username, frozenset()) | frozenset(stages)
            if wanted - found.keys():
                found |= self._in_versions_without_label(wanted - found.keys(), labelled)
        except Exception as error:
            if not (is_not_found(error) or error_code(error) == _MARKED_FOR_DELETION):
                raise
        return found

    def names(self) -> set[str]:
        """Read which keys all versions name; none of a secret that is gone."""
        try:
            labelled = self.described().stages
            others = [version for version in self._versions() if version not in labelled]
            found = {self.username(version=version) for version in labelled}
            return (found | {self._username_if_readable(version) for version in others}) - {""}
        except Exception as error:
            if not (is_not_found(error) or error_code(error) == _MARKED_FOR_DELETION):
                raise
            return set()

    def _in_versions_without_label(self, wanted: set[str], labelled: Iterable[str]) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for version in self._versions():
            if version not in labelled and (username := self._username_if_readable(version)) in wanted:
                found[username] = frozenset()
                if wanted == found.keys():
                    break
        return found

    def _username_if_readable(self, version: str) -> str:
        """Read which key an old version names; one whose KMS key is gone must not be in the way for ever."""
        try:
            return self.username(version=version)
        except Exception as error:
            if is_retryable(error) or not had_no_effect(error):
                raise
            log.warning("old version of the secret not readable", extra={"version": version, "code": error_code(error)})
        return ""

    def _versions(self) -> Iterator[str]:
        page: dict[str, Any] = {}
        while True:
            answer = self._client.list_secret_version_ids(SecretId=self._arn, IncludeDeprecated=True, **page)
            yield from (entry.get("VersionId", "") for entry in answer["Versions"])
            if not answer.get("NextToken"):
                return
            page = {"NextToken": answer["NextToken"]}
