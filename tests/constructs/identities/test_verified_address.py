"""Addresses of a team as identities: which resources they are, who may send from them, and what is refused."""

import json
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, CfnResource, Duration, Environment, Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from benchmarks.application import counted_calls
from ses_constructs import RecordsToPublish, VerifiedAddress, VerifiedDomain
from tests.constructs.templates import identified, only, resources, role_statements, warnings, written

ADDRESS, WAIT = "Custom::SESVerifiedAddress", "Custom::SESAddressVerification"
ARN = "arn:<AWS::Partition>:ses:eu-west-1:111122223333"


@pytest.fixture
def role(stack: Stack) -> iam.Role:
    return iam.Role(stack, "Sender", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))


def properties(stack: Stack, resource_type: str = ADDRESS) -> list[dict[str, Any]]:
    found = [each["Properties"] for each in resources(stack, resource_type)]
    return [{key: each[key] for key in each if not key.startswith("Service")} for each in found]


def granted(stack: Stack) -> dict[str, Any]:
    statement, bulk = role_statements(stack, of="Sender")
    # Knows no ses:FromAddress, and needs none: the addresses are the identities.
    arns = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    own = [each for each in arns if not written(each).endswith(":identity/*")]
    assert bulk == {"Action": "ses:SendBulkEmail", "Effect": "Allow", "Resource": own if len(own) > 1 else own[0]}
    return statement


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, {"InsideVerifiedDomain": "false", "Resend": ""}),
        (
            {"inside_verified_domain": True, "resend": "2026-11-24"},
            {"InsideVerifiedDomain": "true", "Resend": "2026-11-24"},
        ),
    ],
)
def test_an_address_is_one_custom_resource(stack: Stack, changes: dict[str, Any], told: dict[str, str]) -> None:
    VerifiedAddress(stack, "Team", address="Ann.Smith@Example.com", **changes)

    assert properties(stack) == [{"Address": "Ann.Smith@example.com", **told}]
    assert not resources(stack, WAIT)


def test_a_team_has_a_resource_for_each_address_and_one_function(stack: Stack) -> None:
    team = VerifiedAddress(stack, "Team", addresses=["ann@example.com", "bob@example.org"])

    assert team.addresses == ("ann@example.com", "bob@example.org")
    assert [each["Address"] for each in properties(stack)] == ["ann@example.com", "bob@example.org"]
    assert only(stack, "AWS::Lambda::Function")["Properties"]["Handler"] == "handlers.verified_address.on_event"


def test_the_logical_id_of_an_address_follows_from_the_address_alone(app: App) -> None:
    plain, nested = Stack(app, "Plain"), Stack(app, "Nested")
    VerifiedAddress(plain, "Team", addresses=["bob@example.org", "ann@example.com"])
    VerifiedAddress(Construct(nested, "Mail"), "Colleagues", addresses=["ann@Example.com"], resend="again")

    (nested_id,) = identified(nested, ADDRESS)
    assert nested_id == "SesVerifiedAddress71D4F55F"
    assert nested_id in identified(plain, ADDRESS)


def test_the_handler_may_make_and_delete_this_address_and_look_at_its_domains(stack: Stack) -> None:
    VerifiedAddress(stack, "Team", address="ann@dev.example.com")

    statements = role_statements(stack, of="SesVerifiedAddress")
    (own,) = (each for each in statements if "ses:CreateEmailIdentity" in each["Action"])
    (domains,) = (each for each in statements if each["Action"] == "ses:GetEmailIdentity")
    (everything,) = (each for each in statements if each["Resource"] == "*")
    assert own["Action"] == [
        "ses:GetEmailIdentity",
        "ses:CreateEmailIdentity",
        "ses:TagResource",
        "ses:DeleteEmailIdentity",
    ]
    assert written(own["Resource"]) == f"{ARN}:identity/ann@dev.example.com"
    assert domains["Action"] == "ses:GetEmailIdentity"
    assert [written(each) for each in domains["Resource"]] == [
        f"{ARN}:identity/dev.example.com",
        f"{ARN}:identity/example.com",
    ]
    assert everything == {"Action": "ses:VerifyEmailIdentity", "Effect": "Allow", "Resource": "*"}


def test_inside_a_verified_domain_the_handler_looks_at_no_domain(stack: Stack) -> None:
    VerifiedAddress(stack, "Team", address="ann@example.com", inside_verified_domain=True)

    named = [each for each in role_statements(stack, of="SesVerifiedAddress") if each["Resource"] != "*"]
    assert [written(each["Resource"]) for each in named] == [f"{ARN}:identity/ann@example.com"]


def test_an_address_comes_after_its_permissions_and_goes_before_them(stack: Stack) -> None:
    VerifiedAddress(stack, "Team", address="ann@example.com")

    assert set(only(stack, ADDRESS)["DependsOn"]) == {
        *identified(stack, "AWS::IAM::Policy"),
        *identified(stack, "AWS::Lambda::EventInvokeConfig"),
    }


def test_addresses_are_made_one_by_one_and_their_domains_are_in_one_statement(stack: Stack) -> None:
    VerifiedAddress(stack, "Team", addresses=["ann@dev.example.com", "Ann@dev.example.com", "cleo@example.org"])

    # One by one for the sake of the request limit.
    made = identified(stack, ADDRESS)
    before: list[list[str]] = [[], *([each] for each in made)]
    assert [[each for each in made if each in one["DependsOn"]] for one in made.values()] == before[:3]
    (shared,) = (each for each in role_statements(stack, of="SesVerified") if each["Action"] == "ses:GetEmailIdentity")
    domains = [written(each).rpartition("/")[2] for each in shared["Resource"]]
    assert domains == ["dev.example.com", "example.com", "example.org"]


def test_a_region_that_is_not_known_to_send_is_worth_a_warning(app: App) -> None:
    stack = Stack(app, "Far", env=Environment(region="ap-east-1"))
    VerifiedAddress(stack, "Team", address="ann@example.com")

    assert [each for each in warnings(stack) if "SES is not known to send from ap-east-1 as of 20" in each]


def test_the_wait_is_for_all_addresses_together(stack: Stack) -> None:
    VerifiedAddress(
        stack,
        "Team",
        addresses=["ann@example.com", "bob@example.org"],
        wait_until_verified=Duration.minutes(30),
        resend="again",
    )

    assert properties(stack, WAIT) == [
        {"Addresses": ["ann@example.com", "bob@example.org"], "Resend": "again", "TimeoutSeconds": 1800}
    ]
    wait = only(stack, WAIT)
    assert wait["Properties"]["ServiceTimeout"] == "2100"
    assert set(identified(stack, ADDRESS)) <= set(wait["DependsOn"])


def test_the_function_that_waits_may_ask_and_call_itself(stack: Stack) -> None:
    VerifiedAddress(stack, "Team", address="ann@example.com", wait_until_verified=Duration.minutes(5))

    statements = role_statements(stack, of="SesWaitForAddresses")
    assert [(each["Action"], written(each["Resource"]).partition("-<")[0]) for each in statements] == [
        ("lambda:InvokeFunction", "arn:<AWS::Partition>:lambda:eu-west-1:111122223333:function:SesWaitForAddresses"),
        ("ses:GetIdentityVerificationAttributes", "*"),
    ]
    functions = [each["Properties"] for each in resources(stack, "AWS::Lambda::Function")]
    assert {each["Handler"]: each["Timeout"] for each in functions} == {
        "handlers.verified_address.on_event": 300,
        "handlers.wait_for_addresses.on_event": 900,
    }


@pytest.mark.parametrize("waits", [False, True])
def test_what_depends_on_verified_comes_after_the_wait_or_after_the_identities(stack: Stack, waits: bool) -> None:
    team = VerifiedAddress(
        stack,
        "Team",
        addresses=["ann@example.com", "bob@example.org"],
        wait_until_verified=Duration.minutes(5) if waits else None,
    )
    CfnResource(stack, "Later", type="Custom::Later").node.add_dependency(team.verified)

    assert set(identified(stack, WAIT if waits else ADDRESS)) <= set(only(stack, "Custom::Later")["DependsOn"])


@pytest.mark.parametrize("waits", [False, True])
def test_asking_what_to_depend_on_makes_nothing(stack: Stack, waits: bool) -> None:
    wait = Duration.minutes(5) if waits else None
    team = VerifiedAddress(stack, "Team", address="ann@example.com", wait_until_verified=wait)
    before = [each.node.path for each in stack.node.find_all()]

    assert team.verified
    assert [each.node.path for each in stack.node.find_all()] == before
    with pytest.raises(AttributeError, match="property 'verified' of 'VerifiedAddress' object has no setter"):
        team.verified = stack  # type: ignore[misc]


def test_what_uses_an_identity_comes_after_it(stack: Stack) -> None:
    team = VerifiedAddress(stack, "Team", address="ann@example.com")
    identity = team.identities["ann@example.com"]
    CfnResource(stack, "Later", type="Custom::Later", properties={"Name": identity.email_identity_name})

    assert list(team.identities) == ["ann@example.com"]
    assert [only(stack, "Custom::Later")["Properties"]["Name"]["Ref"]] == list(identified(stack, ADDRESS))


@pytest.mark.parametrize(
    ("narrowed", "names"),
    [
        ({}, ["Ann@example.com", "bob@example.org"]),
        ({"from_addresses": ["bob@Example.org"]}, ["bob@example.org"]),
    ],
)
def test_a_grant_covers_the_addresses_and_can_be_narrowed_to_some_of_them(
    stack: Stack, role: iam.Role, narrowed: dict[str, Any], names: list[str]
) -> None:
    team = VerifiedAddress(stack, "Team", addresses=["Ann@example.com", "bob@example.org"])
    team.grant_send(role, **narrowed).assert_success()

    statement = granted(stack)
    arns = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    ids = {each["Properties"]["Address"]: key for key, each in identified(stack, ADDRESS).items()}
    assert [written(each) for each in arns] == [f"{ARN}:identity/<{ids[name]}>" for name in names]
    assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": names}}
    assert "ses:SendRawEmail" in statement["Action"]


@pytest.mark.parametrize(
    ("addresses", "message"),
    [
        (["Ann@example.com"], "from_addresses must be addresses of Mail/Team, got 'Ann@example.com'; add it there, or"),
        (["ann@example.com", "*@example.com"], r"from_addresses must be addresses of Mail/Team, got '\*@example"),
        ([], r"from_addresses must be a list of at least one address, got \[\]; leave it out for all of them"),
    ],
)
def test_a_grant_is_for_addresses_that_are_there(stack: Stack, role: iam.Role, addresses: Any, message: str) -> None:
    team = VerifiedAddress(stack, "Team", address="ann@example.com")

    with pytest.raises(ValueError, match=message):
        team.grant_send(role, from_addresses=addresses)


def test_a_grant_can_cover_configuration_sets_templates_and_the_recipients_of_the_sandbox(
    stack: Stack, role: iam.Role
) -> None:
    team = VerifiedAddress(stack, "Team", address="ann@example.com")
    bulk = ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "bulk")
    team.grant_send(role, configuration_sets=[bulk], templates=["welcome"], sandbox=True)

    assert [written(each) for each in granted(stack)["Resource"][1:]] == [
        f"{ARN}:configuration-set/bulk",
        f"{ARN}:template/welcome",
        f"{ARN}:identity/*",
    ]
    assert granted(stack)["Condition"] == {"StringEquals": {"ses:FromAddress": ["ann@example.com"]}}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "address must be given, or else addresses, got 'neither'; pass address='someone@example.com'"),
        ({"address": "a@example.com", "addresses": ["b@example.com"]}, "address must be given, or else .* got 'both'"),
        ({"addresses": []}, "address must be given, or else addresses"),
        ({"address": "ann"}, "address must have one @, got 'ann'; write an address such as"),
        ({"addresses": ["ann@example.com", "bob"]}, "addresses must have one @, got 'bob'"),
        ({"address": "*@example.com"}, r"address must have none of \* \? \$, which IAM reads as patterns, got '\*@"),
        ({"addresses": ["a?@example.com"]}, r"addresses must have none of \* \? \$, .*; verify the address by hand"),
        ({"address": "${a}@example.com"}, r"address must have none of \* \? \$"),
        ({"addresses": ["a@example.com", "a@EXAMPLE.com"]}, "addresses must hold every entry once"),
        ({"address": "a@example.com", "resend": ""}, "resend must be a text that is not empty, got ''; pass a date"),
        (
            {"address": "a@example.com", "wait_until_verified": Duration.minutes(56)},
            "wait_until_verified must be 1 to 55 minutes, got '56 minutes'",
        ),
        (
            {"address": "a@example.com", "wait_until_verified": Duration.minutes(Token.as_number({"Ref": "Wait"}))},
            "wait_until_verified must be known at synth, got '.*'; pass Duration.minutes",
        ),
    ],
)
def test_wrong_arguments_are_refused(stack: Stack, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VerifiedAddress(stack, "Team", **arguments)


def test_an_address_must_be_known_at_synth(stack: Stack) -> None:
    parameter = CfnParameter(stack, "Colleague").value_as_string

    with pytest.raises(ValueError, match=r"address must be known when the app is synthesized, got .*; pass the text"):
        VerifiedAddress(stack, "Team", address=parameter)


def test_an_address_is_once_in_a_stack(app: App, stack: Stack) -> None:
    VerifiedAddress(stack, "Team", address="ann@example.com")
    VerifiedAddress(Stack(app, "Other"), "Team", address="ann@example.com")

    with pytest.raises(
        ValueError,
        match=r"address must have one owner, and 'Mail/Team/.*' has it, got 'ann@example\.com'; leave the other",
    ):
        VerifiedAddress(stack, "Again", addresses=["bob@example.org", "ann@EXAMPLE.com"])


def role_characters(stack: Stack) -> int:
    """What IAM counts of the role's policies but for what every function may do."""
    documents = []
    for statement in role_statements(stack, of="SesVerifiedAddress"):
        arns = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        texts = [written(each).replace("<AWS::Partition>", "aws") for each in arns]
        resource = texts[0] if len(texts) == 1 else texts
        documents.append({"Version": "2012-10-17", "Statement": [{**statement, "Resource": resource}]})
    return sum(len(json.dumps(each, separators=(",", ":"))) for each in documents)


@pytest.mark.parametrize(
    ("domain", "count"),
    [("example.com", 35), ("dept.company.co.uk", 33), ("emea.sales.company.co.uk", 32), ("a.b.c.d.e.example.com", 32)],
)
def test_a_stack_has_as_many_addresses_as_the_role_can_hold(app: App, domain: str, count: int) -> None:
    env = Environment(account="111122223333", region="ap-southeast-2")
    team = [f"firstname.lastname{number}@{domain}" for number in range(count + 1)]
    stack = Stack(app, "Sydney", env=env)
    VerifiedAddress(stack, "Team", addresses=team[:-1])

    # The policy for the log takes up to 360, that for CloudFormation 390, and all together may have 10,240 characters.
    assert 0.9 * 9_490 < role_characters(stack) <= 9_490
    full = Stack(app, "Full", env=Environment(account="222233334444", region="ap-southeast-2"))
    with pytest.raises(ValueError, match="the custom resources of SesVerifiedAddress in stack 'Full' must have"):
        VerifiedAddress(full, "Team", addresses=team)


def test_addresses_at_long_domains_of_their_own_are_fewer(app: App) -> None:
    stack = Stack(app, "Sydney", env=Environment(account="111122223333", region="ap-southeast-2"))
    team = [f"firstname.lastname@a.b.c.d{number}.example.com" for number in range(20)]

    with pytest.raises(ValueError, match=r"must have policies of 9,490 characters together, .* got 9\d\d\d; put"):
        VerifiedAddress(stack, "Team", addresses=team)


# An address at a domain of the same stack


def verify(stack: Stack, domain: str = "example.com") -> VerifiedDomain:
    return VerifiedDomain(stack, "Domain", domain_name=domain, dns=RecordsToPublish())


AT_A_DOMAIN = (
    r"address must be outside example\.com, which Mail/Domain verifies, got 'ann@dev\.example\.com'; "
    "leave the address out, which needs no identity there, or pass inside_verified_domain=True"
)


def test_an_address_at_a_domain_of_the_stack_is_refused(stack: Stack) -> None:
    verify(stack)

    with pytest.raises(ValueError, match=AT_A_DOMAIN):
        VerifiedAddress(stack, "Team", addresses=["bob@example.org", "ann@dev.Example.com"])


def test_an_address_at_a_domain_that_comes_later_is_refused_when_the_app_is_synthesized(app: App, stack: Stack) -> None:
    VerifiedAddress(Construct(stack, "Sandbox"), "Team", address="ann@dev.example.com")
    verify(stack)

    with pytest.raises(RuntimeError, match=rf"\[Mail/Sandbox/Team\] {AT_A_DOMAIN}"):
        app.synth()


@pytest.mark.parametrize("first", [False, True])
def test_an_address_at_a_domain_of_the_stack_may_be_asked_for(app: App, stack: Stack, first: bool) -> None:
    if first:
        verify(stack)
    VerifiedAddress(stack, "Team", address="ann@example.com", inside_verified_domain=True)
    if not first:
        verify(stack)

    app.synth()
    assert len(properties(stack)) == 1


def test_an_address_costs_the_same_however_many_domains_there_are(stack: Stack) -> None:
    VerifiedAddress(stack, "First", address="ann@example.com")

    def calls(construct_id: str) -> int:
        with counted_calls() as made:
            VerifiedAddress(stack, construct_id, address=f"{construct_id.lower()}@example.com")
        return len(made)

    alone = calls("Alone")
    for number in range(10):
        VerifiedDomain(stack, f"D{number}", domain_name=f"d{number}.example.com", dns=RecordsToPublish())
    assert calls("Beside") == alone


def test_addresses_beside_a_domain_are_no_matter(app: App, stack: Stack) -> None:
    verify(stack)
    VerifiedAddress(stack, "Team", addresses=["ann@notexample.com", "example.com@example.org"])
    VerifiedAddress(Stack(app, "Other"), "Team", address="ann@example.com")

    app.synth()
    assert len(properties(stack)) == 2
