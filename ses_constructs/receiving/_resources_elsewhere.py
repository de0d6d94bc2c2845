"""What is said about a function or a bucket that a rule uses in another account or region."""

from typing import TYPE_CHECKING

from aws_cdk import Stack
from constructs import Construct

from ..common.checks import as_text, regions_differ, warn
from ..common.ses_regions import LISTS_READ_ON, RECEIVING_REGIONS

if TYPE_CHECKING:
    from aws_cdk import aws_s3 as s3


def warn_about_foreign_function(scope: Construct, function_arn: str, *, source_arn: str) -> None:
    """A function of another account, where no stack of ours can let SES in."""
    arn, source = as_text(scope, function_arn), as_text(scope, source_arn)
    warn(
        scope,
        "function-policy-not-added",
        "the function is of another account, so its owner must let SES in before this rule is deployed: aws lambda "
        f"add-permission --function-name {arn} --statement-id ses --action lambda:InvokeFunction "
        f"--principal ses.amazonaws.com --source-account {as_text(scope, Stack.of(scope).account)} "
        f"--source-arn {source}",
    )


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
