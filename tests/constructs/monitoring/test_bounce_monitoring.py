"""A monitored domain: whose mail is watched, who may send, and what is refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Duration, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses

from ses_constructs import (
    BounceMonitoring,
    EmailTeam,
    PauseSending,
    RecordsToPublish,
    Route53Zone,
    SendingDomain,
    VerifiedDomain,
)
from ses_constructs.identities._sending_grant import SENDING_ACTIONS
from tests.constructs.templates import (
    Resource,
    identified,
    needs,
    only,
    resources,
    role_statements,
    template,
    warnings,
    written,
)

SET = "AWS::SES::ConfigurationSet"
IDENTITY = "AWS::SES::EmailIdentity"
SES = "arn:<AWS::Partition>:ses:eu-west-1:111122223333:"
OF_THE_DOMAIN = {f"{SES}identity/example.com", f"{SES}identity/*@example.com"}
ENVIRONMENT = Environment(account="111122223333", region="eu-west-1")


@pytest.fixture
def domain(stack: Stack, zone: Route53Zone) -> VerifiedDomain:
    return VerifiedDomain(stack, "Domain", domain_name="example.com", dns=zone)


@pytest.fixture
def role(stack: Stack) -> iam.Role:
    return iam.Role(stack, "Sender", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))


def sending(stack: Stack) -> dict[str, set[str]]:
    """From which addresses (as JSON) mail may be sent with which resources."""
    found: dict[str, set[str]] = {}
    for policy in resources(stack, "AWS::IAM::Policy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            if statement["Action"] != list(SENDING_ACTIONS):
                continue
            (addresses,) = statement["Condition"]["StringLike"].values()
            found.setdefault(json.dumps(addresses), set()).update(map(written, statement["Resource"]))
    return found


def own_arns(stack: Stack, *addresses: str) -> set[str]:
    """The ARNs of the domain, of addresses in it and of the configuration set, as policies name them."""
    (identity_id,), (set_id,) = identified(stack, IDENTITY), identified(stack, SET)
    names = [f"<{identity_id}>", *(addresses or ("*@example.com",))]
    return {*(f"{SES}identity/{each}" for each in names), f"{SES}configuration-set/<{set_id}>"}


# The domain's default


def test_the_set_becomes_the_default_of_the_domain(stack: Stack, domain: VerifiedDomain) -> None:
    monitoring = BounceMonitoring(stack, "Bounces", domain=domain)

    (set_id,), (identity_id,) = identified(stack, SET), identified(stack, IDENTITY)
    assert only(stack, IDENTITY)["Properties"]["ConfigurationSetAttributes"] == {
        "ConfigurationSetName": {"Ref": set_id}
    }
    assert domain.configuration_set is monitoring.configuration_set
    assert set_id in needs(stack, identity_id)
    assert identity_id not in needs(stack, set_id)


def test_nothing_needs_itself_with_everything_on(stack: Stack, domain: VerifiedDomain, role: iam.Role) -> None:
    domain.grant_send(role)
    monitoring = BounceMonitoring(
        stack,
        "Bounces",
        domain=domain,
        tracking_domain="click.example.com",
        reactions=[EmailTeam("ops@example.net"), PauseSending(whole_account=True)],
        dashboard=True,
    )
    monitoring.grant_send(role)

    assert [key for key in template(stack)["Resources"] if key in needs(stack, key)] == []


def test_the_default_that_a_domain_has_is_watched(stack: Stack, zone: Route53Zone) -> None:
    given = ses.ConfigurationSet(stack, "Set", reputation_metrics=True)
    domain = VerifiedDomain(stack, "Domain", domain_name="example.com", dns=zone, configuration_set=given)
    monitoring = BounceMonitoring(stack, "Bounces", domain=domain)

    assert monitoring.configuration_set is given
    assert len(resources(stack, SET)) == 1


def test_the_default_of_a_domain_is_watched_once(stack: Stack, domain: VerifiedDomain) -> None:
    BounceMonitoring(stack, "Bounces", domain=domain)

    with pytest.raises(
        ValueError, match=r"configuration_set must be watched once, .*pass default_for_domain=False for"
    ):
        BounceMonitoring(stack, "Again", domain=domain)


def test_a_set_that_is_given_becomes_the_default(stack: Stack, domain: VerifiedDomain) -> None:
    given = ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "transactional")
    BounceMonitoring(stack, "Bounces", domain=domain, configuration_set=given)

    assert domain.configuration_set is given
    assert only(stack, IDENTITY)["Properties"]["ConfigurationSetAttributes"] == {
        "ConfigurationSetName": "transactional"
    }


def test_a_domain_with_another_default_is_refused(stack: Stack, zone: Route53Zone) -> None:
    default = ses.ConfigurationSet(stack, "Default", reputation_metrics=True)
    domain = VerifiedDomain(stack, "Domain", domain_name="example.com", dns=zone, configuration_set=default)
    other = ses.ConfigurationSet(stack, "Other", reputation_metrics=True)

    with pytest.raises(
        ValueError, match=r"configuration_set must be the only default of example\.com, which has one, got 'Mail/Other'"
    ):
        BounceMonitoring(stack, "Bounces", domain=domain, configuration_set=other)


def test_a_second_stream_has_a_set_and_alarms_of_its_own(stack: Stack, domain: VerifiedDomain) -> None:
    main = BounceMonitoring(stack, "Bounces", domain=domain)
    news = BounceMonitoring(stack, "News", domain=domain, default_for_domain=False, watch_account=False)

    assert domain.configuration_set is main.configuration_set
    assert news.configuration_set is not main.configuration_set
    assert len(resources(stack, SET)) == 2
    assert {alarm.node.path for alarm in news.alarms}.isdisjoint(alarm.node.path for alarm in main.alarms)


@pytest.mark.parametrize("given", [None, "here", "elsewhere"])
def test_a_domain_that_exists_gets_its_default_by_a_function(stack: Stack, given: str | None) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    taken: ses.IConfigurationSet | None = None
    if given == "here":
        taken = ses.ConfigurationSet(stack, "Set", reputation_metrics=True)
    if given == "elsewhere":
        taken = ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "news")

    monitoring = BounceMonitoring(stack, "Bounces", domain=domain, configuration_set=taken)

    properties = only(stack, "Custom::SESDefaultConfigurationSet")["Properties"]
    assert properties["Identity"] == "example.com"
    assert properties["OwnsSet"] == ("false" if given == "elsewhere" else "true")
    name = "news" if given == "elsewhere" else {"Ref": next(iter(identified(stack, SET)))}
    assert properties["ConfigurationSet"] == name
    assert domain.configuration_set is monitoring.configuration_set
    look, put = role_statements(stack, of="SesDefaultConfigurationSet")
    assert look["Action"] == ["ses:GetEmailIdentity", "ses:PutEmailIdentityConfigurationSetAttributes"]
    assert written(look["Resource"]).endswith(":identity/example.com")
    assert put["Action"] == "ses:PutEmailIdentityConfigurationSetAttributes"
    assert ":configuration-set/" in written(put["Resource"])


def test_who_was_granted_to_send_before_may_send_with_it(stack: Stack, role: iam.Role) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    domain.grant_send(role)

    BounceMonitoring(stack, "Bounces", domain=domain)

    granted = [str(each) for each in resources(stack, "AWS::IAM::Policy") if "ses:FromAddress" in str(each)]
    assert any(f"configuration-set/', {{'Ref': '{next(iter(identified(stack, SET)))}'" in each for each in granted)


def test_a_domain_of_another_account_keeps_its_default(stack: Stack) -> None:
    shared = VerifiedDomain.from_identity_arn(
        stack, "Domain", "arn:aws:ses:eu-west-1:999988887777:identity/example.com"
    )

    with pytest.raises(ValueError, match="domain must be of this account to get a default configuration set, got"):
        BounceMonitoring(stack, "Bounces", domain=shared)


def test_an_imported_domain_is_watched_with_its_default(stack: Stack, role: iam.Role) -> None:
    given = ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "transactional")
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com", configuration_set=given)
    BounceMonitoring(stack, "Bounces", domain=domain).grant_send(role)

    ((_, arns),) = sending(stack).items()
    assert arns == {*OF_THE_DOMAIN, f"{SES}configuration-set/transactional"}


def test_a_domain_of_another_stack_cannot_get_a_default_from_here(app: App, stack: Stack) -> None:
    other = Stack(app, "Other", env=ENVIRONMENT)
    domain = VerifiedDomain(other, "Domain", domain_name="example.com", dns=RecordsToPublish())

    with pytest.raises(
        ValueError,
        match=r"domain must be made in the same stack, because its identity refers to the configuration set, got "
        r"'Other/Domain'; move one of the two, or pass default_for_domain=False",
    ):
        BounceMonitoring(stack, "Bounces", domain=domain)


def test_a_domain_of_another_stack_is_watched_with_its_default(app: App, stack: Stack) -> None:
    other = Stack(app, "Other", env=ENVIRONMENT)
    given = ses.ConfigurationSet(other, "Set", reputation_metrics=True)
    domain = VerifiedDomain(other, "Domain", domain_name="example.com", dns=RecordsToPublish(), configuration_set=given)

    assert BounceMonitoring(stack, "Bounces", domain=domain).configuration_set is given
    assert resources(stack, SET) == []
    assert "Fn::ImportValue" in json.dumps(resources(stack, "AWS::SES::ConfigurationSetEventDestination"))


def test_a_further_stream_of_a_domain_may_live_in_another_stack(app: App, stack: Stack) -> None:
    other = Stack(app, "Other", env=ENVIRONMENT)
    domain = VerifiedDomain(other, "Domain", domain_name="example.com", dns=RecordsToPublish())
    monitoring = BounceMonitoring(stack, "News", domain=domain, default_for_domain=False)
    monitoring.grant_send(iam.User(stack, "User"))

    (set_id,) = identified(stack, SET)
    ((_, arns),) = sending(stack).items()
    assert f"{SES}configuration-set/<{set_id}>" in arns
    assert "ConfigurationSetAttributes" not in only(other, IDENTITY)["Properties"]


# Who may send


def a_role(stack: Stack) -> iam.IGrantable:
    return iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))


def an_imported_role(stack: Stack) -> iam.IGrantable:
    return iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::111122223333:role/app")


def a_user(stack: Stack) -> iam.IGrantable:
    return iam.User(stack, "User")


def an_imported_user(stack: Stack) -> iam.IGrantable:
    return iam.User.from_user_name(stack, "User", "app")


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("make_grantee", [a_role, an_imported_role, a_user, an_imported_user])
def test_a_grant_of_the_domain_covers_both_whichever_came_first(
    stack: Stack, domain: VerifiedDomain, before: bool, make_grantee: Callable[[Stack], iam.IGrantable]
) -> None:
    grantee = make_grantee(stack)
    if before:
        domain.grant_send(grantee)
    BounceMonitoring(stack, "Bounces", domain=domain)
    if not before:
        domain.grant_send(grantee)

    ((_, arns),) = sending(stack).items()
    assert arns == own_arns(stack)


def test_monitoring_grants_both(stack: Stack, domain: VerifiedDomain, role: iam.Role) -> None:
    BounceMonitoring(stack, "Bounces", domain=domain).grant_send(role).assert_success()

    ((_, arns),) = sending(stack).items()
    assert arns == own_arns(stack)


def test_a_sender_of_a_second_stream_cannot_forget_to_name_it(
    stack: Stack, domain: VerifiedDomain, role: iam.Role
) -> None:
    BounceMonitoring(stack, "Bounces", domain=domain)
    BounceMonitoring(stack, "News", domain=domain, default_for_domain=False).grant_send(role)

    ((_, arns),) = sending(stack).items()
    assert sorted(each.split("<")[2][:-9] for each in arns if "@" not in each) == [
        "DomainIdentity",
        "NewsConfigurationSet",
    ]


def test_a_second_stream_opens_the_default_to_nobody(stack: Stack, domain: VerifiedDomain, role: iam.Role) -> None:
    domain.grant_send(role)
    BounceMonitoring(stack, "News", domain=domain, default_for_domain=False)

    ((_, arns),) = sending(stack).items()
    assert [each.split("<")[2][:-9] for each in arns if "@" not in each] == ["DomainIdentity"]


def test_every_grant_keeps_its_own_addresses(stack: Stack, domain: VerifiedDomain, role: iam.Role) -> None:
    other = iam.User(stack, "Other")
    domain.grant_send(role, from_addresses=["billing@example.com"])
    domain.grant_send(role, from_addresses=["Support@EXAMPLE.com", "help@example.com"])
    domain.grant_send(other, from_addresses=["news@example.com"])
    BounceMonitoring(stack, "Bounces", domain=domain)

    found = {tuple(json.loads(key)): value for key, value in sending(stack).items()}
    expected = [("billing@example.com",), ("Support@example.com", "help@example.com"), ("news@example.com",)]
    assert found == {addresses: own_arns(stack, *addresses) for addresses in expected}
    users = [each for each in resources(stack, "AWS::IAM::Policy") if "Users" in each["Properties"]]
    assert "billing@" not in json.dumps(users)


def test_addresses_templates_and_sandbox_are_handed_on(stack: Stack, domain: VerifiedDomain, role: iam.Role) -> None:
    BounceMonitoring(stack, "Bounces", domain=domain).grant_send(
        role, from_addresses=["billing@example.com"], templates=["welcome"], sandbox=True
    )

    ((addresses, arns),) = sending(stack).items()
    assert json.loads(addresses) == ["billing@example.com"]
    assert arns == {*own_arns(stack, "billing@example.com"), f"{SES}template/welcome", f"{SES}identity/*"}


def test_a_grant_needs_a_domain(stack: Stack, role: iam.Role) -> None:
    with pytest.raises(
        ValueError,
        match=r"domain must be given, for grant_send to let somebody send from it, got None; pass domain=, or call "
        r"grant_send\(\.\.\., configuration_sets=\[monitoring\.configuration_set\]\)",
    ):
        BounceMonitoring(stack, "Bounces").grant_send(role)


def test_a_grant_can_name_the_set_without_a_domain_in_monitoring(stack: Stack, role: iam.Role) -> None:
    domain: SendingDomain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    monitoring = BounceMonitoring(stack, "Bounces")
    domain.grant_send(role, configuration_sets=[monitoring.configuration_set])

    (set_id,) = identified(stack, SET)
    ((_, arns),) = sending(stack).items()
    assert arns == {*OF_THE_DOMAIN, f"{SES}configuration-set/<{set_id}>"}


# What is read, and what is refused


def test_metrics_are_those_of_the_configuration_set(stack: Stack) -> None:
    monitoring = BounceMonitoring(stack, "Bounces")
    metric = monitoring.metric_bounces(period=Duration.hours(1))

    (set_id,) = identified(stack, SET)
    assert (metric.namespace, metric.metric_name, metric.statistic) == ("AWS/SES", "Bounce", "Sum")
    assert stack.resolve(metric.dimensions) == {"ses:configuration-set": {"Ref": set_id}}


@pytest.mark.parametrize("period", [300, "5m"])
def test_a_period_is_a_duration(stack: Stack, period: Any) -> None:
    with pytest.raises(
        ValueError, match=r"period must be a Duration, got .*; pass a Duration, such as Duration\.minutes"
    ):
        BounceMonitoring(stack, "Bounces").metric_sends(period=period)


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("domain", "example.com", r"domain must be a SendingDomain, got 'example\.com'; pass a VerifiedDomain"),
        (
            "thresholds",
            0.05,
            r"thresholds must be a ReputationThresholds, got 0\.05; pass ReputationThresholds\.aws_re",
        ),
        ("delivery_thresholds", 5, r"delivery_thresholds must be a DeliveryThresholds, got 5; pass DeliveryThresholds"),
        ("default_for_domain", "false", "default_for_domain must be a bool, got 'false'; pass True or False"),
        ("watch_account", 0, "watch_account must be a bool, got 0; pass True or False"),
        ("dashboard", "true", "dashboard must be a bool, got 'true'; pass True or False"),
    ],
)
def test_arguments_of_another_kind_are_refused(stack: Stack, argument: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BounceMonitoring(stack, "Bounces", **{argument: value})  # type: ignore[arg-type]


def test_a_stack_whose_account_and_region_are_unknown_is_monitored(agnostic_stack: Stack) -> None:
    domain = VerifiedDomain(agnostic_stack, "Domain", domain_name="example.com", dns=RecordsToPublish())
    BounceMonitoring(agnostic_stack, "Bounces", domain=domain, reactions=[EmailTeam("ops@example.net"), PauseSending()])

    written_down = template(agnostic_stack)
    assert "Token[" not in json.dumps(written_down)
    assert warnings(agnostic_stack) == []


def test_constructs_of_one_kind_live_side_by_side(stack: Stack) -> None:
    for name in ("One", "Two"):
        BounceMonitoring(stack, name, watch_account=name == "One", reactions=[EmailTeam("ops@example.net")])

    topics: list[Resource] = resources(stack, "AWS::SNS::Topic")
    assert (len(resources(stack, SET)), len(topics)) == (2, 1)
