"""What a custom resource has made and adopted, in an SSM parameter of its own.

CloudFormation gives back the physical id and the properties alone, and neither tells what was there before. So before a
change the parameter holds what was and what will be, and after it what is; whatever gets lost on the way, the next
event reads both, and the zone tells which of them came true.

Permissions, on the parameters of this stack: ``ssm:GetParameter``, ``ssm:PutParameter``, ``ssm:DeleteParameter``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import boto3

from .._aws import RETRY_LONG, error_code
from .._custom_resource import RefusedError
from .record_sets import Content, Slot

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

# An advanced parameter; up to 4 KB it is a standard one, without a price
# (https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html).
_MOST_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Claim:
    """What we have in a slot.

    Args:
        how: ``made`` goes when the slot is no longer wanted, ``adopted`` stays, and ``left`` has been let go after it
            was adopted, so that a roll-back finds it again.
        wrote: Fingerprints of what stood there by our doing or with our consent.
        tried: Of what we were about to write, and perhaps did.
        ttl: The TTL that we wrote; 0 where it is not ours.
        before: The SPF policy that ours was joined to, as it was written.
    """

    how: Literal["made", "adopted", "left"]
    wrote: frozenset[str] = frozenset()
    tried: frozenset[str] = frozenset()
    ttl: int = 0
    before: str = ""

    def knows(self, content: Content) -> bool:
        """Whether *content* is what we wrote, or may have written."""
        return content.fingerprint in self.wrote | self.tried

    @property
    def is_ours(self) -> bool:
        return self.how != "left"


Claims = Mapping[Slot, Claim]


def meanwhile(before: Claims, after: Claims) -> dict[Slot, Claim]:
    """What is to be remembered while nobody knows whether the change from *before* to *after* takes place."""
    both = dict(before)
    for slot, claim in after.items():
        if (old := before.get(slot)) is None:
            both[slot] = replace(claim, wrote=frozenset(), tried=claim.wrote) if claim.how == "made" else claim
        elif claim != old:
            tried = (old.tried | claim.wrote) - old.wrote
            both[slot] = replace(claim, wrote=old.wrote, tried=tried, ttl=old.ttl)
    return both


class Memory:
    """The parameter of one custom resource for one domain in one zone."""

    def __init__(self, name: str) -> None:
        self._name = name
        # Whether it may be there, for then somebody has to come back and look.
        self.may_exist = False

    @cached_property
    def _ssm(self) -> "SSMClient":
        return boto3.client("ssm", config=RETRY_LONG)

    def read(self) -> tuple[dict[Slot, Claim], bool]:
        """The claims, and whether they are to be kept for another owner."""
        try:
            text = self._ssm.get_parameter(Name=self._name)["Parameter"]["Value"]
        except Exception as error:
            if error_code(error) == "ParameterNotFound":
                return {}, False
            raise
        self.may_exist = True
        stored = json.loads(text)
        return {Slot(*key.split(" ")): _claim(each) for key, each in stored["records"].items()}, stored["kept"]

    def write(self, claims: Claims, *, kept: bool = False) -> None:
        records = {" ".join(slot).rstrip(): _stored(claim) for slot, claim in claims.items()}
        text = json.dumps({"kept": kept, "records": records}, separators=(",", ":"))
        if len(text.encode()) > _MOST_BYTES:
            raise RefusedError(
                f"what is to be remembered of these records takes {len(text.encode())} bytes, and a parameter holds "
                f"{_MOST_BYTES}; publish some of the TXT values of the domain elsewhere"
            )
        self.may_exist = True
        self._ssm.put_parameter(Name=self._name, Value=text, Type="String", Tier="Intelligent-Tiering", Overwrite=True)

    def forget(self) -> None:
        try:
            self._ssm.delete_parameter(Name=self._name)
        except Exception as error:
            if error_code(error) != "ParameterNotFound":
                raise


def _stored(claim: Claim) -> dict[str, Any]:
    fields = {"how": claim.how, "wrote": sorted(claim.wrote), "tried": sorted(claim.tried), "ttl": claim.ttl}
    return {name: value for name, value in {**fields, "before": claim.before}.items() if value}


def _claim(stored: Mapping[str, Any]) -> Claim:
    wrote, tried = (frozenset(stored.get(name, ())) for name in ("wrote", "tried"))
    return Claim(stored["how"], wrote, tried, stored.get("ttl", 0), stored.get("before", ""))
