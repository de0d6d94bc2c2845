"""What CloudFormation refuses before and after it makes resources: references to nothing, other types, used exports."""

from collections.abc import Callable, Iterator
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, engine, handlers, helpers, stacks

from local_aws.extensions.registry import Params, Response

Template = dict[str, Any]
NO_CHANGES = "The submitted information didn't contain changes."


class TypeChangedError(ValueError):
    """An update that gives a resource another type."""


def references_problem(template: Template) -> str | None:
    """What in the template refers to neither a resource nor a parameter, in CloudFormation's words, or None."""
    known = {*(template.get("Resources") or {}), *(template.get("Parameters") or {})}
    for block, referred in (("Resources", _resources_refer_to(template)), ("Outputs", _outputs_refer_to(template))):
        unknown = sorted({name for name in referred if name not in known and not name.startswith("AWS::")})
        if unknown:
            listed = f"[{', '.join(unknown)}]"
            return (
                f"Template format error: Unresolved resource dependencies {listed} in the {block} block of the template"
            )
    return None


def _resources_refer_to(template: Template) -> Iterator[str]:
    for resource in (template.get("Resources") or {}).values():
        yield from (name for name, _ in engine._intrinsic_references(resource.get("Properties") or {}))
        named = resource.get("DependsOn") or []
        yield from [named] if isinstance(named, str) else named


def _outputs_refer_to(template: Template) -> Iterator[str]:
    for output in (template.get("Outputs") or {}).values():
        yield from (name for name, _ in engine._intrinsic_references(output))


def type_problem(old: Template, new: Template) -> str | None:
    """Which resources get another type, in CloudFormation's words, or None."""
    before, after = old.get("Resources") or {}, new.get("Resources") or {}
    changed = [name for name in after if name in before and before[name].get("Type") != after[name].get("Type")]
    if not changed:
        return None
    return (
        "Update of resource type is not permitted. The new template modifies resource type of the following "
        f"resources: [{', '.join(sorted(changed))}]"
    )


def exports_problem(stack_name: str, stack_id: str, exports: dict[str, dict[str, str]]) -> str | None:
    """Which export of the stack is in use elsewhere and would go or change, in CloudFormation's words, or None."""
    for name, export in list(cloudformation._exports.items()):
        kept = name in exports and exports[name]["Value"] == export["Value"]
        users = [] if kept or export["StackId"] != stack_id else _users(name, stack_name)
        if users:
            what = "updated" if name in exports else "deleted"
            return f"Export {name} cannot be {what} as it is in use by {' and '.join(users)}"
    return None


def _users(export: str, owner: str) -> list[str]:
    return sorted(
        name
        for name, stack in cloudformation._stacks.items()
        if name != owner
        and stack["StackStatus"] != "DELETE_COMPLETE"
        and export in handlers._imported_export_names(stack, name)
    )


def _check_references() -> None:
    original: Callable[..., None] = engine.validate_template_support

    def validate(template: Template, conditions: dict[str, bool], params: dict[str, Any] | None = None) -> None:
        original(template, conditions, params=params)
        # A macro may still add what is missing.
        if problem := None if template.get("Transform") else references_problem(template):
            raise ValueError(problem)

    handlers.validate_template_support = changesets.validate_template_support = validate


def _check_types_of_updates() -> None:
    compare: Callable[..., bool] = handlers._stack_has_no_updates
    update: Callable[[Params], Response] = handlers._ACTION_HANDLERS["UpdateStack"]

    def has_no_updates(stack: dict[str, Any], template: Template, *rest: Any) -> bool:
        if problem := type_problem(stack.get("_template") or {}, template):
            raise TypeChangedError(problem)
        return compare(stack, template, *rest)

    def call(params: Params) -> Response:
        try:
            return update(params)
        except TypeChangedError as error:
            response: Response = helpers._error("ValidationError", str(error))
            return response

    handlers._stack_has_no_updates = has_no_updates
    handlers._ACTION_HANDLERS["UpdateStack"] = call


def _judge_change_sets() -> None:
    """A change set that changes a type fails; one that changes outputs alone is there to be carried out."""
    create: Callable[[Params], Response] = handlers._ACTION_HANDLERS["CreateChangeSet"]

    def call(params: Params) -> Response:
        response = create(params)
        if response[0] != 200:
            return response
        _, made = changesets._find_change_set(helpers._p(params, "ChangeSetName"), helpers._p(params, "StackName"))
        old, new = cloudformation._stacks[made["StackName"]].get("_template") or {}, made["_template"]
        if problem := type_problem(old, new):
            made.update(Status="FAILED", ExecutionStatus="UNAVAILABLE", StatusReason=problem, Changes=[])
        elif made["StatusReason"].startswith(NO_CHANGES) and old.get("Outputs") != new.get("Outputs"):
            made.update(Status="CREATE_COMPLETE", ExecutionStatus="AVAILABLE", StatusReason="")
        return response

    handlers._ACTION_HANDLERS["CreateChangeSet"] = call


def _guard_exports() -> None:
    resolve: Callable[..., tuple[list[dict[str, Any]], dict[str, dict[str, str]]]] = stacks._resolve_stack_outputs

    def resolved(*arguments: Any) -> tuple[list[dict[str, Any]], dict[str, dict[str, str]]]:
        outputs, exports = resolve(*arguments)
        stack_name, stack_id = arguments[-2:]
        if problem := exports_problem(stack_name, stack_id, exports):
            raise ValueError(problem)
        # Nothing that comes later fails the update, and ministack would keep what is no longer exported.
        for name, export in list(cloudformation._exports.items()):
            if export["StackId"] == stack_id and name not in exports:
                cloudformation._exports.pop(name)
        return outputs, exports

    stacks._resolve_stack_outputs = resolved


def install() -> None:
    _check_references()
    _check_types_of_updates()
    _judge_change_sets()
    _guard_exports()
