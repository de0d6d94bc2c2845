"""How a domain's mail gets its DKIM signature: keys that SES makes, or a key of your own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, Protocol

from aws_cdk import SecretValue, Stack, Token
from aws_cdk import aws_ses as ses

from ..common.arguments import check_choice, check_text, contains_token, invalid
from ..email_records import DnsRecord

_KEY_LENGTHS = {
    1024: ses.EasyDkimSigningKeyLength.RSA_1024_BIT,
    2048: ses.EasyDkimSigningKeyLength.RSA_2048_BIT,
}
_SELECTOR = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
# SES takes RSA keys of 1024 to 2048 bits; these are the lengths of their base64 SubjectPublicKeyInfo.
_PUBLIC_KEY_LENGTHS = range(216, 393)


class Dkim(Protocol):
    """**Protocol:** how SES signs a domain's mail, and what receivers look up to check the signature."""

    def signing_key(self, stack: Stack) -> ses.DkimIdentity:
        """What the identity must be told about the key.

        Args:
            stack: The stack of the domain.
        """
        ...

    def records(self, identity: ses.EmailIdentity, *, domain_name: str, ttl: int) -> Sequence[DnsRecord]:
        """The records that publish the public key.

        Args:
            identity: The domain's identity, which has the names and targets of keys that SES makes.
            domain_name: The domain.
            ttl: How long resolvers keep the records, in seconds.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class EasyDkim(Dkim):
    """SES makes the keys and rotates them; three CNAME records point at them.

    Args:
        key_length: 2048 or 1024 bits. SES lets it change once in 24 hours
            (https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-easy.html).

    Raises:
        ValueError: Another length.
    """

    key_length: Literal[1024, 2048] = 2048

    def __post_init__(self) -> None:
        check_choice("key_length", self.key_length, (*_KEY_LENGTHS,))

    def signing_key(self, stack: Stack) -> ses.DkimIdentity:
        """An Easy DKIM key of the chosen length; see ``Dkim``."""
        return _easy_dkim(self.key_length)

    def records(self, identity: ses.EmailIdentity, *, domain_name: str, ttl: int) -> Sequence[DnsRecord]:
        """Three CNAME records, their names and targets as tokens that CloudFormation fills in; see ``Dkim``."""
        # Never build a target from its token: several regions sign under a zone of their own, not dkim.amazonses.com.
        keys = (
            (identity.dkim_dns_token_name1, identity.dkim_dns_token_value1),
            (identity.dkim_dns_token_name2, identity.dkim_dns_token_value2),
            (identity.dkim_dns_token_name3, identity.dkim_dns_token_value3),
        )
        return [
            DnsRecord(name=name, type="CNAME", values=(target,), ttl=ttl, purpose=f"DKIM key {number}")
            for number, (name, target) in enumerate(keys, start=1)
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnDkim(Dkim):
    """A key pair of your own (BYODKIM): SES signs with the private key, one TXT record publishes the public one.

    Source: https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-bring-your-own.html.

    Args:
        selector: 1-63 letters, digits and inner hyphens. Take a new one for every new key, so that mail under way stays
            valid.
        private_key: An RSA key of 1024-2048 bits in Secrets Manager, as the base64 body of its PEM file, without
            header, footer and line breaks. Plain text is refused, because it would stand in the template.
        public_key: Its public half, as PEM or base64; stored as base64.

    Raises:
        ValueError: A selector or a key of another form; the message never shows a key.
    """

    selector: str
    private_key: SecretValue
    public_key: str

    def __post_init__(self) -> None:
        check_text("selector", self.selector)
        if not isinstance(self.private_key, SecretValue):
            # Neither here nor below is a key shown: it may be the private one.
            raise ValueError(
                f"private_key must be a SecretValue, got a value of type {type(self.private_key).__name__}; "
                "pass SecretValue.secrets_manager('the-secret')"
            )
        if not isinstance(self.public_key, str) or "PRIVATE" in self.public_key:
            raise ValueError(
                "public_key must be the text of a public key, got a private one or no text; "
                "pass what 'openssl rsa -pubout' writes"
            )
        if not _SELECTOR.fullmatch(self.selector):
            raise invalid(
                "selector", "be 1-63 letters, digits and inner hyphens", self.selector, "take a name such as 'mail2026'"
            )
        if Token.is_unresolved(self.public_key):
            # A TXT string holds 255 bytes, and a value that only CloudFormation knows cannot be split at synth.
            raise invalid(
                "public_key", "be known at synth", self.public_key, "pass the text; a public key is no secret"
            )
        body = _pem_body(self.public_key)
        if not _BASE64.fullmatch(body) or len(body) not in _PUBLIC_KEY_LENGTHS:
            raise invalid(
                "public_key",
                "be an RSA public key of 1024-2048 bits as PEM or base64",
                f"{len(body)} characters",
                "write it with 'openssl rsa -pubout'",
            )
        object.__setattr__(self, "public_key", body)

    def signing_key(self, stack: Stack) -> ses.DkimIdentity:
        """The selector and a reference to the private key; see ``Dkim``.

        Raises:
            ValueError: A private key that is plain text, or in a store that SES cannot read from.
        """
        reference = stack.resolve(self.private_key.unsafe_unwrap())
        match reference:
            case str(text) | {"Fn::Join": [_, [str(text), *_]]}:
                is_secret = text.startswith("{{resolve:secretsmanager:")
            case _:
                is_secret = True
        if not is_secret:
            # The value is left out of the message on purpose.
            raise ValueError(
                "private_key must be a reference to a secret, got plain text or a store that SES cannot read from; "
                "store the key in Secrets Manager and pass SecretValue.secrets_manager(...)"
            )
        return ses.DkimIdentity.byo_dkim(
            private_key=self.private_key, selector=self.selector, public_key=self.public_key
        )

    def records(self, identity: ses.EmailIdentity, *, domain_name: str, ttl: int) -> Sequence[DnsRecord]:
        """One TXT record with the public key (RFC 6376, section 3.6.1); see ``Dkim``."""
        return [
            DnsRecord(
                name=f"{self.selector}._domainkey.{domain_name}",
                type="TXT",
                values=(f"v=DKIM1; k=rsa; p={self.public_key}",),
                ttl=ttl,
                purpose="DKIM key",
            )
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicatedDkim:
    """The keys that SES has made for the same domain in another region of the account, so that no record is added.

    That is deterministic Easy DKIM
    (https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-deed.html). A custom resource makes the
    identity, because CloudFormation has no field for the parent; it gets no tags of CDK. Rotations follow.

    The parent must be there first, with ``EasyDkim()``, and it goes last: SES deletes none that has replicas. So the
    stack of the replica depends on that of the parent, if the app has made it before; what is made later or by another
    app is yours to order, ``replica_stack.node.add_dependency(parent_stack)``.

    Args:
        parent_region: The region whose keys sign, such as ``eu-west-1``.

    Raises:
        ValueError: Anything but the name of a region.
    """

    parent_region: str

    def __post_init__(self) -> None:
        check_text("parent_region", self.parent_region)
        if not contains_token(self.parent_region) and not _REGION.fullmatch(self.parent_region):
            raise invalid("parent_region", "be the name of a region", self.parent_region, "write 'eu-west-1'")


@cache
def _easy_dkim(key_length: int) -> ses.DkimIdentity:
    """The same object for all domains: it has no state, and making one is a call to Node."""
    return ses.DkimIdentity.easy_dkim(_KEY_LENGTHS[key_length])


def _pem_body(key: str) -> str:
    """The base64 of a PEM file, or of a bare key, without line breaks."""
    return "".join(line.strip() for line in key.strip().splitlines() if not line.startswith("-----"))
