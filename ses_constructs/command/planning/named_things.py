"""Identities, configuration sets, receipt rule sets and IP filters: SES refuses a second one of the same name."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from ..ses_account import SesAccount, if_there, in_a_sentence
from .looked_stack import NAMES, LookedStack, name_in
from .steps import PlannedStep, PlanVerdict
from .template_values import is_known


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedKind:
    """A kind of thing that has one of each name.

    Args:
        resource_type: In the template.
        word: What people call it.
        exists: Whether SES has one of that name.
        joins: What to do with one that exists, other than to import it.
        imported: Whether CloudFormation can import it.
        used_as_it_is: Whether one that exists is no trouble.
    """

    resource_type: str
    word: str
    exists: Callable[[SesAccount, str], bool]
    joins: str
    imported: bool = True
    used_as_it_is: bool = False


def _identity(account: SesAccount, name: str) -> bool:
    return account.identity(name) is not None


def _set(account: SesAccount, name: str) -> bool:
    return if_there(account.client("sesv2").get_configuration_set, ConfigurationSetName=name) is not None


def _rule_set(account: SesAccount, name: str) -> bool:
    return if_there(account.client("ses").describe_receipt_rule_set, RuleSetName=name) is not None


def _filter(account: SesAccount, name: str) -> bool:
    return name in {each["Name"] for each in account.client("ses").list_receipt_filters()["Filters"]}


KINDS = (
    NamedKind(
        resource_type="AWS::SES::EmailIdentity",
        word="identity",
        exists=_identity,
        joins="use it as it is with VerifiedDomain.from_domain_name(...)",
    ),
    NamedKind(
        resource_type="Custom::SESReplicatedIdentity",
        word="replicated identity",
        exists=_identity,
        joins="delete it in this region first, for whether SES turns it into a replica is not documented",
        imported=False,
    ),
    NamedKind(
        resource_type="Custom::SESVerifiedAddress",
        word="address",
        exists=_identity,
        joins="",
        used_as_it_is=True,
    ),
    NamedKind(
        resource_type="AWS::SES::ConfigurationSet",
        word="configuration set",
        exists=_set,
        joins="give it another name",
    ),
    NamedKind(
        resource_type="AWS::SES::ReceiptRuleSet",
        word="receipt rule set",
        exists=_rule_set,
        joins="join it with InboundRuleSet(rule_set=...)",
    ),
    NamedKind(
        resource_type="AWS::SES::ReceiptFilter",
        word="IP filter",
        exists=_filter,
        joins="delete it first: aws ses delete-receipt-filter --filter-name NAME",
        imported=False,
    ),
)


def plan_named_things(stack: LookedStack) -> Iterator[PlannedStep]:
    """What becomes of each of them."""
    for kind in KINDS:
        for logical_id, properties in stack.after.of_type(kind.resource_type):
            yield from _one(stack, kind, logical_id, properties)
        for logical_id, properties in stack.gone(kind.resource_type):
            yield _leaves(stack, kind, logical_id, _name(kind.resource_type, properties))


def _name(resource_type: str, properties: Mapping[str, Any]) -> str:
    return str(name_in(resource_type, properties) or "")


def _one(stack: LookedStack, kind: NamedKind, logical_id: str, properties: Mapping[str, Any]) -> Iterator[PlannedStep]:
    physical_id, name = stack.physical_id(logical_id), _name(kind.resource_type, properties)

    def step(verdict: PlanVerdict, says: str = "", fix: str = "") -> PlannedStep:
        shown = name or physical_id or logical_id
        return PlannedStep(
            resource=logical_id, thing=f"{kind.word} {shown}", verdict=verdict, says=says, fix=fix.replace("NAME", name)
        )

    if physical_id and name in ("", physical_id):
        yield step(*_stays_or_changes(stack, kind, logical_id, physical_id, properties))
        return
    if physical_id:
        yield _leaves(stack, kind, logical_id, physical_id)
    if not name:
        yield step("made", "CloudFormation makes up its name")
    elif not is_known(name):
        yield step("made", "its name is known only at deployment")
    elif not kind.exists(stack.account, name):
        yield step("made")
    elif kind.used_as_it_is:
        yield step("stays", "it exists, is used as it is, and outlives the stack")
    else:
        yield step(*_existing(stack, kind, logical_id, name))


def _existing(stack: LookedStack, kind: NamedKind, logical_id: str, name: str) -> tuple[PlanVerdict, str, str]:
    would_import = kind.imported and stack.imports and stack.after.keeps(logical_id)
    try:
        owner = stack.owner(kind.resource_type, name)
    except ClientError as error:
        says = f"it exists already, and whose it is could not be asked: {in_a_sentence(error)}"
        return ("unknown", says, "") if would_import else ("refused", says, kind.joins)
    if owner.startswith("this stack"):
        return "refused", f"it exists, and {owner}", "keep its logical id, or move it with cdk refactor"
    if owner:
        return "refused", f"it exists already, and {owner}", kind.joins
    if would_import:
        return "adopted", "it stays as it is, also where the template says something else", ""
    if not kind.imported:
        return "refused", "it exists already", kind.joins
    ways = ["cdk deploy --import-existing-resources takes it over"]
    if not stack.after.keeps(logical_id):
        ways = ["give it removal_policy=RETAIN, and cdk deploy --import-existing-resources takes it over"]
    ways += [f"ses-constructs adopt {name} writes the code"] if kind.word == "identity" and "@" not in name else []
    return "refused", "it exists already, and no stack has it", "; ".join([*ways, kind.joins])


def _stays_or_changes(
    stack: LookedStack, kind: NamedKind, logical_id: str, physical_id: str, properties: Mapping[str, Any]
) -> tuple[PlanVerdict, str]:
    before = stack.before.properties(logical_id)
    # A custom resource changes its code now and then, which is no change of the thing.
    fields = sorted({*before, *properties} - {"ServiceToken", "ServiceTimeout"})
    changed = [each for each in fields if before.get(each) != properties.get(each)]
    there = kind.exists(stack.account, physical_id)
    if stack.deployed and stack.deployed.template is None:
        return "unknown", "the deployed template is in YAML, and cannot be compared"
    if changed and not there:
        return "refused", f"somebody has deleted it, and {', '.join(changed)} cannot be changed any more"
    if changed:
        return "changes", ", ".join(changed)
    return "stays", "" if there else "somebody has deleted it, and CloudFormation does not notice"


def _leaves(stack: LookedStack, kind: NamedKind, logical_id: str, name: str) -> PlannedStep:
    thing = f"{kind.word} {name or stack.physical_id_before(logical_id) or logical_id}"
    if stack.before.keeps(logical_id):
        return PlannedStep(
            resource=logical_id, thing=thing, verdict="stays", says="it leaves the stack and is retained"
        )
    return PlannedStep(resource=logical_id, thing=thing, verdict="goes", says="it leaves the stack, and SES deletes it")


def plan_tracking_domains(stack: LookedStack) -> Iterator[PlannedStep]:
    """SES takes a tracking domain only if it is a verified identity of its own."""
    made = {_name(kind, each) for kind in NAMES for _, each in stack.after.of_type(kind)}
    for logical_id, properties in stack.after.of_type("AWS::SES::ConfigurationSet"):
        name = str((properties.get("TrackingOptions") or {}).get("CustomRedirectDomain", ""))
        if not name:
            continue
        identity = stack.account.identity(name) if is_known(name) else None
        verdict: PlanVerdict = "stays"
        says, fix = "it is verified", ""
        if not (identity and identity.get("VerifiedForSendingStatus")):
            if name in made or not is_known(name):
                verdict, says = "made", "SES takes it once it is verified, for which the deployment has to wait"
            else:
                verdict, says = "refused", "it is no verified identity of its own, and SES takes no other"
                fix = f"verify it first, or let BounceMonitoring(tracking_domain={name!r}) do that"
        yield PlannedStep(resource=logical_id, thing=f"tracking domain {name}", verdict=verdict, says=says, fix=fix)
