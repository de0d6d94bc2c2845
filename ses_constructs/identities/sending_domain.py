"""SendingDomain: what can be done with a verified domain, whether this app made it or only refers to it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import (
    check_domain_name,
    check_email_address,
    check_kind,
    contains_token,
    invalid,
    is_within,
    text_tuple,
)
from ..common.sending_metrics import SendingMetrics
from ..common.ses_arn import configuration_set_arn, ses_arn

if TYPE_CHECKING:
    from ._sender_policy import SenderPolicy

# The v1 and v2 API calls share these action names; SMTP needs ses:SendRawEmail.
SENDING_ACTIONS = (
    "ses:SendEmail",
    "ses:SendRawEmail",
    "ses:SendTemplatedEmail",
    "ses:SendBulkEmail",
    "ses:SendBulkTemplatedEmail",
)


class SendingDomain(Construct, SendingMetrics):
    """A domain that SES lets this account send from.

    ``VerifiedDomain`` makes one; ``VerifiedDomain.from_domain_name`` refers to one that was made elsewhere.

    Its metrics exist once a configuration set sends its events to CloudWatch with the dimension ``ses:from-domain``,
    which SES fills in by itself.
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
        self._grants: list[tuple[iam.IGrantable, Sequence[str], list[str]]] = []

    def grant_send(
        self,
        grantee: iam.IGrantable,
        *,
        from_addresses: Sequence[str] | None = None,
        configuration_sets: Sequence[ses.IConfigurationSet] = (),
        default_configuration_set: bool = True,
        templates: Sequence[str] = (),
        sandbox: bool = False,
    ) -> iam.Grant:
        """Let *grantee* send mail from this domain, by the API or by SMTP.

        *from_addresses* narrows the From address (the ``ses:FromAddress`` condition): addresses of this domain, with
        ``*`` for any text; every address of the domain if left out.
        The domain's own configuration set is covered, since SES asks for permission on it too, also one that the domain
        gets later; name further ones in *configuration_sets*, and the names of SES templates in *templates*. Without
        the *default_configuration_set* a sender that forgets to name another one is refused.
        In the SES *sandbox* the recipients are verified identities and need permission as well: True covers every
        identity of the account, still only with a From address of this domain.

        Source: https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html.
        """
        return self._grant_sending(
            grantee,
            SENDING_ACTIONS,
            from_addresses=from_addresses,
            configuration_sets=configuration_sets,
            default_configuration_set=default_configuration_set,
            templates=templates,
            sandbox=sandbox,
        )

    def use_configuration_set(self, configuration_set: ses.IConfigurationSet) -> None:
        """Make *configuration_set* the one that applies unless a sender names another, for a domain that has none yet.

        Whoever was granted to send before may send with it too, as SES asks for permission on it.
        Raises ``ValueError`` for a domain that has one, or was made elsewhere.
        """
        check_configuration_set("configuration_set", configuration_set)
        if self.configuration_set is not None:
            raise invalid(
                "configuration_set",
                f"be the only default of {self.domain_name}, which has one",
                configuration_set.node.path,
                "leave it out of one of the two",
            )
        identity = self.identity.node.default_child
        if not isinstance(identity, ses.CfnEmailIdentity):
            raise invalid(
                "domain",
                "be made in the app to get a default configuration set",
                self.domain_name,
                "make the set the identity's default by hand and pass it to VerifiedDomain.from_domain_name(..., "
                "configuration_set=...), or name it with each message and pass BounceMonitoring(..., "
                "default_for_domain=False)",
            )
        identity.configuration_set_attributes = ses.CfnEmailIdentity.ConfigurationSetAttributesProperty(
            configuration_set_name=configuration_set.configuration_set_name
        )
        self.configuration_set = configuration_set
        arn = configuration_set_arn(self, configuration_set)
        for grantee, actions, addresses in self._grants:
            _grant(grantee, actions, [arn], addresses)

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

    @property
    def _dimensions(self) -> Mapping[str, str]:
        return {"ses:from-domain": self.domain_name}

    def _grant_sending(
        self,
        grantee: iam.IGrantable,
        actions: Sequence[str],
        *,
        from_addresses: Sequence[str] | None,
        configuration_sets: Sequence[ses.IConfigurationSet],
        default_configuration_set: bool = True,
        templates: Sequence[str] = (),
        sandbox: bool,
    ) -> iam.Grant:
        check_kind("default_configuration_set", default_configuration_set, bool, "pass True or False")
        addresses = self._from_addresses(from_addresses)
        resources = sending_resources(
            self,
            [self.identity],
            default=self.configuration_set if default_configuration_set else None,
            configuration_sets=configuration_sets,
            templates=templates,
            sandbox=sandbox,
        )
        if default_configuration_set:
            self._grants.append((grantee, actions, addresses))
        return _grant(grantee, actions, resources, addresses)

    def _from_addresses(self, addresses: Sequence[str] | None) -> list[str]:
        if addresses is None:
            return [f"*@{self.domain_name}"]
        if isinstance(addresses, str) or not isinstance(addresses, Sequence) or not addresses:
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


def sending_resources(
    scope: Construct,
    identities: Sequence[ses.IEmailIdentity],
    *,
    default: ses.IConfigurationSet | None = None,
    configuration_sets: Sequence[ses.IConfigurationSet],
    templates: Sequence[str],
    sandbox: bool,
) -> list[str]:
    """The ARNs of all that SES asks for permission on when mail is sent; raises ``ValueError`` for wrong kinds."""
    check_kind("sandbox", sandbox, bool, "pass True while the account is in the SES sandbox")
    sets = [*([default] if default else []), *_checked_sets(configuration_sets)]
    return [
        *(each.email_identity_arn for each in identities),
        *(configuration_set_arn(scope, each) for each in sets),
        *(ses_arn(scope, "template", name) for name in text_tuple("templates", templates)),
        *([ses_arn(scope, "identity", "*")] if sandbox else []),
    ]


def check_configuration_set(argument: str, value: object) -> None:
    """Raise ``ValueError`` unless *value* is a configuration set of aws_ses; its name alone comes to mind first."""
    if not hasattr(value, "configuration_set_name"):
        raise invalid(
            argument, "be a configuration set", value, "pass ses.ConfigurationSet.from_configuration_set_name(...)"
        )


def _checked_sets(values: object) -> Sequence[ses.IConfigurationSet]:
    """Return *values*; raise ``ValueError`` unless they are a list of configuration sets."""
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise invalid("configuration_sets", "be a list of configuration sets", values, "put it into a list")
    for value in values:
        check_configuration_set("configuration_sets", value)
    return values


def _with_lower_case_domain(address: str) -> str:
    """IAM compares with case, and domains have none."""
    if contains_token(address):
        return address
    local_part, _, domain = address.rpartition("@")
    return f"{local_part}@{domain.lower()}"


def _grant(
    grantee: iam.IGrantable, actions: Sequence[str], resources: Sequence[str], from_addresses: Sequence[str]
) -> iam.Grant:
    return iam.Grant.add_to_principal(
        grantee=grantee,
        actions=list(actions),
        resource_arns=list(resources),
        conditions={"StringLike": {"ses:FromAddress": list(from_addresses)}},
    )
