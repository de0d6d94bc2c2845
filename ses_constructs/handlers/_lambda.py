"""What every handler shares of Lambda: the context object, the account it runs in, and settings that are texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

from ._text import parse_json

# Properties of custom resources and environment variables have texts in the place of booleans.
FLAGS: Mapping[str, bool] = {"true": True, "false": False}


class Context(Protocol):
    """The part of Lambda's context object that handlers use."""

    @property
    def invoked_function_arn(self) -> str: ...
    def get_remaining_time_in_millis(self) -> int: ...


@dataclass(frozen=True, slots=True)
class AccountRegion:
    """The partition, region and account in which a function runs."""

    partition: str
    region: str
    account: str

    @classmethod
    def of(cls, function_arn: str) -> Self:
        _, partition, _, region, account, *_ = function_arn.split(":")
        return cls(partition, region, account)


def json_list(environment: Mapping[str, str], name: str) -> list[str] | None:
    """Read a JSON list of texts from an environment variable; ``None`` for anything else."""
    value = parse_json(environment.get(name))
    return value if isinstance(value, list) and all(isinstance(each, str) for each in value) else None
