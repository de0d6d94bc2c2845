"""Who may send from a domain, and the numbers that SES counts for it."""

import json
from typing import Any

import pytest
from aws_cdk import CfnParameter, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses

from ses_constructs import RecordsToPublish, SendingDomain, VerifiedDomain
from tests.constructs.templates import only, resources, template, written

ACTIONS = [
    "ses:SendBulkTemplatedEmail",
    "ses:SendEmail",
    "ses:SendRawEmail",
    "ses:SendTemplatedEmail",
]


@pytest.fixture
def domain(stack: Stack) -> SendingDomain:
    return VerifiedDomain.from_domain_name(stack, "Domain", "example.com")


@pytest.fixture
def role(stack: Stack) -> iam.Role:
    return iam.Role(stack, "Sender", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))


def statements(stack: Stack) -> list[dict[str, Any]]:
    return list(only(stack, "AWS::IAM::Policy")["Properties"]["PolicyDocument"]["Statement"])


def granted(stack: Stack) -> dict[str, Any]:
    """The statement for all but ``ses:SendBulkEmail``."""
    return next(each for each in statements(stack) if each["Action"] != "ses:SendBulkEmail")


def granted_bulk(stack: Stack) -> dict[str, Any]:
    (statement,) = (each for each in statements(stack) if each["Action"] == "ses:SendBulkEmail")
    return statement


OWN = ("identity/example.com", "identity/*@example.com")


def ses_arn(resource: str) -> dict[str, Any]:
    return {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":ses:eu-west-1:111122223333:{resource}"]]}


def test_an_imported_domain_makes_nothing(stack: Stack, domain: SendingDomain) -> None:
    assert domain.identity.email_identity_name == "example.com"
    assert "Resources" not in template(stack)


def test_a_grant_covers_the_identity_for_addresses_of_the_domain(
    stack: Stack, domain: SendingDomain, role: iam.Role
) -> None:
    domain.grant_send(role).assert_success()

    assert sorted(granted(stack)["Action"]) == ACTIONS
    assert granted(stack)["Condition"] == {"StringLike": {"ses:FromAddress": ["*@example.com"]}}


def test_a_grant_covers_addresses_of_the_domain_that_are_identities_of_their_own(
    stack: Stack, domain: SendingDomain, role: iam.Role
) -> None:
    domain.grant_send(role)

    assert granted(stack)["Resource"] == [ses_arn("identity/example.com"), ses_arn("identity/*@example.com")]


def test_bulk_mail_knows_no_from_address_and_is_held_to_the_identities(
    stack: Stack, domain: SendingDomain, role: iam.Role
) -> None:
    domain.grant_send(role, templates=["welcome"], sandbox=True)

    assert granted_bulk(stack) == {
        "Action": "ses:SendBulkEmail",
        "Effect": "Allow",
        "Resource": [*map(ses_arn, OWN), ses_arn("template/welcome")],
    }


def test_a_grant_to_some_addresses_leaves_out_bulk_mail_which_nothing_could_hold_to_them(
    stack: Stack, domain: SendingDomain, role: iam.Role
) -> None:
    domain.grant_send(role, from_addresses=["billing@example.com"])

    assert [sorted(each["Action"]) for each in statements(stack)] == [ACTIONS]


def test_a_grant_covers_the_default_configuration_set(stack: Stack, role: iam.Role) -> None:
    configuration_set = ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "transactional")
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com", configuration_set=configuration_set)
    domain.grant_send(role)

    for statement in statements(stack):
        assert statement["Resource"] == [*map(ses_arn, OWN), ses_arn("configuration-set/transactional")]


def test_a_grant_can_cover_further_configuration_sets_and_templates(
    stack: Stack, domain: SendingDomain, role: iam.Role
) -> None:
    bulk = ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "bulk")
    domain.grant_send(role, configuration_sets=[bulk], templates=["welcome"])

    assert granted(stack)["Resource"] == [
        *map(ses_arn, OWN),
        ses_arn("configuration-set/bulk"),
        ses_arn("template/welcome"),
    ]


def test_in_the_sandbox_a_grant_covers_the_recipients_identities(
    stack: Stack, domain: SendingDomain, role: iam.Role
) -> None:
    domain.grant_send(role, sandbox=True)

    assert ses_arn("identity/*") in granted(stack)["Resource"]
    assert granted(stack)["Condition"] == {"StringLike": {"ses:FromAddress": ["*@example.com"]}}


def test_a_grant_can_be_narrowed_to_addresses(stack: Stack, domain: SendingDomain, role: iam.Role) -> None:
    domain.grant_send(role, from_addresses=["billing@example.com", "no-reply-*@news.example.com"])

    assert granted(stack)["Condition"] == {
        "StringLike": {"ses:FromAddress": ["billing@example.com", "no-reply-*@news.example.com"]}
    }
    assert granted(stack)["Resource"] == [
        ses_arn("identity/example.com"),
        ses_arn("identity/billing@example.com"),
        ses_arn("identity/no-reply-*@news.example.com"),
    ]


@pytest.mark.parametrize(
    ("addresses", "message"),
    [
        (["a@example.org"], r"from_addresses must be addresses of example\.com, got 'a@example\.org'; grant"),
        (["a@notexample.com"], r"from_addresses must be addresses of example\.com"),
        (["example.com"], "from_addresses must"),
        ([], r"from_addresses must be a list of at least one address, got \[\]"),
        ("a@example.com", "from_addresses must be a list of at least one address, got 'a@example.com'"),
        ([5], "from_addresses must be text, got 5; pass a str"),
        (["?@example.com"], r"from_addresses must have no '\?', which policies read as a pattern, got '\?@example"),
        (["${aws}@example.com"], r"from_addresses must have no '\$\{', which policies read as a pattern"),
        (["${*}@example.com"], r"from_addresses must have no '\$\{'"),
        (["a\n@example.com"], "from_addresses must be one line of printable characters"),
    ],
)
def test_from_addresses_must_belong_to_the_domain(
    domain: SendingDomain, role: iam.Role, addresses: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        domain.grant_send(role, from_addresses=addresses)


def test_a_from_address_may_be_a_deploy_time_parameter(stack: Stack, domain: SendingDomain, role: iam.Role) -> None:
    address = CfnParameter(stack, "Address").value_as_string
    domain.grant_send(role, from_addresses=[address])

    assert granted(stack)["Condition"] == {"StringLike": {"ses:FromAddress": [{"Ref": "Address"}]}}


def sender_statements(stack: Stack) -> list[dict[str, Any]]:
    """The statements of the one identity policy, with CloudFormation's references as empty text."""
    policy = only(stack, "Custom::SESSenderPolicy")["Properties"]["Policy"]
    text = (
        policy if isinstance(policy, str) else "".join(x if isinstance(x, str) else "" for x in policy["Fn::Join"][1])
    )
    statements = json.loads(text)["Statement"]
    return list(statements if isinstance(statements, list) else [statements])


def test_another_account_may_send_by_an_identity_policy(stack: Stack, domain: SendingDomain) -> None:
    domain.allow_sender("222233334444")

    (statement,) = sender_statements(stack)
    assert statement["Principal"] == {"AWS": "arn::iam::222233334444:root"}
    assert statement["Condition"] == {"StringLike": {"ses:FromAddress": ["*@example.com"]}}
    assert statement["Resource"] == "arn::ses:eu-west-1:111122223333:identity/example.com"


def test_all_senders_share_one_policy(stack: Stack, domain: SendingDomain) -> None:
    domain.allow_sender("222233334444")
    domain.allow_sender(iam.ArnPrincipal("arn:aws:iam::333344445555:role/app"), from_addresses=["app@example.com"])

    assert len(sender_statements(stack)) == 2
    assert len(resources(stack, "Custom::SESSenderPolicy")) == 1


def test_senders_must_fit_into_a_policy(domain: SendingDomain) -> None:
    def allow(numbers: range) -> None:
        for number in numbers:
            domain.allow_sender(f"{number:012}")

    allow(range(8))
    with pytest.raises(
        ValueError, match=r"the senders of one domain must fit into a policy of 4000 characters, got \d+"
    ):
        allow(range(8, 30))


def test_the_domain_of_a_from_address_is_compared_in_lower_case(
    stack: Stack, domain: SendingDomain, role: iam.Role
) -> None:
    domain.grant_send(role, from_addresses=["Ops@EXAMPLE.com"])

    assert granted(stack)["Condition"] == {"StringLike": {"ses:FromAddress": ["Ops@example.com"]}}


@pytest.mark.parametrize("name", ["*", "welcome-?", "${aws:username}", "wel\0come"])
def test_a_template_is_named_and_not_described(domain: SendingDomain, role: iam.Role, name: str) -> None:
    with pytest.raises(
        ValueError, match=r"templates must (have no .*, which policies read as|be one line of printable)"
    ):
        domain.grant_send(role, templates=[name])


def test_the_identity_policy_is_written_by_a_role_that_can_write_only_it(stack: Stack, domain: SendingDomain) -> None:
    domain.allow_sender("222233334444")

    assert granted(stack) == {
        "Action": [
            "ses:GetEmailIdentityPolicies",
            "ses:CreateEmailIdentityPolicy",
            "ses:UpdateEmailIdentityPolicy",
            "ses:DeleteEmailIdentityPolicy",
        ],
        "Effect": "Allow",
        "Resource": ses_arn("identity/example.com"),
    }


@pytest.mark.parametrize(
    ("method", "metric_name"),
    [
        ("metric_sends", "Send"),
        ("metric_deliveries", "Delivery"),
        ("metric_bounces", "Bounce"),
        ("metric_complaints", "Complaint"),
        ("metric_rejects", "Reject"),
        ("metric_delivery_delays", "DeliveryDelay"),
    ],
)
def test_a_metric_counts_one_event_of_the_domain(domain: SendingDomain, method: str, metric_name: str) -> None:
    metric = getattr(domain, method)(period=Duration.hours(1))

    assert (metric.namespace, metric.metric_name, metric.statistic) == ("AWS/SES", metric_name, "Sum")
    assert metric.dimensions == {"ses:from-domain": "example.com"}
    assert metric.period.to_hours() == 1


@pytest.mark.parametrize("period", [300, "5m"])
def test_a_period_is_a_duration(domain: SendingDomain, period: Any) -> None:
    with pytest.raises(
        ValueError, match=r"period must be a Duration, got .*; pass a Duration, such as Duration\.minutes"
    ):
        domain.metric_sends(period=period)


def test_a_default_that_comes_later_is_covered_by_the_grants_that_want_it(stack: Stack, role: iam.Role) -> None:
    domain = VerifiedDomain(stack, "Domain", domain_name="example.com", dns=RecordsToPublish())
    bulk, later = (ses.ConfigurationSet.from_configuration_set_name(stack, name, name) for name in ("bulk", "later"))
    domain.grant_send(role, templates=["welcome"], sandbox=True)
    domain.grant_send(role, configuration_sets=[bulk], default_configuration_set=False)
    domain.use_configuration_set(later)

    wants, wants_bulk, wants_not, wants_no_bulk = statements(stack)
    for statement, others in (
        (wants, ["template/welcome", "identity/*", "configuration-set/later"]),
        (wants_bulk, ["template/welcome", "configuration-set/later"]),
        (wants_not, ["configuration-set/bulk"]),
        (wants_no_bulk, ["configuration-set/bulk"]),
    ):
        arns = [written(each).partition("111122223333:")[2] for each in statement["Resource"][1:]]
        assert arns == ["identity/*@example.com", *others]
    assert wants["Condition"] == wants_not["Condition"] == {"StringLike": {"ses:FromAddress": ["*@example.com"]}}


def test_a_default_configuration_set_comes_once(stack: Stack) -> None:
    bulk = ses.ConfigurationSet.from_configuration_set_name(stack, "Bulk", "bulk")
    with_one = VerifiedDomain.from_domain_name(stack, "Other", "example.org", configuration_set=bulk)

    with pytest.raises(
        ValueError, match=r"configuration_set must be the only default of example\.org, which has one, got"
    ):
        with_one.use_configuration_set(bulk)
    assert with_one.configuration_set is bulk


@pytest.mark.parametrize("addresses", [iter(["a@example.com"]), 5, []])
def test_addresses_are_a_list(stack: Stack, addresses: Any) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")

    # A generator would be used up by the check, and leave a condition that nothing meets.
    with pytest.raises(ValueError, match="from_addresses must be a list of at least one address"):
        domain.grant_send(iam.User(stack, "User"), from_addresses=addresses)


def test_templates_are_a_list_and_not_a_name(stack: Stack) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")

    with pytest.raises(ValueError, match=r"templates must be a sequence of str, not one str, got 'welcome'"):
        domain.grant_send(iam.User(stack, "User"), templates="welcome")
