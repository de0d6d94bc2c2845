"""The condition keys of `route53:ChangeResourceRecordSets`, with names as Route 53 normalises them.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html: lower case, no dot at the
end, and what is no letter, digit, hyphen or underscore in octal.
"""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions

PREFIX = "route53:ChangeResourceRecordSets"


def _normalized(name: str) -> str:
    plain = name.lower().removesuffix(".")
    return re.sub(r"[^a-z0-9\-_.\\]", lambda found: f"\\{ord(found[0]):03o}", plain)


def _keys(body: bytes) -> dict[str, list[str]]:
    changes = [each for each in ElementTree.fromstring(body).iter() if each.tag.endswith("}Change")]
    texts = [{part.tag.partition("}")[2]: part.text or "" for part in change.iter()} for change in changes]
    return {
        f"{PREFIX}NormalizedRecordNames": sorted({_normalized(each["Name"]) for each in texts}),
        f"{PREFIX}RecordTypes": sorted({each["Type"] for each in texts}),
        f"{PREFIX}Actions": sorted({each["Action"] for each in texts}),
    }


def install() -> None:
    original: Callable[..., dict[str, Any]] = iam_actions.request_tag_context

    def context(service: str, iam_action: str, body: bytes, params: Any) -> dict[str, Any]:
        keys = original(service, iam_action, body, params)
        return keys | (_keys(body) if iam_action == PREFIX else {})

    iam_actions.request_tag_context = context
