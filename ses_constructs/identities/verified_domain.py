"""VerifiedDomain: a domain's SES identity together with every DNS record that it needs."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_ses as ses
from constructs import Construct, DependencyGroup, IDependable

from ..common.arguments import check_kind, invalid
from ..common.checks import check_dependable, check_known_seconds
from ..common.register import region_of
from ..dns.register import register_records
from ..dns.zones import DnsZone
from ..email_records import DmarcPolicy, DnsRecord, SpfPolicy, TlsReporting
from . import _domain_checks as checks
from ._domain_identity import make_identity
from ._domain_records import DomainRecords
from ._mail_exchangers import mail_exchangers
from ._shared_domain import SharedDomain
from ._shared_records import shared_records
from .dkim import Dkim, EasyDkim, ReplicatedDkim
from .sending_domain import SendingDomain

_DEFAULT_TTL = 300
_IDENTITY_WAIT_MINUTES = 30
_DEFAULT_DMARC = DmarcPolicy.monitor()


class VerifiedDomain(SendingDomain):
    """A domain that sends aligned, signed mail: the SES identity and its DNS records, made and removed together.

    Makes DKIM keys, a custom MAIL FROM domain with its MX and SPF records, and a DMARC policy; on request an SPF policy
    at the domain itself, the MX record for inbound mail, TLS reporting, and the legacy verification token.

    With ``Route53Zone`` that is two CloudFormation resources, three where it adopts what exists, and one more for the
    legacy token. Adopting, the token, waiting and ``allow_sender`` each add one small function to the stack, for all of
    its domains. ``domain_name``, ``identity``, ``configuration_set``, ``mail_from_domain`` and ``records`` say what was
    made.

    Args:
        domain_name: Such as ``example.com``; may be a subdomain of the zone. Stored in lower case.
        dns: Where the records go: ``Route53Zone(hosted_zone)``, ``CrossAccountZone(...)`` for one of another account,
            or ``RecordsToPublish()`` where the DNS is elsewhere.
        dkim: ``EasyDkim()``, whose keys SES makes, ``OwnDkim(...)``, or ``ReplicatedDkim(parent_region=...)``.
        mail_from: The domain of the envelope sender, as a label (``mail`` means ``mail.example.com``) or in full; it
            must not send or receive mail otherwise. None leaves amazonses.com there, so that SPF no longer aligns with
            the domain.
        mail_from_on_mx_failure: What SES does while the MX record of *mail_from* cannot be found.
        dmarc: The policy at ``_dmarc``; None where somebody else publishes it.
        spf: A policy at the domain itself, which SES does not need; the MAIL FROM domain has one of its own.
        existing_txt_values: The TXT values that the domain has already, as plain text, to stand beside *spf* in the one
            TXT record set of its name; delete the old record set just before the deployment that adds this one.
        receives_mail: Adds the MX record that takes the domain's mail away from any other provider; for several regions
            their preferences, ``{"eu-west-1": 10, "us-east-1": 20}``, of which senders try the lowest first.
        tls_reporting: Where receivers report failed TLS (RFC 8460).
        legacy_verification_token: Adds the ``_amazonses`` TXT record, for set-ups that still look for it.
        owns_shared_records: Whether to publish what a domain in several regions has once, all but its DKIM records;
            pass False in all stacks but one.
        configuration_set: Applies to all mail from the domain, unless a sender names another.
        feedback_forwarding: Whether SES mails each bounce and complaint to the sender as well; pass False where a
            ``BounceMonitoring`` is told of them. While nothing is told, SES mails them all the same.
        wait_until_verified: Holds the deployment until SES has verified the identity, its DKIM keys and MAIL FROM, 1 to
            55 minutes. After that time the deployment fails and names what is pending. No waiting unless given.
        record_ttl: How long resolvers keep the records; 5 minutes unless given.
        removal_policy: DESTROY or RETAIN, for all that the domain needs to send: identity, records, default
            configuration set of a ``BounceMonitoring`` with its tracking domain, and the policy of ``allow_sender``.
            With RETAIN another *domain_name* keeps the identity of the one before, but removes its records: add a
            second domain instead.

    Raises:
        ValueError: Arguments that cannot work, alone or together.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domain_name: str,
        dns: DnsZone,
        dkim: Dkim | ReplicatedDkim = EasyDkim(),
        mail_from: str | None = "mail",
        mail_from_on_mx_failure: ses.MailFromBehaviorOnMxFailure = ses.MailFromBehaviorOnMxFailure.USE_DEFAULT_VALUE,
        dmarc: DmarcPolicy | None = _DEFAULT_DMARC,
        spf: SpfPolicy | None = None,
        existing_txt_values: Sequence[str] = (),
        receives_mail: bool | Mapping[str, int] = False,
        tls_reporting: TlsReporting | None = None,
        legacy_verification_token: bool = False,
        owns_shared_records: bool = True,
        configuration_set: ses.IConfigurationSet | None = None,
        feedback_forwarding: bool = True,
        wait_until_verified: Duration | None = None,
        record_ttl: Duration | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.DESTROY,
    ) -> None:
        super().__init__(scope, construct_id, domain_name=domain_name, configuration_set=configuration_set)
        checks.check_kinds(
            dns=dns,
            dkim=dkim,
            dmarc=dmarc,
            spf=spf,
            tls_reporting=tls_reporting,
            wait_until_verified=wait_until_verified,
            mail_from_on_mx_failure=mail_from_on_mx_failure,
            legacy_verification_token=legacy_verification_token,
            owns_shared_records=owns_shared_records,
            feedback_forwarding=feedback_forwarding,
        )
        self.removal_policy = checks.checked_removal_policy(removal_policy)
        self.mail_from_domain = checks.mail_from_domain(mail_from, domain_name=self.domain_name)
        """The domain of the envelope sender, in full; None without a custom one."""
        self.receives_mail = bool(receives_mail)
        """Whether the MX record of the domain brings its mail to SES."""
        self.dns = dns
        """Where the records are published."""
        stack = Stack.of(self)
        checks.enter_identity(self, stack, self.domain_name, mail_from=self.mail_from_domain)
        ttl = _DEFAULT_TTL
        if record_ttl is not None:
            ttl = check_known_seconds("record_ttl", record_ttl, "pass Duration.minutes(5)")
        checks.check_apex_text(spf, existing_txt_values)
        if not owns_shared_records:
            checks.check_shared_records(
                dmarc=dmarc != _DEFAULT_DMARC and dmarc,
                spf=spf,
                receives_mail=receives_mail,
                tls_reporting=tls_reporting,
                legacy_verification_token=legacy_verification_token,
            )
        exchangers = mail_exchangers(self, stack, receives_mail)
        checks.enter_report_addresses(self, stack, dmarc, tls_reporting, mail_from_domain=self.mail_from_domain)
        if dmarc:
            checks.warn_about_dmarc(self, dmarc, domain_name=self.domain_name, mail_from_domain=self.mail_from_domain)

        self.identity, self._replica = make_identity(
            self,
            stack,
            dkim,
            mail_from_domain=self.mail_from_domain,
            on_mx_failure=mail_from_on_mx_failure,
            feedback_forwarding=feedback_forwarding,
            removal_policy=self.removal_policy,
        )
        further: Sequence[DnsRecord] = ()
        if owns_shared_records:
            further = shared_records(
                self.domain_name,
                region=region_of(stack),
                ttl=ttl,
                mail_from_domain=self.mail_from_domain,
                dmarc=dmarc,
                spf=spf,
                existing_txt_values=existing_txt_values,
                mail_exchangers=exchangers,
                tls_reporting=tls_reporting,
                legacy_token=self._legacy_token() if legacy_verification_token else None,
            )
        self._records = DomainRecords(dkim, self.identity, domain_name=self.domain_name, ttl=ttl, further=further)
        register_records(self, stack, dns, self._records.named)
        self._published: IDependable | None = None
        if further or self._replica is None:  # a replica has no records of its own
            self._published = dns.publish(
                self, domain_name=self.domain_name, records=self._records, removal_policy=self.removal_policy
            )
        if self._published is not None:
            check_dependable(f"what {type(dns).__name__}.publish returns", self._published)
            if self.removal_policy is not RemovalPolicy.DESTROY:
                checks.warn_about_another_name(self, self.domain_name)
        if configuration_set is not None:
            self._check_retained(configuration_set)
        self._verified_by = [each for each in (self._replica or self.identity, self._published) if each]
        self._identity_wait: IDependable | None = None
        if wait_until_verified is not None:
            self._identity_wait = self._wait("Verification", wait_until_verified, waiter="wait_until_verified")
            self._verified_by = [self._identity_wait]

    @classmethod
    def from_domain_name(
        cls,
        scope: Construct,
        construct_id: str,
        domain_name: str,
        *,
        configuration_set: ses.IConfigurationSet | None = None,
    ) -> SendingDomain:
        """Refer to a domain that SES already has in this account and region; nothing is made or looked up.

        Args:
            scope: Where the reference stands in the construct tree.
            construct_id: Its id there.
            domain_name: The domain, such as ``example.com``.
            configuration_set: The domain's default one, so that ``grant_send`` covers it.

        Raises:
            ValueError: *domain_name* is not a bare domain name.
        """
        domain = SendingDomain(scope, construct_id, domain_name=domain_name, configuration_set=configuration_set)
        domain.identity = ses.EmailIdentity.from_email_identity_name(domain, "Identity", domain.domain_name)
        return domain

    @classmethod
    def from_identity_arn(
        cls,
        scope: Construct,
        construct_id: str,
        identity_arn: str,
        *,
        configuration_set: ses.IConfigurationSet | None = None,
    ) -> SendingDomain:
        """Refer to a domain whose owner, another account, lets this one send from it by ``allow_sender``.

        ``grant_send`` gives permission on the owner's identity. Each message has to name it as well: ``SourceArn`` or
        ``FromEmailAddressIdentityArn`` of the API, or the header ``X-SES-SOURCE-ARN``
        (https://docs.aws.amazon.com/ses/latest/dg/sending-authorization-delegate-sender-tasks-email.html).

        Args:
            scope: Where the reference stands in the construct tree.
            construct_id: Its id there.
            identity_arn: As its owner has it, such as ``arn:aws:ses:eu-west-1:111122223333:identity/example.com``.
            configuration_set: One of this account that the messages name, so that ``grant_send`` covers it.

        Raises:
            ValueError: What is no ARN of a domain's identity, or one of another region: SES sends only from where the
                identity is.
        """
        return SharedDomain(scope, construct_id, identity_arn, configuration_set=configuration_set)

    @property
    def records(self) -> tuple[DnsRecord, ...]:
        """Every record, also where a person publishes them; DKIM names and targets are CDK tokens."""
        return tuple(self._records)

    @property
    def verified(self) -> IDependable:
        """What to depend on: the finished wait, or without ``wait_until_verified`` the identity and its records.

        Asking for it makes nothing.

        >>> user_pool.node.add_dependency(domain.verified)  # doctest: +SKIP
        """
        return DependencyGroup(*self._verified_by)

    def wait_for_identity(self, timeout: Duration | None = None) -> IDependable:
        """Hold whatever depends on the result until SES has verified the identity, and let the rest go on.

        For what SES refuses until then, such as the rule of a ``BounceMail``, which calls this by itself. The wait is
        made once. It does not wait for MAIL FROM, whose lateness should not roll a stack back; a domain with
        ``wait_until_verified`` waits for all, and has no second wait.

        Args:
            timeout: How long at most, 1 to 55 minutes; 30 minutes unless given. Only with the first call.

        Raises:
            ValueError: The stack makes the hosted zone itself, which nobody has delegated yet; or a time-out that
                cannot be, or comes after the wait was made.

        >>> rule.node.add_dependency(domain.wait_for_identity())  # doctest: +SKIP
        """
        if self._identity_wait is None:
            timeout = Duration.minutes(_IDENTITY_WAIT_MINUTES) if timeout is None else timeout
            check_kind("timeout", timeout, Duration, "pass Duration.minutes(30)")
            self._identity_wait = self._wait(
                "IdentityVerification", timeout, waiter="wait_for_identity", identity_alone=True
            )
        elif timeout is not None:
            fix = "call wait_for_identity(timeout) before whatever else waits for the identity, such as BounceMail"
            raise invalid("timeout", "come with what makes the wait", timeout.to_human_string(), fix)
        return self._identity_wait

    def _set_default(self, configuration_set: ses.IConfigurationSet) -> None:
        if self._replica is None:
            super()._set_default(configuration_set)
        else:
            self._replica.use_configuration_set(configuration_set)

    def _legacy_token(self) -> str:
        from ._verification import VerificationToken  # loads aws_lambda, which few apps need

        return VerificationToken(self, "VerificationToken", identity=self.identity).token

    def _wait(self, construct_id: str, timeout: Duration, *, waiter: str, identity_alone: bool = False) -> IDependable:
        from ._verification import DomainWait  # loads aws_lambda, which few apps need

        checks.check_delegated(self, self.dns, waiter)
        if self._published is None and self._records:
            checks.warn_about_unpublished_wait(self, waiter)
        return DomainWait(
            self,
            construct_id,
            identity=self.identity,
            domain_name=self.domain_name,
            mail_from_domain=self.mail_from_domain,
            records=self.records,
            published=self._published,
            timeout=timeout,
            identity_alone=identity_alone,
        )
