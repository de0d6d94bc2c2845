"""SendingDomain: what can be done with a verified domain, whether this app made it or only refers to it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from .email_records import contains_token
from .email_records._text import check_domain_name, check_email_address, check_kind, invalid, is_within

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch

    from ._sender_policy import SenderPolicy

# The v1 and v2 API calls share these action names; SMTP needs ses:SendRawEmail.
SENDING_ACTIONS = (
    "ses:SendEmail",
    "ses:SendRawEmail",
    "ses:SendTemplatedEmail",
    "ses:SendBulkEmail",
    "ses:SendBulkTemplatedEmail",
)


class SendingDomain(Construct):
    """A domain that SES lets this account send from.

    ``VerifiedDomain`` makes one; ``VerifiedDomain.from_domain_name`` refers to one that was made elsewhere.
    """

    domain_name: str
    """The domain, such as ``example.com``."""
    identity: ses.IEmailIdentity
    """Its SES identity."""
    configuration_set: ses.IConfigurationSet | None
    """The configuration set that applies to mail from this domain unless the sender names another."""

    def __init__(
        self, scope: Construct, construct_id: str, *, domain_name: str, configuration_set: ses.IConfigurationSet | None
    ) -> None:
        super().__init__(scope, construct_id)
        check_domain_name("domain_name", domain_name)
        # SES keeps domains in lower case, and IAM compares ARNs with case. A token's name must stay as it is.
        self.domain_name = domain_name if contains_token(domain_name) else domain_name.lower()
        self.configuration_set = configuration_set
        self._sender_policy: SenderPolicy | None = None

    def grant_send(
        self,
        grantee: iam.IGrantable,
        *,
        from_addresses: Sequence[str] | None = None,
        configuration_sets: Sequence[ses.IConfigurationSet] = (),
        templates: Sequence[str] = (),
        sandbox: bool = False,
    ) -> iam.Grant:
        """Let *grantee* send mail from this domain, by the API or by SMTP.

        *from_addresses* narrows the From address (the ``ses:FromAddress`` condition): addresses of this domain, with
        ``*`` for any text; every address of the domain if left out.
        The domain's own configuration set is always covered, since SES asks for permission on it too; name further
        ones in *configuration_sets*, and the names of SES templates in *templates*.
        In the SES *sandbox* the recipients are verified identities and need permission as well: True covers every
        identity of the account, still only with a From address of this domain.

        Source: https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html.
        """
        check_kind("sandbox", sandbox, bool, "pass True while the account is in the SES sandbox")
        stack = Stack.of(self)
        own = [self.configuration_set] if self.configuration_set else []
        resources = [
            self.identity.email_identity_arn,
            *(
                _ses_arn(stack, "configuration-set", each.configuration_set_name)
                for each in (*own, *configuration_sets)
            ),
            *(_ses_arn(stack, "template", name) for name in templates),
        ]
        if sandbox:
            resources.append(_ses_arn(stack, "identity", "*"))
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=list(SENDING_ACTIONS),
            resource_arns=resources,
            conditions={"StringLike": {"ses:FromAddress": self._from_addresses(from_addresses)}},
        )

    def allow_sender(self, principal: iam.IPrincipal | str, *, from_addresses: Sequence[str] | None = None) -> None:
        """Let another account, or a principal of one, send from this domain with the SES of its own account.

        *principal* is a 12-digit account id or an IAM principal. *from_addresses* narrows as in :meth:`grant_send`.
        A service principal is held to this account (``aws:SourceAccount``); everyone (``*``) is refused unless
        conditions of the principal say who that is, as those of ``iam.OrganizationPrincipal`` do.

        All calls together make one identity policy. The sender passes the identity's ARN with each message
        (https://docs.aws.amazon.com/ses/latest/dg/sending-authorization.html).
        """
        from ._sender_policy import SenderPolicy, checked_sender  # loads aws_lambda, which few apps need

        sender, addresses = checked_sender(principal), self._from_addresses(from_addresses)
        if self._sender_policy is None:
            self._sender_policy = SenderPolicy(self, "Senders", identity=self.identity)
        self._sender_policy.allow(sender, from_addresses=addresses)

    def metric(
        self, metric_name: str, *, statistic: str = "Sum", period: Duration | None = None, label: str | None = None
    ) -> "cloudwatch.Metric":
        """A count that SES publishes for mail from this domain, such as ``Send`` or ``Bounce``; five-minute periods.

        The numbers exist once a configuration set sends its events to CloudWatch with the dimension
        ``ses:from-domain``, which SES fills in by itself.
        """
        from aws_cdk import aws_cloudwatch as cloudwatch

        return cloudwatch.Metric(
            namespace="AWS/SES",
            metric_name=metric_name,
            dimensions_map={"ses:from-domain": self.domain_name},
            statistic=statistic,
            period=period,
            label=label,
        )

    def metric_sends(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """Messages that SES accepted for sending."""
        return self.metric("Send", period=period)

    def metric_deliveries(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """Messages that the recipients' servers accepted."""
        return self.metric("Delivery", period=period)

    def metric_bounces(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """Hard bounces, and soft ones that SES gave up on; a count and not a rate."""
        return self.metric("Bounce", period=period)

    def metric_complaints(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """Messages that recipients marked as spam; a count and not a rate."""
        return self.metric("Complaint", period=period)

    def metric_rejects(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """Messages that SES refused to send because of a virus."""
        return self.metric("Reject", period=period)

    def _from_addresses(self, addresses: Sequence[str] | None) -> list[str]:
        if addresses is None:
            return [f"*@{self.domain_name}"]
        if isinstance(addresses, str) or not addresses:
            raise invalid(
                "from_addresses", "be a list of at least one address", addresses, "leave it out for the whole domain"
            )
        for address in addresses:
            # In a condition '*' stands for any text; as part of an address it is an ordinary letter.
            check_email_address("from_addresses", address)
            if contains_token(address) or contains_token(self.domain_name):
                continue
            if not is_within(address.rpartition("@")[2].lower(), self.domain_name):
                raise invalid(
                    "from_addresses",
                    f"be addresses of {self.domain_name}",
                    address,
                    "grant the other domain's VerifiedDomain instead",
                )
        return [_with_lower_case_domain(address) for address in addresses]


def _with_lower_case_domain(address: str) -> str:
    """IAM compares with case, and domains have none."""
    if contains_token(address):
        return address
    local_part, _, domain = address.rpartition("@")
    return f"{local_part}@{domain.lower()}"


def _ses_arn(stack: Stack, resource: str, name: str) -> str:
    return stack.format_arn(
        service="ses", resource=resource, resource_name=name, arn_format=ArnFormat.SLASH_RESOURCE_NAME
    )
