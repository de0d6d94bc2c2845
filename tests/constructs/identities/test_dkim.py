"""How mail is signed: with keys that SES makes, or with a key pair of one's own."""

from typing import Any

import pytest
from aws_cdk import CfnParameter, SecretValue, Stack

from ses_constructs import EasyDkim, OwnDkim, Route53Zone, VerifiedDomain
from tests.constructs.templates import only, record_sets

KEY_1024 = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC7vbqajDw4o6gJy8UtmIbkcpnkO3Kwc4qsEnSZp/TR+fQi62F79RHWmwKOtFmwteURgLbj7D/"
    "WGuNLGOfa/2vse3G2eHnHl5CB8ruRX9fBl/KgwCVr2JaEuUm66bBQeP5XeBotdR4cvX38uPYivCDdPjJ1QWPdspTBKcxeFbccDwIDAQAB"
)


def own_dkim(**changes: Any) -> OwnDkim:
    return OwnDkim(
        **{
            "selector": "mail2026",
            "private_key": SecretValue.secrets_manager("dkim"),
            "public_key": KEY_1024,
            **changes,
        }
    )


@pytest.mark.parametrize(("bits", "expected"), [(2048, "RSA_2048_BIT"), (1024, "RSA_1024_BIT")])
def test_easy_dkim_asks_for_a_key_length(stack: Stack, zone: Route53Zone, bits: Any, expected: str) -> None:
    VerifiedDomain(stack, "Domain", domain_name="example.com", dns=zone, dkim=EasyDkim(key_length=bits))

    attributes = only(stack, "AWS::SES::EmailIdentity")["Properties"]["DkimSigningAttributes"]
    assert attributes == {"NextSigningKeyLength": expected}


def test_easy_dkim_knows_two_key_lengths() -> None:
    with pytest.raises(ValueError, match="key_length must be one of 1024, 2048, got 4096; write"):
        EasyDkim(key_length=4096)  # type: ignore[arg-type]


def test_an_own_key_is_referenced_and_its_public_half_published(stack: Stack, zone: Route53Zone) -> None:
    VerifiedDomain(stack, "Domain", domain_name="example.com", dns=zone, dkim=own_dkim())

    attributes = only(stack, "AWS::SES::EmailIdentity")["Properties"]["DkimSigningAttributes"]
    assert attributes == {
        "DomainSigningPrivateKey": "{{resolve:secretsmanager:dkim:SecretString:::}}",
        "DomainSigningSelector": "mail2026",
    }
    assert record_sets(stack)["mail2026._domainkey.example.com", "TXT"] == [f'"v=DKIM1; k=rsa; p={KEY_1024}"']


def test_a_public_key_may_be_a_pem_file() -> None:
    pem = f"-----BEGIN PUBLIC KEY-----\n{KEY_1024[:64]}\n{KEY_1024[64:]}\n-----END PUBLIC KEY-----\n"

    assert own_dkim(public_key=pem).public_key == KEY_1024


def test_a_long_public_key_is_split_into_strings_of_255(stack: Stack, zone: Route53Zone) -> None:
    VerifiedDomain(stack, "Domain", domain_name="example.com", dns=zone, dkim=own_dkim(public_key="A" * 392))

    (value,) = record_sets(stack)["mail2026._domainkey.example.com", "TXT"]
    assert max(len(each) for each in value.strip('"').split('" "')) == 255
    assert value.replace('" "', "").strip('"') == f"v=DKIM1; k=rsa; p={'A' * 392}"


@pytest.mark.parametrize("public_key", ["", "not base64!", "AAAA", "A" * 800])
def test_a_public_key_must_be_an_rsa_key_that_ses_takes(public_key: str) -> None:
    with pytest.raises(ValueError, match="public_key must be an RSA public key of 1024-2048 bits as PEM or base64"):
        own_dkim(public_key=public_key)


def test_a_public_key_must_be_known_at_synth(stack: Stack) -> None:
    parameter = CfnParameter(stack, "Key").value_as_string
    with pytest.raises(ValueError, match="public_key must be known at synth"):
        own_dkim(public_key=parameter)


@pytest.mark.parametrize("selector", ["", "-a", "a-", "a.b", "a" * 64, "mail_2026"])
def test_a_selector_is_one_label(selector: str) -> None:
    with pytest.raises(ValueError, match="selector must be 1-63 letters, digits and inner hyphens, got"):
        own_dkim(selector=selector)


def test_a_private_key_in_plain_text_is_refused_without_being_shown(stack: Stack, zone: Route53Zone) -> None:
    plain = own_dkim(private_key=SecretValue.unsafe_plain_text("very-secret"))
    with pytest.raises(ValueError, match="private_key must be a reference to a secret, got plain text") as refused:
        VerifiedDomain(stack, "Domain", domain_name="example.com", dns=zone, dkim=plain)

    assert "very-secret" not in str(refused.value)


def test_a_private_key_may_come_from_a_hidden_parameter(stack: Stack, zone: Route53Zone) -> None:
    parameter = CfnParameter(stack, "Key", no_echo=True)
    VerifiedDomain(
        stack,
        "Domain",
        domain_name="example.com",
        dns=zone,
        dkim=own_dkim(private_key=SecretValue.cfn_parameter(parameter)),
    )

    attributes = only(stack, "AWS::SES::EmailIdentity")["Properties"]["DkimSigningAttributes"]
    assert attributes["DomainSigningPrivateKey"] == {"Ref": "Key"}


def test_a_bare_private_key_in_the_wrong_place_is_not_shown() -> None:
    with pytest.raises(ValueError, match=r"public_key must be an RSA public key.*got '848 characters'") as refused:
        own_dkim(public_key="S" * 848)

    assert "SSSS" not in str(refused.value)


@pytest.mark.parametrize("public_key", ["-----BEGIN RSA PRIVATE KEY-----\nvery-secret", None])
def test_what_is_no_public_key_is_refused_without_being_shown(public_key: Any) -> None:
    with pytest.raises(
        ValueError, match="public_key must be the text of a public key, got a private one or no text; pass"
    ) as refused:
        own_dkim(public_key=public_key)

    assert "very-secret" not in str(refused.value)


def test_a_private_key_as_text_is_refused_without_being_shown() -> None:
    with pytest.raises(ValueError, match="private_key must be a SecretValue, got a value of type str; pass") as refused:
        own_dkim(private_key="very-secret")

    assert "very-secret" not in str(refused.value)


def test_a_private_key_in_a_store_that_ses_cannot_read_from_is_refused(stack: Stack, zone: Route53Zone) -> None:
    with pytest.raises(ValueError, match="private_key must be a reference to a secret, got plain text or a store"):
        VerifiedDomain(
            stack,
            "Domain",
            domain_name="example.com",
            dns=zone,
            dkim=own_dkim(private_key=SecretValue.ssm_secure("key")),
        )
