"""The permission to send mail: everything that SES checks about a message, in one IAM statement.

Source: https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import check_kind, contains_token, invalid, text_tuple
from ..common.checks import check_configuration_set
from ..common.ses_arn import ses_arn

# The v1 and v2 API calls share these action names; SMTP needs ses:SendRawEmail.
SENDING_ACTIONS = (
    "ses:SendEmail",
    "ses:SendRawEmail",
    "ses:SendTemplatedEmail",
    "ses:SendBulkEmail",
    "ses:SendBulkTemplatedEmail",
)


def grant_sending(
    scope: Construct,
    grantee: iam.IGrantable,
    *,
    actions: Sequence[str] = SENDING_ACTIONS,
    identities: Iterable[ses.IEmailIdentity],
    from_address: tuple[Literal["StringLike", "StringEquals"], Sequence[str]],
    default_configuration_set: ses.IConfigurationSet | None = None,
    configuration_sets: Sequence[ses.IConfigurationSet],
    templates: Sequence[str],
    sandbox: bool,
) -> iam.Grant:
    """Let *grantee* send by *identities*, with a From address that meets the condition *from_address*.

    Raises ``ValueError`` for wrong kinds of arguments.
    """
    check_kind("sandbox", sandbox, bool, "pass True while the account is in the SES sandbox")
    default = [default_configuration_set] if default_configuration_set else []
    operator, addresses = from_address
    return iam.Grant.add_to_principal(
        grantee=grantee,
        actions=list(actions),
        resource_arns=[
            *(each.email_identity_arn for each in identities),
            *(_set_arn(scope, each) for each in (*default, *_checked_sets(configuration_sets))),
            *(ses_arn(scope, "template", name) for name in text_tuple("templates", templates)),
            *([ses_arn(scope, "identity", "*")] if sandbox else []),
        ],
        conditions={operator: {"ses:FromAddress": list(addresses)}},
    )


def extend_grant(scope: Construct, grant: iam.Grant, configuration_set: ses.IConfigurationSet) -> None:
    """Cover *configuration_set* too."""
    for statement in grant.principal_statements:
        statement.add_resources(_set_arn(scope, configuration_set))


def checked_from_addresses(addresses: Sequence[str], *, otherwise: str) -> tuple[str, ...]:
    """Return *addresses*; raise ``ValueError`` with what to do *otherwise* unless they are a list of at least one."""
    if isinstance(addresses, str) or not isinstance(addresses, Sequence) or not addresses:
        raise invalid("from_addresses", "be a list of at least one address", addresses, otherwise)
    return text_tuple("from_addresses", addresses)


def with_lower_case_domain(address: str) -> str:
    """IAM compares with case, and domains have none; a token's name must stay as it is."""
    if contains_token(address):
        return address
    local_part, at, domain = address.rpartition("@")
    return f"{local_part}{at}{domain.lower()}"


def _set_arn(scope: Construct, configuration_set: ses.IConfigurationSet) -> str:
    """The ARN that CDK's own construct does not have."""
    return ses_arn(scope, "configuration-set", configuration_set.configuration_set_name)


def _checked_sets(values: object) -> Sequence[ses.IConfigurationSet]:
    """Return *values*; raise ``ValueError`` unless they are a list of configuration sets."""
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise invalid("configuration_sets", "be a list of configuration sets", values, "put it into a list")
    for value in values:
        check_configuration_set("configuration_sets", value)
    return values
