"""StandbySender: a domain in a second account or region, and the role by which the first one's senders send there."""

from collections.abc import Sequence

from aws_cdk import PhysicalName, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from ..common.arguments import check_account_id, check_text
from ..common.wildcards import acknowledge_wildcard
from ..dns.zones import DnsZone
from ..identities.dkim import Dkim, EasyDkim
from ..identities.verified_domain import VerifiedDomain


class StandbySender(Construct):
    """The same domain in a standby: an identity with DKIM keys and a MAIL FROM domain of its own, and a narrow role.

    It stands in the stack of the standby, which is another account, or another region of the same one. What the domain
    has once, such as DMARC and the MX record, stays with the primary. Watch it as any other domain, with
    ``BounceMonitoring(domain=standby.domain)``, whose configuration set the role may then use.

    The role may send from the domain, and ask whether the account can. It is for outages and for separation, and no way
    round a pause: AWS treats related accounts together.

    Args:
        domain_name: The domain that the primary sends from.
        dns: Where the records go. ``RecordsToPublish()`` where the zone is in another account.
        primary_account: The account whose senders may assume the role, 12 digits. Who of them may is up to that
            account: ``SendingRoute.grant_send`` lets one.
        mail_from: The domain of the envelope sender, as in ``VerifiedDomain``; another one than the primary's.
        dkim: ``EasyDkim()``, or ``OwnDkim(...)`` with a selector of its own.
        from_addresses: Which addresses the role may send from, as in ``SendingDomain.grant_send``; all unless given.

    Raises:
        ValueError: Arguments that cannot work.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domain_name: str,
        dns: DnsZone,
        primary_account: str,
        mail_from: str = "mail-standby",
        dkim: Dkim = EasyDkim(),
        from_addresses: Sequence[str] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        check_account_id("primary_account", primary_account)
        check_text("mail_from", mail_from)
        self.domain = VerifiedDomain(
            self, "Domain", domain_name=domain_name, dns=dns, dkim=dkim, mail_from=mail_from, dmarc=None
        )
        """The domain in the standby."""
        self.role = iam.Role(
            self,
            "Role",
            # The other account has to know it before it is made.
            role_name=PhysicalName.GENERATE_IF_NEEDED,
            description="Sends mail through the standby",
            assumed_by=iam.AccountPrincipal(primary_account),
        )
        """What a sender assumes to send here."""
        self.domain.grant_send(self.role, from_addresses=from_addresses)
        self.role.add_to_policy(iam.PolicyStatement(actions=["ses:GetAccount"], resources=["*"]))
        self.role.add_to_policy(
            iam.PolicyStatement(actions=["ses:GetEmailIdentity"], resources=[self.domain.identity.email_identity_arn])
        )
        acknowledge_wildcard(self.role, "*", reason="SES has no resource level for ses:GetAccount")

    @property
    def region(self) -> str:
        """The region that sends."""
        return Stack.of(self).region
