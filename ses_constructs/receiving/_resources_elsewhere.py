"""What is said about a function or a bucket that a rule uses in another account or region."""

import json
from typing import TYPE_CHECKING

from aws_cdk import Stack
from constructs import Construct

from ..common.arguments import invalid
from ..common.checks import as_text, check_same_region, regions_differ, warn
from ..common.reach import check_reach
from ..common.ses_regions import LISTS_READ_ON, RECEIVING_REGIONS

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_s3 as s3


def is_function_of_this_account(scope: Construct, function: "lambda_.IFunction", *, source_arn: str) -> bool:
    """Whether SES can be let in from here; warns about a function of another account, where its owner has to.

    Raises ``ValueError`` for one of another region, and one that cannot be named here.
    """
    check_same_region("function", function.env.region, user=scope)
    check_reach("function", function, function.function_arn, user=scope)
    if not regions_differ(function.env.account, Stack.of(scope).account):
        return True
    arn, source = as_text(scope, function.function_arn), as_text(scope, source_arn)
    warn(
        scope,
        "function-policy-not-added",
        "the function is of another account, so its owner must let SES in before this rule is deployed: aws lambda "
        f"add-permission --function-name {arn} --statement-id ses --action lambda:InvokeFunction "
        f"--principal ses.amazonaws.com --source-account {as_text(scope, Stack.of(scope).account)} "
        f"--source-arn {source}",
    )
    return False


def check_trusts_ses(role: "iam.IRole") -> None:
    """Raise ``ValueError`` for a role of the app that SES may not assume; what trusts whom elsewhere is not known."""
    policy = getattr(role, "assume_role_policy", None)
    if policy is not None and "ses.amazonaws.com" not in json.dumps(Stack.of(role).resolve(policy)):
        fix = "make it with assumed_by=iam.ServicePrincipal('ses.amazonaws.com')"
        raise invalid("role", "trust ses.amazonaws.com, which stores mail as this role", role.node.path, fix)


def warn_about_bucket(scope: Construct, bucket: "s3.IBucket") -> None:
    """A bucket in another region where SES is not known to receive."""
    region = bucket.env.region
    if region not in RECEIVING_REGIONS and regions_differ(region, Stack.of(scope).region):
        warn(
            scope,
            "bucket-needs-role",
            f"SES is not known to receive mail in {region} as of {LISTS_READ_ON}, and writes to a bucket in such a "
            "region only as a role; pass role to StoreMail, or a bucket of another region",
        )
