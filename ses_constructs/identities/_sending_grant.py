"""The permission to send mail: everything that SES checks about a message.

Sources: https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html, and for what each action knows
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import check_flag, check_list, invalid, text_tuple
from ..common.checks import check_resource
from ..common.policy_text import check_no_pattern
from ..common.reach import is_construct
from ..common.ses_arn import ses_arn
from ..common.wildcards import acknowledge_wildcard

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

# The v1 and v2 API calls share these action names; SMTP needs ses:SendRawEmail.
SENDING_ACTIONS = (
    "ses:SendEmail",
    "ses:SendRawEmail",
    "ses:SendTemplatedEmail",
    "ses:SendBulkTemplatedEmail",
)
# Knows no ses:FromAddress: a statement with that condition never allows it.
BULK_ACTION = "ses:SendBulkEmail"


def grant_sending(
    scope: Construct,
    grantee: "iam.IGrantable",
    *,
    actions: Sequence[str] = SENDING_ACTIONS,
    bulk: bool,
    identities: Iterable[str],
    from_address: tuple[Literal["StringLike", "StringEquals"], Sequence[str]],
    default_configuration_set: ses.IConfigurationSet | None = None,
    configuration_sets: Sequence[ses.IConfigurationSet],
    templates: Sequence[str],
    sandbox: bool,
    otherwise: str,
) -> "iam.Grant":
    """Let *grantee* send by *identities*, which are ARNs, with a From address that meets the condition *from_address*.

    *bulk* adds ``ses:SendBulkEmail``, which only *identities* narrow: for a grant to all that they may send from.

    Raises ``ValueError`` for wrong kinds of arguments, and, with what to do *otherwise*, for who has no policies here.
    """
    from aws_cdk import aws_iam as iam  # slow to import, and only a grant needs it

    from ..common.grants import granted

    check_flag("sandbox", sandbox)
    default = [default_configuration_set] if default_configuration_set else []
    used = [
        *identities,
        *(_set_arn(scope, each) for each in (*default, *_checked_sets(configuration_sets))),
        *(
            ses_arn(scope, "template", check_no_pattern("templates", name))
            for name in text_tuple("templates", templates)
        ),
    ]
    everybody = [ses_arn(scope, "identity", "*")] if sandbox else []
    operator, addresses = from_address

    def give(grantee: iam.IGrantable) -> iam.Grant:
        grant = iam.Grant.add_to_principal(
            grantee=grantee,
            actions=list(actions),
            resource_arns=[*used, *everybody],
            conditions={operator: {"ses:FromAddress": list(addresses)}},
        )
        if not bulk:
            return grant
        # Not on the recipients of the sandbox: without the condition it could send from them too.
        return grant.combine(
            iam.Grant.add_to_principal(grantee=grantee, actions=[BULK_ACTION], resource_arns=list(used))
        )

    grant = granted(scope, grantee, give, otherwise=otherwise)
    reason = "in the sandbox recipients are verified identities too; the From address is limited"
    _acknowledge_wildcards(grantee, everybody, reason=reason)
    return grant


def address_arns(scope: Construct, grantee: "iam.IGrantable", addresses: Sequence[str]) -> list[str]:
    """The ARNs of those *addresses*, with ``*`` for any text, that may be identities beside that of their domain.

    SES sends by the most specific identity, and asks for permission on that one
    (https://github.com/aws-samples/aws-serverless-batch-architecture/issues/1).
    """
    arns = [ses_arn(scope, "identity", each) for each in addresses]
    reason = "only addresses of the domain match, which may be identities of their own"
    _acknowledge_wildcards(grantee, (each for each in arns if "*" in each), reason=reason)
    return arns


def _acknowledge_wildcards(grantee: "iam.IGrantable", arns: Iterable[str], *, reason: str) -> None:
    # A role or user holds the policy; a policy that is the grantee has a principal without a place in the tree.
    owner = next((each for each in (grantee.grant_principal, grantee) if is_construct(each)), None)
    for each in arns:
        if owner:
            acknowledge_wildcard(owner, each, reason=reason)


def extend_grant(scope: Construct, grant: "iam.Grant", configuration_set: ses.IConfigurationSet) -> None:
    """Cover *configuration_set* too."""
    for statement in grant.principal_statements:
        statement.add_resources(_set_arn(scope, configuration_set))


def checked_from_addresses(addresses: Sequence[str], *, otherwise: str) -> tuple[str, ...]:
    """Return *addresses*; raise ``ValueError`` with what to do *otherwise* unless they are a list of at least one."""
    if isinstance(addresses, str) or not isinstance(addresses, Sequence) or not addresses:
        raise invalid("from_addresses", "be a list of at least one address", addresses, otherwise)
    return text_tuple("from_addresses", addresses)


def _set_arn(scope: Construct, configuration_set: ses.IConfigurationSet) -> str:
    """The ARN that CDK's own construct does not have."""
    return ses_arn(scope, "configuration-set", configuration_set.configuration_set_name)


def _checked_sets(values: Sequence[ses.IConfigurationSet]) -> Sequence[ses.IConfigurationSet]:
    """Return *values*; raise ``ValueError`` unless they are a list of configuration sets."""
    check_list("configuration_sets", values, "write [ses.ConfigurationSet.from_configuration_set_name(...)]")
    for value in values:
        check_resource("configuration_sets", value, "configuration set")
    return values
