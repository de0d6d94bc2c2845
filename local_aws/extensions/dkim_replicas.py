"""Deterministic Easy DKIM: identities that sign with the keys of the same domain in another region of the account.

https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-deed.html
"""

import re
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ses_v2

_ORIGIN = "AWS_SES_"


def parent_region(origin: str) -> str:
    """The region that *origin* names, empty for keys of the own region and of the domain's owner."""
    return origin.removeprefix(_ORIGIN).lower().replace("_", "-") if origin.startswith(_ORIGIN) else ""


def parent_keys(name: str, region: str) -> tuple[list[str], str]:
    """The tokens of the parent, or SES's `ErrorType`."""
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region) or region == get_region():
        return [], "REPLICATION_PRIMARY_INVALID_REGION"
    parent: dict[str, Any] | None = ses_v2._identities.get_scoped(get_account_id(), region, name)
    if parent is None:
        return [], "REPLICATION_PRIMARY_NOT_FOUND"
    dkim = parent["DkimAttributes"]
    if dkim["SigningAttributesOrigin"] == "EXTERNAL":
        return [], "REPLICATION_PRIMARY_BYO_DKIM_NOT_SUPPORTED"
    if parent_region(dkim["SigningAttributesOrigin"]):
        return [], "REPLICATION_REPLICA_AS_PRIMARY_NOT_SUPPORTED"
    return list(dkim["Tokens"]), ""


def replicas_of(name: str) -> list[str]:
    """The regions with replicas of an identity of this one, which is not deleted before them."""
    return [
        key[1]
        for key, identity in ses_v2._identities.to_dict().items()
        if (key[0], key[2]) == (get_account_id(), name)
        and parent_region(identity["DkimAttributes"].get("SigningAttributesOrigin", "")) == get_region()
    ]
