"""From the connection to the end of the rule set, on templates as CloudFormation has them."""

import pytest

from ses_constructs.testing import (
    ActionRun,
    FilterBlocked,
    FilterPassed,
    ReceiptSimulator,
    RecipientUnmatched,
    Rejected,
    RuleMatched,
    RuleSkipped,
    Stopped,
)
from tests.testing.rule_templates import STOP, STORE, chain, ip_filter, rule, simulator

NO_MATCH = "550 5.1.1 Requested action not taken: mailbox unavailable"


def test_the_trace_of_a_message_that_is_accepted() -> None:
    receipt = simulator(Support=rule("example.com", actions=[STORE])).deliver(recipients=["a@example.com"])

    assert receipt.accepted
    assert receipt.smtp_reply == "250 OK"
    assert receipt.rules == ("Support",)
    assert receipt.steps == (
        RuleMatched(rule="Support", recipients=("a@example.com",), because=("example.com",)),
        ActionRun(rule="Support", kind="S3", target="${Mail}"),
    )


def test_nobody_is_home_where_no_rule_matches() -> None:
    receipt = simulator(Support=rule("example.com")).deliver(recipients=["a@example.org"])

    assert not receipt.accepted
    assert receipt.smtp_reply == NO_MATCH
    assert receipt.steps == (
        RuleSkipped(rule="Support", reason="no recipient matches"),
        Rejected(reply=NO_MATCH, reason="no enabled rule takes any of the recipients"),
    )


@pytest.mark.parametrize("enabled", [False, None, "false"])
def test_a_rule_that_is_not_enabled_does_not_count(enabled: object) -> None:
    receipt = simulator(Support=rule("example.com", Enabled=enabled)).deliver(recipients=["a@example.com"])

    assert not receipt.accepted
    assert receipt.steps[0] == RuleSkipped(rule="Support", reason="it is not enabled")


def test_a_rule_set_without_rules_takes_nothing() -> None:
    empty = ReceiptSimulator.from_template({"Resources": {"Rules": {"Type": "AWS::SES::ReceiptRuleSet"}}})

    assert not empty.deliver(recipients=["a@example.com"]).accepted


def test_one_matching_recipient_is_enough_and_a_rule_sees_only_its_own() -> None:
    rules = ReceiptSimulator.from_template(chain(rule("a@example.com"), rule("example.com")))

    receipt = rules.deliver(recipients=["a@example.com", "b@example.com", "c@example.org"])

    assert receipt.steps == (
        RecipientUnmatched(recipient="c@example.org"),
        RuleMatched(rule="Rule0", recipients=("a@example.com",), because=("a@example.com",)),
        RuleMatched(
            rule="Rule1", recipients=("a@example.com", "b@example.com"), because=("example.com", "example.com")
        ),
    )


def test_a_stop_action_ends_the_rule_set_for_every_recipient() -> None:
    rules = ReceiptSimulator.from_template(chain(rule("a@example.com", actions=[STOP, STORE]), rule("example.com")))

    receipt = rules.deliver(recipients=["a@example.com", "b@example.com"])

    assert receipt.accepted
    assert [action.kind for action in receipt.actions] == ["Stop"]
    assert receipt.stopped_by == "Rule0"
    assert receipt.steps[-2:] == (
        Stopped(rule="Rule0", scope="RuleSet", by="the stop action"),
        RuleSkipped(rule="Rule1", reason="rule 'Rule0' ended the rule set"),
    )


def test_a_bounce_goes_to_the_sender_and_ends_nothing() -> None:
    bounce = {"BounceAction": {"Sender": "no-reply@example.com", "SmtpReplyCode": "550", "Message": "Gone"}}

    receipt = simulator(Gone=rule("example.com", actions=[bounce, STORE])).deliver(
        recipients=["a@example.com"], sender="someone@example.net"
    )

    assert receipt.smtp_reply == "250 OK"
    assert receipt.actions[0].target == "someone@example.net"
    assert receipt.actions[0].details["Message"] == "Gone"
    assert receipt.ran("S3")
    assert receipt.stopped_by is None


def test_an_action_of_a_kind_still_to_come_keeps_its_name() -> None:
    receipt = simulator(Rule=rule(actions=[{"ArchiveAction": {"ArchiveId": "a-1"}}])).deliver(
        recipients=["a@example.com"]
    )

    assert receipt.actions == (ActionRun(rule="Rule", kind="Archive", target="", details={"ArchiveId": "a-1"}),)


def test_an_action_is_found_by_its_target_or_its_logical_id() -> None:
    receipt = simulator(Rule=rule(actions=[STORE])).deliver(recipients=["a@example.com"])

    assert receipt.ran("S3", "Mail")
    assert receipt.ran("S3", "${Mail}")
    assert not receipt.ran("S3", "Other")
    assert not receipt.ran("SNS")


def test_without_tls_a_rule_that_requires_it_rejects() -> None:
    rules = ReceiptSimulator.from_template(chain(rule(), rule("a@example.com", TlsPolicy="Require")))

    receipt = rules.deliver(recipients=["a@example.com"], tls=False)

    assert not receipt.accepted
    assert receipt.smtp_reply.startswith("530 5.7.0")
    assert "rule 'Rule1' takes a@example.com and requires TLS" in str(receipt)
    assert rules.deliver(recipients=["a@example.com"]).accepted
    assert rules.deliver(recipients=["b@example.com"], tls=False).accepted


@pytest.mark.parametrize(
    ("source_ip", "accepted", "because"),
    [
        ("203.0.113.9", False, FilterBlocked(source_ip="203.0.113.9", filter_name="Everyone")),
        ("10.0.0.9", True, FilterPassed(source_ip="10.0.0.9", filter_name="Office")),
    ],
)
def test_an_allow_filter_outweighs_a_block_filter(source_ip: str, accepted: bool, because: object) -> None:
    rules = simulator(
        Everyone=ip_filter("Block", "0.0.0.0/0"), Office=ip_filter("Allow", "10.0.0.0/24"), Rule=rule("example.com")
    )

    receipt = rules.deliver(recipients=["a@example.com"], source_ip=source_ip)

    assert receipt.accepted is accepted
    assert receipt.steps[0] == because
    assert bool(receipt.rules) is accepted


def test_an_address_that_no_filter_names_passes() -> None:
    rules = simulator(One=ip_filter("Block", "203.0.113.9"), Rule=rule())

    receipt = rules.deliver(recipients=["a@example.com"], source_ip="2001:db8::1")

    assert receipt.steps[0] == FilterPassed(source_ip="2001:db8::1", filter_name=None)


def test_the_trace_reads_from_top_to_bottom() -> None:
    rules = ReceiptSimulator.from_template(
        chain(
            rule("a@example.com", actions=[STORE, STOP], ScanEnabled=True), rule("example.com"), rule("b@example.com")
        )
    )

    assert str(rules.deliver(recipients=["a@example.com"])) == (
        "accepted, 250 OK: sender@example.net -> a@example.com\n"
        "  scanned for spam and viruses\n"
        "  rule 'Rule0' matched a@example.com (a@example.com)\n"
        "    S3 ${Mail}\n"
        "    Stop RuleSet\n"
        "    the stop action ended the rule set\n"
        "  rule 'Rule1' skipped: rule 'Rule0' ended the rule set\n"
        "  rule 'Rule2' skipped: no recipient matches"
    )


def test_every_step_prints_as_one_line() -> None:
    steps = (
        FilterPassed(source_ip="192.0.2.1", filter_name=None),
        FilterPassed(source_ip="192.0.2.1", filter_name="Office"),
        FilterBlocked(source_ip="192.0.2.1", filter_name="Everyone"),
        RecipientUnmatched(recipient="a@example.com"),
        RuleMatched(rule="R", recipients=("a@example.com",), because=("",)),
        Stopped(rule="R", scope="Rule", by="the answer STOP_RULE"),
        Rejected(reply="550", reason="why"),
    )

    assert [str(step) for step in steps] == [
        "192.0.2.1 passed: no filter blocks it",
        "192.0.2.1 passed: filter 'Office' allows it",
        "192.0.2.1 blocked: filter 'Everyone' blocks it and none allows it",
        "no enabled rule takes a@example.com",
        "rule 'R' matched a@example.com (takes everything)",
        "the answer STOP_RULE ended the rule",
        "rejected: why",
    ]


def test_a_message_may_come_from_nobody() -> None:
    receipt = simulator(Rule=rule()).deliver(recipients=["a@example.com"], sender="")

    assert str(receipt).startswith("accepted, 250 OK: <> -> a@example.com")


@pytest.mark.parametrize(
    "address", ["", "a", "@example.com", "a@", "A <a@example.com>", "a b@example.com", "a@.example.com", "a@b@ c"]
)
def test_recipients_are_bare_addresses(address: str) -> None:
    with pytest.raises(ValueError, match="recipients must be bare e-mail addresses"):
        simulator(Rule=rule()).deliver(recipients=[address])


def test_recipients_are_a_list_with_something_in_it() -> None:
    rules = simulator(Rule=rule())

    with pytest.raises(ValueError, match="recipients must be a sequence of str, not one str"):
        rules.deliver(recipients="a@example.com")
    with pytest.raises(ValueError, match="recipients must hold at least one address"):
        rules.deliver(recipients=[])


def test_the_sender_and_the_source_are_checked() -> None:
    rules = simulator(Rule=rule())

    with pytest.raises(ValueError, match="sender must be a bare e-mail address, got 'me'"):
        rules.deliver(recipients=["a@example.com"], sender="me")
    with pytest.raises(ValueError, match=r"source_ip must be an IP address, got '192\.0\.2\.0/24'"):
        rules.deliver(recipients=["a@example.com"], source_ip="192.0.2.0/24")
