import pytest

from local_aws.extensions.verification import (
    Records,
    easy_dkim_records,
    first_problem,
    mail_from_records,
    own_dkim_records,
    token_records,
    verification_token,
)

DOMAIN = "example.com"
MAIL_FROM = "mail.example.com"
MX = "10 feedback-smtp.eu-west-1.amazonses.com"
SPF = '"v=spf1 include:amazonses.com ~all"'


def dkim_zone(**changes: str) -> Records:
    targets = {token: f"{token}.dkim.amazonses.com." for token in ("one", "two", "three")} | changes
    return {(f"{token}._domainkey.example.com", "CNAME"): [target] for token, target in targets.items() if target}


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        (dkim_zone(), None),
        (dkim_zone(two=""), "HOST_NOT_FOUND"),
        (dkim_zone(two="two.dkim.example.org"), "INVALID_VALUE"),
        ({}, "HOST_NOT_FOUND"),
    ],
)
def test_easy_dkim_needs_three_right_cnames(records: Records, problem: str | None) -> None:
    assert first_problem(easy_dkim_records(DOMAIN, ["one", "two", "three"]), records) == problem


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        ({("s1._domainkey.example.com", "TXT"): ['"v=DKIM1; p=ab" "cd"']}, None),
        ({("s1._domainkey.example.com", "TXT"): ['"v=DKIM1"']}, "INVALID_VALUE"),
        ({("s1._domainkey.example.com", "CNAME"): ["s1.example.org"]}, "TYPE_NOT_FOUND"),
        ({("s2._domainkey.example.com", "TXT"): ['"p=ab"']}, "HOST_NOT_FOUND"),
    ],
)
def test_our_own_dkim_needs_its_key(records: Records, problem: str | None) -> None:
    assert first_problem(own_dkim_records(DOMAIN, "s1"), records) == problem


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        ({(MAIL_FROM, "MX"): [MX], (MAIL_FROM, "TXT"): [SPF]}, None),
        ({(MAIL_FROM, "MX"): [MX], (MAIL_FROM, "TXT"): ['"other"', SPF]}, None),
        ({(MAIL_FROM, "MX"): [MX]}, "TYPE_NOT_FOUND"),
        ({(MAIL_FROM, "TXT"): [SPF]}, "TYPE_NOT_FOUND"),
        ({(MAIL_FROM, "MX"): [MX, "20 mail.example.org"], (MAIL_FROM, "TXT"): [SPF]}, "INVALID_VALUE"),
        ({(MAIL_FROM, "MX"): [MX.replace("eu-west-1", "us-east-1")], (MAIL_FROM, "TXT"): [SPF]}, None),
        ({(MAIL_FROM, "MX"): ["10 mail.example.org"], (MAIL_FROM, "TXT"): [SPF]}, "INVALID_VALUE"),
    ],
)
def test_mail_from_needs_exactly_one_mx_and_spf(records: Records, problem: str | None) -> None:
    assert first_problem(mail_from_records(MAIL_FROM), records) == problem


def test_the_token_is_stable_and_belongs_to_the_domain() -> None:
    token = verification_token(DOMAIN)
    assert len(token) == 44
    assert token == verification_token(DOMAIN.upper()) != verification_token("example.org")
    assert first_problem(token_records(DOMAIN), {("_amazonses.example.com", "TXT"): [f'"{token}"']}) is None
