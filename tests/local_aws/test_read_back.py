import pytest

from local_aws.read_back import DomainState, ZoneRecord, purpose_of

DOMAIN = "example.com"


@pytest.mark.parametrize(
    ("name", "record_type", "value", "purpose"),
    [
        ("example.com.", "NS", "ns-1.awsdns-1.com.", "the zone itself"),
        ("sub.example.com.", "NS", "ns-1.awsdns-1.com.", ""),
        ("abc._domainkey.example.com.", "CNAME", "abc.dkim.amazonses.com", "DKIM: the key that SES signs with"),
        ("abc._domainkey.click.example.com", "CNAME", "abc.dkim.amazonses.com", "DKIM: the key that SES signs with"),
        ("click.example.com.", "CNAME", "r.us-east-1.awstrack.me", "tracking: opens and clicks go to SES"),
        ("s1._domainkey.example.com.", "TXT", '"v=DKIM1; p=ab"', "DKIM: the public half of our own key"),
        ("mail.example.com.", "MX", "10 feedback-smtp.us-east-1.amazonses.com", "MAIL FROM: bounces return to SES"),
        ("mail.example.com.", "TXT", '"v=spf1 include:amazonses.com ~all"', "MAIL FROM: SPF allows SES to send"),
        ("example.com.", "TXT", '"v=spf1 -all"', "SPF: who may send as the domain itself"),
        ("example.com.", "MX", "10 inbound-smtp.us-east-1.amazonaws.com", "incoming mail goes to SES"),
        ("_DMARC.example.com.", "TXT", '"v=DMARC1; p=none"', "DMARC: what to do with mail that does not align"),
        (
            "example.org._report._dmarc.example.com",
            "TXT",
            '"v=DMARC1"',
            "DMARC: this domain takes reports about another one",
        ),
        ("_smtp._tls.example.com", "TXT", '"v=TLSRPTv1;"', "TLS reporting: where senders report failures"),
        ("_mta-sts.example.com", "TXT", '"v=STSv1; id=1;"', "MTA-STS: announces the policy"),
        ("_amazonses.example.com", "TXT", '"token"', "SES verification token: proof of ownership"),
        ("www.example.com", "CNAME", "example.net", ""),
        ("example.com", "TXT", '"google-site-verification=x"', ""),
    ],
)
def test_purpose_of(name: str, record_type: str, value: str, purpose: str) -> None:
    assert purpose_of(name, record_type, value, DOMAIN) == purpose


def state(*, verified: bool = True, status: str = "SUCCESS", records: tuple[ZoneRecord, ...] = ()) -> DomainState:
    return DomainState(
        domain=DOMAIN,
        verified=verified,
        verification_error="" if verified else "HOST_NOT_FOUND",
        dkim_signing=True,
        dkim_status=status,
        mail_from_domain="mail.example.com",
        mail_from_status=status,
        configuration_set="",
        records=records,
    )


DMARC = ZoneRecord(name="_dmarc.example.com", type="TXT", values=('"v=DMARC1; p=none"',), ttl=300, purpose="DMARC")


def test_a_verified_domain_has_no_problems() -> None:
    assert state(records=(DMARC,)).problems() == []


def test_says_what_is_missing() -> None:
    unknown = ZoneRecord(name="x.example.com", type="TXT", values=('"x"',), ttl=300, purpose="")
    assert state(verified=False, status="PENDING", records=(unknown,)).problems() == [
        "example.com is not verified (HOST_NOT_FOUND)",
        "DKIM is PENDING, signing is on",
        "MAIL FROM mail.example.com is PENDING",
        "there is no DMARC record at _dmarc.example.com",
        "nobody knows what TXT x.example.com is for",
    ]
