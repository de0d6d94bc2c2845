"""SMTP credentials: the user, the secret and what fills it, rotation, and the endpoint in a VPC."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Duration, Environment, Stack
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns

import ses_constructs
from ses_constructs import (
    BounceMonitoring,
    EmailTeam,
    NotifyTopic,
    RecordsToPublish,
    SendingDomain,
    SmtpCredentials,
    SmtpSecret,
    VerifiedDomain,
)
from tests.constructs.smtp.vpcs import known_vpc
from tests.constructs.templates import (
    conditions,
    identified,
    needs,
    only,
    resources,
    role_statements,
    service_statements,
    template,
    warnings,
    written,
)

RESOURCE = "Custom::SESSmtpCredentials"
FILLER, ROTATOR = "SesSmtpCredentialsRole", "SmtpRotationHandlerRole"
MONTH = Duration.days(30)
KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def domain(stack: Stack, name: str = "example.com", **changes: Any) -> SendingDomain:
    return VerifiedDomain.from_domain_name(stack, f"Domain-{name}", name, **changes)


def make(stack: Stack, construct_id: str = "Smtp", **changes: Any) -> SmtpCredentials:
    if "domain" not in changes:
        changes["domain"] = domain(stack)
    return SmtpCredentials(stack, construct_id, **changes)


def alice(stack: Stack) -> iam.IUser:
    return iam.User.from_user_name(stack, "Alice", "alice")


def in_region(app: App, region: str) -> Stack:
    return Stack(app, region, env=Environment(account="111122223333", region=region))


def properties(stack: Stack) -> dict[str, Any]:
    return dict(only(stack, RESOURCE)["Properties"])


def sending(stack: Stack) -> dict[str, Any]:
    """The policy of the user."""
    (policy,) = (each for each in resources(stack, "AWS::IAM::Policy") if "Users" in each["Properties"])
    return dict(policy["Properties"])


# The user


def test_a_user_of_its_own_may_send_from_the_domain_and_do_nothing_else(stack: Stack) -> None:
    credentials = make(stack)

    (user_id,) = identified(stack, "AWS::IAM::User")
    assert stack.resolve(credentials.user.user_name) == {"Ref": user_id}
    assert sending(stack)["Users"] == [{"Ref": user_id}]
    assert "Properties" not in only(stack, "AWS::IAM::User")
    (statement,) = sending(stack)["PolicyDocument"]["Statement"]
    assert statement["Action"] == "ses:SendRawEmail"
    assert [written(each) for each in statement["Resource"]] == [
        "arn:<AWS::Partition>:ses:eu-west-1:111122223333:identity/example.com",
        "arn:<AWS::Partition>:ses:eu-west-1:111122223333:identity/*@example.com",
    ]
    assert statement["Condition"] == {"StringLike": {"ses:FromAddress": ["*@example.com"]}}


@pytest.mark.parametrize(
    ("changes", "from_addresses", "last"),
    [
        (
            {"from_addresses": ["shop@example.com", "news-*@example.com"]},
            ["shop@example.com", "news-*@example.com"],
            "",
        ),
        ({"sandbox": True}, ["*@example.com"], "identity/*"),
        ({"of_the_domain": "own"}, ["*@example.com"], "configuration-set/own"),
        # A client that forgets to name its set is refused.
        ({"of_the_domain": "own", "configuration_set": "other"}, ["*@example.com"], "configuration-set/other"),
    ],
)
def test_the_user_may_send_from_the_addresses_and_with_the_set_that_were_given(
    stack: Stack, changes: dict[str, Any], from_addresses: list[str], last: str
) -> None:
    sets = {each: ses.ConfigurationSet.from_configuration_set_name(stack, each, each) for each in ("own", "other")}
    given: dict[str, Any] = {
        key: sets[value] if key == "configuration_set" else value for key, value in changes.items()
    }
    make(stack, domain=domain(stack, configuration_set=sets.get(given.pop("of_the_domain", ""))), **given)

    (statement,) = sending(stack)["PolicyDocument"]["Statement"]
    assert statement["Condition"] == {"StringLike": {"ses:FromAddress": from_addresses}}
    assert written(statement["Resource"][-1]).endswith(last)
    assert len([each for each in statement["Resource"] if ":configuration-set/" in written(each)]) == ("set/" in last)


def test_the_user_may_send_with_the_set_that_the_domain_gets_later_and_do_nothing_else(stack: Stack) -> None:
    verified = VerifiedDomain(stack, "Domain", domain_name="example.com", dns=RecordsToPublish())
    make(stack, domain=verified)
    BounceMonitoring(stack, "Bounces", domain=verified)

    (set_id,) = identified(stack, "AWS::SES::ConfigurationSet")
    (statement,) = sending(stack)["PolicyDocument"]["Statement"]
    assert statement["Action"] == "ses:SendRawEmail"
    assert written(statement["Resource"][-1]).endswith(f":configuration-set/<{set_id}>")


def test_the_longest_permissions_fit_into_what_iam_lets_a_user_hold(stack: Stack) -> None:
    name = ".".join(["d" * 60, "e" * 60, "f" * 60, "g" * 60, "example"])
    verified = VerifiedDomain.from_domain_name(stack, "Domain", name)
    set_name = "s" * 64
    other = ses.ConfigurationSet.from_configuration_set_name(stack, "Other", set_name)
    make(stack, domain=verified, from_addresses=[f"{number}@{name}" for number in (1, 2)], configuration_set=other)
    sandbox = {"domain": domain(stack), "configuration_set": other, "sandbox": True}
    make(stack, "Short", from_addresses=[f"shop-{number}@example.com" for number in range(13)], **sandbox)

    for policy in (each for each in resources(stack, "AWS::IAM::Policy") if "Users" in each["Properties"]):
        text = json.dumps(policy["Properties"]["PolicyDocument"], separators=(",", ":"))
        reference = re.compile(r'\{"Fn::Join":\["",\["arn:",\{"Ref":"AWS::Partition"\},"([^"]*)"\]\]\}')
        written_out = reference.sub(lambda found: f'"arn:aws-us-gov{found[1]}"', text)
        assert "Fn::" not in written_out
        assert 1_500 < len(written_out) <= 2_048


def test_an_existing_user_gets_the_permission_and_is_not_made(stack: Stack, agnostic_stack: Stack) -> None:
    user = alice(stack)
    credentials = make(stack, user=user)
    arn = "arn:aws:iam::999999999999:user/team/legacy"
    make(agnostic_stack, user=iam.User.from_user_arn(agnostic_stack, "Legacy", arn))

    assert credentials.user is user
    assert resources(stack, "AWS::IAM::User") == []
    assert sending(stack)["Users"] == ["alice"]
    assert (properties(stack)["UserName"], properties(stack)["OwnsUser"]) == ("alice", "false")
    assert properties(agnostic_stack)["UserName"] == "legacy"


def test_users_of_other_stacks_are_users_of_their_own_and_wait_for_nothing_of_this_one(app: App, stack: Stack) -> None:
    for name in ("One", "Two"):
        users = Stack(app, f"{name}Users", env=Environment(account="111122223333", region="eu-west-1"))
        make(stack, name, domain=domain(stack, f"{name}.example.com"), user=iam.User(users, "User"))
    app.synth()  # raises when two stacks depend on each other

    assert len(resources(stack, RESOURCE)) == 2
    assert [each.stack_name for each in stack.dependencies] == ["OneUsers", "TwoUsers"]


def test_the_name_of_a_user_may_be_a_parameter(stack: Stack) -> None:
    make(stack, user=iam.User.from_user_name(stack, "Given", CfnParameter(stack, "Name").value_as_string))

    assert properties(stack)["UserName"] == {"Ref": "Name"}
    assert [each[:-8] for each in identified(stack, "AWS::IAM::Policy")] == ["SmtpSendingName", "SmtpPolicyName"]


# The secret


def test_the_secret_is_empty_until_the_function_fills_it_and_has_the_name_and_key_that_were_given(stack: Stack) -> None:
    make(stack, secret_name="mail/smtp", encryption_key=kms.Key(stack, "Key"))

    (key_id,) = identified(stack, "AWS::KMS::Key")
    secret = only(stack, "AWS::SecretsManager::Secret")
    assert {key: value for key, value in secret["Properties"].items() if key != "Tags"} == {
        "Description": "SMTP credentials for example.com",
        "Name": "mail/smtp",
        "KmsKeyId": {"Fn::GetAtt": [key_id, "Arn"]},
    }
    assert secret["DeletionPolicy"] == "Delete"


@pytest.mark.parametrize("existing", [False, True])
def test_the_secret_says_what_the_function_believes(stack: Stack, existing: bool) -> None:
    credentials = make(stack, user=alice(stack) if existing else None, port=587)

    (resource_id,) = identified(stack, RESOURCE)
    user = stack.resolve(credentials.user.user_name)
    tags = {tag["Key"]: tag["Value"] for tag in only(stack, "AWS::SecretsManager::Secret")["Properties"]["Tags"]}
    assert tags == {
        "ses-constructs:smtp-credentials": resource_id,
        "ses-constructs:smtp-endpoint": "email-smtp.eu-west-1.amazonaws.com:587:eu-west-1",
        "ses-constructs:smtp-owns-user": "false" if existing else "true",
        "ses-constructs:smtp-user": user if existing else {"Fn::Join": [":", {"Fn::Split": [",", user]}]},
    }


def test_a_comma_of_a_user_name_is_a_colon_on_the_secret(stack: Stack) -> None:
    make(stack, user=iam.User.from_user_name(stack, "Imported", "mail,app"))

    tags = only(stack, "AWS::SecretsManager::Secret")["Properties"]["Tags"]
    assert {"Key": "ses-constructs:smtp-user", "Value": "mail:app"} in tags


def test_nothing_secret_is_in_the_template(stack: Stack) -> None:
    make(stack, rotate_after=MONTH, encryption_key=kms.Key(stack, "Key"))

    whole = template(stack)
    assert "Outputs" not in whole
    assert "AWS::IAM::AccessKey" not in json.dumps(whole)
    for telltale in ("SecretString", "SecretAccessKey", "resolve:secretsmanager", '"password', "Password"):
        assert telltale not in json.dumps(whole)


def test_the_function_is_told_what_to_make(stack: Stack) -> None:
    credentials = make(stack, port=587)

    (user_id,), (secret_id,) = identified(stack, "AWS::IAM::User"), identified(stack, "AWS::SecretsManager::Secret")
    assert {key: value for key, value in properties(stack).items() if not key.startswith("Service")} == {
        "UserName": {"Ref": user_id},
        "SecretArn": {"Ref": secret_id},
        "Host": "email-smtp.eu-west-1.amazonaws.com",
        "Port": "587",
        "Region": "eu-west-1",
        "OwnsUser": "true",
        "Rotates": "false",
    }
    assert (credentials.host, credentials.port) == ("email-smtp.eu-west-1.amazonaws.com", 587)


def test_the_region_may_be_unknown(agnostic_stack: Stack) -> None:
    make(agnostic_stack)

    assert written(properties(agnostic_stack)["Host"]) == "email-smtp.<AWS::Region>.<AWS::URLSuffix>"
    assert properties(agnostic_stack)["Region"] == {"Ref": "AWS::Region"}
    assert warnings(agnostic_stack) == []


def test_another_endpoint_may_be_given_and_tls_from_the_first_byte_is_the_default(stack: Stack) -> None:
    credentials = make(stack, host="email-smtp-fips.eu-west-1.amazonaws.com")

    assert properties(stack)["Host"] == credentials.host == "email-smtp-fips.eu-west-1.amazonaws.com"
    assert properties(stack)["Port"] == "465"


def test_the_credentials_are_made_last_and_deleted_first(stack: Stack) -> None:
    make(stack, encryption_key=kms.Key(stack, "Key"))

    (resource_id,) = identified(stack, RESOURCE)
    others = set(template(stack)["Resources"]) - {resource_id}
    assert len(others) == 9
    assert needs(stack, resource_id) == others


def test_ready_is_the_filled_secret(stack: Stack) -> None:
    consumer = sns.Topic(stack, "Consumer")
    consumer.node.add_dependency(make(stack).ready)

    assert list(identified(stack, RESOURCE)) == only(stack, "AWS::SNS::Topic")["DependsOn"]


# What the functions may do


@pytest.mark.parametrize(("role", "further"), [(FILLER, []), (ROTATOR, ["iam:UpdateAccessKey"])])
def test_the_functions_have_this_user_secret_and_key_alone(stack: Stack, role: str, further: list[str]) -> None:
    make(stack, rotate_after=MONTH, encryption_key=kms.Key(stack, "Key"))

    (user_id,), (secret_id,), (key_id,) = (
        identified(stack, each) for each in ("AWS::IAM::User", "AWS::SecretsManager::Secret", "AWS::KMS::Key")
    )
    statements = role_statements(stack, of=role)
    assert [(each["Action"], written(each["Resource"])) for each in statements] == [
        (["iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:ListAccessKeys", *further], f"<{user_id}.Arn>"),
        (
            [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:ListSecretVersionIds",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            f"<{secret_id}>",
        ),
        (["kms:Decrypt", "kms:GenerateDataKey"], f"<{key_id}.Arn>"),
    ]
    assert conditions(statements[-1]) == {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}


@pytest.mark.parametrize(("role", "module"), [(FILLER, "smtp_credentials"), (ROTATOR, "rotate_smtp_credentials")])
def test_the_functions_have_what_their_handlers_ask_for(stack: Stack, role: str, module: str) -> None:
    make(stack, rotate_after=MONTH, encryption_key=kms.Key(stack, "Key"))

    # Read and not imported, for a handler needs boto3.
    source = (Path(ses_constructs.__file__).parent / "handlers" / f"{module}.py").read_text(encoding="utf-8")
    asked = re.findall(r"``((?:iam|kms|secretsmanager):\w+)``", ast.get_docstring(ast.parse(source)) or "")
    assert sorted(asked) == sorted(action for each in role_statements(stack, of=role) for action in each["Action"])


@pytest.mark.parametrize("role", [FILLER, ROTATOR])
def test_the_functions_have_an_existing_user_by_its_arn(stack: Stack, role: str) -> None:
    arn = "arn:aws:iam::111122223333:user/team/alice"
    make(stack, rotate_after=MONTH, user=iam.User.from_user_arn(stack, "Alice", arn))

    assert role_statements(stack, of=role)[0]["Resource"] == arn


@pytest.mark.parametrize("imported", [False, True])
def test_grant_read_lets_decrypt_too(stack: Stack, imported: bool) -> None:
    role = iam.Role(stack, "Reader", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    key = kms.Key.from_key_arn(stack, "Key", KEY_ARN) if imported else kms.Key(stack, "Key")
    make(stack, encryption_key=key).grant_read(role)

    (secret_id,) = identified(stack, "AWS::SecretsManager::Secret")
    reading, decrypting = role_statements(stack, of="Reader")
    assert (reading["Action"], reading["Resource"]) == (
        ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
        {"Ref": secret_id},
    )
    assert (decrypting["Action"], decrypting["Resource"]) == ("kms:Decrypt", stack.resolve(key.key_arn))
    assert conditions(decrypting) == {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}


# What an update changes


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        ({}, {"user": "alice"}, set()),
        ({"secret_name": "one"}, {"secret_name": "two"}, {"SmtpSending68D8338D"}),
        ({"secret_name": "one", "user": "alice"}, {"secret_name": "one", "user": "bob"}, set()),
    ],
)
def test_another_user_or_secret_gets_policies_beside_those_of_the_old_one(
    app: App, old: dict[str, str], new: dict[str, str], kept: set[str]
) -> None:
    before, after = in_region(app, "eu-west-1"), in_region(app, "eu-west-2")
    for stack, changes in ((before, old), (after, new)):
        user = iam.User.from_user_name(stack, "User", changes["user"]) if "user" in changes else None
        make(stack, secret_name=changes.get("secret_name"), user=user)

    # Changed in place, the old policies would be gone before the old key is.
    was, now = (set(identified(stack, "AWS::IAM::Policy")) for stack in (before, after))
    assert len(was) == len(now) == 2
    assert was & now == kept
    assert list(identified(before, RESOURCE)) == list(identified(after, RESOURCE))


def test_rotation_goes_on_and_off_without_another_secret_or_user(app: App) -> None:
    off, on = in_region(app, "eu-west-1"), in_region(app, "eu-west-2")
    make(off)
    make(on, rotate_after=MONTH)

    lasting = set(template(off)["Resources"])
    assert lasting < set(template(on)["Resources"])
    assert all(each.startswith("SmtpRotation") for each in set(template(on)["Resources"]) - lasting)
    assert (properties(off)["Rotates"], properties(on)["Rotates"]) == ("false", "true")


# Rotation


def test_there_is_no_rotation_unless_asked_for(stack: Stack) -> None:
    credentials = make(stack)

    assert credentials.rotation_function is None
    assert resources(stack, "AWS::SecretsManager::RotationSchedule") == []
    assert resources(stack, "AWS::Events::Rule") == []


def test_the_secret_rotates_after_the_days_that_were_given_and_not_at_once(stack: Stack) -> None:
    credentials = make(stack, rotate_after=MONTH)

    (secret_id,) = identified(stack, "AWS::SecretsManager::Secret")
    assert credentials.rotation_function
    assert only(stack, "AWS::SecretsManager::RotationSchedule")["Properties"] == {
        "SecretId": {"Ref": secret_id},
        "RotationLambdaARN": stack.resolve(credentials.rotation_function.function_arn),
        "RotationRules": {"AutomaticallyAfterDays": 30},
        "RotateImmediatelyOnUpdate": False,
    }


def test_rotation_starts_after_the_first_credentials_which_outlive_what_rotates_them(stack: Stack) -> None:
    make(stack, rotate_after=MONTH)

    (resource_id,) = identified(stack, RESOURCE)
    (rotator,) = (each for each in identified(stack, "AWS::Lambda::Function") if each.startswith("SmtpRotation"))
    assert resource_id in needs(stack, rotator)
    for invokes in ("AWS::Events::Rule", "AWS::SecretsManager::RotationSchedule", "AWS::CloudWatch::Alarm"):
        (invoker,) = identified(stack, invokes)
        assert {resource_id, rotator} <= needs(stack, invoker)
    (schedule_id,) = identified(stack, "AWS::SecretsManager::RotationSchedule")
    assert {"SmtpRotationPermission6EC49E41", "SmtpRotationHandlerRoleB8140CE7"} <= needs(stack, schedule_id)
    assert rotator not in needs(stack, resource_id)


@pytest.mark.parametrize(
    ("existing", "owns", "grace", "seconds"),
    [(False, "true", None, "86400"), (True, "false", Duration.hours(11), "39600")],
)
def test_the_function_that_rotates_is_told_whose_keys_and_the_grace_time(
    stack: Stack, existing: bool, owns: str, grace: Duration | None, seconds: str
) -> None:
    credentials = make(
        stack,
        rotate_after=MONTH,
        user=alice(stack) if existing else None,
        keep_previous_for=grace,
    )

    (function,) = (
        each
        for each in resources(stack, "AWS::Lambda::Function")
        if each["Properties"]["Handler"] == "handlers.rotate_smtp_credentials.on_event"
    )
    assert function["Properties"]["Environment"]["Variables"] == {
        "SMTP_USER_NAME": stack.resolve(credentials.user.user_name),
        "SMTP_SECRET_ARN": stack.resolve(credentials.secret.secret_arn),
        "SMTP_OWNS_USER": owns,
        "SMTP_HOST": "email-smtp.eu-west-1.amazonaws.com",
        "SMTP_PORT": "465",
        "SMTP_GRACE_SECONDS": seconds,
    }


def test_secrets_manager_invokes_the_function_for_this_secret_alone(stack: Stack) -> None:
    make(stack, rotate_after=MONTH)

    (secret_id,) = identified(stack, "AWS::SecretsManager::Secret")
    ((_, statement),) = service_statements(stack, "secretsmanager.amazonaws.com")
    assert statement["Action"] == "lambda:InvokeFunction"
    assert conditions(statement) == {"aws:SourceAccount": "111122223333", "aws:SourceArn": f"<{secret_id}>"}


def test_the_previous_key_is_looked_at_once_an_hour(stack: Stack) -> None:
    make(stack, rotate_after=MONTH)

    ((rule_id, rule),) = identified(stack, "AWS::Events::Rule").items()
    ((_, statement),) = service_statements(stack, "events.amazonaws.com")
    (target,) = rule["Properties"]["Targets"]
    assert rule["Properties"]["ScheduleExpression"] == "rate(1 hour)"
    assert target["Arn"] == statement["Resource"]
    # Without an input of its own the event is the one that the function knows as a schedule's.
    assert "Input" not in target
    assert conditions(statement) == {"aws:SourceArn": f"<{rule_id}.Arn>"}


def test_an_alarm_tells_of_rotations_that_fail(stack: Stack) -> None:
    topic = sns.Topic(stack, "Topic")
    reactions = [NotifyTopic(topic), cloudwatch_actions.SnsAction(sns.Topic(stack, "Other"))]
    credentials = make(stack, rotate_after=MONTH, reactions=reactions)

    alarm = only(stack, "AWS::CloudWatch::Alarm")["Properties"]
    assert credentials.rotation_function
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ("AWS/Lambda", "Errors", 1)
    assert alarm["Dimensions"] == [
        {"Name": "FunctionName", "Value": stack.resolve(credentials.rotation_function.function_name)}
    ]
    assert len(alarm["AlarmActions"]) == 2


# The endpoint in a VPC


def test_a_vpc_gets_an_endpoint_with_the_host_of_the_region(stack: Stack) -> None:
    credentials = make(stack, vpc=known_vpc(stack))

    (group_id,) = identified(stack, "AWS::EC2::SecurityGroup")
    assert credentials.vpc_endpoint
    assert only(stack, "AWS::EC2::VPCEndpoint")["Properties"] == {
        "VpcEndpointType": "Interface",
        "ServiceName": "com.amazonaws.eu-west-1.email-smtp",
        "VpcId": "vpc-1",
        "SubnetIds": ["subnet-1"],
        "SecurityGroupIds": [{"Fn::GetAtt": [group_id, "GroupId"]}],
        "PrivateDnsEnabled": True,
    }


@pytest.mark.parametrize("port", [465, 2587])
def test_the_endpoint_takes_the_port_from_the_vpc_and_nothing_else(stack: Stack, port: int) -> None:
    make(stack, vpc=known_vpc(stack), port=port)

    group = only(stack, "AWS::EC2::SecurityGroup")["Properties"]
    assert resources(stack, "AWS::EC2::SecurityGroupIngress") == []
    assert [(each["CidrIp"], each["FromPort"], each["ToPort"]) for each in group["SecurityGroupIngress"]] == [
        ("10.1.0.0/16", port, port)
    ]
    assert [each["CidrIp"] for each in group["SecurityGroupEgress"]] == ["255.255.255.255/32"]


def test_the_endpoint_is_in_the_subnets_that_were_given_or_are_there(stack: Stack) -> None:
    subnet = ec2.Subnet.from_subnet_attributes(stack, "Subnet", subnet_id="subnet-9", availability_zone="eu-west-1b")
    make(stack, vpc=known_vpc(stack), vpc_subnets=ec2.SubnetSelection(subnets=[subnet]))
    public = ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC)
    vpc = ec2.Vpc(stack, "PublicVpc", max_azs=1, subnet_configuration=[public])
    make(stack, "Second", domain=domain(stack, "example.org"), vpc=vpc)

    (subnet_id,) = identified(stack, "AWS::EC2::Subnet")
    found = [each["Properties"]["SubnetIds"] for each in resources(stack, "AWS::EC2::VPCEndpoint")]
    assert found == [["subnet-9"], [{"Ref": subnet_id}]]
    assert [each for each in warnings(stack) if "smtp-endpoint-zones" in each] == []


def test_other_addresses_may_be_let_into_the_endpoint(stack: Stack) -> None:
    credentials = make(stack, vpc=known_vpc(stack))
    assert credentials.vpc_endpoint
    credentials.vpc_endpoint.connections.allow_from(ec2.Peer.ipv4("100.64.0.0/16"), ec2.Port.tcp(credentials.port))

    group = only(stack, "AWS::EC2::SecurityGroup")["Properties"]
    assert [each["CidrIp"] for each in group["SecurityGroupIngress"]] == ["10.1.0.0/16", "100.64.0.0/16"]


@pytest.mark.parametrize(
    ("region", "zones"),
    [
        ("ap-northeast-2", "apne2-az4 of"),
        ("ca-central-1", "cac1-az3, cac1-az4 of"),
        ("us-east-1", "use1-az2, use1-az3, use1-az5 of"),
        ("us-west-1", "usw1-az2 of"),
        ("us-west-2", "usw2-az4 of"),
    ],
)
def test_zones_without_the_endpoint_are_named(app: App, region: str, zones: str) -> None:
    stack = in_region(app, region)
    make(stack, vpc=known_vpc(stack))

    (warning,) = warnings(stack)
    assert zones in warning
    assert "[ack: ses-constructs:smtp-endpoint-zones]" in warning


# Warnings


@pytest.mark.parametrize("region", ["af-south-1", "me-south-1", "mars-north-1"])
def test_a_region_that_is_not_known_to_have_smtp_is_warned_about(app: App, region: str) -> None:
    stack = in_region(app, region)
    make(stack)
    make(stack, "Own", domain=domain(stack, "example.org"), host="smtp.example.com")

    (warning,) = warnings(stack)
    assert f"SMTP endpoint in {region}" in warning
    assert "[ack: ses-constructs:region-without-smtp]" in warning


def test_port_25_is_warned_about(stack: Stack) -> None:
    make(stack, port=25)

    (warning,) = warnings(stack)
    assert "[ack: ses-constructs:smtp-port-25]" in warning


# Credentials made elsewhere


def test_credentials_made_elsewhere_can_be_read(stack: Stack) -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:smtp-AbCdEf"
    secret = secretsmanager.Secret.from_secret_complete_arn(stack, "Known", arn)
    credentials = SmtpCredentials.from_secret(stack, "Smtp", secret)
    role = iam.Role(stack, "Reader", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    credentials.grant_read(role)
    role.node.add_dependency(credentials.ready)

    (statement,) = role_statements(stack, of="Reader")
    assert statement["Resource"] == arn
    assert set(template(stack)["Resources"]) == {"ReaderF7BF189D", "ReaderDefaultPolicy151F3818"}


def test_a_key_is_used_through_secrets_manager_of_the_region_of_the_secret(stack: Stack) -> None:
    secret = secretsmanager.Secret.from_secret_attributes(
        stack,
        "Replica",
        secret_complete_arn="arn:aws:secretsmanager:us-east-1:111122223333:secret:smtp-AbCdEf",
        encryption_key=kms.Key.from_key_arn(stack, "Key", KEY_ARN.replace("eu-west-1", "us-east-1")),
    )
    role = iam.Role(stack, "Reader", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    SmtpCredentials.from_secret(stack, "Smtp", secret).grant_read(role)

    _, decrypting = role_statements(stack, of="Reader")
    assert conditions(decrypting) == {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}


def test_a_secret_is_all_that_credentials_made_elsewhere_need(stack: Stack) -> None:
    secret = secretsmanager.Secret.from_secret_name_v2(stack, "Known", "smtp")
    credentials = SmtpCredentials.from_secret(stack, "Smtp", secret)

    assert credentials.secret is credentials.ready is secret
    assert isinstance(credentials, SmtpSecret)
    assert isinstance(make(stack, "Made"), SmtpSecret)


def test_credentials_made_elsewhere_without_a_secret_are_refused(stack: Stack) -> None:
    with pytest.raises(TypeError, match=r"Can't instantiate abstract class SmtpSecret .*ready.*secret"):
        SmtpSecret(stack, "Smtp")  # type: ignore[abstract]


@pytest.mark.parametrize("attribute", ["secret", "ready"])
def test_what_others_wait_for_and_read_cannot_be_replaced(stack: Stack, attribute: str) -> None:
    credentials = make(stack)

    with pytest.raises(AttributeError, match=attribute):
        setattr(credentials, attribute, credentials.user)


# What is refused


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"from_addresses": ["ada@example.org"]}, r"from_addresses must be addresses of example\.com"),
        (
            {"from_addresses": [f"shop-{number}@example.com" for number in range(14)]},
            "from_addresses must take at most 1300 characters of a policy, which has each of them in a condition and "
            "in an ARN, because IAM limits the policies of a user, got",
        ),
        ({"port": 26}, "port must be one of 25, 465, 587, 2465, 2587, got 26; take 465"),
        ({"host": "https://smtp.example.com"}, "host must be a bare domain name"),
        ({"secret_name": "mail smtp"}, "secret_name must be 1-512 ASCII letters, digits and .* got 'mail smtp'"),
        ({"rotate_after": Duration.hours(36)}, "rotate_after must be 1 to 1000 whole days, got '1 day 12 hours'"),
        ({"rotate_after": Duration.days(1001)}, "rotate_after must be 1 to 1000 whole days, got '1001 days'"),
        (
            {"rotate_after": Duration.days(2)},
            "rotate_after must be longer than twice keep_previous_for, which is 1 day, got '2 days'",
        ),
        (
            {"rotate_after": Duration.days(10), "keep_previous_for": Duration.days(5)},
            "rotate_after must be longer than twice keep_previous_for, which is 5 days, got '10 days'",
        ),
        (
            {"rotate_after": MONTH, "keep_previous_for": Duration.minutes(59)},
            "keep_previous_for must be an hour or more, got '59 minutes'",
        ),
        ({"keep_previous_for": Duration.days(1)}, "keep_previous_for must come with rotate_after"),
        ({"reactions": [EmailTeam("ops@example.net")]}, "reactions must come with rotate_after, got "),
        ({"replica_regions": ["eu-west-1"]}, "replica_regions must be other regions than that of the stack"),
        ({"replica_regions": ["Ireland!"]}, "replica_regions must be the code of an AWS region"),
        ({"replica_regions": ["us-east-1", "us-east-1"]}, "replica_regions must hold every entry once"),
        ({"replica_regions": ["us-east-1"]}, "secret_name must be given with replica_regions"),
        ({"vpc_subnets": ec2.SubnetSelection(one_per_az=True)}, "vpc_subnets must come with vpc"),
    ],
)
def test_arguments_that_cannot_work_are_refused(stack: Stack, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(stack, **changes)


def test_a_domain_of_another_region_is_refused(app: App, stack: Stack) -> None:
    elsewhere = domain(in_region(app, "eu-west-2"))

    with pytest.raises(ValueError, match="domain must be in the region of the stack, eu-west-1, got 'eu-west-2'"):
        make(stack, domain=elsewhere)


@pytest.mark.parametrize(
    "host",
    [
        "email-smtp.us-east-1.amazonaws.com",
        "email-smtp-fips.us-east-1.amazonaws.com",
        "Email-SMTP.us-east-1.amazonaws.com",
        "vpce-1-2.email-smtp.us-east-1.vpce.amazonaws.com",
    ],
)
def test_a_host_of_another_region_is_refused(stack: Stack, host: str) -> None:
    with pytest.raises(ValueError, match=r"host must be in the region of the stack, eu-west-1, got .*replica_regions"):
        make(stack, host=host)


def test_who_sends_from_another_region_reads_a_copy(app: App) -> None:
    ses_stack, application = in_region(app, "us-east-1"), in_region(app, "eu-west-1")
    make(ses_stack, secret_name="mail/smtp", replica_regions=["eu-west-1"])
    copy = secretsmanager.Secret.from_secret_name_v2(application, "Copy", "mail/smtp")

    SmtpCredentials.from_secret(application, "Smtp", copy).grant_read(alice(application))

    (secret,) = resources(ses_stack, "AWS::SecretsManager::Secret")
    assert secret["Properties"]["ReplicaRegions"] == [{"Region": "eu-west-1"}]
    (made,) = resources(ses_stack, "Custom::SESSmtpCredentials")
    assert made["Properties"]["Host"] == "email-smtp.us-east-1.amazonaws.com"


def test_a_vpc_without_known_addresses_or_beside_a_host_is_refused(stack: Stack) -> None:
    with pytest.raises(ValueError, match=r"host must be left out with vpc, .* got 'smtp\.example\.com'"):
        make(stack, vpc=ec2.Vpc(stack, "Known"), host="smtp.example.com")
    with pytest.raises(ValueError, match="vpc must have a known CIDR block, got 'vpc-1'; pass vpc_cidr_block"):
        make(stack, "Other", domain=domain(stack, "example.org"), vpc=known_vpc(stack, vpc_cidr_block=None))


@pytest.mark.parametrize("support", [False, True])
def test_a_vpc_without_dns_is_refused(stack: Stack, support: bool) -> None:
    vpc = ec2.Vpc(stack, "Vpc", enable_dns_hostnames=False, enable_dns_support=support)

    with pytest.raises(ValueError, match=r"vpc must have DNS hostnames and DNS support on, .* got 'Mail/Vpc'; leave"):
        make(stack, vpc=vpc)


ANOTHER_ACCOUNT = (
    "user must be of the account of the stack, 111122223333, got '999999999999'; leave it out, or name a user"
)


def test_a_user_of_another_account_is_refused(app: App, stack: Stack) -> None:
    foreign = iam.User.from_user_arn(stack, "Foreign", "arn:aws:iam::999999999999:user/team/legacy")
    users = Stack(app, "Users", env=Environment(account="999999999999", region="eu-west-1"))

    for number, user in enumerate((foreign, iam.User(users, "User"))):
        with pytest.raises(ValueError, match=ANOTHER_ACCOUNT):
            make(stack, f"Smtp{number}", domain=domain(stack, f"d{number}.example.com"), user=user)


@pytest.mark.parametrize(("existing", "got"), [(True, "alice"), (False, "Mail/First/User")])
def test_a_user_is_for_one_of_them(stack: Stack, existing: bool, got: str) -> None:
    first = make(stack, "First", user=alice(stack) if existing else None, rotate_after=MONTH)
    again = iam.User.from_user_arn(stack, "Again", "arn:aws:iam::111122223333:user/alice") if existing else first.user

    with pytest.raises(
        ValueError,
        match=f"user must be for one SmtpCredentials in stack 'Mail', got '{got}'; leave user out, so that each",
    ):
        make(stack, "Second", domain=domain(stack, "example.org"), user=again)


@pytest.mark.parametrize(
    ("grantee", "got"),
    [
        (iam.AccountPrincipal("222233334444"), "arn:<AWS::Partition>:iam::222233334444:root"),
        (iam.ArnPrincipal("arn:aws:iam::222233334444:role/Reader"), "arn:aws:iam::222233334444:role/Reader"),
        (iam.ServicePrincipal("ecs-tasks.amazonaws.com"), "ecs-tasks.amazonaws.com"),
    ],
)
def test_nobody_else_can_read_what_the_managed_key_encrypts(stack: Stack, grantee: iam.IGrantable, got: str) -> None:
    credentials = make(stack)

    with pytest.raises(
        ValueError,
        match=f"grantee must be of this account for a secret without an encryption_key, got '{got}'; pass enc",
    ):
        credentials.grant_read(grantee)


def test_another_account_can_read_with_a_key_of_yours(stack: Stack) -> None:
    make(stack, encryption_key=kms.Key(stack, "Key")).grant_read(iam.AccountPrincipal("222233334444"))

    (statement,) = only(stack, "AWS::SecretsManager::ResourcePolicy")["Properties"]["ResourcePolicy"]["Statement"]
    assert written(statement["Principal"]["AWS"]) == "arn:<AWS::Partition>:iam::222233334444:root"


def test_other_errors_of_cdk_stay_what_they_are(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = make(stack)

    def fails(*, grantee: iam.IGrantable) -> iam.Grant:
        raise RuntimeError("no connection to Node")

    monkeypatch.setattr(credentials.secret, "grant_read", fails)
    with pytest.raises(RuntimeError, match="no connection to Node"):
        credentials.grant_read(alice(stack))


@pytest.mark.parametrize(("encrypted", "count"), [(True, 8), (False, 13)])
def test_a_stack_has_as_many_as_the_role_can_hold(stack: Stack, encrypted: bool, count: int) -> None:
    key = kms.Key(stack, "Key") if encrypted else None
    for number in range(count):
        make(stack, f"Smtp{number}", domain=domain(stack, f"d{number}.example.com"), encryption_key=key)

    with pytest.raises(ValueError, match=r"the custom resources of SesSmtpCredentials in stack 'Mail' must .* further"):
        make(stack, "OneMore", encryption_key=key)


def test_the_longest_fit_into_the_role_beside_two_that_are_on_their_way_out(app: App) -> None:
    stack = Stack(app, "Mail", env=Environment(account="111122223333", region="ap-southeast-2"))
    longest = {
        "user": "arn:aws:iam::111122223333:user/" + 64 * "u",
        "secret": "arn:aws:secretsmanager:ap-southeast-2:111122223333:secret:" + 60 * "s",
    }
    make(
        stack,
        user=iam.User.from_user_arn(stack, "User", longest["user"]),
        encryption_key=kms.Key.from_key_arn(stack, "Key", KEY_ARN.replace("eu-west-1", "ap-southeast-2")),
    )

    (policy,) = (each for each in resources(stack, "AWS::IAM::Policy") if "Roles" in each["Properties"])
    document = policy["Properties"]["PolicyDocument"]
    (secret_id,) = identified(stack, "AWS::SecretsManager::Secret")
    text = json.dumps(document, separators=(",", ":"))
    text = text.replace(json.dumps({"Ref": secret_id}, separators=(",", ":")), json.dumps(longest["secret"]))
    # Eight of them, and two of 10,240 characters; the log takes up to 360
    # (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
    assert 800 < len(text) <= 9_880 / (8 + 2)
