"""The day the main account cannot send: two accounts, IAM enforced, a sender that follows the route."""

import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from local_aws import drill as steps
from local_aws.aws import LocalAws
from local_aws.demo import Progress
from local_aws.drill import Drill
from local_aws.drill_app import DOMAIN, STANDBY_ACCOUNT

pytestmark = pytest.mark.xdist_group("local-aws-enforced-2")


# A minute: two accounts are bootstrapped and deployed to by the CDK CLI, on a server of its own.
@pytest.fixture(scope="module")
def deployed() -> Iterator[Drill]:
    with LocalAws.start(enforce_iam=True) as aws:
        aws.bootstrap()
        yield Drill.deploy(aws)


@pytest.fixture
def drill(deployed: Drill) -> Iterator[Drill]:
    """With mail going through the primary, and every message of the test sent once in the end."""
    calm(deployed)
    yield deployed
    calm(deployed)
    deployed.send_all("primary")
    deployed.accounts()


def calm(drill: Drill) -> None:
    drill.main.set_ses_account()
    drill.main.client("sesv2").put_account_sending_attributes(SendingEnabled=True)
    drill.standby.leave_sandbox()
    for name in ("Failing", "Slow", "Refused"):
        drill.alarm(name, "OK")
    drill.switch("primary", "the next test")
    drill.until(lambda: len(drill.told) == len(drill._heard()), "the queue should be empty")
    drill.told.clear()


def test_the_drill_switches_by_itself_on_errors_and_by_a_person_back_and_on_a_pause(
    drill: Drill, record_property: Callable[[str, object], None]
) -> None:
    before = drill.route()["generation"]
    console = Console(file=io.StringIO(), highlight=False, width=200)

    seconds = steps.show(drill, Progress(console), console)

    record_property("seconds from the alarm to the switch", seconds)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert f"the route was switched {seconds:.1f} s after the alarm" in shown
    assert "AWS treats related accounts together" in shown
    assert f"All is well: each of {len(drill.written)} messages was sent once." in shown
    history = drill.main.client("ssm").get_parameter_history(Name=drill.outputs["Route"])["Parameters"]
    routes = [json.loads(each["Value"]) for each in history]
    switches = [(each["active"], each["by"], each["why"]) for each in routes if each["generation"] > before]
    assert switches[0][:2] == ("standby", f"alarm {drill.outputs['FailingAlarm']}")
    assert switches[1:] == [
        ("primary", "the drill", "SES answers again"),
        ("standby", "the drill", "told to by the team"),
    ]


@pytest.mark.parametrize("status", ["PROBATION", "SHUTDOWN"])
def test_enforcement_calls_for_a_person_however_many_calls_fail(drill: Drill, status: str) -> None:
    before = drill.route()
    drill.main.set_ses_account(enforcement_status=status)

    drill.alarm("Failing", "ALARM")

    drill.hears(f"AWS's enforcement status of the account is {status}")
    assert drill.route() == before


def test_what_ses_reports_by_itself_calls_for_a_person(drill: Drill) -> None:
    before, aws = drill.route(), drill.main
    record = {"status": "DISABLED", "cause": "too many bounces", "lastUpdatedTimestamp": "2026-11-24T12:00:00Z"}
    entry: Any = {
        "Source": "aws.ses",
        "DetailType": "Sending Status Disabled",
        "Detail": json.dumps({"version": "1.0.0", "data": {"origin": "AWS_MANAGED", "record": record}}),
        "Resources": [f"arn:aws:ses:{aws.region}:{aws.account}:configuration-set/mail"],
    }

    aws.client("events").put_events(Entries=[entry])

    assert "too many bounces" in drill.hears("SES has switched off sending")
    assert drill.route() == before


def test_nobody_is_sent_to_a_standby_that_cannot_send(drill: Drill) -> None:
    before = drill.route()
    drill.standby.enter_sandbox()

    drill.alarm("Failing", "ALARM")

    drill.hears("the standby is in the sandbox")
    assert "the standby is in the sandbox" in drill.switch("standby", "in spite of it")["errorMessage"]
    assert drill.route() == before


def test_a_switch_that_fails_tells_the_team(drill: Drill) -> None:
    before = drill.route()
    with without(drill, "main", "ssm:PutParameter"):
        drill.alarm("Slow", "ALARM")

        assert "not authorized to perform: ssm:PutParameter" in drill.hears("failed")
    # Lambda has tried again meanwhile, or does so now.
    assert drill.route()["generation"] - before["generation"] in (0, 1)


# What the function may do, by the account whose role allows it, and where to it switches when it needs that.
NEEDED = {
    "ssm:GetParameter": ("main", "standby"),
    "ssm:PutParameter": ("main", "standby"),
    "sts:AssumeRole": ("main", "standby"),
    "ses:GetAccount of the primary": ("main", "primary"),
    "ses:GetConfigurationSet": ("main", "primary"),
    "ses:GetAccount of the standby": ("standby", "standby"),
    "ses:GetEmailIdentity": ("standby", "standby"),
}


def role_of(drill: Drill, account: str) -> tuple[Any, str]:
    """A client for IAM in the account, and the role there: of the function, or the one that it assumes."""
    if account == "main":
        return drill.main.client("iam"), drill.outputs["FailoverRole"]
    sender = drill.main.client("lambda").get_function_configuration(FunctionName=drill.outputs["SenderFunction"])
    return drill.standby.client("iam"), sender["Environment"]["Variables"]["STANDBY_ROLE_ARN"].rpartition("/")[2]


@contextmanager
def without(drill: Drill, account: str, action: str) -> Iterator[None]:
    iam, role = role_of(drill, account)
    deny = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": action, "Resource": "*"}}
    iam.put_role_policy(RoleName=role, PolicyName="Broken", PolicyDocument=json.dumps(deny))
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="Broken")


def test_every_permission_of_the_failover_has_a_test_that_takes_it_away(drill: Drill) -> None:
    found = dict[str, set[str]]()
    for account in ("main", "standby"):
        iam, role = role_of(drill, account)
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
        actions = [each["Action"] for document in documents for each in document["Statement"]]
        found[account] = {one for each in actions for one in ([each] if isinstance(each, str) else each)}

    needed = {account: {name.split()[0] for name, (of, _) in NEEDED.items() if of == account} for account in found}
    assert {each for each in found["main"] - needed["main"] if not each.startswith("logs:")} == {"sns:Publish"}
    # The senders' own, without which the drill would send nothing.
    assert {each for each in found["standby"] - needed["standby"] if not each.startswith("ses:Send")} == set()


@pytest.mark.parametrize("name", NEEDED)
def test_without_one_permission_nothing_is_switched_and_the_person_is_told(drill: Drill, name: str) -> None:
    (account, to), action = NEEDED[name], name.split()[0]
    if to == "primary":
        drill.switch("standby", "to come back from there")
    before = drill.route()

    with without(drill, account, action):
        answer = drill.switch(to, "one permission is missing")

    assert f"not authorized to perform: {action} " in answer["errorMessage"]
    assert drill.route() == before
    assert drill.switch(to, "all permissions are there")["switched"]


def test_without_permission_to_tell_the_switch_is_made_all_the_same(drill: Drill) -> None:
    with without(drill, "main", "sns:Publish"):
        answer = drill.switch("standby", "nobody hears of it")

    assert (answer["switched"], drill.route()["active"]) == (True, "standby")
    name = drill.main.client("lambda").get_function_configuration(FunctionName=drill.outputs["FailoverFunction"])
    group = name["LoggingConfig"]["LogGroup"]
    events = drill.main.client("logs").filter_log_events(logGroupName=group)["events"]
    assert any("message not published" in each["message"] for each in events)


def test_two_switches_at_once_are_one(drill: Drill) -> None:
    before = drill.route()["generation"]
    with ThreadPoolExecutor(4) as several:
        alarms = [several.submit(drill.alarm, name, "ALARM") for name in ("Failing", "Slow")]
        hands = [several.submit(drill.switch, "standby", "at the same time") for _ in range(2)]
    assert [each.result() for each in alarms] == ["ALARM", "ALARM"]
    answers = [each.result() for each in hands]
    assert [(each["active"], each["generation"]) for each in answers] == [("standby", before + 1)] * 2

    drill.hears("Mail now goes through the standby")
    drill.switch("primary", "in turn, so that every run before is done")
    history = drill.main.client("ssm").get_parameter_history(Name=drill.outputs["Route"])["Parameters"]
    generations = [json.loads(each["Value"])["generation"] for each in history]
    assert generations == [*range(1, before + 3)]


def test_only_a_sender_may_be_the_standbys_and_only_for_this_domain(drill: Drill) -> None:
    role = drill.main.client("lambda").get_function_configuration(FunctionName=drill.outputs["SenderFunction"])
    arn = role["Environment"]["Variables"]["STANDBY_ROLE_ARN"]
    assert arn.split(":")[4] == STANDBY_ACCOUNT
    iam, sts = drill.main.client("iam"), drill.main.client("sts")
    iam.create_user(UserName="stranger")
    key = iam.create_access_key(UserName="stranger")["AccessKey"]
    stranger = drill.main.client(
        "sts", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )

    with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
        stranger.assume_role(RoleArn=arn, RoleSessionName="stranger")

    given = sts.assume_role(RoleArn=arn, RoleSessionName="sender")["Credentials"]
    sesv2 = drill.standby.client(
        "sesv2",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    with pytest.raises(ClientError, match="not authorized to perform: ses:DeleteEmailIdentity"):
        sesv2.delete_email_identity(EmailIdentity=DOMAIN)
