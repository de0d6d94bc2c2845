"""`make live`, pointed at the local AWS as if that were somebody's account, in which other things are too."""

import re
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from live import before, checks, existing_record, undo
from live.__main__ import main
from live.app import STACK
from live.report import Line
from local_aws import demo_reputation
from local_aws.account import Account
from local_aws.aws import LocalAws
from local_aws.environment import ROOT
from local_aws.read_back import BOOTSTRAP_STACK
from tests.live.somebody import BUCKET, THEIRS, Somebody, answer, lead_to, make_stack, somebody_in
from tests.running_aws.fixtures import zone_in
from tests.running_aws.processes import wait_until

pytestmark = pytest.mark.xdist_group("local-aws-2")

RULE_SET = "SesConstructsLiveInboundFB01007E"


@pytest.fixture
def newcomer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Somebody]:
    """Somebody with a new account, in which the CDK was never used."""
    with LocalAws.start() as aws:
        lead_to(aws, monkeypatch)
        for zone in zone_in(aws):
            yield from somebody_in(aws, zone)


# The whole of it: a bootstrap, a deployment, every step, and the removal.
def test_everything_is_tried_and_nothing_is_left(
    newcomer: Somebody, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(monkeypatch, "yes\n")
    monkeypatch.setattr(demo_reputation, "AFTERWARDS", 0.1)
    was = newcomer.everything()
    with newcomer.aws.submit_mail() as submission:

        def connect(host: str, port: int) -> smtplib.SMTP:
            assert (host, port) == (f"email-smtp.{newcomer.aws.region}.amazonaws.com", 465)
            return submission.connect()

        status = main(newcomer.arguments(), connect=connect)
    shown = capsys.readouterr().out
    assert (status, newcomer.everything()) == (0, was), shown
    asked, _, told = shown.partition("Type yes to go on")
    for expected in (f"region {newcomer.aws.region}", "sandbox", THEIRS, "US dollars", "dig +short NS", "It stays"):
        assert expected in asked
    assert f"Stack {BOOTSTRAP_STACK} stays" in told
    # The local AWS writes no reputation, evaluates no alarm by itself, and waits no quarter of an hour.
    unseen = {Line.REPUTATION_METRICS, Line.FILLED_ZEROS, Line.WAIT_LOOP}
    _, _, report = told.partition("Please paste this into an issue:")
    assert sorted(re.findall(r"^- `(.+?)`: .", report, re.MULTILINE)) == sorted(set(Line) - unseen)
    for secret in (newcomer.aws.account, newcomer.zone.domain, newcomer.zone.hosted_zone_id):
        assert secret not in report


# By a closed terminal, which is as good as Ctrl-C.
def test_an_interrupted_run_leaves_nothing(somebody: Somebody) -> None:
    was, cloudformation = somebody.everything(), somebody.aws.client("cloudformation")

    def is_begun() -> bool:
        with suppress(cloudformation.exceptions.ClientError):
            return bool(cloudformation.describe_stack_resources(StackName=STACK)["StackResources"])
        return False

    command = [sys.executable, "-u", "-m", "live", *somebody.arguments()]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        assert run.stdin
        assert run.stdout
        run.stdin.write("yes\n")
        run.stdin.flush()
        while "cdk deploy" not in run.stdout.readline():
            assert run.poll() is None
        # In the middle: some of the stack is there, and some of it not. A look at everything would take too long.
        assert wait_until(is_begun)
        run.send_signal(signal.SIGHUP)
        rest = run.stdout.read()
    assert (run.returncode, somebody.everything()) == (1, was), rest
    assert "it was interrupted" in rest
    assert "Nothing is left" in rest


def test_what_somebody_else_makes_meanwhile_stays(
    somebody: Somebody, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(monkeypatch, "yes\n")
    sesv2, look_at_names = somebody.aws.client("sesv2"), before.look_at_names

    def make_it_then(account: Account, template: dict[str, object]) -> None:
        look_at_names(account, template)
        sesv2.create_email_identity(EmailIdentity=somebody.domain)

    monkeypatch.setattr(before, "look_at_names", make_it_then)
    assert main(somebody.arguments()) == 1
    shown = capsys.readouterr().out
    assert "already exist" in shown
    assert f"identity {somebody.domain}" in shown.partition("Left, please look")[2]
    sesv2.delete_email_identity(EmailIdentity=somebody.domain)
    assert STACK not in str(somebody.everything())


def test_says_what_is_left_and_how_a_step_failed(
    somebody: Somebody, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(monkeypatch, "yes\n")
    ses = somebody.aws.client("ses")

    def activate(live: checks.Live) -> list[str]:
        ses.set_active_receipt_rule_set(RuleSetName=live.one("AWS::SES::ReceiptRuleSet"))
        raise OSError("the network is down")

    monkeypatch.setattr(undo, "TRIES", 1)
    monkeypatch.setattr(checks, "STEPS", (*checks.STEPS[:1], ("activating", activate), *checks.STEPS[2:3]))
    assert main(somebody.arguments()) == 1
    wrong, _, left = capsys.readouterr().out.partition("Left, please look")
    assert "activating: OSError: the network is down" in wrong
    assert "another rule set is active now" in wrong
    assert f"delete-stack --stack-name {STACK}" in left
    assert f"AWS::SES::ReceiptRuleSet {RULE_SET}" in left
    assert f"the active rule set is {RULE_SET}, was {THEIRS}" in left

    ses.set_active_receipt_rule_set(RuleSetName=THEIRS)
    assert undo.remove_stack(somebody.aws, STACK, print) == []
    assert STACK not in str(somebody.everything())


def test_a_bucket_is_emptied_before_its_stack_is_deleted(somebody: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    make_stack(somebody)
    cloudformation, left = somebody.aws.client("cloudformation"), []
    delete_stack = cloudformation.delete_stack

    def look_then_delete(**options: Any) -> None:
        left.append(somebody.aws.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", []))
        delete_stack(**options)

    monkeypatch.setattr(cloudformation, "delete_stack", look_then_delete)
    assert undo.remove_stack(somebody.aws, STACK, print) == []
    assert left == [[]]


def test_a_second_interruption_deletes_at_once(somebody: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    make_stack(somebody)
    told, wait = list[str](), undo.wait_while

    def impatient(account: Account, stack: str, states: tuple[str, ...], **options: Any) -> str:
        if states == undo.BUSY:
            raise KeyboardInterrupt
        return wait(account, stack, states, **options)

    monkeypatch.setattr(undo, "wait_while", impatient)
    assert undo.remove_stack(somebody.aws, STACK, told.append) == []
    assert told[0] == "deleting at once"
    assert STACK not in str(somebody.everything())


def test_an_interrupted_removal_says_so(
    somebody: Somebody, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> list[str]:
        raise KeyboardInterrupt

    answer(monkeypatch, "yes\n")
    monkeypatch.setattr(Account, "deploy", lambda *_, **__: interrupt())
    monkeypatch.setattr(undo, "remove", interrupt)
    assert main(somebody.arguments()) == 1
    assert f"stack {STACK} perhaps, for its removal was not seen to the end: interrupted" in capsys.readouterr().out


def test_an_interruption_over_a_record_leaves_nothing(somebody: Somebody) -> None:
    ground = before.look(somebody.aws, domain=somebody.domain, hosted_zone_id=somebody.zone.hosted_zone_id)
    was = somebody.everything()

    def interrupt() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        existing_record.deploy_over_it(somebody.aws, ground, interrupt)
    assert somebody.everything() != was
    assert undo.remove(somebody.aws, ground, print) == []
    assert somebody.everything() == was
