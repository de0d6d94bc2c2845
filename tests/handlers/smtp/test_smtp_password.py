"""The derivation of SMTP passwords."""

import base64

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ses_constructs.handlers.smtp.password import smtp_password

# What AWS's own algorithm gives, published with the test of Terraform's provider for AWS.
PUBLISHED = [
    ("eu-central-1", "some+secret+key", "BMXhUYlu5Z3gSXVQORxlVa7XPaz91aGWdfHxvkOZdWZ2"),
    ("eu-central-1", "another+secret+key", "BBbphbrQmrKMx42d1N6+C7VINYEBGI5v9VsZeTxwskfh"),
    ("us-west-1", "some+secret+key", "BH+jbMzper5WwlwUar9E1ySBqHa9whi0GPo+sJ0mVYJj"),
    ("us-west-1", "another+secret+key", "BKVmjjMDFk/qqw8EROW99bjCS65PF8WKvK5bSr4Y6EqF"),
]
secrets = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters="+/"), min_size=1, max_size=64)
regions = st.from_regex(r"[a-z]{2}-[a-z]{4,9}-[1-9]", fullmatch=True)


@pytest.mark.parametrize(("region", "secret", "password"), PUBLISHED)
def test_the_published_passwords(region: str, secret: str, password: str) -> None:
    assert smtp_password(secret, region) == password


@given(secrets, regions)
def test_a_password_is_44_characters_of_base64_that_start_with_the_version(secret: str, region: str) -> None:
    password = smtp_password(secret, region)

    assert len(password) == 44
    assert password.startswith("B")
    assert base64.b64decode(password, validate=True)[0] == 4
    assert secret not in password or len(secret) < 5


@given(secrets, secrets, regions, regions)
def test_a_password_is_good_for_one_key_in_one_region(one: str, other: str, here: str, there: str) -> None:
    assume(one != other)
    assume(here != there)

    passwords = {smtp_password(secret, region) for secret in (one, other) for region in (here, there)}

    assert len(passwords) == 4
    assert smtp_password(one, here) in passwords
