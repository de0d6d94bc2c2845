"""The code of docs/sending.md, against the service models of boto3 and the recipe that hands it its settings."""

import re
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tests.applications import ROOT
from tests.test_documentation import blocks

PAGE = ROOT / "docs/sending.md"


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    for name, value in {"CONFIGURATION_SET": "production", "MAILBOX": "mailbox", "PREFIX": "tickets/"}.items():
        monkeypatch.setenv(name, value)
    names: dict[str, Any] = {}
    for block in blocks(PAGE):
        exec(block, names)
    return names


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Stubber]:
    """A client whose calls are checked against the service model, and answered by what the test says."""

    def stub(service: str) -> Stubber:
        # Its overloads are one for each service.
        make: Callable[..., Any] = boto3.client
        client = make(service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
        monkeypatch.setattr("boto3.client", lambda name: client)
        stubber = Stubber(client)
        stubber.activate()
        return stubber

    return stub


def test_boto3_sends_with_configuration_set_and_tag(page: dict[str, Any], stubbed: Callable[..., Stubber]) -> None:
    sesv2 = stubbed("sesv2")
    sesv2.add_response("send_email", {"MessageId": "0102"})

    assert page["send_receipt"]("ada@example.org", "1001") == "0102"


def test_smtp_names_both_in_headers(page: dict[str, Any]) -> None:
    message = page["receipt"]("ada@example.org", "1001")

    assert message["X-SES-CONFIGURATION-SET"] == "production"
    assert message["X-SES-MESSAGE-TAGS"] == "campaign=receipts, shop=eu"


@pytest.mark.parametrize(
    ("virus", "size", "disposition"),
    [("FAIL", 0, "STOP_RULE_SET"), ("PASS", 10_000_001, "STOP_RULE"), ("PASS", 9_000, "CONTINUE")],
)
def test_the_function_decides_and_finds_the_object(
    page: dict[str, Any], stubbed: Callable[..., Stubber], virus: str, size: int, disposition: str
) -> None:
    stored = {"Bucket": "mailbox", "Key": "tickets/0102"}
    stubbed("s3").add_response("head_object", {"ContentLength": size}, stored)
    ses = {"mail": {"messageId": "0102"}, "receipt": {"virusVerdict": {"status": virus}}}

    assert page["handler"]({"Records": [{"ses": ses}]}, None) == {"disposition": disposition}


def test_django_reads_what_the_recipe_hands_it() -> None:
    read = set(re.findall(r'environ\["(SMTP_\w+)"\]', PAGE.read_text(encoding="utf-8")))
    handed = set(re.findall(r'"(SMTP_\w+)": ecs', (ROOT / "docs/recipes.md").read_text(encoding="utf-8")))

    assert read == handed != set()
