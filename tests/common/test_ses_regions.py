"""Regions, hosts and ports of Amazon SES."""

from collections.abc import Callable

import pytest
from botocore.session import get_session
from hypothesis import given
from hypothesis import strategies as st

from ses_constructs.common.ses_regions import (
    RECEIVING_REGIONS,
    SENDING_REGIONS,
    SMTP_IMPLICIT_TLS_PORTS,
    SMTP_STARTTLS_PORTS,
    feedback_host,
    inbound_host,
    smtp_host,
    tracking_host,
)
from tests.email_records.record_strategies import assert_names_itself, quick, refuses

TOKEN = "${Token[AWS.Region.4]}"
HOSTS = [inbound_host, feedback_host, smtp_host, tracking_host]


def test_bounces_go_to_amazonses_and_other_mail_to_amazonaws() -> None:
    assert inbound_host("eu-west-1") == "inbound-smtp.eu-west-1.amazonaws.com"
    assert feedback_host("eu-west-1") == "feedback-smtp.eu-west-1.amazonses.com"
    assert smtp_host("us-gov-west-1") == "email-smtp.us-gov-west-1.amazonaws.com"


def test_a_partition_has_its_own_suffix_and_bounces_go_to_amazonses_all_the_same() -> None:
    assert smtp_host("eusc-de-east-1") == "email-smtp.eusc-de-east-1.amazonaws.eu"
    assert inbound_host("cn-north-1") == "inbound-smtp.cn-north-1.amazonaws.com.cn"
    assert feedback_host("eusc-de-east-1") == "feedback-smtp.eusc-de-east-1.amazonses.com"


@pytest.mark.parametrize("host", [inbound_host, smtp_host])
def test_the_suffix_is_asked_for_where_the_region_is_not_known(host: Callable[[str, str], str]) -> None:
    assert host(TOKEN, "${Token[AWS.URLSuffix.5]}").endswith(f"-smtp.{TOKEN}.${{Token[AWS.URLSuffix.5]}}")
    assert host("eu-west-1", "${Token[AWS.URLSuffix.5]}").endswith(".eu-west-1.amazonaws.com")


def test_opens_and_clicks_are_tracked_in_the_region() -> None:
    assert tracking_host("ap-southeast-2") == "r.ap-southeast-2.awstrack.me"


@pytest.mark.parametrize("host", HOSTS)
def test_a_token_may_stand_for_the_region(host: Callable[[str], str]) -> None:
    assert TOKEN in host(TOKEN)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("region", ["", "EU-WEST-1", "eu west 1", "eu-west-1.", "-", None])
def test_what_cannot_be_a_region_is_refused(host: Callable[[str], str], region: str) -> None:
    with refuses("region", region):
        host(region)


@pytest.mark.parametrize("host", HOSTS)
@quick
@given(text=st.text(max_size=20))
def test_any_text_makes_a_host_or_names_itself(host: Callable[[str], str], text: str) -> None:
    assert_names_itself(lambda: host(text), "region", text)


def test_receiving_regions_send_too_and_some_only_send() -> None:
    assert len(RECEIVING_REGIONS) == 22
    assert len(SENDING_REGIONS) == 30
    assert RECEIVING_REGIONS < SENDING_REGIONS
    assert {"eu-central-2", "us-gov-west-1", "eusc-de-east-1"} <= SENDING_REGIONS - RECEIVING_REGIONS


def test_botocore_knows_every_region_that_is_listed() -> None:
    session = get_session()
    known = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("sesv2", partition_name=partition)
    }
    assert set() == SENDING_REGIONS - known


def test_each_port_speaks_one_kind_of_tls() -> None:
    assert SMTP_IMPLICIT_TLS_PORTS == (465, 2465)
    assert SMTP_STARTTLS_PORTS == (25, 587, 2587)
