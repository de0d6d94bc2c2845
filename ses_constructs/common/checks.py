"""Checks that several constructs share.

A CDK token passes every check of a text, for that is known at deploy only. Warning ids are part of the public API.
"""

import json
from typing import TYPE_CHECKING

from aws_cdk import Annotations, CfnDeletionPolicy, CfnResource, Duration, IResource, Stack
from constructs import Construct

from .arguments import check_kind, contains_token, invalid
from .rendered import rendered
from .ses_regions import LISTS_READ_ON, RECEIVING_REGIONS, SENDING_REGIONS, SMTP_REGIONS

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam


def warn(scope: Construct, warning_id: str, message: str) -> None:
    """A warning under an id of ours."""
    Annotations.of(scope).add_warning_v2(f"ses-constructs:{warning_id}", message)


def warn_about_region(
    scope: Construct, region: str, *, sends: bool = False, receives_mail: bool = False, speaks_smtp: bool = False
) -> None:
    """Warn about the first of what *scope* needs that SES is not known to do in *region*.

    No error, because the lists of regions age.
    """
    for needed, regions, warning_id, what, fix in (
        (sends, SENDING_REGIONS, "region-cannot-send", "send from", ""),
        (receives_mail, RECEIVING_REGIONS, "region-cannot-receive", "receive mail in", ""),
        (speaks_smtp, SMTP_REGIONS, "region-without-smtp", "have an SMTP endpoint in", ", pass host"),
    ):
        if needed and region not in regions and not contains_token(region):
            warn(
                scope,
                warning_id,
                f"SES is not known to {what} {region} as of {LISTS_READ_ON}; deploy to another region{fix}, or "
                "acknowledge this warning where it does by now",
            )
            return


def regions_differ(one: str, other: str) -> bool:
    """Whether two regions, or accounts, are known to be different ones."""
    return one != other and not contains_token(one) and not contains_token(other)


def check_same_region(argument: str, region: str, *, user: Construct) -> None:
    """Raise ``ValueError`` if *region*, that of a resource, is known to be another one than that of *user*."""
    own = Stack.of(user).region
    if regions_differ(region, own):
        raise invalid(argument, f"be in the region of the stack, {own}", region, "pass one of that region")


def check_known_seconds(argument: str, duration: object, fix: str) -> float:
    """The seconds of *duration*; raises ``ValueError`` for what is none, and for one that only CloudFormation knows."""
    check_kind(argument, duration, Duration, fix)
    assert isinstance(duration, Duration)
    if duration.is_unresolved():
        raise invalid(argument, "be known at synth", duration.to_human_string(), fix)
    return duration.to_seconds(integral=False)


def check_configuration_set(argument: str, value: object) -> None:
    """Raise ``ValueError`` unless *value* is a configuration set of aws_ses; its name alone comes to mind first."""
    if not hasattr(value, "configuration_set_name"):
        raise invalid(
            argument, "be a configuration set", value, "pass ses.ConfigurationSet.from_configuration_set_name(...)"
        )


def warn_unless_retained(scope: Construct, needed: IResource, *, domain_name: str) -> None:
    """Say that *needed* goes, though the domain that needs it to send stays; what comes from elsewhere stays anyway."""
    resource = needed.node.default_child
    if not isinstance(resource, CfnResource):
        return
    if resource.cfn_options.deletion_policy not in (
        CfnDeletionPolicy.RETAIN,
        CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE,
    ):
        domain = rendered(Stack.of(scope).resolve(domain_name))
        warn(
            scope,
            "not-retained",
            f"{needed.node.path} goes with its stack, but {domain} stays and needs it to send; call "
            "apply_removal_policy(RemovalPolicy.RETAIN) on it before you pass it on",
        )


def warn_about_policy(scope: Construct, of: str, statement: "iam.PolicyStatement", *, who: str, before: str) -> None:
    """Say which statement the owner of an imported resource has to add to let *who* in."""
    resolved = json.dumps(Stack.of(scope).resolve(statement.to_statement_json()))
    warn(
        scope,
        f"{of}-policy-not-added",
        f"the {of} comes from elsewhere, so its policy must let {who} in before {before}: {resolved}",
    )
