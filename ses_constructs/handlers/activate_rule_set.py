"""Custom::SESActiveRuleSet: makes one receipt rule set the active one, which CloudFormation cannot.

Properties: ``RuleSetName`` (its literal name), ``TakeOver`` (``true`` or ``false``). No data in the answer. The
physical id is ``active-rule-set|<replaced>``: the set that a take-over replaced, or nothing. An Update keeps the id,
because another one would bring a Delete of the old one, which would deactivate the set.

A set is ours when it is a resource of this stack; no other one is ever activated by its name. Only a Create replaces
the set of somebody else, for two reasons: an Update cannot change the id, and it may be a roll-back. To undo ``true``
-> ``false`` would otherwise grab the account from a person who took it back by hand. A Delete acts only while our set
is the active one.

The answer of a Create may be lost after it has replaced a set. So before it acts it writes a tag on this function,
which its next try reads, and the Delete of a Create that never answered. Without the tag, that Delete refuses to
deactivate what may have replaced another set.

SES cannot activate a set on a condition: whoever looks and then acts may replace what was activated in between. A look
afterwards shows a race that was lost; it cannot show that one was won.

Permissions, on ``*`` since SES has no resource level for these calls:
``ses:DescribeActiveReceiptRuleSet``, ``ses:SetActiveReceiptRuleSet``. On this function: ``lambda:ListTags``,
``lambda:TagResource``. On this stack: ``cloudformation:ListStackResources``.
"""

import logging
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Self

import boto3

from ._aws import RETRY_LONG, ignore_error_if_done, is_not_found, is_transient
from ._custom_resource import UNSURE, Properties, RefusedError, Request, Succeeded
from ._lambda import Context
from ._ownership import Stack

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_ses import SESClient

log = logging.getLogger(__name__)

_PREFIX = "active-rule-set|"
REPLACED_TAG = "ses-constructs:replaced-rule-set"
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


def replaced_in(physical_id: str) -> str | None:
    """Read the set that was replaced, or nothing; ``None`` if no Create has answered with an id of ours."""
    return physical_id.removeprefix(_PREFIX) if physical_id.startswith(_PREFIX) else None


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

    resource_type = "Custom::SESActiveRuleSet"

    def __init__(self, context: Context) -> None:
        self._function_arn = context.invoked_function_arn

    @cached_property
    def _ses(self) -> "SESClient":
        return boto3.client("ses", config=RETRY_LONG)

    @cached_property
    def _functions(self) -> "LambdaClient":
        return boto3.client("lambda", config=RETRY_LONG)

    def create(self, request: Request) -> Succeeded:
        try:
            wanted = self._wanted(request)
            active = self._look()
            if decide_create(active, wanted) == "keep":
                # An earlier try of this Create did it.
                return Succeeded(physical_id(self._remembered() or "" if wanted.take_over else ""))
            if wanted.take_over:
                self._functions.tag_resource(Resource=self._function_arn, Tags={REPLACED_TAG: active})
        except Exception as error:
            if not is_transient(error):
                raise
            # An earlier try of this Create may have activated the set; with this id its Delete comes back and looks.
            raise RefusedError(str(error), physical_id_to_delete=UNSURE) from error
        try:
            self._activate(wanted.name)
        except Exception as error:
            # It may be active all the same, and CloudFormation could not delete an active set.
            raise RefusedError(str(error), physical_id_to_delete=physical_id(active)) from error
        if active:
            log.warning("took over", extra={"active": wanted.name, "replaced": active})
        return Succeeded(physical_id(active))

    def update(self, request: Request) -> Succeeded:
        wanted = self._wanted(request)
        # Bad properties have changed nothing, so their roll-back has nothing to change.
        before = request.before(Wanted.of) or wanted
        active = self._look()
        if decide_update(active, wanted, before) == "activate":
            self._activate(wanted.name)
        elif active != wanted.name:
            log.warning("another set is active", extra={"active": active, "ours": wanted.name})
        return Succeeded(request.physical_id)

    def delete(self, request: Request) -> None:
        wanted = self._wanted(request)
        if self._look() != wanted.name:
            return
        replaced = replaced_in(request.physical_id)
        if replaced is None:
            replaced = self._remembered() if wanted.take_over else ""
        if replaced is None:
            raise RefusedError(
                f"receipt rule set {wanted.name!r} is active, and may have replaced another set that is not known any "
                f"more: activate that one, or {_DEACTIVATE}, then delete again"
            )
        with ignore_error_if_done(lambda _: self._look() != wanted.name):
            # A set that is renamed to the one it once replaced must not be given back to itself.
            self._give_back("" if replaced == wanted.name else replaced)

    def _wanted(self, request: Request) -> Wanted:
        wanted = Wanted.of(request.properties)
        if not Stack().has("AWS::SES::ReceiptRuleSet", wanted.name):
            raise RefusedError(f"receipt rule set {wanted.name!r} is not one of this stack")
        return wanted

    def _remembered(self) -> str | None:
        """Read what a Create has replaced, or was about to replace; ``None`` if none came so far."""
        return self._functions.list_tags(Resource=self._function_arn).get("Tags", {}).get(REPLACED_TAG)

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
