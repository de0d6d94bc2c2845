"""Custom::SESActiveRuleSet: makes one receipt rule set the active one, which CloudFormation cannot.

Properties: ``RuleSetName`` (its literal name), ``TakeOver`` (``true`` or ``false``). No data in the answer. The
physical id is ``active-rule-set|<replaced>``: the set that a take-over replaced, or nothing. An Update keeps the id,
because another one would bring a Delete of the old one, which would deactivate the set.

A set is ours when ``RuleSetName`` says so now or, in an Update, said so before. Only a Create replaces the set of
somebody else, for two reasons: an Update has no place to remember that set, and it may be a roll-back. To undo ``true``
-> ``false`` would otherwise grab the account from a person who took it back by hand. A Delete acts only while our set
is the active one.

SES has no "activate if": whoever looks and then acts may replace what was activated in between. To look again shows
that a race was lost; it cannot show that one was won.

Permissions, on ``*`` since SES has no resource level for these calls:
``ses:DescribeActiveReceiptRuleSet``, ``ses:SetActiveReceiptRuleSet``.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

import boto3

from ._aws import PATIENT, is_transient, says_gone
from ._custom_resource import Context, Made, Properties, RefusedError, Request, answer

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient

log = logging.getLogger(__name__)

_PREFIX = "active-rule-set|"
_DEACTIVATE = "deactivate it ('aws ses set-active-receipt-rule-set' without a name)"


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation."""
    answer(event, ActiveRuleSet())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the template says."""

    name: str
    take_over: bool

    @classmethod
    def of(cls, properties: Properties) -> Self:
        take_over = properties.text("TakeOver")
        if take_over not in ("true", "false"):
            raise RefusedError(f"property TakeOver must be 'true' or 'false', got {take_over!r}")
        return cls(properties.text("RuleSetName"), take_over == "true")


def physical_id(replaced: str) -> str:
    return f"{_PREFIX}{replaced}"


def replaced_in(physical_id: str) -> str:
    """Read the set that was replaced. When no Create has answered, the id is one that CloudFormation made up."""
    return physical_id.removeprefix(_PREFIX) if physical_id.startswith(_PREFIX) else ""


def decide_create(active: str, wanted: Wanted) -> Literal["activate", "keep"]:
    """Say what a Create does where *active* is the active set, or empty."""
    if active == wanted.name:
        return "keep"
    if not active or wanted.take_over:
        return "activate"
    raise RefusedError(
        f"receipt rule set {active!r} is active in this region, which allows only one: add the rules to that set "
        f"(rule_set=), {_DEACTIVATE}, or replace it with activation=TakeOver()"
    )


def decide_update(active: str, wanted: Wanted, before: Wanted) -> Literal["activate", "keep"]:
    """Say what an Update does where *active* is the active set, or empty, and the template said *before*."""
    if active == wanted.name:
        return "keep"
    if active in ("", before.name):
        return "activate"
    if wanted.name == before.name and wanted.take_over <= before.take_over:
        # Ours is not active, but this update asks nothing of it; to fail would only be in the way of other changes.
        return "keep"
    # CloudFormation's roll-back of a renaming meets the same refusal, so the sentence tells the way out of that too.
    raise RefusedError(
        f"receipt rule set {active!r} was activated outside of this stack, and an update never replaces another set: "
        f"{_DEACTIVATE}, then deploy again (or continue the update roll-back)"
    )


class ActiveRuleSet:
    """Keeps one rule set active."""

    @cached_property
    def _ses(self) -> "SESClient":
        return boto3.client("ses", config=PATIENT)

    def create(self, request: Request) -> Made:
        wanted = Wanted.of(request.new)
        try:
            active = self._look()
        except Exception as error:
            if not is_transient(error):
                raise
            # An earlier try of this Create may have activated the set; with this id its Delete comes back and looks.
            raise RefusedError(str(error), left_behind=physical_id("")) from error
        if decide_create(active, wanted) == "keep":
            # An earlier try of this Create, whose answer was lost. What it replaced nobody knows any more, so that the
            # Delete will deactivate the set and give nothing back.
            return Made(physical_id(""))
        made = Made(physical_id(active))
        try:
            self._activate(wanted.name)
        except Exception as error:
            # It may be active all the same, and CloudFormation could not delete an active set.
            raise RefusedError(str(error), left_behind=made.physical_id) from error
        if active:
            log.warning("took over", extra={"active": wanted.name, "replaced": active})
        return made

    def update(self, request: Request) -> Made:
        wanted = Wanted.of(request.new)
        # Bad properties have changed nothing, so their roll-back has nothing to change.
        before = request.before(Wanted.of) or wanted
        active = self._look()
        if decide_update(active, wanted, before) == "activate":
            self._activate(wanted.name)
        elif active != wanted.name:
            log.warning("another set is active", extra={"active": active, "ours": wanted.name})
        return Made(request.physical_id)

    def delete(self, request: Request) -> None:
        ours, replaced = request.new.text("RuleSetName"), replaced_in(request.physical_id)
        if self._look() != ours:
            return
        try:
            # A set that is renamed to the one it once replaced must not be given back to itself.
            self._give_back("" if replaced == ours else replaced)
        except Exception:
            # Whatever botocore's last try says, an earlier one may have taken effect.
            if self._look() == ours:
                raise

    def _look(self) -> str:
        try:
            return self._ses.describe_active_receipt_rule_set().get("Metadata", {}).get("Name", "")
        except Exception as error:
            if says_gone(error):
                return ""
            raise

    def _activate(self, name: str) -> None:
        trouble: Exception | None = None
        try:
            self._ses.set_active_receipt_rule_set(RuleSetName=name)
        except Exception as error:
            # Whatever botocore's last try says, an earlier one may have taken effect.
            trouble = error
        found = self._look()
        if found == name:
            return
        if trouble:
            raise trouble
        raise RefusedError(
            f"receipt rule set {name!r} was activated, but right afterwards {repr(found) if found else 'none'} was "
            "active, because somebody else changes it too; agree on one set, then deploy again"
        )

    def _give_back(self, replaced: str) -> None:
        if replaced:
            try:
                self._ses.set_active_receipt_rule_set(RuleSetName=replaced)
                return
            except Exception as error:
                if not says_gone(error):
                    raise
        self._ses.set_active_receipt_rule_set()
