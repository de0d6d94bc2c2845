"""Custom::SESActiveRuleSet: makes one receipt rule set the active one, which CloudFormation cannot.

Properties: ``RuleSetName`` (its literal name), ``TakeOver`` (``true`` or ``false``). No data in the answer. The
physical id is ``active-rule-set|<replaced>``: the set that a take-over replaced, or nothing. An Update keeps the id,
because another one would bring a Delete of the old one, which would deactivate the set.

A set is ours when ``RuleSetName`` says so now or, in an Update, said so before. Only a Create replaces the set of
somebody else, for two reasons: an Update has no place to remember that set, and it may be a roll-back. To undo ``true``
-> ``false`` would otherwise grab the account from a person who took it back by hand. A Delete acts only while our set
is the active one.

SES cannot activate a set on a condition: whoever looks and then acts may replace what was activated in between. A look
afterwards shows a race that was lost; it cannot show that one was won.

Permissions, on ``*`` since SES has no resource level for these calls:
``ses:DescribeActiveReceiptRuleSet``, ``ses:SetActiveReceiptRuleSet``.
"""

import logging
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Self

import boto3

from ._aws import RETRY_LONG, ignore_error_if_done, is_not_found, is_transient
from ._custom_resource import Properties, RefusedError, Request, Succeeded

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient

log = logging.getLogger(__name__)

_PREFIX = "active-rule-set|"
_DEACTIVATE = "deactivate it ('aws ses set-active-receipt-rule-set' without a name)"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the template says."""

    name: str
    take_over: bool

    @classmethod
    def of(cls, properties: Properties) -> Self:
        take_over = properties.flag("TakeOver")
        return cls(properties.text("RuleSetName"), take_over)


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


class ActiveRuleSetHandler:
    """Keeps one rule set active."""

    def __init__(self) -> None:
        # What an earlier try in this invocation may have replaced.
        self._replaced = ""

    @cached_property
    def _ses(self) -> "SESClient":
        return boto3.client("ses", config=RETRY_LONG)

    def create(self, request: Request) -> Succeeded:
        wanted = Wanted.of(request.properties)
        try:
            active = self._look()
        except Exception as error:
            if not is_transient(error):
                raise
            # An earlier try of this Create may have activated the set; with this id its Delete comes back and looks.
            raise RefusedError(str(error), physical_id_to_delete=physical_id(self._replaced)) from error
        if decide_create(active, wanted) == "keep":
            # An earlier try of this Create did it. If that was another invocation, whose answer was lost, nobody knows
            # any more what it replaced, so that the Delete will deactivate the set and give nothing back.
            return Succeeded(physical_id(self._replaced))
        self._replaced = active
        try:
            self._activate(wanted.name)
        except Exception as error:
            # It may be active all the same, and CloudFormation could not delete an active set.
            raise RefusedError(str(error), physical_id_to_delete=physical_id(active)) from error
        if active:
            log.warning("took over", extra={"active": wanted.name, "replaced": active})
        return Succeeded(physical_id(active))

    def update(self, request: Request) -> Succeeded:
        wanted = Wanted.of(request.properties)
        # Bad properties have changed nothing, so their roll-back has nothing to change.
        before = request.before(Wanted.of) or wanted
        active = self._look()
        if decide_update(active, wanted, before) == "activate":
            self._activate(wanted.name)
        elif active != wanted.name:
            log.warning("another set is active", extra={"active": active, "ours": wanted.name})
        return Succeeded(request.physical_id)

    def delete(self, request: Request) -> None:
        ours, replaced = request.properties.text("RuleSetName"), replaced_in(request.physical_id)
        if self._look() != ours:
            return
        with ignore_error_if_done(lambda _: self._look() != ours):
            # A set that is renamed to the one it once replaced must not be given back to itself.
            self._give_back("" if replaced == ours else replaced)

    def _look(self) -> str:
        try:
            return self._ses.describe_active_receipt_rule_set().get("Metadata", {}).get("Name", "")
        except Exception as error:
            if is_not_found(error):
                return ""
            raise

    def _activate(self, name: str) -> None:
        trouble: Exception | None = None
        try:
            self._ses.set_active_receipt_rule_set(RuleSetName=name)
        except Exception as error:
            # Decided by a look, as in ignore_error_if_done; the same look shows whether somebody else was faster.
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
                if not is_not_found(error):
                    raise
        self._ses.set_active_receipt_rule_set()
