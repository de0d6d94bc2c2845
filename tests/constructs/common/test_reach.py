"""What is of another account, region or stage and has no name here is refused at once, not while CDK writes."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Environment, PhysicalName, Stack, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns

from ses_constructs import (
    BounceMonitoring,
    CloudWatchMetrics,
    EventHistory,
    FirehoseEvents,
    InboundRuleSet,
    InvokeFunction,
    NotifyTopic,
    PublishToTopic,
    RecordsToPublish,
    Route53Zone,
    SmtpCredentials,
    StoreMail,
    VerifiedDomain,
)
from tests.constructs.templates import resources

LAMBDA = iam.ServicePrincipal("lambda.amazonaws.com")
ELSEWHERE = Environment(account="222233334444", region="eu-west-1")
OTHER_REGION = Environment(account="111122223333", region="us-east-1")


def domain_of(stack: Stack) -> VerifiedDomain:
    return VerifiedDomain(stack, "Domain", domain_name="example.com", dns=RecordsToPublish(), receives_mail=True)


def inbound_of(stack: Stack) -> InboundRuleSet:
    return InboundRuleSet(stack, "Inbound", domain=domain_of(stack), drop_spam=False)


def role(stack: Stack, **arguments: Any) -> iam.Role:
    return iam.Role(stack, "Role", assumed_by=LAMBDA, **arguments)


def function(stack: Stack) -> lambda_.Function:
    code = lambda_.Code.from_inline("pass")
    return lambda_.Function(stack, "Function", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.f", code=code)


def history(stack: Stack) -> EventHistory:
    return EventHistory(stack, "History", monitoring=BounceMonitoring(stack, "Bounces"))


GRANTS: dict[str, Callable[[Stack, iam.IRole], Any]] = {
    "mailbox": lambda stack, grantee: inbound_of(stack).grant_read(grantee),
    "history": lambda stack, grantee: history(stack).grant_query(grantee),
    "secret": lambda stack, grantee: SmtpCredentials(stack, "Smtp", domain=domain_of(stack)).grant_read(grantee),
}


@pytest.mark.parametrize("grant", GRANTS.values(), ids=GRANTS)
def test_a_role_of_another_region_cannot_name_what_has_no_name(
    app: App, stack: Stack, grant: Callable[[Stack, iam.IRole], Any]
) -> None:
    elsewhere = Stack(app, "Other", env=OTHER_REGION)

    with pytest.raises(
        ValueError,
        match=r"what Other/Role may use must have a name that Other can know, .*, got 'Mail/.*'; give it a fixed name",
    ):
        grant(stack, role(elsewhere))


def test_a_named_role_of_another_account_needs_a_named_mailbox_too(app: App, stack: Stack) -> None:
    reader = role(Stack(app, "Other", env=ELSEWHERE), role_name=PhysicalName.GENERATE_IF_NEEDED)

    with pytest.raises(ValueError, match=r"what Other/Role may use .*, got 'Mail/Inbound/Mailbox'; give it a fixed"):
        inbound_of(stack).grant_read(reader)


@pytest.mark.parametrize("monitored", [False, True])
def test_a_role_of_another_stage_is_not_granted(app: App, stack: Stack, *, monitored: bool) -> None:
    sender = role(Stack(Stage(app, "Later"), "Other", env=OTHER_REGION))
    domain = domain_of(stack)
    owner = BounceMonitoring(stack, "Bounces", domain=domain) if monitored else domain

    with pytest.raises(ValueError, match=r"what Later/Other/Role may use must be of the stage of Later/Other, got 'Ma"):
        owner.grant_send(sender)


def test_a_role_whose_stack_does_not_know_its_region_cannot_name_an_identity(
    stack: Stack, agnostic_stack: Stack
) -> None:
    with pytest.raises(
        ValueError, match=r"what Anywhere/Role may use must have a name .* got 'Mail/Domain/Identity/Resource'; refer"
    ):
        domain_of(stack).grant_send(role(agnostic_stack))


def test_a_fixed_name_is_known_where_the_region_is_not(app: App, stack: Stack, agnostic_stack: Stack) -> None:
    domain = VerifiedDomain(agnostic_stack, "Domain", domain_name="example.com", dns=RecordsToPublish())

    domain.allow_sender(role(stack, role_name="sender"))
    topic = sns.Topic(stack, "Topic", topic_name="alarms")
    BounceMonitoring(agnostic_stack, "Bounces", domain=domain, reactions=[NotifyTopic(topic)])

    app.synth()


def test_what_is_only_named_may_be_of_another_stage(app: App, stack: Stack) -> None:
    elsewhere = later(app)
    configuration_set = ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "transactional")
    rule_set = ses.ReceiptRuleSet.from_receipt_rule_set_name(stack, "RuleSet", "inbound")

    domain = VerifiedDomain(
        elsewhere,
        "Domain",
        domain_name="example.com",
        dns=RecordsToPublish(),
        receives_mail=True,
        configuration_set=configuration_set,
    )
    InboundRuleSet(elsewhere, "Inbound", domain=domain, rule_set=rule_set).add_rule("All", actions=[StoreMail()])

    app.synth()


def test_a_reference_has_a_name_everywhere(stack: Stack, agnostic_stack: Stack) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")

    domain.grant_send(role(agnostic_stack))

    assert len(resources(agnostic_stack, "AWS::IAM::Policy")) == 1


def test_a_sender_of_another_stage_is_allowed_by_its_arn(app: App, stack: Stack) -> None:
    sender = role(Stack(Stage(app, "Later"), "Other", env=ELSEWHERE), role_name="sender")

    with pytest.raises(ValueError, match=r"principal must be of the stage of Mail, got 'Later/Other/Role.*'; refer to"):
        domain_of(stack).allow_sender(sender)


USES: dict[str, Callable[[Stack, Stack], Any]] = {
    "function": lambda stack, other: inbound_of(stack).add_rule("Rule", actions=[InvokeFunction(function(other))]),
    "topic": lambda stack, other: inbound_of(stack).add_rule(
        "Rule", actions=[PublishToTopic(sns.Topic(other, "Topic"))]
    ),
    "bucket": lambda stack, other: inbound_of(stack).add_rule(
        "Rule", actions=[StoreMail(bucket=s3.Bucket(other, "Bucket"))]
    ),
    "topic of alarms": lambda stack, other: BounceMonitoring(
        stack, "Bounces", reactions=[NotifyTopic(sns.Topic(other, "Topic"))]
    ),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_what_has_no_name_in_another_account_is_not_used(
    app: App, stack: Stack, use: Callable[[Stack, Stack], Any]
) -> None:
    with pytest.raises(ValueError, match=r"(function|topic|bucket) must have a name that Mail can know, .*; give it"):
        use(stack, Stack(app, "Other", env=ELSEWHERE))


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_what_is_of_another_stage_is_not_used(app: App, stack: Stack, use: Callable[[Stack, Stack], Any]) -> None:
    other = Stack(Stage(app, "Later"), "Other", env=Environment(account="111122223333", region="eu-west-1"))

    with pytest.raises(ValueError, match=r"(function|topic|bucket) must be of the stage of Mail, got 'Later/Other/.*;"):
        use(stack, other)


def test_a_domain_of_another_stage_is_referred_to_by_its_name(app: App, stack: Stack) -> None:
    later = domain_of(Stack(Stage(app, "Later"), "Other", env=Environment(account="111122223333", region="eu-west-1")))

    for use in (
        lambda: SmtpCredentials(stack, "Smtp", domain=later),
        lambda: BounceMonitoring(stack, "Bounces", domain=later),
        lambda: InboundRuleSet(stack, "Inbound", domain=later),
    ):
        with pytest.raises(ValueError, match=r"domain must be of the stage of Mail, got 'Later/Other/Domain'; "):
            use()


def later(app: App) -> Stack:
    return Stack(Stage(app, "Later"), "Other", env=Environment(account="111122223333", region="eu-west-1"))


def test_a_configuration_set_is_of_the_place_of_its_domain(app: App, stack: Stack) -> None:
    domain = domain_of(stack)
    for number, env in enumerate((ELSEWHERE, OTHER_REGION)):
        configuration_set = ses.ConfigurationSet(Stack(app, f"Other{number}", env=env), "Set")
        with pytest.raises(
            ValueError, match=r"configuration_set must be (of the account|in the region) of .*; make the set in"
        ):
            domain.use_configuration_set(configuration_set)
    with pytest.raises(
        ValueError, match=r"configuration_set must be of the stage of Mail, got 'Later/Other/Set'; make"
    ):
        VerifiedDomain(
            stack,
            "Second",
            domain_name="example.net",
            dns=RecordsToPublish(),
            configuration_set=ses.ConfigurationSet(later(app), "Set"),
        )


def test_a_zone_that_the_app_makes_in_another_account_is_written_by_a_role(app: App, stack: Stack) -> None:
    zone = route53.PublicHostedZone(Stack(app, "Other", env=ELSEWHERE), "Zone", zone_name="example.com")

    with pytest.raises(
        ValueError,
        match=r"hosted_zone must be of the account of the stack, .*, got '[0-9]{12}'; pass CrossAccountZone",
    ):
        VerifiedDomain(stack, "Domain", domain_name="example.com", dns=Route53Zone(zone))
    zone = route53.PublicHostedZone(later(app), "Zone", zone_name="example.net")
    with pytest.raises(ValueError, match=r"hosted_zone must be of the stage of Mail, got 'Later/Other/Zone"):
        VerifiedDomain(stack, "Second", domain_name="example.net", dns=Route53Zone(zone))


def test_a_zone_of_another_region_is_the_same_zone(app: App, stack: Stack) -> None:
    # Newer releases of CDK need no permission to pass a name on.
    there = Stack(app, "Other", env=OTHER_REGION, cross_region_references=True)
    stack = Stack(
        app, "Here", env=Environment(account=stack.account, region=stack.region), cross_region_references=True
    )
    zone = route53.PublicHostedZone(there, "Zone", zone_name="example.com")

    VerifiedDomain(stack, "Domain", domain_name="example.com", dns=Route53Zone(zone))

    assert len(resources(stack, "AWS::Route53::RecordSetGroup")) == 1


def test_events_stay_in_the_stage(app: App, stack: Stack) -> None:
    elsewhere = later(app)
    with pytest.raises(
        ValueError, match=r"monitoring must be of the stage of Later/Other, got 'Mail/Bounces'; make the"
    ):
        EventHistory(elsewhere, "History", monitoring=BounceMonitoring(stack, "Bounces"))
    stream = firehose.DeliveryStream(
        elsewhere, "Stream", destination=firehose.S3Bucket(s3.Bucket(elsewhere, "StreamBucket"))
    )
    with pytest.raises(ValueError, match=r"stream must be of the stage of Mail, got 'Later/Other/Stream"):
        BounceMonitoring(stack, "Second", destinations=[CloudWatchMetrics(), FirehoseEvents(stream=stream)])


def test_a_rule_set_and_a_key_are_of_the_region(app: App, stack: Stack) -> None:
    elsewhere = Stack(app, "Other", env=OTHER_REGION)
    domain = domain_of(stack)

    with pytest.raises(
        ValueError, match=r"rule_set must be in the region of the stack, .*; refer to it by its name in"
    ):
        InboundRuleSet(stack, "Inbound", domain=domain, rule_set=ses.ReceiptRuleSet(elsewhere, "RuleSet"))
    with pytest.raises(
        ValueError, match=r"encryption_key must be in the region of the stack, eu-west-1, got 'us-east-1"
    ):
        SmtpCredentials(stack, "Smtp", domain=domain, encryption_key=kms.Key(elsewhere, "Key"))


def test_the_cli_gets_to_look_up_a_role(stack: Stack) -> None:
    sender = iam.Role.from_lookup(stack, "Role", role_name="sender")

    domain_of(stack).grant_send(sender)

    stack.node.root.synth()  # type: ignore[attr-defined]


EVERYONE: dict[str, Callable[[], iam.IPrincipal]] = {
    "anybody": iam.AnyPrincipal,
    "a star": iam.StarPrincipal,
    "users of Cognito everywhere": lambda: iam.WebIdentityPrincipal("cognito-identity.amazonaws.com"),
    "a pattern": lambda: iam.ArnPrincipal("arn:aws:iam::999988887777:role/*"),
}


@pytest.mark.parametrize("principal", EVERYONE.values(), ids=EVERYONE)
def test_everyone_does_not_read_mail(stack: Stack, principal: Callable[[], iam.IPrincipal]) -> None:
    with pytest.raises(ValueError, match=r"grantee must name who may read, and not everyone, got .*; pass an account"):
        inbound_of(stack).grant_read(principal())


def test_whom_no_policy_can_name_is_not_allowed(stack: Stack) -> None:
    domain = domain_of(stack)
    group = iam.Group.from_group_arn(stack, "Imported", "arn:aws:iam::999988887777:group/people")

    for each in (iam.Group(stack, "Group"), group):
        with pytest.raises(ValueError, match=r"principal must be no group, which .* cannot name, got 'Mail/.*; pass"):
            domain.allow_sender(each)
    with pytest.raises(ValueError, match=r"principal must be no canonical user, whom only S3 knows, got .*; pass"):
        domain.allow_sender(iam.CanonicalUserPrincipal("0123"))
    with pytest.raises(ValueError, match=r"principal must have a role that is known here, got .*; pass the role"):
        domain.allow_sender(iam.UnknownPrincipal(resource=stack))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"grantee must have a role that is known here, got None; import it"):
        domain.grant_send(iam.UnknownPrincipal(resource=stack))


def test_a_group_of_another_account_does_not_read(stack: Stack) -> None:
    group = iam.Group.from_group_arn(stack, "Imported", "arn:aws:iam::999988887777:group/people")

    with pytest.raises(ValueError, match=r"grantee must be no group"):
        inbound_of(stack).grant_read(group)
