"""`doctor` on every reason that it knows."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from ses_constructs.command.bounce_causes import cause_of_bounce
from ses_constructs.command.group import commands
from ses_constructs.command.ses_account import SesAccount
from tests.command.conftest import World
from tests.command.told_account import Told, refusal

if TYPE_CHECKING:
    from local_aws.aws import LocalAws

pytestmark = pytest.mark.xdist_group("local-aws")
WHEN = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
POLICY = '_dmarc IN TXT "v=DMARC1; p=none"'
ASKING: tuple[str, ...] = ()
PORT = 53
RULES = [{"Name": "jane", "Enabled": True, "Recipients": ["jane@ours.example"], "Actions": []}]


def identities(**known: Mapping[str, object]) -> Any:
    def get_email_identity(EmailIdentity: str) -> Any:  # noqa: N803
        return known.get(EmailIdentity.replace(".", "_").replace("@", "_at_"), refusal("NotFoundException"))

    return get_email_identity


@pytest.fixture(autouse=True)
def dns(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The DNS of ours.example, which every command of these tests asks."""
    for apex in ("ours.example", "nowhere.example"):
        world.zone(apex, f"@ IN NS ns1.example.com.\n{POLICY}\n")
    world.zone("example", "ours IN NS ns1.example.com.\nnowhere IN NS ns1.example.com.\n")
    monkeypatch.setattr("tests.command.test_doctor.ASKING", world.asking)
    monkeypatch.setattr("tests.command.test_doctor.PORT", world.port)
    return world


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An account where nothing stands in the way, for a test to change."""
    told: dict[str, Any] = {
        "get_suppressed_destination": refusal("NotFoundException"),
        "get_account": {"ProductionAccessEnabled": True, "SendingEnabled": True, "SendQuota": {"Max24HourSend": 9}},
        "get_email_identity": identities(ours_example={"VerifiedForSendingStatus": True}),
        "get_configuration_set": {"SendingOptions": {"SendingEnabled": True}},
        "describe_active_receipt_rule_set": {"Metadata": {"Name": "inbound"}, "Rules": RULES},
        "list_receipt_filters": {"Filters": []},
        "list_work_groups": {"WorkGroups": []},
    }
    monkeypatch.setattr(SesAccount, "client", lambda *_: Told(told))
    return told


def run(*arguments: str) -> Result:
    return CliRunner().invoke(
        commands,
        ["doctor", *arguments, "--region", "eu-west-1", "--json", *ASKING],
        obj=PORT,
        catch_exceptions=False,
    )


def look(*arguments: str) -> dict[str, dict[str, str]]:
    return {each["id"]: each for each in json.loads(run(*arguments).output)["findings"]}


def test_where_nothing_stands_in_the_way_nothing_is_found(answers: dict[str, Any]) -> None:
    arguments = ("jane@ours.example", "--from", "news@mail.ours.example", "--configuration-set", "letters")

    found = look(*arguments)

    assert {name: each["outcome"] for name, each in found.items()} == dict.fromkeys(
        (
            "suppression",
            "sandbox",
            "receiving",
            "account.sending",
            "account.quota",
            "sender",
            "dmarc.record",
            "dmarc.alignment",
            "set",
        ),
        "right",
    )
    assert run(*arguments).exit_code == 0


def suppressed(reason: str) -> dict[str, Any]:
    listed = {"Reason": reason, "LastUpdateTime": WHEN, "Attributes": {"MessageId": "0102-abc"}}
    return {"SuppressedDestination": listed}


@pytest.mark.parametrize(
    ("call", "answer", "finding", "says", "fix"),
    [
        (
            "get_suppressed_destination",
            suppressed("BOUNCE"),
            "suppression",
            "since 2026-11-01, after a bounce",
            "delete-suppressed-destination",
        ),
        ("get_account", {"SendingEnabled": True}, "sandbox", "SES refuses the message", "request production access"),
        ("get_account", {"SendingEnabled": False}, "account.sending", "off for the whole account", "sending-enabled"),
        (
            "get_configuration_set",
            {"SendingOptions": {"SendingEnabled": False}},
            "set",
            "is paused",
            "--configuration-set-name letters",
        ),
        ("get_configuration_set", refusal("NotFoundException"), "set", "there is no configuration set letters", "send"),
        ("get_email_identity", identities(), "sender", "knows no identity of news@ours.example", "region"),
        (
            "get_email_identity",
            identities(ours_example={"VerificationStatus": "FAILED"}),
            "sender",
            "ours.example is not verified: FAILED",
            "ses-constructs check ours.example",
        ),
    ],
)
def test_a_reason_comes_with_what_mends_it(
    answers: dict[str, Any], call: str, answer: object, finding: str, says: str, fix: str
) -> None:
    answers[call] = answer
    arguments = ("joe@elsewhere.example", "--from", "news@ours.example", "--configuration-set", "letters")

    found = look(*arguments)[finding]

    assert found["outcome"] == "wrong"
    assert says in found["says"]
    assert fix in found["fix"]
    assert run(*arguments).exit_code == 1


def test_a_sender_without_a_dmarc_policy_is_told(answers: dict[str, Any], dns: World) -> None:
    dns.zone("ours.example", "@ IN NS ns1.example.com.\n")

    found = look("joe@elsewhere.example", "--from", "news@ours.example")["dmarc.record"]

    assert found["outcome"] == "wrong"
    assert found["fix"].startswith("_dmarc.ours.example. 1800 IN TXT")


def test_in_the_sandbox_a_verified_domain_takes_mail(answers: dict[str, Any]) -> None:
    answers["get_account"] = {"SendingEnabled": True}

    assert look("jane@ours.example")["sandbox"]["says"] == "in the sandbox, and ours.example is verified"


@pytest.mark.parametrize(
    ("active", "says"),
    [
        ({"Metadata": {"Name": "inbound"}, "Rules": RULES}, "no enabled rule of the active set takes the address"),
        ({}, "no receipt rule set is active"),
    ],
)
def test_rules_that_do_not_take_the_address_are_named(
    answers: dict[str, Any], active: dict[str, Any], says: str
) -> None:
    answers["describe_active_receipt_rule_set"] = active

    found = look("joe@ours.example")["receiving"]

    assert (found["outcome"], says in found["says"]) == ("advice", True)


def event(kind: str, **details: object) -> dict[str, Any]:
    return {"Type": kind, "Timestamp": WHEN, "Details": details}


BOUNCE = {"BounceType": "PERMANENT", "BounceSubType": "General", "DiagnosticCode": "smtp; 550 5.1.1 no such user"}


@pytest.mark.parametrize(
    ("events", "outcome", "says"),
    [
        ([event("SEND"), event("BOUNCE", Bounce=BOUNCE)], "wrong", "there is no such mailbox"),
        ([event("SEND"), event("DELIVERY"), event("COMPLAINT")], "wrong", "marked it as spam"),
        ([event("REJECT")], "wrong", "found a virus"),
        ([event("RENDERING_FAILURE")], "wrong", "could not be filled"),
        ([event("SEND"), event("DELIVERY_DELAY")], "advice", "goes on trying"),
        ([event("SEND"), event("DELIVERY_DELAY"), event("DELIVERY")], "right", "the receiver took it"),
        ([event("SEND")], "right", "2026-11-01 12:30 SEND"),
    ],
)
def test_the_history_of_a_message_is_read(
    answers: dict[str, Any], events: list[dict[str, Any]], outcome: str, says: str
) -> None:
    answers["get_message_insights"] = {"Insights": [{"Destination": "joe@elsewhere.example", "Events": events}]}

    found = look("0102-abc")["message.joe@elsewhere.example"]

    assert found["outcome"] == outcome
    assert says in found["says"]


def test_a_message_that_ses_does_not_know_could_not_be_looked_at(answers: dict[str, Any]) -> None:
    answers["get_message_insights"] = refusal("NotFoundException")

    assert "Virtual Deliverability Manager is off" in look("0102-abc")["message"]["says"]
    assert run("0102-abc").exit_code == 2


@pytest.mark.parametrize(
    ("kind", "sub", "reply", "means"),
    [
        ("PERMANENT", "Suppressed", "", "SES's global suppression list"),
        ("Permanent", "OnAccountSuppressionList", "", "on your suppression list"),
        ("TRANSIENT", "MailboxFull", "", "the mailbox is full"),
        ("TRANSIENT", "CustomTimeoutExceeded", "", "max_delivery_time"),
        ("PERMANENT", "General", "550-5.7.26 rejected due to the domain's DMARC policy", "your own DMARC policy"),
        ("PERMANENT", "General", "550-5.7.26 this mail is unauthenticated", "no SPF, DKIM or DMARC that holds"),
        ("PERMANENT", "General", "550 5.7.515 Access denied", "no SPF, DKIM or DMARC that holds"),
        ("PERMANENT", "General", "550 5.7.1 blocked [S3140]", "blocks the server"),
        ("TRANSIENT", "General", "421 4.7.28 unusual rate", "too much mail at once"),
        ("TRANSIENT", "General", "421 [TSS04] deferred", "too much mail at once"),
        ("TRANSIENT", "General", "452-4.2.2 over quota", "the mailbox is full"),
        ("PERMANENT", "General", "550 5.2.1 inactive", "switched off"),
        ("PERMANENT", "General", "550 5.1.10 RESOLVER.ADR", "no such mailbox"),
        ("PERMANENT", "General", "550 5.7.1 by policy", "by its own policy"),
        ("PERMANENT", "General", "550 15.1.1 and no code", "refuses the address for good"),
        ("TRANSIENT", "General", "out of office", "did not take it this time"),
    ],
)
def test_a_bounce_is_explained(kind: str, sub: str, reply: str, means: str) -> None:
    assert means in cause_of_bounce(kind, sub, reply).means


def test_a_local_aws_is_asked(found_aws: "LocalAws") -> None:

    found = look("nobody@elsewhere.example", "--from", "news@nowhere.example", "--configuration-set", "none")

    assert found["sender"]["outcome"] == found["set"]["outcome"] == "wrong"
    assert not [each for each in found.values() if each["outcome"] == "unknown"]
