"""How handlers are deployed: one asset, one function for each handler and stack, narrow roles."""

import json
import py_compile
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Aws, Duration, Environment, Fn, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

import ses_constructs
from ses_constructs import DmarcPolicy, RecordsToPublish, Route53Zone, SmtpCredentials, VerifiedAddress, VerifiedDomain
from ses_constructs.functions import (
    custom_resource_function as _custom_resource_function,
)
from ses_constructs.functions import (
    handler_function as _handler_function,
)
from ses_constructs.functions._handler_settings import HANDLERS
from ses_constructs.functions._policy_length import policy_length
from tests.conftest import hosted_zone
from tests.constructs.templates import identified, only, resources, role_statements, template, written

PACKAGE = Path(ses_constructs.__file__).parent


@pytest.fixture
def waiting(stack: Stack, zone: Route53Zone) -> Stack:
    VerifiedDomain(stack, "Domain", domain_name="example.com", dns=zone, wait_until_verified=Duration.minutes(5))
    return stack


def test_a_function_runs_the_newest_python_on_arm(waiting: Stack) -> None:
    function = only(waiting, "AWS::Lambda::Function")["Properties"]

    assert function["Runtime"] == lambda_.Runtime.PYTHON_3_14.name
    assert function["Architectures"] == ["arm64"]
    assert function["Handler"] == "handlers.wait_for_verification.on_event"
    assert function["Timeout"] == 900


def test_a_function_logs_to_its_own_group_for_a_month(waiting: Stack) -> None:
    log_group = only(waiting, "AWS::Logs::LogGroup")

    assert log_group["Properties"]["RetentionInDays"] == 30
    assert log_group["DeletionPolicy"] == "Delete"
    (log_id,) = (k for k, each in template(waiting)["Resources"].items() if each["Type"] == "AWS::Logs::LogGroup")
    assert only(waiting, "AWS::Lambda::Function")["Properties"]["LoggingConfig"]["LogGroup"] == {"Ref": log_id}


def test_a_role_has_no_managed_policy_and_may_write_its_log(waiting: Stack) -> None:
    role = only(waiting, "AWS::IAM::Role")["Properties"]

    assert "ManagedPolicyArns" not in role
    (log_id,) = (k for k, each in template(waiting)["Resources"].items() if each["Type"] == "AWS::Logs::LogGroup")
    assert role["Policies"][0]["PolicyDocument"]["Statement"][0] == {
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Effect": "Allow",
        "Resource": {"Fn::GetAtt": [log_id, "Arn"]},
    }


def test_every_permission_names_its_resource(waiting: Stack) -> None:
    name = written(only(waiting, "AWS::Lambda::Function")["Properties"]["FunctionName"])
    allowed = {str(each["Action"]): each["Resource"] for each in role_statements(waiting, of="SesWait")}

    assert name == "SesWaitForVerification-<<AWS::StackId> by /, 2>"
    assert written(allowed["lambda:InvokeFunction"]) == (
        f"arn:<AWS::Partition>:lambda:eu-west-1:111122223333:function:{name}"
    )
    assert written(allowed["ses:GetEmailIdentity"]) == (
        "arn:<AWS::Partition>:ses:eu-west-1:111122223333:identity/example.com"
    )


def test_a_custom_resource_waits_for_its_policies(stack: Stack) -> None:
    add_sender(stack, "mail")

    (policy,) = identified(stack, "AWS::IAM::Policy")
    assert policy in only(stack, "Custom::SESSenderPolicy")["DependsOn"]


def test_every_custom_resource_bounds_a_lost_answer(stack: Stack, zone: Route53Zone) -> None:
    domain = VerifiedDomain(
        stack,
        "Domain",
        domain_name="example.com",
        dns=zone,
        legacy_verification_token=True,
        wait_until_verified=Duration.minutes(5),
    )
    domain.allow_sender("222233334444")

    custom = [each for each in template(stack)["Resources"].values() if each["Type"].startswith("Custom::")]
    assert {each["Type"]: int(each["Properties"]["ServiceTimeout"]) for each in custom} == {
        "Custom::SESVerificationToken": 600,
        "Custom::SESDomainVerification": 600,
        "Custom::SESSenderPolicy": 600,
    }


def test_no_event_waits_longer_for_its_function_than_cloudformation_for_its_answer(stack: Stack) -> None:
    for number, minutes in enumerate((20, 40, 5)):
        scope = Construct(stack, f"Wait{number}")
        add_domain(scope, f"d{number}", wait_until_verified=Duration.minutes(minutes))

    custom = [each for each in template(stack)["Resources"].values() if each["Type"].startswith("Custom::")]
    (event_age_id,) = identified(stack, "AWS::Lambda::EventInvokeConfig")
    assert all(event_age_id in each["DependsOn"] for each in custom)
    event_age = only(stack, "AWS::Lambda::EventInvokeConfig")["Properties"]
    assert event_age["MaximumEventAgeInSeconds"] == max(int(each["Properties"]["ServiceTimeout"]) for each in custom)
    assert event_age["MaximumEventAgeInSeconds"] == 45 * 60
    assert event_age["Qualifier"] == "$LATEST"


def test_a_function_asks_about_its_own_stack_and_about_no_other(waiting: Stack) -> None:
    role, function = only(waiting, "AWS::IAM::Role"), only(waiting, "AWS::Lambda::Function")

    assert role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][1:2] == [
        {
            "Action": ["cloudformation:DescribeStackEvents", "cloudformation:DescribeStackResource"],
            "Effect": "Allow",
            "Resource": {"Ref": "AWS::StackId"},
        }
    ]
    assert function["Properties"]["Environment"]["Variables"] == {"STACK_ID": {"Ref": "AWS::StackId"}}


def test_a_role_is_not_filled_beyond_its_quota(stack: Stack, zone: Route53Zone) -> None:
    def make(count: int) -> None:
        name = f"d{count}.example.com"
        domain = VerifiedDomain(stack, f"D{count}", domain_name=name, dns=zone)
        domain.allow_sender("222233334444")

    for count in range(34):
        make(count)
    with pytest.raises(
        ValueError,
        match=r"the custom resources of SesSenderPolicy in stack 'Mail' must have policies of 9,490 characters "
        r"together, for IAM limits those of their one role, got 9\d\d\d; put further ones into another stack",
    ):
        make(34)


LONGEST = {
    "AWS::IAM::User": "arn:aws:iam::111122223333:user/" + 64 * "u",
    "AWS::KMS::Key": "arn:aws:kms:ap-southeast-2:111122223333:key/" + 36 * "k",
    "AWS::Lambda::Function": "arn:aws:lambda:ap-southeast-2:111122223333:function:" + 64 * "f",
    # Named by CloudFormation after the stack, of 128 letters at most, and the logical id.
    "AWS::Logs::LogGroup": "arn:aws:logs:ap-southeast-2:111122223333:log-group:" + 175 * "g" + ":*",
}


def role_characters(stack: Stack) -> int:
    """What IAM counts of the policies of the one role, with the longest values that references can get."""
    made = template(stack)["Resources"]

    def value(found: Any) -> Any:
        match found:
            case {"Ref": "AWS::Partition"}:
                return "aws"
            case {"Ref": "AWS::StackName"}:
                return 128 * "s"
            case {"Ref": "AWS::Region"}:
                return "ap-southeast-2"
            case {"Ref": "AWS::AccountId"}:
                return "111122223333"
            case {"Ref": "AWS::StackId"}:
                return "arn:aws:cloudformation:ap-southeast-2:111122223333:stack/" + 128 * "s" + "/" + 36 * "u"
            case {"Ref": name} if made[name]["Type"] == "AWS::SES::EmailIdentity":
                return made[name]["Properties"]["EmailIdentity"]
            case {"Ref": name} if made[name]["Type"] == "AWS::SecretsManager::Secret":
                named = made[name]["Properties"].get("Name", f"{name}-123456789012")
                return f"arn:aws:secretsmanager:ap-southeast-2:111122223333:secret:{named}-123456"
            case {"Fn::GetAtt": [name, "Arn"]}:
                return LONGEST[made[name]["Type"]]
            case {"Fn::Select": [index, {"Fn::Split": [separator, text]}]}:
                return value(text).split(separator)[index]
            case {"Fn::Join": [separator, parts]}:
                return separator.join(map(value, parts))
            case dict():
                return {key: value(each) for key, each in found.items()}
            case list():
                return [value(each) for each in found]
        return found

    every = [each.get("Properties", {}) for each in made.values()]
    policies = [each for properties in every for each in (properties, *properties.get("Policies", []))]
    documents = [each["PolicyDocument"] for each in policies if "PolicyDocument" in each and "Users" not in each]
    return sum(len(json.dumps(value(each), separators=(",", ":"))) for each in documents)


def add_domain(scope: Construct, name: str, **changes: Any) -> VerifiedDomain:
    domain_name = f"{name}.example.com"
    # Few records, for which the outputs of a stack have room.
    changes = {"dns": RecordsToPublish(), "mail_from": None, "dmarc": None, **changes}
    return VerifiedDomain(scope, "Domain", domain_name=domain_name, **changes)


def add_records(scope: Construct, name: str) -> None:
    zone = Route53Zone(hosted_zone(Stack.of(scope), f"{name}.example.com", f"Zone{name[:4]}"), adopts_existing=True)
    add_domain(scope, name, dns=zone, mail_from="mail", dmarc=DmarcPolicy.monitor(), receives_mail=True)


def add_wait(scope: Construct, name: str) -> None:
    add_domain(scope, name, wait_until_verified=Duration.minutes(5))


def add_sender(scope: Construct, name: str) -> None:
    add_domain(scope, name).allow_sender("222233334444")


def add_address(scope: Construct, name: str) -> None:
    VerifiedAddress(scope, "Address", address=f"{60 * 'a'}@{name}.example.com")


def add_credentials(scope: Construct, name: str) -> None:
    domain = VerifiedDomain.from_domain_name(scope, "Domain", "example.com")
    SmtpCredentials(scope, "Smtp", domain=domain, secret_name=name)


def add_credentials_with_a_key(scope: Construct, name: str) -> None:
    domain = VerifiedDomain.from_domain_name(scope, "Domain", "example.com")
    SmtpCredentials(scope, name, domain=domain, encryption_key=kms.Key(scope, "Key"))


@pytest.mark.parametrize(
    ("add", "label", "promised", "replaced"),
    [
        (add_wait, 118, 44, 0),
        (add_wait, 186, 35, 0),
        (add_sender, 37, 30, 0),
        (add_sender, 186, 20, 0),
        (add_records, 8, 10, 1),
        (add_records, 50, 8, 1),
        (add_address, 8, 20, 0),
        (add_address, 150, 5, 0),
        (add_credentials, 50, 12, 2),
        (add_credentials, 500, 6, 2),
        (add_credentials_with_a_key, 50, 8, 2),
    ],
)
def test_what_is_let_through_fits_into_the_role_with_the_longest_names(
    add: Callable[[Construct, str], None], label: int, promised: int, replaced: int
) -> None:
    def fill(stack_name: str, most: int) -> tuple[Stack, int, str]:
        """A stack with *most* of them, or as many as there is room for; how many, and what was said then."""
        # In an app of its own, as both have domains of the same names.
        app = App(analytics_reporting=False, tree_metadata=False)
        stack = Stack(app, stack_name, env=Environment(account="111122223333", region="ap-southeast-2"))
        for count in range(most):
            text = f"n{count:03}".ljust(label, "x")
            try:
                add(Construct(stack, f"Part{count:03}"), text if replaced == 2 else re.sub("(.{60})", r"\1.", text))
            except ValueError as error:
                return stack, count, str(error)
        return stack, most, ""

    _, count, refusal = fill("Full", 100)
    stack, _, _ = fill("Sydney", count)  # without the policies of the one that was refused

    assert "put further ones into another stack" in refusal
    # What an update replaces stands beside the rest.
    used = role_characters(stack) * (count + replaced) / count
    assert count >= promised
    assert 0.85 * 10_240 < used <= 10_240


def test_a_permission_that_several_resources_share_takes_room_once(stack: Stack) -> None:
    function = _custom_resource_function.CustomResourceFunction.shared(stack, "verified_address")
    for _ in range(100):
        function.allow_on_each("ses:GetEmailIdentity", ["arn:aws:ses:eu-west-1:111122223333:identity/example.com"])

    assert role_statements(stack, of="SesVerifiedAddress")[1:] == [
        {
            "Action": "ses:GetEmailIdentity",
            "Effect": "Allow",
            "Resource": "arn:aws:ses:eu-west-1:111122223333:identity/example.com",
        }
    ]


def test_a_permission_that_several_resources_share_does_not_fill_the_role_either(stack: Stack) -> None:
    function = _custom_resource_function.CustomResourceFunction.shared(stack, "verified_address")

    with pytest.raises(ValueError, match=r"SesVerifiedAddress .* put further ones into another stack"):
        function.allow_on_each("ses:GetEmailIdentity", [f"arn:aws:ses:eu-west-1:1:identity/{n}" for n in range(300)])


@pytest.mark.parametrize(
    ("resource", "characters"),
    [
        ("arn:aws:ses:eu-west-1:111122223333:identity/example.com", 55),
        (Fn.get_att("Role", "Arn").to_string(), 122),
        (Fn.ref("Secret"), 122),
        (Fn.select(0, Fn.split(",", Fn.ref("Many"))), 122),
        (Fn.ref("Long"), 300),
        (
            f"arn:{Aws.PARTITION}:ses:{Aws.REGION}:{Aws.ACCOUNT_ID}:identity/{Fn.ref('Name')}",
            4 + 10 + 5 + 14 + 1 + 12 + 10 + 64,
        ),
    ],
    # Not by their text: the numbers of tokens differ between processes, and pytest's workers compare ids.
    ids=["an ARN", "an attribute", "a reference", "one of a list", "a long one", "an ARN of parts"],
)
def test_a_reference_counts_as_long_as_its_value_may_be(stack: Stack, resource: str, characters: int) -> None:
    rest = '{"Version":"2012-10-17","Statement":[{"Action":"ses:Get","Effect":"Allow","Resource":""}]}'

    statement = iam.PolicyStatement(actions=["ses:Get"], resources=[resource])
    assert policy_length(stack, [statement], {Fn.ref("Long"): 300}) == len(rest) + characters


def test_the_legacy_token_costs_one_resource_for_each_domain(stack: Stack, zone: Route53Zone) -> None:
    for name in ("one", "two"):
        VerifiedDomain(stack, name, domain_name=f"{name}.example.com", dns=zone, legacy_verification_token=True)

    assert resources(stack, "AWS::IAM::Policy") == []
    assert len(resources(stack, "Custom::SESVerificationToken")) == 2


def test_the_asset_holds_the_handlers_and_nothing_else() -> None:
    app = App()
    domain = VerifiedDomain(Stack(app, "Mail"), "Domain", domain_name="example.com", dns=RecordsToPublish())
    domain.wait_for_identity()
    (folder,) = Path(app.synth().directory).glob("asset.*")

    files = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}
    assert files == {str(each.relative_to(PACKAGE)) for each in (PACKAGE / "handlers").rglob("*.py")}
    assert {"handlers/wait_for_verification.py", "handlers/forwarding/headers.py"} < files


def test_the_asset_hash_does_not_depend_on_bytecode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = set()
    for name in ("clean", "compiled"):
        package = tmp_path / name / "ses_constructs"
        shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
        if name == "compiled":
            for source in package.rglob("*.py"):
                py_compile.compile(str(source))
        monkeypatch.setattr(_handler_function, "_PACKAGE", package)
        stack = Stack(App(), "Mail")
        VerifiedDomain(
            stack,
            "Domain",
            domain_name="example.com",
            dns=Route53Zone(hosted_zone(stack)),
            wait_until_verified=Duration.minutes(5),
        )
        hashes.add(only(stack, "AWS::Lambda::Function")["Properties"]["Code"]["S3Key"])

    assert len(hashes) == 1


def test_every_handler_that_is_deployed_exists() -> None:
    for module in HANDLERS:
        assert (PACKAGE / "handlers" / f"{module}.py").is_file()
