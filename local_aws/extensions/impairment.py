"""An SES v2 that fails: `LocalAws.impair_ses` has every call in an account and region end with 503, and do nothing."""

import re
from typing import Any

from ministack.core.responses import AccountRegionScopedDict

from local_aws.extensions.controls import Arguments, controls
from local_aws.extensions.registry import Response, json_error, rest_calls

_impaired = AccountRegionScopedDict()


def _fail(match: re.Match[str], data: Any) -> Response | None:
    return json_error("ServiceUnavailable", "Service unavailable", 503) if _impaired.get("SES") else None


def _set(arguments: Arguments) -> None:
    _impaired["SES"] = arguments["impaired"] == "True"


def install() -> None:
    rest_calls[:0] = [(verb, re.compile(".*"), _fail) for verb in ("DELETE", "GET", "POST", "PUT")]
    controls["ses-impaired"] = _set
