"""The demo, with apps of our own: it works, and it does not hide what is missing.

`test_sample_app_deployed.py` has what the demo says about the sample app.
"""

import re
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns

from local_aws import demo, demo_reputation, demo_smtp
from local_aws.aws import LocalAws
from tests.local_aws.inbound_app import add_function
from tests.local_aws.plain_app import add_mail_domain
from tests.local_aws.test_alarm_actions import add_alarm
from tests.running_aws.deployed_stack import DeployedStack
from tests.running_aws.processes import HANGS_AFTER
from tests.running_aws.zones import Zone

PLAIN_APP = (sys.executable, "-m", "tests.local_aws.plain_app")
# Pauses without a word, and resumes by itself.
FOLLOWS_THE_ALARM = """
import os
import boto3

def handler(event, context):
    boto3.client("sesv2").put_configuration_set_sending_options(
        ConfigurationSetName=os.environ["SET"], SendingEnabled=event["alarmData"]["state"]["value"] == "OK"
    )
"""


# The whole demo: a bootstrap, a deployment, a destruction, and what is asked in between.
def test_shows_what_it_deployed_and_leaves_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal, where it tells of each resource
    assert demo.main(PLAIN_APP) == 0
    shown = capsys.readouterr().out
    for expected in ("cdk bootstrap", "cdk deploy", "SUCCESS, signing is on", "_dmarc.example.com", "All is well"):
        assert expected in shown
    assert re.search(r"[1-9] of [1-9][0-9]* resources, the newest is [A-Z]", shown)


def test_says_what_is_wrong_and_what_is_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def flawed(running: demo.Demo) -> list[str]:
        """An identity without its records, and a topic that stays."""
        running.aws.client("sesv2").create_email_identity(EmailIdentity=demo.DOMAIN)
        running.aws.client("sns").create_topic(Name="kept")
        return []

    phases = (demo.make_zone, flawed, demo.read_back, demo.look_for_left_overs)
    monkeypatch.setattr(demo, "PHASES", [(phase.__name__, phase) for phase in phases])
    assert demo.main() == 1
    _, _, problems = capsys.readouterr().out.partition("Not as it should be:")
    for expected in ("example.com is not verified", "DKIM is PENDING", "no MAIL FROM", "left after destroy: topic"):
        assert expected in problems


def test_fails_with_the_output_of_an_app_that_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "PHASES", [("cdk synth", demo.synthesize)])
    assert demo.main((sys.executable, "-c", "raise SystemExit('the app is broken')")) == 1
    assert "the app is broken" in capsys.readouterr().out


def test_ctrl_c_ends_it_with_a_sentence_and_the_local_aws_with_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[Path] = []

    def interrupted(running: demo.Demo) -> list[str]:
        folders.append(running.aws.server.folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "PHASES", (("interrupted", interrupted),))

    assert demo.main() == 130
    assert capsys.readouterr().out.splitlines()[-1].startswith("Stopped: the local AWS has ended")
    assert [each.exists() for each in folders] == [False]


def add_unwatched_domain(stack: cdk.Stack, zone: Zone, *, follows_the_alarm: bool) -> None:
    """A domain whose set counts nothing; an alarm pauses it, if at all, but nobody is told and it ends by itself."""
    name = f"{stack.stack_name}-set"
    configuration_set = ses.ConfigurationSet(stack, "Set", configuration_set_name=name)
    identity = add_mail_domain(stack, zone.domain, zone.hosted_zone_id)
    identity.configuration_set_attributes = ses.CfnEmailIdentity.ConfigurationSetAttributesProperty(
        configuration_set_name=configuration_set.configuration_set_name
    )
    topic = sns.Topic(stack, "Topic")
    alarms = [add_alarm(stack, role, name) for role in ("BounceRateCritical", "BounceRateCriticalTooFew")]
    for alarm in alarms:
        alarm.add_alarm_action(actions.SnsAction(topic))
    if follows_the_alarm:
        function = add_function(stack, "Follows", FOLLOWS_THE_ALARM, SET=name)
        function.add_to_role_policy(
            iam.PolicyStatement(actions=["ses:PutConfigurationSetSendingOptions"], resources=["*"])
        )
        alarms[0].add_alarm_action(actions.LambdaAction(function))
        alarms[0].add_ok_action(actions.LambdaAction(function, use_unique_permission_id=True))


@pytest.mark.xdist_group("local-aws-2")
@pytest.mark.parametrize("follows_the_alarm", [False, True])
def test_says_what_is_wrong_with_a_pause(
    aws: LocalAws,
    hosted_zone: Zone,
    deployed_stack: DeployedStack,
    monkeypatch: pytest.MonkeyPatch,
    follows_the_alarm: bool,
) -> None:
    deployed_stack.deploy(lambda stack: add_unwatched_domain(stack, hosted_zone, follows_the_alarm=follows_the_alarm))
    watched = demo_reputation.Watched.of(aws, hosted_zone.domain)
    assert watched
    # What never comes is not waited for, and what does come, for as long as it needs.
    for name in ("COUNTED_WITHIN", "TOLD_WITHIN", *(() if follows_the_alarm else ("PAUSED_WITHIN",))):
        monkeypatch.setattr(demo_reputation, name, 1.0)
    monkeypatch.setattr(demo_reputation, "AFTERWARDS", HANGS_AFTER)
    table, problems = demo_reputation.simulate(watched)
    assert table.row_count == 1
    nothing = {"Send": 0.0, "Delivery": 0.0, "Bounce": 0.0, "Complaint": 0.0}
    (problem,) = problems
    assert problem.endswith(f"are {nothing}")

    told, problems = demo_reputation.pause_and_resume(watched)
    assert told == []
    if follows_the_alarm:
        assert problems == ["the team should be told how to resume", "the end of the alarm should not resume sending"]
    else:
        assert problems == [f"configuration set {watched.configuration_set} should be paused"]


@pytest.mark.xdist_group("local-aws-2")
def test_says_that_a_login_is_refused(aws: LocalAws) -> None:
    with aws.submit_mail() as submission:
        refused = demo_smtp.Login("AKIAIOSFODNN7EXAMPLE", "no-password").send(submission, "orders@example.com")
    assert "535" in refused
