"""The active route: JSON in an SSM parameter, which does not exist before the first switch.

No template has the parameter: CloudFormation would write its first value again with the next change of its tags, and so
switch back.

Permissions, on the parameter: ``ssm:GetParameter``, ``ssm:PutParameter``.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import boto3

from .._aws import RETRY_SHORT, error_code, ignore_error_if_done
from .._text import one_line, parse_json

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

PRIMARY, STANDBY = "primary", "standby"

_CHARACTERS = 400  # of up to four bytes, and two texts
_LOOKS, _SECONDS_BETWEEN_LOOKS = 5, 1.0


class RouteError(Exception):
    """Why the route cannot be read, or was not written."""


@dataclass(frozen=True, slots=True)
class Route:
    """Which way mail goes, and who switched it so, why, and when in seconds since 1970."""

    generation: int
    active: str
    by: str
    why: str
    since: int

    @classmethod
    def of(cls, text: str) -> Self:
        """Read what a parameter holds."""
        read = parse_json(text)
        if not isinstance(read, Mapping) or read.get("active") not in (PRIMARY, STANDBY):
            raise RouteError(f"the parameter must hold a route as JSON, with active {PRIMARY} or {STANDBY}")
        generation, since = (_number(read, name) for name in ("generation", "since"))
        return cls(generation, read["active"], str(read.get("by", "")), str(read.get("why", "")), since)

    def switched(self, *, to: str, by: str, why: str) -> "Route":
        """The route after this one."""
        return Route(self.generation + 1, to, _told(by), _told(why), int(time.time()))


def _told(text: str) -> str:
    """Fit for a parameter, which holds 4 KB and no double braces, for those would name another parameter."""
    return one_line(text.replace("{", "(").replace("}", ")"), _CHARACTERS)


def _number(read: Mapping[str, Any], name: str) -> int:
    value = read.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise RouteError(f"the route in the parameter must have {name}, a whole number")
    return value


BEFORE_THE_FIRST_SWITCH = Route(0, PRIMARY, "", "", 0)


class RouteStore:
    """The parameter *name*. PutParameter has no condition, so only one function, one run at a time, may write it."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def _ssm(self) -> "SSMClient":
        return boto3.client("ssm", config=RETRY_SHORT)

    def read(self) -> Route:
        """Return the active route."""
        try:
            text = self._ssm.get_parameter(Name=self._name)["Parameter"]["Value"]
        except Exception as error:
            if error_code(error) == "ParameterNotFound":
                return BEFORE_THE_FIRST_SWITCH
            raise
        return Route.of(text)

    def write(self, route: Route) -> None:
        """Make *route* the active one, and return once it reads so."""
        text = json.dumps(asdict(route), ensure_ascii=False)
        with ignore_error_if_done(lambda _: self.read() == route):
            self._ssm.put_parameter(Name=self._name, Value=text, Type="String", Overwrite=True)
        # A look may be answered by a replica that has not heard of the write yet.
        for _ in range(_LOOKS):
            found = self.read()
            if found == route:
                return
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        raise RouteError(f"generation {route.generation} was written, and the parameter reads {found.generation}")
