"""What differs between the handlers of custom resources."""

from dataclasses import dataclass

from aws_cdk import Aws


@dataclass(frozen=True, kw_only=True, slots=True)
class HandlerSettings:
    """How the function of one handler is made, and what it may do beside the policies of its custom resources."""

    description: str
    # Time for SES's throttling: the handlers' tries and their waits fit into it.
    timeout_minutes: int = 5
    invokes_itself: bool = False
    # Calls of the v1 API that SES cannot narrow to a resource
    # (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonses.html).
    actions_on_everything: tuple[str, ...] = ()
    # Actions, ARN, and where that has a wildcard the reason.
    permissions: tuple[tuple[tuple[str, ...], str, str], ...] = ()
    # How many policies an update may replace at once: they stay beside the new ones until it is done.
    replaced_policies: int = 0


# The id of the stack comes behind its name there, so that no later stack of the same name has these.
_PARAMETERS = (
    f"arn:{Aws.PARTITION}:ssm:{Aws.REGION}:{Aws.ACCOUNT_ID}:parameter/ses-constructs/dns-records/{Aws.STACK_NAME}/*"
)

HANDLERS = {
    "default_configuration_set": HandlerSettings(
        description="Sets the default configuration sets of SES identities made elsewhere",
        # One is of another identity or set.
        replaced_policies=1,
    ),
    "dns_records": HandlerSettings(
        description="Makes and adopts the DNS records of domains",
        permissions=(
            (("cloudformation:ListStackResources",), Aws.STACK_ID, ""),
            (
                ("ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"),
                _PARAMETERS,
                "It makes these parameters itself, one for each domain, below the name of its stack",
            ),
            (
                ("route53:GetChange",),
                f"arn:{Aws.PARTITION}:route53:::change/*",
                "Route 53 gives a change its id when it makes it",
            ),
        ),
        # One gets another zone or name.
        replaced_policies=1,
    ),
    "global_endpoint": HandlerSettings(
        description="Looks whether two regions are fit for a global endpoint, and reads its id",
        actions_on_everything=("ses:GetAccount",),
        # One gets another region.
        replaced_policies=1,
    ),
    "production_access": HandlerSettings(
        description="Asks SES to take the account out of the sandbox",
        actions_on_everything=("ses:GetAccount", "ses:PutAccountDetails"),
    ),
    "receipt_rules": HandlerSettings(description="Activates SES receipt rule sets and keeps their rules in order"),
    "replicated_identity": HandlerSettings(
        description="Makes SES identities that sign with the DKIM keys of another region",
        # Two get another parent or domain.
        replaced_policies=2,
    ),
    "sender_policy": HandlerSettings(description="Lets other accounts send from SES identities"),
    "smtp_credentials": HandlerSettings(
        description="Makes SMTP credentials and keeps them in secrets",
        # Two get another user or secret.
        replaced_policies=2,
    ),
    "suppression_list": HandlerSettings(
        description="Sets which reasons put an address on the account's suppression list",
        actions_on_everything=("ses:GetAccount", "ses:PutAccountSuppressionAttributes"),
    ),
    "verification_token": HandlerSettings(
        description="Asks SES for the legacy TXT tokens of domains",
        actions_on_everything=("ses:GetIdentityVerificationAttributes", "ses:VerifyDomainIdentity"),
    ),
    "verified_address": HandlerSettings(
        description="Has SES verify e-mail addresses",
        actions_on_everything=("ses:VerifyEmailIdentity",),
    ),
    "wait_for_addresses": HandlerSettings(
        description="Waits until SES has verified e-mail addresses",
        timeout_minutes=15,
        invokes_itself=True,
        actions_on_everything=("ses:GetIdentityVerificationAttributes",),
    ),
    "wait_for_verification": HandlerSettings(
        description="Waits until SES has verified domains", timeout_minutes=15, invokes_itself=True
    ),
}
