"""Mail that SES would take and nobody would get, and places that do not belong together, are said at synth."""

from collections.abc import Sequence
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from aws_cdk import aws_ssm as ssm

from ses_constructs import (
    AddHeader,
    BounceMonitoring,
    DmarcPolicy,
    DnsDelegationRole,
    InboundAction,
    InboundRuleSet,
    LeaveInactive,
    RecordsToPublish,
    SendingDomain,
    StopProcessing,
    StoreMail,
    TlsReporting,
    VerifiedAddress,
    VerifiedDomain,
)
from tests.conftest import hosted_zone
from tests.constructs.templates import warnings

REPORTS = "dmarc@example.com"
HEADER = AddHeader("X-Team", "support")


def domain(stack: Stack, name: str = "example.com", construct_id: str = "Domain", **arguments: Any) -> VerifiedDomain:
    arguments = {"dns": RecordsToPublish(), "receives_mail": True, **arguments}
    return VerifiedDomain(stack, construct_id, domain_name=name, **arguments)


def rule_set(stack: Stack, of: SendingDomain | None = None, **arguments: Any) -> InboundRuleSet:
    return InboundRuleSet(stack, "Inbound", domain=of or domain(stack), **arguments)


def said(stack: Stack, warning_id: str) -> list[str]:
    return [each for each in warnings(stack) if f"ses-constructs:{warning_id}" in each]


@pytest.mark.parametrize(
    "records",
    [
        {"dmarc": DmarcPolicy.monitor(reports_to=[REPORTS])},
        {"dmarc": DmarcPolicy.monitor(reports_to=["mailto:dmarc@EXAMPLE.com"])},
        {"dmarc": DmarcPolicy.monitor(failure_reports_to=[REPORTS])},
        {"tls_reporting": TlsReporting(reports_to=[REPORTS])},
    ],
    ids=["aggregate", "as URI", "failures", "TLS"],
)
def test_reports_to_an_address_that_no_rule_takes_are_warned_about(stack: Stack, records: dict[str, Any]) -> None:
    rule_set(stack, domain(stack, **records)).add_rule("Team", recipients=["team@example.com"], actions=[StoreMail()])

    (warning,) = said(stack, "reports-to-nowhere")
    assert "gets the reports about example.com, but no rule of Mail/Inbound takes its mail; add it to" in warning
    assert said(stack, "reports-to-nowhere") == [warning]


def test_reports_of_another_domain_are_too(stack: Stack) -> None:
    domain(stack, "shop.example", "Shop", dmarc=DmarcPolicy.monitor(reports_to=[REPORTS]))
    rule_set(stack).add_rule("Team", recipients=["team@example.com"], actions=[StoreMail()])

    (warning,) = said(stack, "reports-to-nowhere")
    assert "reports about shop.example" in warning


@pytest.mark.parametrize("recipients", [[REPORTS], ["example.com"], []], ids=["address", "domain", "everybody"])
def test_reports_that_a_rule_takes_are_not(stack: Stack, recipients: Sequence[str]) -> None:
    inbound = rule_set(stack, domain(stack, dmarc=DmarcPolicy.monitor(reports_to=[REPORTS])))
    inbound.add_rule("Reports", recipients=recipients, actions=[StoreMail()])

    assert said(stack, "reports-to-nowhere") == []


def test_a_rule_that_is_off_takes_none(stack: Stack) -> None:
    inbound = rule_set(stack, domain(stack, dmarc=DmarcPolicy.monitor(reports_to=[REPORTS])))
    inbound.add_rule("Reports", actions=[StoreMail()], enabled=False)

    assert len(said(stack, "reports-to-nowhere")) == 1


def test_a_recipient_that_is_known_later_may_take_them(stack: Stack) -> None:
    inbound = rule_set(stack, domain(stack, dmarc=DmarcPolicy.monitor(reports_to=[REPORTS])))
    inbound.add_rule("Reports", recipients=[CfnParameter(stack, "To").value_as_string], actions=[StoreMail()])

    assert said(stack, "reports-to-nowhere") == []


def test_a_set_of_somebody_else_may_take_them_by_a_rule_of_its_own(stack: Stack) -> None:
    theirs = ses.ReceiptRuleSet.from_receipt_rule_set_name(stack, "Theirs", "by-hand")
    joined = rule_set(stack, domain(stack, dmarc=DmarcPolicy.monitor(reports_to=[REPORTS])), rule_set=theirs)
    joined.add_rule("Team", recipients=["team@example.com"], actions=[StoreMail()])

    assert said(stack, "reports-to-nowhere") == []


def test_reports_to_a_mailbox_elsewhere_are_none_of_ours(stack: Stack) -> None:
    reports_to = DmarcPolicy.monitor(reports_to=["dmarc@other.example", "https://reports.example.com/dmarc"])
    rule_set(stack, domain(stack, dmarc=reports_to)).add_rule("Team", actions=[StoreMail()])

    assert said(stack, "reports-to-nowhere") == []


def test_an_active_set_without_rules_is_warned_about(stack: Stack) -> None:
    rule_set(stack)

    (warning,) = said(stack, "no-rules")
    assert warning.startswith("Mail/Inbound becomes the active rule set without a rule")


def test_one_that_stands_by_is_not(stack: Stack) -> None:
    rule_set(stack, activation=LeaveInactive())

    assert said(stack, "no-rules") == []


@pytest.mark.parametrize(
    "actions", [[HEADER], [HEADER, AddHeader("X-Second", "y")], [HEADER, StopProcessing()]], ids=["one", "two", "stop"]
)
def test_a_rule_that_only_adds_headers_loses_mail(stack: Stack, actions: Sequence[InboundAction]) -> None:
    inbound = rule_set(stack)
    inbound.add_rule("Header", recipients=["a@example.com"], actions=actions)
    inbound.add_rule("Others", recipients=["b@example.com"], actions=[StoreMail()])

    (warning,) = said(stack, "mail-gets-lost")
    assert "rule 'Header'" in warning


@pytest.mark.parametrize("recipients", [["a@example.com"], ["example.com"], []])
def test_not_where_a_later_rule_keeps_it(stack: Stack, recipients: Sequence[str]) -> None:
    inbound = rule_set(stack)
    inbound.add_rule("Header", recipients=["a@example.com"], actions=[HEADER])
    inbound.add_rule("Keep", recipients=recipients, actions=[StoreMail()])

    assert said(stack, "mail-gets-lost") == []


def test_to_drop_mail_on_purpose_is_no_loss(stack: Stack) -> None:
    rule_set(stack).add_rule("Drop", recipients=["noreply@example.com"], actions=[StopProcessing()])

    assert said(stack, "mail-gets-lost") == []


@pytest.mark.parametrize(
    ("env", "rule"),
    [
        (
            Environment(account="111122223333", region="us-east-1"),
            "in the region of the stack, eu-west-1, got 'us",
        ),
        (
            Environment(account="222233334444", region="eu-west-1"),
            "of the account of the stack, 111122223333, got '2",
        ),
    ],
    ids=["region", "account"],
)
def test_rules_and_monitoring_are_where_their_domain_is(app: App, stack: Stack, env: Environment, rule: str) -> None:
    elsewhere = domain(Stack(app, "Other", env=env))

    with pytest.raises(ValueError, match=f"domain must be {rule}.*; put the rules into"):
        rule_set(stack, elsewhere)
    with pytest.raises(ValueError, match=f"domain must be {rule}.*; monitor it in a stack of its place"):
        BounceMonitoring(stack, "Bounces", domain=elsewhere, default_for_domain=False)


def test_a_parameter_that_the_cli_looks_up_says_the_way_out(stack: Stack) -> None:
    name = ssm.StringParameter.value_from_lookup(stack, "/mail/domain")

    way_out = "must be looked up, .*; pass default_value to value_from_lookup, or read it by value_for_string_parameter"
    with pytest.raises(ValueError, match=rf"domain_name {way_out} at deployment; write a name such as 'example.com'"):
        domain(stack, name)
    with pytest.raises(ValueError, match=rf"address {way_out}"):
        VerifiedAddress(stack, "Address", address=name)
    with pytest.raises(ValueError, match=rf"reports_to {way_out}"):
        DmarcPolicy.monitor(reports_to=[name])
    with pytest.raises(ValueError, match=rf"trusted_account {way_out}"):
        DnsDelegationRole(
            stack, "Role", hosted_zone=hosted_zone(stack), domain_name="example.com", trusted_account=name
        )
    with pytest.raises(ValueError, match=rf"principal {way_out}"):
        domain(stack, construct_id="Other").allow_sender(name)


def test_the_way_out_leads_out(stack: Stack) -> None:
    name = ssm.StringParameter.value_from_lookup(stack, "/mail/domain", "example.com")

    assert domain(stack, name).domain_name == "example.com"


def test_a_rule_behind_one_that_stops_never_runs(stack: Stack) -> None:
    inbound = rule_set(stack)
    inbound.add_rule("First", recipients=["team@example.com"], actions=[StoreMail(), StopProcessing()])
    inbound.add_rule("Second", recipients=["Team@example.com"], actions=[StoreMail()])
    inbound.add_rule("Label", recipients=["team+x@example.com"], actions=[StoreMail()])
    inbound.add_rule("Other", recipients=["other@example.com"], actions=[StoreMail()])

    found = said(stack, "rule-never-runs")
    assert [each.partition(";")[0] for each in found] == [
        "rule 'First' comes first and ends with StopProcessing, so Mail/Inbound/Rules/Second sees no mail to "
        "Team@example.com",
        "rule 'First' comes first and ends with StopProcessing, so Mail/Inbound/Rules/Label sees no mail to "
        "team+x@example.com",
    ]


def test_a_rule_that_is_off_stops_nothing(stack: Stack) -> None:
    inbound = rule_set(stack)
    inbound.add_rule("First", recipients=["team@example.com"], actions=[StopProcessing()], enabled=False)
    inbound.add_rule("Second", recipients=["team@example.com"], actions=[StoreMail()])

    assert said(stack, "rule-never-runs") == []


def test_a_set_whose_rules_are_all_off_takes_no_mail(stack: Stack) -> None:
    rule_set(stack).add_rule("Rule", actions=[StoreMail()], enabled=False)

    (warning,) = said(stack, "no-rules")
    assert "Mail/Inbound becomes the active rule set without a rule that is enabled" in warning


def test_each_recipient_of_a_rule_that_adds_a_header_needs_another(stack: Stack) -> None:
    inbound = rule_set(stack)
    inbound.add_rule("Both", recipients=["a@example.com", "b@example.com"], actions=[HEADER])
    inbound.add_rule("One", recipients=["a@example.com"], actions=[StoreMail()])

    (warning,) = said(stack, "mail-gets-lost")
    assert "rule 'Both'" in warning


@pytest.mark.parametrize(
    "recipients",
    [
        ["team@example.com"],
        [".example.com", "x@example.com"],
    ],
)
def test_a_domain_that_receives_and_has_no_rule_is_warned_about(stack: Stack, recipients: list[str]) -> None:
    other = domain(stack, "example.net", "Other")
    inbound = InboundRuleSet(stack, "Inbound", domains=[domain(stack), other])
    inbound.add_rule("Rule", recipients=recipients, actions=[StoreMail()])

    (warning,) = said(stack, "domain-without-rule")
    assert warning.startswith("mail to example.net comes to SES, and no rule of Mail/Inbound takes any of it")


@pytest.mark.parametrize("recipients", [[], ["x@example.net", "y@example.com"], ["EXAMPLE.net", "example.com"]])
def test_a_domain_with_a_rule_is_not(stack: Stack, recipients: list[str]) -> None:
    inbound = InboundRuleSet(stack, "Inbound", domains=[domain(stack), domain(stack, "example.net", "Other")])
    inbound.add_rule("Rule", recipients=recipients, actions=[StoreMail()])

    assert said(stack, "domain-without-rule") == []


def test_a_rule_before_the_domain_whose_mail_from_it_is_for(stack: Stack) -> None:
    reference = VerifiedDomain.from_domain_name(stack, "Reference", "example.com")
    rule_set(stack, reference).add_rule("Rule", recipients=["x@mail.example.com"], actions=[StoreMail()])
    domain(stack)

    (warning,) = said(stack, "mail-never-comes")
    assert "mail.example.com is the MAIL FROM domain of 'Mail/Domain'" in warning


def test_rules_where_the_mail_does_not_come_are_warned_about(app: App, stack: Stack) -> None:
    domain(Stack(app, "Other", env=Environment(account="111122223333", region="us-east-1")))
    inbound = rule_set(stack, VerifiedDomain.from_domain_name(stack, "Reference", "example.com"))
    inbound.add_rule("Rule", actions=[StoreMail()])

    (warning,) = said(stack, "mail-goes-elsewhere")
    assert (
        "the MX record of example.com brings its mail to us-east-1, so no rule of Mail/Inbound in eu-west-1" in warning
    )


def test_reports_do_not_go_to_the_mail_from_domain(stack: Stack) -> None:
    with pytest.raises(
        ValueError, match=r"reports must go to addresses that mail reaches, .*got 'a@mail.*; take an ad"
    ):
        domain(stack, dmarc=DmarcPolicy.monitor(reports_to=["a@mail.example.com"]))


@pytest.mark.parametrize("names", [("example.com", "mail.example.com"), ("mail.example.com", "example.com")])
def test_a_mail_from_domain_that_sends_is_warned_about(stack: Stack, names: tuple[str, str]) -> None:
    for number, name in enumerate(names):
        domain(stack, name, f"Domain{number}", receives_mail=False)

    (warning,) = said(stack, "mail-from-sends")
    assert "mail.example.com is a MAIL FROM domain, which must not send mail otherwise" in warning
    assert "by Mail/Domain1 and Mail/Domain0; pass another mail_from" in warning


def test_the_role_that_stores_mail_trusts_ses(stack: Stack) -> None:
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))

    with pytest.raises(
        ValueError, match=r"role must trust ses.amazonaws.com, .*, got 'Mail/Role'; make it with assumed"
    ):
        rule_set(stack).add_rule("Rule", actions=[StoreMail(role=role)])
