"""What the SMTP handlers use of IAM, Secrets Manager and the SMTP endpoint, as plain Python objects."""

# ruff: noqa: N803 - parameters have the names of AWS

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..wire import AwsError

MOST_KEYS = 2
LIMIT = AwsError("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", 409)
# What the real IAM and SES together take, more or less, until a new key logs in.
DELAY_SECONDS = 20

# In every secret half of a key and in every text that must not be seen.
SECRET_MARK = "not-to-be-seen-secret-half"

Now = Callable[[], float]


@dataclass
class Key:
    """An access key; *ours* tells who made it: the handlers, through the API, or somebody else."""

    id: str
    secret: str
    created: float
    ours: bool
    active: bool = True


def ids(keys: Iterable[Key]) -> list[str]:
    return [key.id for key in keys]


@dataclass
class Iam:
    """Users and their access keys (query protocol); a list of keys is *lag* seconds old."""

    now: Now
    users: dict[str, list[Key]] = field(default_factory=dict)
    made: int = 0
    lag: float = 0
    deleted: list[tuple[str, Key, float]] = field(default_factory=list)

    def keys(self, user: str) -> list[Key]:
        if user not in self.users:
            raise AwsError("NoSuchEntity", f"The user with name {user} cannot be found.", 404)
        return self.users[user]

    def key(self, key_id: str) -> Key | None:
        return next((key for keys in self.users.values() for key in keys if key.id == key_id), None)

    def add(self, user: str, *, ours: bool) -> Key:
        keys = self.keys(user)
        if len(keys) >= MOST_KEYS:
            raise LIMIT
        self.made += 1
        key = Key(f"AKIA{self.made:016}", f"{SECRET_MARK}-{self.made:04}+/", self.now(), ours)
        keys.append(key)
        return key

    def create_access_key(self, *, UserName: str) -> dict[str, Any]:
        key = self.add(UserName, ours=True)
        return {"AccessKey": _shown(UserName, key) | {"SecretAccessKey": key.secret}}

    def list_access_keys(self, *, UserName: str) -> dict[str, Any]:
        then = self.now() - self.lag
        gone = [key for user, key, at in self.deleted if user == UserName and at > then]
        found = [_shown(UserName, key) for key in [*self.keys(UserName), *gone] if key.created <= then]
        return {"AccessKeyMetadata": found, "IsTruncated": "false"}

    def update_access_key(self, *, UserName: str, AccessKeyId: str, Status: str) -> dict[str, Any]:
        self._find(UserName, AccessKeyId).active = Status == "Active"
        return {}

    def delete_access_key(self, *, UserName: str, AccessKeyId: str) -> dict[str, Any]:
        key = self._find(UserName, AccessKeyId)
        self.keys(UserName).remove(key)
        self.deleted.append((UserName, key, self.now()))
        return {}

    def _find(self, user: str, key_id: str) -> Key:
        for key in self.keys(user):
            if key.id == key_id:
                return key
        raise AwsError("NoSuchEntity", f"The Access Key with id {key_id} cannot be found.", 404)


def _shown(user: str, key: Key) -> dict[str, str]:
    created = datetime.fromtimestamp(key.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = "Active" if key.active else "Inactive"
    return {"UserName": user, "AccessKeyId": key.id, "Status": status, "CreateDate": created}


@dataclass
class StoredSecret:
    """A secret; a version that a rotation has begun has no value yet."""

    values: dict[str, str | None] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=dict)  # staging label -> version
    rotates: bool | None = None
    rotated: float | None = None
    marked_for_deletion: bool = False
    tags: dict[str, str] = field(default_factory=dict)

    def value(self, stage: str = "AWSCURRENT") -> str:
        return self.values.get(self.stages.get(stage, "")) or ""

    def move(self, stage: str, version: str) -> None:
        before = self.stages.get(stage)
        if stage == "AWSCURRENT" and before and before != version:
            self.stages["AWSPREVIOUS"] = before
        if stage == "AWSCURRENT" and self.stages.get("AWSPREVIOUS") == version:
            del self.stages["AWSPREVIOUS"]
        self.stages[stage] = version

    def labels(self, version: str) -> list[str]:
        return sorted(stage for stage, at in self.stages.items() if at == version)


@dataclass
class SecretsManager:
    """Secrets and their versions (JSON)."""

    now: Now
    secrets: dict[str, StoredSecret] = field(default_factory=dict)
    page: int = 2  # how many versions one answer lists

    def secret(self, arn: str) -> StoredSecret:
        if arn not in self.secrets:
            raise AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        return self.secrets[arn]

    def usable(self, arn: str) -> StoredSecret:
        secret = self.secret(arn)
        if secret.marked_for_deletion:
            raise AwsError("InvalidRequestException", "You can't perform this operation: it was marked for deletion.")
        return secret

    def describe_secret(self, *, SecretId: str) -> dict[str, Any]:
        secret = self.secret(SecretId)
        versions = set(secret.stages.values())
        described: dict[str, Any] = {
            "ARN": SecretId,
            "VersionIdsToStages": {version: secret.labels(version) for version in versions},
            "Tags": [{"Key": key, "Value": value} for key, value in secret.tags.items()],
        }
        if secret.rotates is not None:
            described["RotationEnabled"] = secret.rotates
        if secret.rotated:
            described["LastRotatedDate"] = secret.rotated
        return described

    def get_secret_value(self, *, SecretId: str, VersionStage: str = "", VersionId: str = "") -> dict[str, Any]:
        secret = self.usable(SecretId)
        version = VersionId or secret.stages.get(VersionStage, "")
        value = secret.values.get(version)
        if value is None:
            raise AwsError(
                "ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label"
            )
        return {"ARN": SecretId, "VersionId": version, "SecretString": value}

    def list_secret_version_ids(
        self, *, SecretId: str, IncludeDeprecated: bool = False, NextToken: str = "0"
    ) -> dict[str, Any]:
        secret = self.usable(SecretId)
        versions = [version for version, value in secret.values.items() if value is not None]
        shown = [version for version in versions if IncludeDeprecated or secret.labels(version)]
        start, end = int(NextToken), int(NextToken) + self.page
        entries = [
            {"VersionId": version} | ({"VersionStages": labels} if (labels := secret.labels(version)) else {})
            for version in shown[start:end]
        ]
        return {"Versions": entries} | ({"NextToken": str(end)} if end < len(shown) else {})

    def put_secret_value(
        self, *, SecretId: str, SecretString: str, ClientRequestToken: str, VersionStages: list[str] | None = None
    ) -> dict[str, Any]:
        secret = self.usable(SecretId)
        if secret.values.get(ClientRequestToken, SecretString) not in (None, SecretString):
            raise AwsError("ResourceExistsException", "The token is in use for a version with another value.")
        secret.values[ClientRequestToken] = SecretString
        # The first version becomes the current one, whatever else it is for.
        first = [] if "AWSCURRENT" in secret.stages else ["AWSCURRENT"]
        for stage in [*(VersionStages or ["AWSCURRENT"]), *first]:
            secret.move(stage, ClientRequestToken)
        return {"ARN": SecretId, "VersionId": ClientRequestToken}

    def update_secret_version_stage(
        self, *, SecretId: str, VersionStage: str, MoveToVersionId: str = "", RemoveFromVersionId: str = ""
    ) -> dict[str, Any]:
        secret = self.usable(SecretId)
        if secret.stages.get(VersionStage, "") != RemoveFromVersionId:
            raise AwsError("InvalidParameterException", f"{VersionStage} is not at the version to remove it from.")
        if MoveToVersionId:
            secret.move(VersionStage, MoveToVersionId)
        else:
            del secret.stages[VersionStage]
        return {"ARN": SecretId}


def password_of(key: Key, region: str) -> str:
    """Derive a password, independently of the handlers: the steps are those that the SES page lists."""
    signature = ("AWS4" + key.secret).encode("utf-8")
    for message in ("11111111", region, "ses", "aws4_request", "SendRawEmail"):
        signature = hmac.new(signature, message.encode("utf-8"), hashlib.sha256).digest()
    return base64.b64encode(b"\x04" + signature).decode("ascii")
