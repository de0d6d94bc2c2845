"""Checks that several constructs share.

A CDK token passes every check of a text, for that is known at deploy only. Warning ids are part of the public API.
"""

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_cdk import Annotations, CfnDeletionPolicy, CfnResource, Duration, IResource, Stack
from constructs import Construct, DependencyGroup, IConstruct

from .arguments import check_kind, contains_token, invalid, offers, text_tuple
from .reach import check_same_stage
from .rendered import rendered
from .ses_regions import LISTS_READ_ON, RECEIVING_REGIONS, SENDING_REGIONS, SMTP_REGIONS, partition

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

# By what an object of CDK is told from others, its L1 too, and an example.
_RESOURCES = {
    "certificate": ("certificate_arn", "acm.Certificate.from_certificate_arn(...)"),
    "configuration set": ("configuration_set_name", "ses.ConfigurationSet.from_configuration_set_name(...)"),
    "dedicated IP pool": ("dedicated_ip_pool_name", "ses.DedicatedIpPool.from_dedicated_ip_pool_name(...)"),
    "IAM grantee": ("grant_principal", "a role, a user or a function"),
    "hosted zone": ("hosted_zone_id", "route53.HostedZone.from_lookup(...)"),
    "Firehose stream": ("delivery_stream_arn", "a firehose.DeliveryStream"),
    "IAM role": ("role_arn", "an iam.Role"),
    "IAM user": ("user_arn", "iam.User.from_user_name(...)"),
    "KMS key": ("key_arn", "a kms.Key, or kms.Key.from_key_arn(...)"),
    "Lambda function": ("function_arn", "a lambda_.Function, or lambda_.Function.from_function_arn(...)"),
    "S3 bucket": ("bucket_arn", "an s3.Bucket, or s3.Bucket.from_bucket_name(...)"),
    "SNS topic": ("topic_arn", "an sns.Topic, or sns.Topic.from_topic_arn(...)"),
    "receipt rule set": (
        "receipt_rule_set_name",
        "ses.ReceiptRuleSet.from_receipt_rule_set_name(...), with the rule_set_name of one of ours",
    ),
    "secret": ("secret_arn", "secretsmanager.Secret.from_secret_name_v2(...)"),
    "VPC": ("vpc_id", "ec2.Vpc.from_lookup(...)"),
}


def warn(scope: Construct, warning_id: str, message: str) -> None:
    """A warning under an id of ours, which names *scope* also where only its text is shown."""
    path = scope.node.path
    said = message if path in message else f"{message} (of {path})"
    Annotations.of(scope).add_warning_v2(f"ses-constructs:{warning_id}", said)


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


def check_same_region(argument: str, region: str, *, user: Construct, fix: str = "pass one of that region") -> None:
    """Raise ``ValueError`` if *region*, that of a resource, is known to be another one than that of *user*."""
    own = Stack.of(user).region
    if regions_differ(region, own):
        raise invalid(argument, f"be in the region of the stack, {own}", region, fix)


def check_same_place(argument: str, used: IConstruct, *, user: Construct, fix: str) -> None:
    """Raise ``ValueError`` if *used* is of another stage, or known to be of another region or account, than *user*."""
    there = Stack.of(used)
    if there is Stack.of(user):  # without a call to Node
        return
    if used.node.children:  # what is only named has none
        check_same_stage(argument, used, user=user, fix=fix)
    check_same_region(argument, there.region, user=user, fix=fix)
    check_same_account(argument, there.account, user=user, fix=fix)


def check_same_account(argument: str, account: str, *, user: Construct, fix: str) -> None:
    """Raise ``ValueError`` if *account*, that of a resource, is known to be another one than that of *user*."""
    own = Stack.of(user).account
    if regions_differ(account, own):
        raise invalid(argument, f"be of the account of the stack, {own}", account, fix)


def check_known_seconds(argument: str, duration: object, fix: str) -> int:
    """The seconds of *duration*.

    Raises ``ValueError`` for what is none, for a fraction of them, and for what only CloudFormation knows.
    """
    check_kind(argument, duration, Duration, fix)
    assert isinstance(duration, Duration)
    if duration.is_unresolved():
        raise invalid(argument, "be known at synth", duration.to_human_string(), fix)
    seconds = duration.to_seconds(integral=False)
    if seconds % 1:
        raise invalid(argument, "be whole seconds", f"{seconds:g} seconds", fix)
    return int(seconds)


def check_resource(argument: str, value: object, kind: str) -> None:
    """Raise ``ValueError`` unless *value* is a *kind* of object; its name, its ARN and its class come to mind first."""
    attribute, example = _RESOURCES[kind]
    if offers(value, attribute):
        return
    part = None if isinstance(value, type) else getattr(value, argument, None)
    if part is not None and offers(part, attribute):
        # The last word of the class is what its object is usually called: monitoring, domain.
        owner = re.findall("[A-Z][a-z]*", type(value).__name__)[-1].lower()
        example = f"{owner}.{argument}"
    article = "an" if kind[0] in "aeiouIS" else "a"
    raise invalid(argument, f"be {article} {kind}, and no name, ARN or Cfn resource", value, f"pass {example}")


def check_dependable(argument: str, value: object) -> None:
    """Raise ``ValueError`` unless *value* is something to wait for."""
    if not isinstance(value, DependencyGroup) and not offers(value, "node"):
        raise invalid(argument, "be a construct or a DependencyGroup", value, "pass what has to be there first")


def check_iam_actions(actions: Sequence[str]) -> None:
    """Raise ``ValueError`` unless all *actions* have a service before their name."""
    for action in text_tuple("actions", actions):
        if ":" not in action:
            raise invalid("actions", "be actions of IAM", action, "write the service too, as in 'sns:Publish'")


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


def as_text(scope: Construct, value: object) -> object:
    """*value* for a person to paste: nothing of CloudFormation is left in it where account and region are known."""
    stack = Stack.of(scope)
    known = {"<AWS::Partition>": stack.partition, "<AWS::AccountId>": stack.account, "<AWS::Region>": stack.region}
    if contains_token(stack.partition) and not contains_token(stack.region):
        known["<AWS::Partition>"] = partition(stack.region)

    def written(resolved: object) -> object:
        match resolved:
            case str() | {"Ref": _} | {"Fn::GetAtt": _} | {"Fn::Join": _}:
                text = rendered(resolved)
                for reference, found in known.items():
                    text = text if contains_token(found) else text.replace(reference, found)
                return text
            case dict():
                return {key: written(each) for key, each in resolved.items()}
            case list():
                return [written(each) for each in resolved]
        return resolved

    return written(stack.resolve(value))


def warn_about_policy(
    scope: Construct,
    of: str,
    statement: "iam.PolicyStatement",
    *,
    who: str,
    before: str,
    resource: IResource | None = None,
) -> None:
    """Say which statement the owner of an imported *resource* has to add to let *who* in."""
    resolved = json.dumps(as_text(scope, statement.to_statement_json()))
    # What CloudFormation names cannot be pasted yet.
    in_brackets = "; what stands in <> is known after the deployment" if "<" in resolved else ""
    warn(
        scope,
        f"{of}-policy-not-added",
        f"the {of}{f' {resource.node.path}' if resource else ''} comes from elsewhere, so its policy must let {who} in "
        f"before {before}: {resolved}{in_brackets}",
    )
