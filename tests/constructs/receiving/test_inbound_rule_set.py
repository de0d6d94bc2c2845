"""Receipt rules in order, who lets SES in for them, and what is refused or warned about."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Aws, CfnParameter, Duration, Environment, NestedStack, Stack, Stage
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_ses_actions as ses_actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from ses_constructs import (
    ActivateIfFree,
    AddHeader,
    BounceMail,
    DeliverToWorkMail,
    EmailTeam,
    ForwardMail,
    InboundRuleSet,
    InvokeFunction,
    LeaveInactive,
    NotifyTopic,
    PublishToTopic,
    RecordsToPublish,
    SendingDomain,
    StopProcessing,
    StoreMail,
    VerifiedDomain,
)
from ses_constructs.common.ses_regions import LISTS_READ_ON
from ses_constructs.receiving import rule_limits
from tests.applications import ROOT
from tests.constructs.templates import (
    conditions,
    identified,
    only,
    receipt_rule,
    receipt_rules,
    resources,
    role_statements,
    service_statements,
    template,
    warnings,
)

SES = "ses.amazonaws.com"
RULE = "AWS::SES::ReceiptRule"
STOP = [StopProcessing()]
# ReceiptRule$Name and ReceiptRuleSetMetadata$Name of the SES API.
RULE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?")
SET_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,62}[A-Za-z0-9])?")


def domain(stack: Construct, name: str = "example.com") -> SendingDomain:
    return VerifiedDomain.from_domain_name(stack, f"Domain-{name}", name)


def make(stack: Construct, construct_id: str = "Inbound", **changes: Any) -> InboundRuleSet:
    if "domain" not in changes and "domains" not in changes:
        changes["domain"] = domain(stack)
    return InboundRuleSet(stack, construct_id, **{"activation": LeaveInactive(), "drop_spam": False, **changes})


def three(rules: InboundRuleSet) -> InboundRuleSet:
    for name in ("support", "sales", "zoo"):
        rules.add_rule(name, recipients=[f"{name}@example.com"], actions=STOP)
    return rules


def first_recipients(stack: Stack) -> list[str]:
    return [each["Properties"]["Rule"]["Recipients"][0] for each in receipt_rules(stack)]


def the_rule(stack: Stack) -> dict[str, Any]:
    return dict(only(stack, RULE)["Properties"]["Rule"])


# Order


def test_rules_run_in_the_order_in_which_they_are_added(stack: Stack) -> None:
    rules = three(make(stack))

    made, (set_id,) = receipt_rules(stack), identified(stack, "AWS::SES::ReceiptRuleSet")
    ids = {each["Properties"]["Rule"]["Name"]: key for key, each in identified(stack, RULE).items()}
    before = [None, *(each.rule_name for each in rules.rules[:-1])]
    assert first_recipients(stack) == ["support@example.com", "sales@example.com", "zoo@example.com"]
    assert [each["Properties"].get("After") for each in made] == before
    for name, each in zip(before, made, strict=True):
        assert each["Properties"]["RuleSetName"] == rules.rule_set_name
        assert {set_id} | ({ids[name]} if name else set()) <= set(each["DependsOn"])


# What a rule says


REQUIRE, OPTIONAL = ses.TlsPolicy.REQUIRE, ses.TlsPolicy.OPTIONAL


@pytest.mark.parametrize(
    ("of_the_set", "of_the_rule", "expected"),
    [
        ({}, {}, {}),
        ({}, {"enabled": False}, {"Enabled": False}),
        ({}, {"scan": False}, {"ScanEnabled": False}),
        ({}, {"tls": REQUIRE}, {"TlsPolicy": "Require"}),
        ({"tls": REQUIRE}, {}, {"TlsPolicy": "Require"}),
        ({"tls": REQUIRE}, {"tls": OPTIONAL}, {}),
    ],
)
def test_a_rule_says_what_it_was_told_or_else_the_set(
    stack: Stack, of_the_set: dict[str, Any], of_the_rule: dict[str, Any], expected: dict[str, Any]
) -> None:
    make(stack, **of_the_set).add_rule("All", actions=STOP, **of_the_rule)

    found = {key: value for key, value in the_rule(stack).items() if key not in ("Name", "Actions")}
    assert found == {"Enabled": True, "ScanEnabled": True, "TlsPolicy": "Optional", **expected}


def test_a_rule_is_more_than_this_class_offers(stack: Stack) -> None:
    rule = make(stack).add_rule("All", actions=STOP)
    rule.resource.add_metadata("Owner", "support")

    assert only(stack, RULE)["Metadata"]["Owner"] == "support"


@pytest.mark.parametrize("construct_id", ["Activation", "DropSpam", "IpFilters", "Mailbox", "RuleSet", "SpamFilter"])
def test_a_rule_may_have_any_id(stack: Stack, construct_id: str) -> None:
    rules = make(stack, activation=ActivateIfFree(), drop_spam=True, allow_from=["192.0.2.1"])
    rules.add_rule(construct_id, actions=[StoreMail()])

    assert len(receipt_rules(stack)) == 2


# Names


@pytest.mark.parametrize(
    "construct_id", ["a", "x" * 200, "9lives", "-dash-", "under_score_", "dots.and spaces", "Größe"]
)
def test_names_are_ones_that_ses_takes_however_long_the_path(stack: Stack, construct_id: str) -> None:
    rules = [make(scope, construct_id) for scope in (Construct(stack, construct_id), NestedStack(stack, "Nested"))]
    made = [each.add_rule(construct_id, actions=STOP) for each in rules]

    assert all(SET_NAME.fullmatch(each.rule_set_name) for each in rules)
    assert all(RULE_NAME.fullmatch(each.rule_name) for each in made)


def test_paths_that_differ_in_their_stage_or_at_their_ends_are_different_names(app: App) -> None:
    scopes: list[Construct] = [Stack(Stage(app, each), "Mail") for each in ("Test", "Production")]
    scopes += [Construct(scopes[0], f"{'x' * 200}{each}") for each in "ab"]
    rules = [make(each) for each in scopes]

    assert len({each.rule_set_name for each in rules}) == 4
    assert len({each.add_rule("y" * 200, actions=STOP).rule_name for each in rules}) == 4


def test_a_new_name_makes_a_new_set_for_all_rules_and_lets_ses_in_for_it(stack: Stack) -> None:
    three(make(stack, rule_set_name="inbound-2")).add_rule("All", actions=[StoreMail()])

    ((_, statement),) = service_statements(stack, SES)
    assert only(stack, "AWS::SES::ReceiptRuleSet")["Properties"]["RuleSetName"] == "inbound-2"
    assert {each["Properties"]["RuleSetName"] for each in receipt_rules(stack)} == {"inbound-2"}
    assert ":receipt-rule-set/inbound-2:receipt-rule/" in conditions(statement)["aws:SourceArn"]


@pytest.mark.parametrize("name", ["a", "inbound", "Inbound_2-b", "in.bound", "x" * 64])
def test_a_name_that_ses_takes_is_taken(stack: Stack, name: str) -> None:
    assert make(stack, rule_set_name=name).rule_set_name == name


@pytest.mark.parametrize("name", ["", "x" * 65, "-inbound", "inbound_", "in bound", ".inbound", "größe", Aws.REGION])
def test_a_name_that_ses_refuses_is_refused(stack: Stack, name: str) -> None:
    with pytest.raises(
        ValueError,
        match=r"rule_set_name must be 1-64 letters, digits, '-', '_' and '\.', with .* both ends, got .*; take a name",
    ):
        make(stack, "Refused", rule_set_name=name)
    with pytest.raises(ValueError, match=r"rule_name must be 1-64 letters.*, got .*; take a name such as 'support'"):
        make(stack, domain=domain(stack, "example.org")).add_rule("Rule", rule_name=name, actions=STOP)


# A set that exists


def existing(stack: Stack) -> ses.IReceiptRuleSet:
    return ses.ReceiptRuleSet.from_receipt_rule_set_name(stack, "Existing", "shared")


def test_two_sets_count_what_they_drop_apart_where_both_join_one_too(stack: Stack) -> None:
    joined: dict[str, Any] = {"rule_set": existing(stack), "activation": None}
    counts = [
        make(Construct(stack, f"Scope{number}"), drop_spam=True, **changes).metric_dropped_spam()
        for number, changes in enumerate([{}, {}, joined, joined])
    ]

    assert len({str(each.dimensions) for each in counts}) == 4


@pytest.mark.parametrize(("after", "place"), [({}, None), ({"after_rule": "theirs"}, "theirs")])
def test_joining_adds_rules_to_the_top_of_the_set_or_behind_the_rule_that_was_named(
    stack: Stack, after: dict[str, str], place: str | None
) -> None:
    rules = three(make(stack, rule_set=existing(stack), activation=None, drop_spam=True, **after))
    rules.add_rule("All", actions=[StoreMail()])

    first, *others = receipt_rules(stack)
    assert first["Properties"].get("After") == place
    assert "LambdaAction" in first["Properties"]["Rule"]["Actions"][0]
    assert [each["Properties"]["Rule"]["Name"] for each in others] == [each.rule_name for each in rules.rules]
    assert resources(stack, "AWS::SES::ReceiptRuleSet") == []
    assert {each["Properties"]["RuleSetName"] for each in (first, *others)} == {"shared"}
    for _, statement in service_statements(stack, SES):
        assert ":receipt-rule-set/shared:receipt-rule/" in conditions(statement)["aws:SourceArn"]


def test_a_set_made_by_aws_cdk_may_be_joined(stack: Stack) -> None:
    three(make(stack, rule_set=ses.ReceiptRuleSet(stack, "Theirs"), activation=None))

    (set_id,) = identified(stack, "AWS::SES::ReceiptRuleSet")
    assert [each["Properties"]["RuleSetName"] for each in receipt_rules(stack)] == [{"Ref": set_id}] * 3


def test_what_does_not_go_with_a_set_that_exists_or_is_ones_own_is_refused(stack: Stack) -> None:
    with pytest.raises(
        ValueError, match=r"rule_set_name must be left out with rule_set, got 'own'; the set has its name already"
    ):
        make(stack, rule_set=existing(stack), activation=None, rule_set_name="own")
    with pytest.raises(
        ValueError, match=r"after_rule must come with rule_set, got 'theirs'; leave it out for a set of your own"
    ):
        make(stack, "Own", domain=domain(stack, "example.org"), after_rule="theirs")
    with pytest.raises(ValueError, match=r"domain must be given, got None; pass the VerifiedDomain whose mail"):
        InboundRuleSet(stack, "Nameless")


# Domains and recipients


def test_one_domain_and_several_are_all_domains(stack: Stack) -> None:
    one, two, three = (domain(stack, name) for name in ("example.com", "example.org", "example.net"))

    assert make(stack, domain=one, domains=[two, three]).domains == (one, two, three)


def test_a_recipient_of_the_domains_is_taken_as_it_is_written(stack: Stack) -> None:
    recipients = ["support@example.com", "Support+Label@Example.COM", "example.com", ".example.com"]
    recipients += ["news.example.com", ".news.example.com", "support@news.example.com", "support@example.org"]
    rules = make(stack, domains=[domain(stack), domain(stack, "example.org")])
    rules.add_rule("Rule", recipients=recipients, actions=STOP)

    assert the_rule(stack)["Recipients"] == recipients


@pytest.mark.parametrize(
    "recipient",
    ["support@example.net", "example.net", ".example.net", "notexample.com", "support@notexample.com", ".example.org"],
)
def test_a_recipient_outside_the_domains_is_refused(stack: Stack, recipient: str) -> None:
    rules = make(stack, domains=[domain(stack), domain(stack, "news.example.org")])

    with pytest.raises(
        ValueError,
        match=rf"recipients must belong to example\.com or news\.example\.org, got '{recipient}'; pass the domain",
    ):
        rules.add_rule("Rule", recipients=["support@example.com", recipient], actions=STOP)


def test_a_recipient_or_a_domain_that_only_cloudformation_knows_is_taken(stack: Stack) -> None:
    name = CfnParameter(stack, "Name").value_as_string
    make(stack).add_rule("Rule", recipients=[name, f"support@{name}", f".{name}"], actions=STOP)
    made = VerifiedDomain.from_domain_name(stack, "Domain", name)
    make(stack, "Other", domain=made).add_rule("Rule", recipients=["support@example.com"], actions=STOP)

    first, second = (each["Properties"]["Rule"]["Recipients"] for each in resources(stack, RULE))
    assert str(first).count("'Ref': 'Name'") == 3
    assert second == ["support@example.com"]


@pytest.mark.parametrize(
    ("recipients", "message"),
    [
        (["*.example.com"], r"have no '\*', which SES does not know, got '\*\.example\.com'; name the domain"),
        (["support-*@example.com"], r"have no '\*', which SES does not know, got 'support-\*@example\.com'; name"),
        (["support"], r"have at least two labels, got 'support'; write a name such as"),
        (["@example.com"], r"have a name before the @, unless the domain alone is meant, got"),
        (["Support <support@example.com>"], r"be an address alone, without a name, got .*; write what"),
        (["..example.com"], r"have no dot at either end, got '\.example\.com'; leave the dot out"),
        ([""], r"have labels of .*, got ''; write a name such as"),
        (["x@example.com"] * 2, r"hold every entry once, got \['x@example\.com', 'x@example\.com'\]; leave the"),
        ([f"person{number}@example.com" for number in range(501)], "be at most 500, got 501; name a domain, or spread"),
    ],
)
def test_what_is_no_list_of_recipients_is_refused(stack: Stack, recipients: Sequence[str], message: str) -> None:
    with pytest.raises(ValueError, match=f"recipients must {message}"):
        make(stack).add_rule("Rule", recipients=recipients, actions=STOP)


# Limits


def many(count: int, prefix: str = "person") -> list[str]:
    return [f"{prefix}{number}@example.com" for number in range(count)]


def test_as_much_as_ses_takes_is_taken_in_its_order_and_in_silence(stack: Stack) -> None:
    actions = [AddHeader(f"X-{number}", "yes") for number in range(9)]
    make(stack).add_rule("Rule", recipients=many(500), actions=[*actions, StoreMail()])

    headers = [each["AddHeaderAction"]["HeaderName"] for each in the_rule(stack)["Actions"][:-1]]
    assert headers == [f"X-{number}" for number in range(9)]
    assert len(the_rule(stack)["Recipients"]) == 500
    assert warnings(stack) == []


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ([], r"be a list of at least one action, got \[\]; pass \[StoreMail\(\)\], for one"),
        (["store"], r"hold actions, got 'store'; pass StoreMail\(\), or an action of aws_ses_actions"),
        ([AddHeader("X-Team", "yes")] * 11, "be at most 10, got 11; move some to a further rule"),
    ],
)
def test_a_rule_has_one_to_ten_actions(stack: Stack, actions: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"actions must {message}"):
        make(stack).add_rule("Rule", actions=actions)


def test_a_rule_keeps_the_name_that_it_has_already(stack: Stack) -> None:
    rules = make(stack)
    rules.add_rule("First", rule_name="archive.all", actions=STOP)
    rules.add_rule("Second", actions=STOP)

    assert receipt_rule(stack, "archive.all")
    assert receipt_rules(stack)[1]["Properties"]["After"] == "archive.all"


def test_a_rule_name_is_new_in_the_set(stack: Stack) -> None:
    rules = make(stack, rule_set=existing(stack), after_rule="theirs", activation=None)
    rules.add_rule("First", rule_name="archive", actions=STOP)

    for name in ("archive", "theirs"):
        with pytest.raises(ValueError, match=f"rule_name must be new in the rule set, got '{name}'; take another"):
            rules.add_rule(f"Again{name}", rule_name=name, actions=STOP)


@pytest.mark.parametrize(("drop_spam", "most"), [(False, 3), (True, 2)])
def test_more_rules_than_ses_takes_are_refused(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, drop_spam: bool, most: int
) -> None:
    assert rule_limits.MAX_RULES == 200
    monkeypatch.setattr(rule_limits, "MAX_RULES", 3)
    rules = make(stack, drop_spam=drop_spam)
    for number in range(most):
        rules.add_rule(f"Rule{number}", actions=STOP)

    counted = ", of which the one that drops spam is one" if drop_spam else ""
    with pytest.raises(
        ValueError, match=f"rules must be at most 3 in a set{counted}, got 'OneMore'; join rules with equal actions"
    ):
        rules.add_rule("OneMore", actions=STOP)


# Warnings


WIDER_FIRST = [
    ([], "support@example.com", "all mail"),
    ([], "example.com", "all mail"),
    (["example.com"], "support@example.com", "example.com"),
    (["Example.com"], "support@EXAMPLE.com", "Example.com"),
    (["other@example.com", "example.com"], "support@example.com", "example.com"),
    ([".example.com"], "support@news.example.com", ".example.com"),
    ([".example.com"], "news.example.com", ".example.com"),
    ([".example.com"], ".news.example.com", ".example.com"),
    (["support@example.com"], "support+label@example.com", "support@example.com"),
]


@pytest.mark.parametrize(("earlier", "recipient", "takes"), WIDER_FIRST)
def test_a_wider_rule_before_a_narrower_one_warns_and_one_behind_it_does_not(
    stack: Stack, earlier: list[str], recipient: str, takes: str
) -> None:
    rules, well = make(stack), make(other := Stack(App(), "Well"))
    rules.add_rule("Wide", recipients=earlier, actions=[StoreMail()])
    rules.add_rule("Narrow", recipients=[recipient], actions=[StoreMail()])
    well.add_rule("Narrow", recipients=[recipient], actions=[StoreMail()])
    well.add_rule("Wide", recipients=earlier, actions=[StoreMail()])

    (warning,) = warnings(stack)
    assert warning.startswith(f"rule 'Wide' comes first and takes {takes}, so also mail to {recipient}; add it after")
    assert warning.endswith("[ack: ses-constructs:wider-rule-first]")
    assert warnings(other) == []


@pytest.mark.parametrize(
    ("earlier", "recipient"),
    [
        ("support@example.com", "sales@example.com"),
        ("x.example.com", ".example.com"),
        ("support@example.com", "support@example.com"),
        ("support@example.com", "SUPPORT@example.com"),
        ("example.com", "example.com"),
        ("example.com", "support@news.example.com"),
        ("example.com", "news.example.com"),
        ("example.com", ".example.com"),
        (".example.com", "example.com"),
        (".example.com", "support@example.com"),
        ("news.example.com", ".news.example.com"),
        ("x@example.com", "example.com"),
        ("x@example.com", "x@news.example.com"),
    ],
)
def test_a_rule_that_takes_other_mail_does_not_warn(stack: Stack, earlier: str, recipient: str) -> None:
    rules = make(stack)
    rules.add_rule("First", recipients=[earlier], actions=[StoreMail()])
    rules.add_rule("Second", recipients=[recipient], actions=[StoreMail()])

    assert warnings(stack) == []


def test_a_recipient_that_only_cloudformation_knows_warns_behind_a_rule_for_everybody_only(stack: Stack) -> None:
    address = f"{CfnParameter(stack, 'Name').value_as_string}@example.com"
    rules = make(stack)
    rules.add_rule("Domain", recipients=["example.com"], actions=[StoreMail()])
    rules.add_rule("Second", recipients=[address], actions=[StoreMail()])
    rules.add_rule("All", actions=[StoreMail()])
    rules.add_rule("Third", recipients=[address], actions=[StoreMail()])

    (warning,) = warnings(stack)
    assert "rule 'All' comes first and takes all mail" in warning


@pytest.mark.parametrize("domain_name", ["mail.invalid", "mail.test", "mail.Example", "mail.localhost"])
def test_a_domain_that_is_in_no_public_dns_warns(stack: Stack, domain_name: str) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Reserved", domain_name)
    make(stack, domain=domain).add_rule("Rule", recipients=[f"support@{domain_name}", domain_name], actions=STOP)

    (warning,) = warnings(stack)
    top_level = domain_name.partition(".")[2].lower()
    assert f"no mail reaches support@{domain_name}, because '.{top_level}' is reserved and not in the" in warning
    assert warning.endswith("[ack: ses-constructs:reserved-domain]")


@pytest.mark.parametrize("region", ["ap-south-2", "us-gov-west-1", "xx-new-1"])
def test_a_region_that_does_not_receive_warns(app: App, region: str) -> None:
    stack = Stack(app, "Mail", env=Environment(account="111122223333", region=region))
    make(stack)

    (warning,) = warnings(stack)
    assert f"SES is not known to receive mail in {region} as of {LISTS_READ_ON}; deploy to another region" in warning
    assert warning.endswith("[ack: ses-constructs:region-cannot-receive]")


def test_a_domain_whose_mail_goes_elsewhere_warns(stack: Stack) -> None:
    elsewhere = VerifiedDomain(stack, "Elsewhere", domain_name="example.org", dns=RecordsToPublish())
    receives = VerifiedDomain(stack, "D", domain_name="example.net", dns=RecordsToPublish(), receives_mail=True)
    make(stack, domains=[domain(stack), elsewhere, receives])

    (warning,) = warnings(stack)
    assert "example.org has no MX record for SES from this app; pass receives_mail=True to its Verified" in warning
    assert warning.endswith("[ack: ses-constructs:domain-receives-no-mail]")


# The mailbox


@pytest.mark.parametrize("argument", ["mailbox_key", "keep_for"])
def test_what_is_for_the_mailbox_that_is_made_is_refused_for_another_one(stack: Stack, argument: str) -> None:
    values: dict[str, Any] = {"mailbox_key": kms.Key(stack, "Key"), "keep_for": Duration.days(30)}

    with pytest.raises(ValueError, match=rf"{argument} must be left out with mailbox, got both; it is for the bucket"):
        make(stack, mailbox=s3.Bucket(stack, "Archive"), **{argument: values[argument]})


def test_the_mailbox_is_there_for_readers_before_any_rule_stores_mail(stack: Stack) -> None:
    rules = make(stack)
    before = rules.mailbox

    assert before is None
    assert rules.use_mailbox() is rules.use_mailbox() is rules.mailbox
    only(stack, "AWS::S3::Bucket")


# Spam


def spam_rule(stack: Stack) -> dict[str, Any]:
    return dict(receipt_rules(stack)[0]["Properties"]["Rule"])


def test_spam_is_dropped_unless_told_otherwise(stack: Stack) -> None:
    InboundRuleSet(stack, "Inbound", domain=domain(stack), activation=LeaveInactive())

    assert only(stack, "AWS::Lambda::Function")["Properties"]["Handler"] == "handlers.drop_spam.on_event"


def test_no_function_looks_at_mail_where_spam_is_kept(stack: Stack) -> None:
    three(make(stack))

    (order,) = resources(stack, "AWS::Lambda::Function")
    assert order["Properties"]["Handler"] == "handlers.receipt_rules.on_event"
    # It may not activate what it only orders.
    assert [each["Action"] for each in role_statements(stack, of="SesReceiptRules")] == [
        ["ses:DescribeReceiptRuleSet", "ses:SetReceiptRulePosition"]
    ]


def test_the_spam_rule_comes_first_has_mail_scanned_and_waits_for_decision_and_permission(stack: Stack) -> None:
    make(stack, drop_spam=True).add_rule("All", actions=STOP, scan=False)

    (function_id,) = (each for each in identified(stack, "AWS::Lambda::Function") if "SpamFilter" in each)
    function_arn = {"Fn::GetAtt": [function_id, "Arn"]}
    ((permission_id, statement),) = service_statements(stack, SES)
    assert spam_rule(stack)["ScanEnabled"] is True
    assert spam_rule(stack)["Actions"] == [
        {"LambdaAction": {"FunctionArn": function_arn, "InvocationType": "RequestResponse"}}
    ]
    assert statement["Action"] == "lambda:InvokeFunction"
    assert permission_id in receipt_rules(stack)[0]["DependsOn"]
    assert warnings(stack) == []  # it is no wider rule


@pytest.mark.parametrize(
    ("of_rules", "of_spam_rule"),
    [
        ([], {"Enabled": False}),
        ([{"enabled": False}], {"Enabled": False}),
        ([{"recipients": ["a@example.com"]}, {}], {}),
        (
            [{"recipients": ["a@example.com", "b@example.com"]}, {"recipients": ["b@example.com", "n.example.com"]}],
            {"Recipients": ["a@example.com", "b@example.com", "n.example.com"]},
        ),
        (
            [
                {"recipients": ["a@example.com"]},
                {"recipients": ["b@example.com"], "enabled": False},
                {"enabled": False},
            ],
            {"Recipients": ["a@example.com"]},
        ),
        ([{"tls": REQUIRE}, {"tls": REQUIRE}], {"TlsPolicy": "Require"}),
        ([{"tls": REQUIRE}, {"tls": OPTIONAL}], {}),
    ],
)
def test_the_spam_rule_takes_what_the_other_rules_take_as_they_take_it_and_nothing_else(
    stack: Stack, of_rules: list[dict[str, Any]], of_spam_rule: dict[str, Any]
) -> None:
    rules = make(stack, drop_spam=True)
    for number, changes in enumerate(of_rules):
        rules.add_rule(f"Rule{number}", actions=STOP, **changes)

    found = {key: value for key, value in spam_rule(stack).items() if key not in ("Name", "Actions", "ScanEnabled")}
    assert found == {"Enabled": True, "TlsPolicy": "Optional", **of_spam_rule}


def test_the_spam_rule_takes_no_more_recipients_than_one_rule_holds(stack: Stack) -> None:
    rules = make(stack, drop_spam=True)
    rules.add_rule("A", recipients=many(300), actions=STOP)
    rules.add_rule("B", recipients=many(200, "other"), actions=STOP)

    with pytest.raises(
        ValueError, match=r"recipients must be at most 500 in all rules together.*got 501; name domains"
    ):
        rules.add_rule("C", recipients=["one@example.com"], actions=STOP)

    assert len(rules.rules[0].recipients) == 300


def test_mail_is_kept_for_whole_days(stack: Stack) -> None:
    with pytest.raises(ValueError, match="keep_for must be whole days, got '36 hours'; pass Duration"):
        make(stack, keep_for=Duration.hours(36))


def test_dropped_mail_is_counted_under_the_name_that_the_function_knows(stack: Stack) -> None:
    rules = make(stack, drop_spam=True)
    metric = rules.metric_dropped_spam(period=Duration.hours(1))

    environment = only(stack, "AWS::Lambda::Function")["Properties"]["Environment"]["Variables"]
    assert (metric.namespace, metric.metric_name) == ("SesConstructs", "DroppedSpam")
    assert metric.dimensions == {"RuleSet": environment["DROP_RULE_SET"]}
    assert (metric.statistic, metric.period.to_seconds()) == ("Sum", 3600)


def test_a_set_that_keeps_spam_has_nothing_to_count(stack: Stack) -> None:
    with pytest.raises(ValueError, match=r"metric_dropped_spam needs drop_spam=True, got False; nothing is dropped"):
        make(stack).metric_dropped_spam()


# Everything together


def everything(stack: Stack) -> InboundRuleSet:
    """A stack with all that a rule set can have, aws_ses_actions apart."""
    encrypted = sns.Topic(stack, "Encrypted", master_key=kms.Key(stack, "TopicKey"))
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): pass"),
    )
    mail = VerifiedDomain(stack, "Mail", domain_name="example.com", dns=RecordsToPublish(), receives_mail=True)
    rules = InboundRuleSet(
        stack,
        "Inbound",
        domain=mail,
        mailbox_key=kms.Key(stack, "Key"),
        keep_for=Duration.days(90),
        allow_from=["192.0.2.0/24"],
        reactions=[EmailTeam("ops@example.net"), NotifyTopic(encrypted)],
    )
    rules.add_rule(
        "Support",
        recipients=["support@example.com"],
        actions=[
            AddHeader("X-Team", "support"),
            StoreMail(prefix="support/", topic=encrypted),
            StoreMail(bucket=s3.Bucket(stack, "Archive", encryption=s3.BucketEncryption.KMS)),
            PublishToTopic(encrypted),
            InvokeFunction(function, waits_for_decision=True, topic=encrypted),
            ForwardMail(to=["team@example.net"]),
        ],
    )
    rules.add_rule(
        "Sales",
        recipients=["sales@example.com"],
        actions=[
            InvokeFunction(function),
            ForwardMail(to={"*": ["sales@example.net"]}),
            DeliverToWorkMail(
                organization_arn="arn:aws:workmail:eu-west-1:111122223333:organization/m-1", topic=encrypted
            ),
        ],
    )
    rules.add_rule(
        "Rest", actions=[BounceMail(sender="postmaster@example.com", topic=encrypted), StopProcessing(topic=encrypted)]
    )
    return rules


OF_A_KEY = ["kms:Decrypt", "kms:GenerateDataKey*"]


def for_a_rule(stack: Stack) -> list[tuple[str, dict[str, Any]]]:
    """What lets SES in, but for the keys of topics, for which AWS documents no source."""
    return [each for each in service_statements(stack, SES) if "Condition" in each[1] or each[1]["Action"] != OF_A_KEY]


def source_rule(statement: dict[str, Any]) -> str:
    """The name of the rule that a statement lets SES in for."""
    found = conditions(statement)
    assert set(found) == {"aws:SourceAccount", "aws:SourceArn"}
    assert found["aws:SourceAccount"] in ("111122223333", "<AWS::AccountId>")
    match = re.search(r":receipt-rule-set/([^:*]+):receipt-rule/([^:*]+)$", found["aws:SourceArn"])
    assert match
    return match[2]


def test_every_statement_for_ses_is_for_one_rule_of_this_account_which_waits_for_it(stack: Stack) -> None:
    everything(stack)

    statements = for_a_rule(stack)
    kinds = {template(stack)["Resources"][policy]["Type"] for policy, _ in statements}
    assert kinds == {
        "AWS::KMS::Key",
        "AWS::Lambda::Permission",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
    }
    assert len(statements) >= 15
    for policy, statement in statements:
        assert policy in receipt_rule(stack, source_rule(statement))["DependsOn"]


def test_only_actions_of_aws_ses_actions_let_ses_in_for_more_than_the_rule(stack: Stack) -> None:
    bucket = s3.Bucket(stack, "Bucket")
    make(stack).add_rule(
        "Rule", actions=[ses_actions.S3(bucket=bucket, object_key_prefix="theirs/"), StoreMail(bucket=bucket)]
    )

    theirs, ours = (statement for _, statement in service_statements(stack, SES))
    assert "aws:SourceArn" not in conditions(theirs)
    assert source_rule(ours) == the_rule(stack)["Name"]


def test_no_name_or_arn_holds_an_unresolved_token_where_account_and_region_are_unknown(agnostic_stack: Stack) -> None:
    everything(agnostic_stack)

    statements = for_a_rule(agnostic_stack)
    assert {conditions(each)["aws:SourceAccount"] for _, each in statements} == {"<AWS::AccountId>"}
    for policy, statement in statements:
        assert policy in receipt_rule(agnostic_stack, source_rule(statement))["DependsOn"]
    assert "${Token" not in str(template(agnostic_stack))
    (warning,) = (each for each in warnings(agnostic_stack) if "wait_for_identity" in each)
    assert warning.startswith("wait_for_identity holds the deployment until somebody has published the records")


def test_a_full_stack_synthesizes_in_silence(tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    script.write_text(
        "from aws_cdk import App, Stack\n"
        "from tests.constructs.receiving.test_inbound_rule_set import everything\n"
        "app = App()\n"
        "everything(Stack(app, 'Mail'))\n"
        "app.synth()\n"
    )
    environment = {
        **os.environ,
        # The Node of the virtual environment, where there is one.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
        "CDK_OUTDIR": str(tmp_path / "cdk.out"),
    }

    result = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True, check=False)

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert (tmp_path / "cdk.out" / "Mail.template.json").is_file()


def test_an_alarm_watches_the_spam_rule_too(stack: Stack) -> None:
    make(stack, drop_spam=True, reactions=[EmailTeam("ops@example.net")])

    assert len(resources(stack, "AWS::CloudWatch::Alarm")) == 1


def test_a_second_rule_of_the_same_id_is_refused(stack: Stack) -> None:
    rules = make(stack)
    rules.add_rule("Rule", actions=STOP)

    with pytest.raises(ValueError, match="construct_id must be new in the rule set, got 'Rule'; give each rule an id"):
        rules.add_rule("Rule", actions=STOP)
