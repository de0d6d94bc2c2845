"""VerifiedAddress: e-mail addresses that SES knows, the only ones that an account in the sandbox can send to."""

from collections.abc import Iterator, Mapping, Sequence

import jsii
from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct, DependencyGroup, IDependable, IValidation

from ..common.arguments import (
    check_distinct,
    check_email_address,
    check_flag,
    check_kind,
    check_text,
    contains_token,
    invalid,
    text_tuple,
    with_lower_case_domain,
)
from ..common.checks import warn_about_region
from ..common.register import Meeting, entries
from ._domain_checks import domains_of, identity_key
from ._sending_grant import checked_from_addresses, grant_sending

# Letters of an address (RFC 5321) that mean something else in a policy.
_POLICY_LETTERS = "*?$"


class VerifiedAddress(Construct):
    """One e-mail address, or those of a team, as SES identities: each owner gets a mail with a link to click.

    In the sandbox an account sends only from and to addresses and domains that SES has verified, at most 200 messages
    in 24 hours and one in a second, in each region on its own.

    An address that SES has already is used as it is, gets a mail if it is not verified, and stays when the stack goes;
    only what this construct made is deleted. The identity belongs to the stack and the address, so that it survives
    another place in the construct tree.

    Source: https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html#verify-email-addresses-procedure,
    https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html.

    Args:
        address: One address, known at synth. SES keeps the part before the @ with its case, the domain has none.
        addresses: Several instead, about 30 in a stack, each only once.
        wait_until_verified: Holds the deployment until every owner has clicked, 1 to 55 minutes. If one has not, the
            deployment fails and names the missing ones; what it made is then removed, and the links with it. No waiting
            unless given.
        inside_verified_domain: Lets an address be at a domain that SES has verified. It needs no identity there, and
            one of its own takes the place of the domain's settings; so it is refused otherwise, by the synthesis beside
            a ``VerifiedDomain`` of the stack or of its known account and region, and elsewhere by the deployment.
        resend: Any text, such as a date: with each new text the addresses that are still not verified get a mail again,
            because a link works for 24 hours.

    Raises:
        ValueError: What cannot be an address, repeated ones, those at a domain that the app has verified there so far,
            more than a role can hold the permissions for, and wrong kinds of arguments.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        address: str | None = None,
        addresses: Sequence[str] = (),
        wait_until_verified: Duration | None = None,
        inside_verified_domain: bool = False,
        resend: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.addresses = _checked_addresses(address, addresses)
        """The addresses as SES writes them, with the domain in lower case."""
        check_flag("inside_verified_domain", inside_verified_domain)
        if resend is not None and not check_text("resend", resend).strip():
            raise invalid("resend", "be a text that is not empty", resend, "pass a date, or leave it out")
        if wait_until_verified is not None:
            check_kind("wait_until_verified", wait_until_verified, Duration, "pass Duration.minutes(30)")
        warn_about_region(self, Stack.of(self).region, sends=True)
        if not inside_verified_domain:
            self._refuse_domains()

        from ._verification import AddressIdentity, AddressWait  # loads aws_lambda, which few apps need

        made: dict[str, AddressIdentity] = {}
        latest = None
        for each in self.addresses:
            latest = made[each] = AddressIdentity(
                self, each, inside_verified_domain=inside_verified_domain, resend=resend or "", after=latest
            )
        self.identities: Mapping[str, ses.IEmailIdentity] = {name: each.identity for name, each in made.items()}
        """The identity of each address; what refers to its name waits until SES has it, verified or not."""
        self._verified_by: list[IDependable] = [*made.values()]
        if wait_until_verified is not None:
            wait = AddressWait(
                self, "Verification", addresses=self.addresses, resend=resend or "", timeout=wait_until_verified
            )
            wait.node.add_dependency(*made.values())
            self._verified_by = [wait]

    @property
    def verified(self) -> IDependable:
        """What to depend on: the finished wait, or without ``wait_until_verified`` the identities.

        Asking for it makes nothing.

        >>> user_pool.node.add_dependency(team.verified)  # doctest: +SKIP
        """
        return DependencyGroup(*self._verified_by)

    def grant_send(
        self,
        grantee: iam.IGrantable,
        *,
        from_addresses: Sequence[str] | None = None,
        configuration_sets: Sequence[ses.IConfigurationSet] = (),
        templates: Sequence[str] = (),
        sandbox: bool = False,
    ) -> iam.Grant:
        """Let *grantee* send mail from these addresses and no others, by the API or by SMTP.

        Args:
            grantee: Who may send, such as a role or a function.
            from_addresses: Some of these addresses; all of them unless given.
            configuration_sets: The sets that messages name.
            templates: As in ``SendingDomain.grant_send``.
            sandbox: As in ``SendingDomain.grant_send``.

        Raises:
            ValueError: Addresses that are none of these, wrong kinds of arguments, and a grantee whose policies cannot
                be changed here.
        """
        chosen = self._from_addresses(from_addresses)
        return grant_sending(
            self,
            grantee,
            bulk=True,  # held to these addresses by their ARNs
            identities=[self.identities[each].email_identity_arn for each in chosen],
            from_address=("StringEquals", chosen),
            configuration_sets=configuration_sets,
            templates=templates,
            sandbox=sandbox,
            otherwise="grant a role or a user of this account, or write its policy where it is made",
        )

    def _from_addresses(self, addresses: Sequence[str] | None) -> Sequence[str]:
        if addresses is None:
            return self.addresses
        for address in checked_from_addresses(addresses, otherwise="leave it out for all of them"):
            if with_lower_case_domain(address) not in self.identities:
                rule = f"be addresses of {self.node.path}"
                raise invalid("from_addresses", rule, address, "add it there, or leave from_addresses out for all")
        return [with_lower_case_domain(each) for each in addresses]

    def _refuse_domains(self) -> None:
        """Refuse addresses at a domain that the app verifies there, one made before this construct or after it."""
        outside = _OutsideDomains(self, self.addresses)
        for error in outside.errors():
            raise error
        self.node.add_validation(outside)


@jsii.implements(IValidation)
class _OutsideDomains:
    """Finds the addresses that are at a VerifiedDomain of the same account and region, as far as they are known."""

    def __init__(self, scope: Construct, addresses: Sequence[str]) -> None:
        self._scope, self._addresses = scope, addresses

    def validate(self) -> list[str]:
        return [str(each) for each in self.errors()]

    def errors(self) -> Iterator[ValueError]:
        stack = Stack.of(self._scope)
        for address in self._addresses:
            for name in domains_of(address):
                for domain in entries(stack, identity_key(name)):
                    if domain.meeting is not Meeting.CERTAIN:
                        continue
                    yield invalid(
                        "address",
                        f"be outside {name}, which {domain.owner.node.path} verifies",
                        address,
                        "leave the address out, which needs no identity there, or pass inside_verified_domain=True",
                    )


def _checked_addresses(address: str | None, addresses: Sequence[str]) -> tuple[str, ...]:
    several = text_tuple("addresses", addresses)
    if (address is None) != bool(several):
        given = "neither" if address is None else "both"
        raise invalid("address", "be given, or else addresses", given, "pass address='someone@example.com'")
    argument = "addresses" if several else "address"
    checked = tuple(_checked(argument, each) for each in several or (address,))
    check_distinct(argument, checked)
    return checked


def _checked(argument: str, value: object) -> str:
    address = check_text(argument, value)
    if contains_token(address):
        raise invalid(argument, "be known when the app is synthesized", address, "pass the text itself")
    local_part = check_email_address(argument, address).rpartition("@")[0]
    if any(letter in local_part for letter in _POLICY_LETTERS):
        fix = "verify the address by hand, or its whole domain with VerifiedDomain"
        raise invalid(argument, f"have none of {' '.join(_POLICY_LETTERS)}, which IAM reads as patterns", address, fix)
    return with_lower_case_domain(address)
