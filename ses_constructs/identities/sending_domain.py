"""SendingDomain: what can be done with a verified domain, whether this app made it or only refers to it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aws_cdk import IResource, RemovalPolicy
from aws_cdk import aws_ses as ses
from constructs import Construct, IDependable

from ..common.arguments import (
    check_domain_name,
    check_email_address,
    check_flag,
    contains_token,
    invalid,
    is_within,
    with_lower_case_domain,
)
from ..common.checks import check_resource, check_same_place, warn, warn_unless_retained
from ..common.policy_text import check_no_pattern
from ..common.sending_metrics import SendingMetrics
from ._sender_checks import checked_sender
from ._sending_grant import (
    SENDING_ACTIONS,
    address_arns,
    checked_from_addresses,
    extend_grant,
    grant_sending,
)

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

    from ._sender_policy import SenderPolicy


class SendingDomain(Construct, SendingMetrics):
    """A domain that SES lets this account send from.

    ``VerifiedDomain`` makes one; ``VerifiedDomain.from_domain_name`` refers to one that was made elsewhere.

    Its metrics exist once a configuration set sends its events to CloudWatch with the dimension ``ses:from-domain``,
    which SES fills in by itself.

    Args:
        domain_name: Such as ``example.com``; stored in lower case.
        configuration_set: Applies to all mail from the domain, unless a sender names another; None for none.

    Raises:
        ValueError: *domain_name* is not a bare domain name.
    """

    domain_name: str
    """The domain, such as ``example.com``."""
    identity: ses.IEmailIdentity
    """Its SES identity."""
    configuration_set: ses.IConfigurationSet | None
    """The configuration set that applies to mail from this domain unless the sender names another."""
    removal_policy: RemovalPolicy
    """What becomes of all that the domain needs to send, once it is removed from its stack."""

    def __init__(
        self, scope: Construct, construct_id: str, *, domain_name: str, configuration_set: ses.IConfigurationSet | None
    ) -> None:
        super().__init__(scope, construct_id)
        check_domain_name("domain_name", domain_name)
        if configuration_set is not None:
            self._check_set(configuration_set)
        self.domain_name = with_lower_case_domain(domain_name)
        self.configuration_set = configuration_set
        self.removal_policy = RemovalPolicy.DESTROY
        self._sender_policy: SenderPolicy | None = None
        # Those that cover the default configuration set, also one that the domain gets later.
        self._grants_with_default: list[iam.Grant] = []

    def grant_send(
        self,
        grantee: "iam.IGrantable",
        *,
        from_addresses: Sequence[str] | None = None,
        configuration_sets: Sequence[ses.IConfigurationSet] = (),
        default_configuration_set: bool = True,
        templates: Sequence[str] = (),
        sandbox: bool = False,
    ) -> "iam.Grant":
        """Let *grantee* send mail from this domain, by the API or by SMTP.

        SES asks for permission on all that a message uses: the identity, the configuration set, the template
        (https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html). An address that is an identity of its own
        is covered too, since SES then asks for that one.

        Args:
            grantee: Who may send, such as a role or a function.
            from_addresses: From addresses of this domain, with ``*`` for any text and no other pattern of IAM (the
                condition ``ses:FromAddress``); all of the domain unless given. With them ``ses:SendBulkEmail`` is left
                out: it knows no such condition, so that nothing could hold it to them.
            configuration_sets: Further sets that messages name.
            default_configuration_set: Covers the domain's own set, also one that the domain gets later. With False a
                sender that forgets to name another set is refused.
            templates: Names of the SES templates that messages use.
            sandbox: True while the account is in the SES sandbox, where the recipients are verified identities and need
                permission as well: covers every identity of the account, still only with a From address of this domain,
                and not for ``ses:SendBulkEmail``.

        Raises:
            ValueError: Addresses outside the domain, wrong kinds of arguments, and a grantee whose policies cannot be
                changed here, such as a service or a role of another account: that is for ``allow_sender``.
        """
        return self._grant_sending(
            grantee,
            SENDING_ACTIONS,
            bulk=from_addresses is None,
            from_addresses=from_addresses,
            configuration_sets=configuration_sets,
            default_configuration_set=default_configuration_set,
            templates=templates,
            sandbox=sandbox,
        )

    def wait_for_identity(self) -> IDependable:
        """What to depend on before SES must know the domain as verified; of a domain from elsewhere the reference.

        Warns, since nothing here can wait for a domain that another app or a person verifies.
        """
        warn(
            self,
            "verified-elsewhere",
            f"SES must have verified {self.domain_name} in this region, which happens elsewhere, before this stack is "
            "deployed; look that it has, and acknowledge this warning",
        )
        return self.identity

    def use_configuration_set(self, configuration_set: ses.IConfigurationSet) -> None:
        """Give a domain that has none yet its default configuration set.

        Whoever was granted to send before may send with it too, as SES asks for permission on it. For a domain that was
        made elsewhere a function sets it: the deployment fails if SES has another default, and only what was set is
        taken back.

        Args:
            configuration_set: Applies to all mail from the domain, unless a sender names another.

        Raises:
            ValueError: The domain has one, or belongs to another account.
        """
        self._check_set(configuration_set)
        if self.configuration_set is not None:
            raise invalid(
                "configuration_set",
                f"be the only default of {self.domain_name}, which has one",
                configuration_set.node.path,
                "leave it out of one of the two",
            )
        self._check_retained(configuration_set)
        self._set_default(configuration_set)
        self.configuration_set = configuration_set
        for grant in self._grants_with_default:
            extend_grant(self, grant, configuration_set)

    def allow_sender(self, principal: "iam.IPrincipal | str", *, from_addresses: Sequence[str] | None = None) -> None:
        """Let another account, or a principal of one, send from this domain with the SES of its own account.

        All calls together make one identity policy. A domain with RETAIN keeps it also when the last call is gone: then
        delete it by ``aws sesv2 delete-email-identity-policy``. The sender passes the identity's ARN with each message
        (https://docs.aws.amazon.com/ses/latest/dg/sending-authorization.html).

        Args:
            principal: A 12-digit account id or an IAM principal. A service principal is held to this account
                (``aws:SourceAccount``), unless its conditions name another one. Everyone (``*``) is refused, unless a
                condition of the principal names an organization or an account, as ``iam.OrganizationPrincipal`` does;
                one that is met without its key, such as ``StringNotEquals``, or by any value names none.
            from_addresses: As in ``grant_send``.

        Raises:
            ValueError: A principal that would let in too many, addresses outside the domain, and more senders than fit
                into the 4,000 characters of a policy.
        """
        from ._sender_policy import SenderPolicy  # loads aws_lambda, which few apps need

        sender, addresses = checked_sender(self, principal), self._from_addresses(from_addresses)
        if self._sender_policy is None:
            self._sender_policy = SenderPolicy(
                self,
                "Senders",
                identity=self.identity,
                domain_name=self.domain_name,
                removal_policy=self.removal_policy,
            )
        self._sender_policy.allow(sender, from_addresses=addresses)

    @property
    def _dimensions(self) -> Mapping[str, str]:
        return {"ses:from-domain": self.domain_name}

    def _grant_sending(
        self,
        grantee: "iam.IGrantable",
        actions: Sequence[str],
        *,
        bulk: bool = False,
        from_addresses: Sequence[str] | None,
        configuration_sets: Sequence[ses.IConfigurationSet],
        default_configuration_set: bool = True,
        templates: Sequence[str] = (),
        sandbox: bool,
    ) -> "iam.Grant":
        check_resource("grantee", grantee, "IAM grantee")
        check_flag("default_configuration_set", default_configuration_set)
        addresses = self._from_addresses(from_addresses)
        grant = grant_sending(
            self,
            grantee,
            actions=actions,
            bulk=bulk,
            identities=[self.identity.email_identity_arn, *self._address_arns(grantee, addresses)],
            from_address=("StringLike", addresses),
            default_configuration_set=self.configuration_set if default_configuration_set else None,
            configuration_sets=configuration_sets,
            templates=templates,
            sandbox=sandbox,
            otherwise="let it send by allow_sender, or write the policy of a role of this account where it is made",
        )
        if default_configuration_set:
            self._grants_with_default.append(grant)
        return grant

    def _set_default(self, configuration_set: ses.IConfigurationSet) -> None:
        identity = self.identity.node.default_child
        if isinstance(identity, ses.CfnEmailIdentity):
            identity.configuration_set_attributes = ses.CfnEmailIdentity.ConfigurationSetAttributesProperty(
                configuration_set_name=configuration_set.configuration_set_name
            )
            return
        from ._default_set import DefaultConfigurationSet  # loads aws_lambda, which few apps need

        DefaultConfigurationSet(
            self,
            "DefaultConfigurationSet",
            identity=self.identity,
            domain_name=self.domain_name,
            configuration_set=configuration_set,
        )

    def _check_set(self, configuration_set: ses.IConfigurationSet) -> None:
        check_resource("configuration_set", configuration_set, "configuration set")
        fix = "make the set in a stack of its place, or refer to one there by its name"
        check_same_place("configuration_set", configuration_set, user=self, fix=fix)

    def _address_arns(self, grantee: "iam.IGrantable", addresses: Sequence[str]) -> list[str]:
        return address_arns(self, grantee, addresses)

    def _check_retained(self, needed: IResource) -> None:
        if self.removal_policy is not RemovalPolicy.DESTROY:
            warn_unless_retained(self, needed, domain_name=self.domain_name)

    def _from_addresses(self, addresses: Sequence[str] | None) -> list[str]:
        if addresses is None:
            return [f"*@{self.domain_name}"]
        for address in checked_from_addresses(addresses, otherwise="leave it out for the whole domain"):
            # In a condition '*' stands for any text; as part of an address it is an ordinary letter, and so are these.
            check_no_pattern("from_addresses", address, patterns=("?", "${"))
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
        return [with_lower_case_domain(each) for each in addresses]
