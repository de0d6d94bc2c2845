"""What SmtpCredentials checks about its arguments: errors for what cannot work, warnings for what may not.

A CDK token passes every check of a text, for that is known at deploy only. Warning ids are part of the public API.
"""

import re
from collections.abc import Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from ..common.arguments import (
    check_distinct,
    check_domain_name,
    check_kind,
    contains_token,
    invalid,
    text_tuple,
    without_tokens,
)
from ..common.checks import (
    check_known_seconds,
    check_resource,
    check_same_account,
    check_same_place,
    check_same_region,
    warn,
)
from ..common.once import earlier_owner
from ..common.ses_regions import SMTP_IMPLICIT_TLS_PORTS, SMTP_STARTTLS_PORTS, check_region
from ..identities.sending_domain import SendingDomain

# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html.
_MAX_DAYS = 1000
_DAY = 24 * 60 * 60
_DEFAULT_GRACE_DAYS = 1
# The function that retires keys looks once an hour.
_MIN_GRACE_SECONDS = 3600
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html.
LONGEST_SECRET_NAME = 512
_SES_HOST = re.compile(r"(?:^|\.)email-smtp(?:-fips)?\.(?P<region>[a-z0-9-]+)\.")
_OTHER_REGION_FIX = "make the credentials in a stack of that place, with replica_regions for whoever reads them here"
_SECRET_NAME = re.compile(rf"[A-Za-z0-9/_+=.@-]{{1,{LONGEST_SECRET_NAME}}}")
# A user holds 2,048 characters of inline policies. Ours takes up to 650 beside the addresses, and has each in the
# condition and in an ARN (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
_MAX_ADDRESS_CHARACTERS = 1_300
_AROUND_AN_ADDRESS = len('"","arn:aws-us-gov:ses:us-gov-west-1:111122223333:identity/",')
# By id, since the names differ between accounts
# (https://docs.aws.amazon.com/ses/latest/dg/send-email-set-up-vpc-endpoints.html).
_ZONES_WITHOUT_ENDPOINT = {
    "ap-northeast-2": ("apne2-az4",),
    "ca-central-1": ("cac1-az3", "cac1-az4"),
    "us-east-1": ("use1-az2", "use1-az3", "use1-az5"),
    "us-west-1": ("usw1-az2",),
    "us-west-2": ("usw2-az4",),
}


def check_resources(*, user: object, configuration_set: object, encryption_key: object, vpc: object) -> None:
    """Every one of these is an object of CDK or None."""
    for argument, value, kind in (
        ("user", user, "IAM user"),
        ("configuration_set", configuration_set, "configuration set"),
        ("encryption_key", encryption_key, "KMS key"),
        ("vpc", vpc, "VPC"),
    ):
        if value is not None:
            check_resource(argument, value, kind)


def check_account(user: iam.IUser, stack: Stack) -> None:
    """A user of the stack's account, where CDK knows both: a policy of another account's user cannot be made here."""
    # CDK takes the first from the stack that makes or imports the user, the second from the ARN of an import.
    for account in (user.env.account, user.principal_account or stack.account):
        check_same_account("user", account, user=stack, fix="leave it out, or name a user of this account")


def claim_user(user: iam.IUser, stack: Stack) -> None:
    """A user that no other SmtpCredentials of the stack has: IAM allows two keys, and a change of one needs both."""
    # Who imports a user twice has two constructs with one name; a name that is a token is no better than the construct.
    known = not contains_token(user.user_name)
    if earlier_owner(stack, ("SMTP user", user.user_name if known else user.node.addr), user.node.path):
        raise invalid(
            "user",
            f"be for one SmtpCredentials in stack {stack.stack_name!r}",
            user.user_name if known else user.node.path,
            "leave user out, so that each has one of its own",
        )


def check_domain(domain: SendingDomain, stack: Stack) -> None:
    """A domain of the stack's region and account, because an SMTP endpoint sends from no other."""
    check_kind("domain", domain, SendingDomain, "pass a VerifiedDomain, or VerifiedDomain.from_domain_name(...)")
    check_same_place("domain", domain, user=stack, fix=_OTHER_REGION_FIX)


def check_address_length(from_addresses: Sequence[str]) -> None:
    """As many as a policy of an IAM user can hold; what is in them, grant_send checks."""
    texts = [without_tokens(each) for each in from_addresses]
    characters = sum(2 * len(each) + _AROUND_AN_ADDRESS for each in texts)
    if characters > _MAX_ADDRESS_CHARACTERS:
        raise invalid(
            "from_addresses",
            f"take at most {_MAX_ADDRESS_CHARACTERS} characters of a policy, which has each of them in a condition and "
            "in an ARN, because IAM limits the policies of a user",
            characters,
            "shorten the list with '*', or leave it out for the whole domain",
        )


def check_secret_name(name: str) -> None:
    """A name that Secrets Manager takes."""
    if not isinstance(name, str) or _SECRET_NAME.fullmatch(without_tokens(name)) is None:
        raise invalid(
            "secret_name",
            "be 1-512 ASCII letters, digits and /_+=.@-",
            name,
            "write a name such as 'mail/smtp', or leave it out",
        )


def checked_replicas(regions: Sequence[str], stack: Stack, *, secret_name: str | None) -> tuple[str, ...]:
    """Other regions than that of *stack*, and a name by which the copies are found there."""
    replicas = text_tuple("replica_regions", regions)
    check_distinct("replica_regions", replicas)
    for each in replicas:
        check_region("replica_regions", each)
        if each == stack.region:
            raise invalid("replica_regions", f"be other regions than that of the stack, {each}", each, "leave it out")
    if replicas and secret_name is None:
        raise invalid("secret_name", "be given with replica_regions, to find the copies by", None, "write 'mail/smtp'")
    return replicas


def check_port(scope: Construct, port: int) -> None:
    """A port on which SES speaks SMTP; warn about the one that EC2 throttles."""
    ports = sorted((*SMTP_IMPLICIT_TLS_PORTS, *SMTP_STARTTLS_PORTS))
    if isinstance(port, bool) or not isinstance(port, int) or port not in ports:
        listing = ", ".join(map(str, ports))
        raise invalid("port", f"be one of {listing}", port, "take 465, which speaks TLS from the first byte")
    if port == 25:
        warn(scope, "smtp-port-25", "EC2 and Lambda throttle or block port 25; take 465 or 587")


def check_network(stack: Stack, *, host: str | None, vpc: object, vpc_subnets: object) -> None:
    """A host name of the region, as far as it says one, and none beside the endpoint in a VPC; subnets only of that."""
    if host is not None:
        check_domain_name("host", host)
        found = _SES_HOST.search(host.lower())
        if found:
            # The password is derived for the region of the stack, and the user may send there alone.
            check_same_region("host", found["region"], user=stack, fix=_OTHER_REGION_FIX)
        if vpc is not None:
            # The endpoint's private DNS name is the region's host; any other one would go past it, out of the VPC.
            raise invalid("host", "be left out with vpc, whose endpoint has the host of the region", host, "omit one")
    if vpc is None and vpc_subnets is not None:
        raise invalid("vpc_subnets", "come with vpc", vpc_subnets, "pass the VPC of these subnets as well")


def check_rotation(
    rotate_after: Duration | None, keep_previous_for: Duration | None, reactions: Sequence[object]
) -> tuple[int, int] | None:
    """The days between two rotations and the seconds of grace; None without rotation."""
    if rotate_after is None:
        for argument, value in (("keep_previous_for", keep_previous_for), ("reactions", reactions or None)):
            if value is not None:
                raise invalid(argument, "come with rotate_after", value, "pass rotate_after=Duration.days(90)")
        return None
    grace = Duration.days(_DEFAULT_GRACE_DAYS) if keep_previous_for is None else keep_previous_for
    days = check_known_seconds("rotate_after", rotate_after, "pass Duration.days(90)") / _DAY
    seconds = check_known_seconds("keep_previous_for", grace, "pass Duration.hours(12)")
    if not 1 <= days <= _MAX_DAYS or days != int(days):
        raise invalid(
            "rotate_after", f"be 1 to {_MAX_DAYS} whole days", rotate_after.to_human_string(), "pass Duration.days(90)"
        )
    if seconds < _MIN_GRACE_SECONDS:
        raise invalid("keep_previous_for", "be an hour or more", grace.to_human_string(), "pass Duration.hours(12)")
    if days * _DAY <= 2 * seconds:
        raise invalid(
            "rotate_after",
            f"be longer than twice keep_previous_for, which is {grace.to_human_string()}",
            rotate_after.to_human_string(),
            "rotate less often, or keep the previous password for a shorter time",
        )
    return int(days), seconds


def warn_about_zones(scope: Construct, region: str) -> None:
    """CloudFormation refuses an endpoint in a zone that lacks the service; which zones those are, only ids tell."""
    zones = _ZONES_WITHOUT_ENDPOINT.get(region)
    if zones:
        warn(
            scope,
            "smtp-endpoint-zones",
            f"the SMTP endpoint of SES is missing in the availability zones {', '.join(zones)} of {region}; choose "
            "subnets of other zones with vpc_subnets, then acknowledge this warning",
        )
