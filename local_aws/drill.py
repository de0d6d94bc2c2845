"""The day the main account cannot send, on a local AWS with two accounts: `python -m local_aws.drill`.

Sends mail, lets SES of the main account fail, follows the switch to the standby, switches back, pauses the main account
and shows what people are told; no message may be lost, and none may come twice.
"""

import itertools
import json
import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from rich.console import Console
from rich.panel import Panel

from local_aws.aws import LocalAws
from local_aws.cdk_cli import CdkError, app_arguments, context_arguments
from local_aws.demo import Progress
from local_aws.drill_app import CALLS, COOL_DOWN, DOMAIN, STANDBY_ACCOUNT, STANDBY_REGION

APP = (sys.executable, "-m", "local_aws.drill_app")
COMES_WITHIN = 120.0  # seconds; it takes a few, more on a busy machine
ALARM_LOOKS_BACK = 61.0  # seconds
AFTERWARDS = 2.0  # seconds in which something would come that must not


class DrillError(Exception):
    """Something is not as it should be."""


@dataclass
class Drill:
    """The two accounts with what is deployed there, and the messages on their way."""

    main: LocalAws
    standby: LocalAws
    outputs: dict[str, str]
    waiting: list[str] = field(default_factory=list)  # subjects that no account has taken yet
    written: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def deploy(cls, aws: LocalAws) -> Self:
        """Deploy both stacks with the CDK CLI, each by the root of its account."""
        standby = aws.in_account(STANDBY_ACCOUNT, STANDBY_REGION)
        standby.bootstrap()
        zones = {"main_zone": _make_zone(aws), "standby_zone": _make_zone(standby)}
        assembly = aws.server.folder / "drill"
        aws.cdk("synth", "--quiet", *app_arguments(APP, assembly=assembly), *context_arguments(zones))
        standby.deploy(assembly, "Standby")
        return cls(main=aws, standby=standby, outputs=aws.deploy(assembly, "Main", "--exclusively")["Main"])

    def write(self, number: int) -> None:
        """Put so many new messages into the outbox."""
        new = [f"Receipt {next(self._numbers)}" for _ in range(number)]
        self.waiting += new
        self.written += new

    def send(self) -> list[str]:
        """Have the function send what waits, once each; give the routes, or the errors of what still waits."""
        results, still = [], []
        for subject in self.waiting:
            answer = self._invoke("SenderFunction", {"to": "you@example.org", "subject": subject, "text": "Thank you."})
            results.append(answer.get("route") or f"{answer['errorType']}: {answer['errorMessage']}")
            if "route" not in answer:
                still.append(subject)
        self.waiting = still
        return results

    def send_all(self, route: str) -> None:
        """Send until nothing waits; everything has to go by *route*."""
        self.until(lambda: set(self.send()) <= {route} and not self.waiting, f"mail should go by the {route}")

    def follow(self, route: str) -> None:
        """Send one message after the other until the sender, which keeps the route for a while, goes by *route*."""

        def follows() -> bool:
            self.write(1)
            return self.send() == [route]

        self.until(follows, f"mail should go by the {route}")

    def route(self) -> dict[str, Any]:
        """The parameter, or what stands for it before the first switch."""
        ssm = self.main.client("ssm")
        try:
            found: dict[str, Any] = json.loads(ssm.get_parameter(Name=self.outputs["Route"])["Parameter"]["Value"])
        except ssm.exceptions.ParameterNotFound:
            return {"generation": 0, "active": "primary"}
        return found

    def switch(self, to: str, why: str) -> dict[str, Any]:
        """Switch as a person does, who tries again while another run of the function goes on; then let it cool down."""
        event = {"switch_to": to, "by": "the drill", "why": why}
        answer = dict[str, Any]()

        def is_answered() -> bool:
            try:
                answer.update(self._invoke("FailoverFunction", event))
            except self.main.client("lambda").exceptions.TooManyRequestsException:
                return False
            return True

        self.until(is_answered, "a person should be able to switch")
        if answer.get("switched"):
            cool = self.route()["since"] + COOL_DOWN
            self.until(lambda: time.time() > cool, "time should pass")
        return answer

    def alarm(self, name: str, state: str = "") -> str:
        """The state of one of the failover's alarms, set to *state* first if it is given."""
        cloudwatch, alarm = self.main.client("cloudwatch"), self.outputs[f"{name}Alarm"]
        if state:
            cloudwatch.set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="the drill says so")
        return str(cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"])

    def hears(self, words: str) -> str:
        """The message to the team that holds *words*, once it has come."""
        self.until(lambda: any(words in each for each in self._heard()), f"the team should be told: {words}")
        return next(each for each in self.told if words in each)

    def accounts(self) -> None:
        """Nothing may be lost, and nothing may come twice."""
        taken = Counter(each.subject for each in (*self.main.sent_messages(), *self.standby.sent_messages()))
        if taken != Counter(self.written):
            raise DrillError(f"each of {len(self.written)} messages should be sent once, were {dict(taken)}")

    def until(self, true: Callable[[], bool], otherwise: str) -> float:
        """Wait until something is so, and give the seconds."""
        began = time.monotonic()
        while not true():
            if time.monotonic() > began + COMES_WITHIN:
                raise DrillError(f"{otherwise}; the route is {self.route()}")
            time.sleep(0.05)
        return time.monotonic() - began

    def _heard(self) -> list[str]:
        sqs, queue = self.main.client("sqs"), self.outputs["TeamQueueUrl"]
        for each in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            self.told.append(each["Body"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
        return self.told

    def _invoke(self, function: str, event: dict[str, str]) -> dict[str, Any]:
        answer = self.main.client("lambda").invoke(
            FunctionName=self.outputs[function], Payload=json.dumps(event).encode()
        )
        found: dict[str, Any] = json.loads(answer["Payload"].read())
        return found


def _make_zone(aws: LocalAws) -> str:
    made = aws.client("route53").create_hosted_zone(Name=DOMAIN, CallerReference=DOMAIN)
    return made["HostedZone"]["Id"].removeprefix("/hostedzone/")


def impair(drill: Drill) -> float:
    """Let SES of the main account fail until the route is switched; give the seconds from the alarm to the switch."""
    drill.follow("primary")
    drill.main.impair_ses(impaired=True)
    drill.write(CALLS)
    # Each failure counts, and the alarm looks when it is counted.
    drill.until(lambda: bool(drill.send()) and drill.alarm("Failing") == "ALARM", "errors should raise the alarm")
    seconds = drill.until(lambda: drill.route()["active"] == "standby", "the alarm should switch")
    drill.hears("Mail now goes through the standby")
    drill.send_all("standby")
    drill.main.impair_ses(impaired=False)
    drill.alarm("Failing", "OK")
    time.sleep(AFTERWARDS)
    if drill.route()["active"] != "standby":
        raise DrillError("nothing should switch back by itself")
    return seconds


def switch_back(drill: Drill) -> None:
    """By hand, and not before the errors are out of the alarm's sight: it would switch again."""
    drill.main.let_time_pass(ALARM_LOOKS_BACK)
    answer = drill.switch("primary", "SES answers again")
    if answer.get("active") != "primary":
        raise DrillError(f"a person should switch back, was answered {answer}")
    drill.follow("primary")


def pause(drill: Drill) -> str:
    """Pause the main account: nothing switches, the team is told, and a person decides; give what it is told."""
    sesv2 = drill.main.client("sesv2")
    drill.follow("primary")
    before = drill.route()
    sesv2.put_account_sending_attributes(SendingEnabled=False)
    drill.write(2)
    refused = drill.send()
    if not all("SendingPausedException" in each for each in refused):
        raise DrillError(f"a paused account should refuse, answered {refused}")
    drill.alarm("Failing", "ALARM")  # errors too, at the same time
    notice = drill.hears("SES refuses to send")
    drill.hears("sending is paused for the account")
    if drill.route() != before:
        raise DrillError(f"a pause should not switch, but the route is {drill.route()}")
    command = shlex.split(next(line for line in notice.splitlines() if line.startswith("    aws lambda invoke")))
    if json.loads(command[command.index("--payload") + 1])["switch_to"] != "standby":
        raise DrillError(f"the team should be told how to switch, was told {notice}")
    drill.switch("standby", "told to by the team")
    drill.send_all("standby")
    sesv2.put_account_sending_attributes(SendingEnabled=True)
    for name in ("Failing", "Refused"):
        drill.alarm(name, "OK")
    return notice


def show(drill: Drill, progress: Progress, console: Console) -> float:
    """The whole drill, for people to read; give the seconds from the alarm to the switch."""
    with progress.phase("letting SES of the main account fail"):
        seconds = impair(drill)
    console.print(f"         the route was switched {seconds:.1f} s after the alarm")
    with progress.phase("switching back by hand"):
        switch_back(drill)
    with progress.phase("pausing the main account"):
        notice = pause(drill)
    console.print(Panel(notice.strip(), title="What the team is told", title_align="left"), markup=False)
    drill.accounts()
    console.print(f"[bold green]All is well:[/] each of {len(drill.written)} messages was sent once.")
    return seconds


def main() -> int:
    console = Console(highlight=False)
    progress = Progress(console)
    try:
        with progress.phase("starting the local AWS"):
            aws = LocalAws.start(enforce_iam=True)
        with aws:
            with progress.phase("deploying to two accounts"):
                aws.bootstrap()
                drill = Drill.deploy(aws)
            show(drill, progress, console)
    except (CdkError, DrillError) as error:
        console.print(f"[bold red]Not as it should be:[/] {error}", markup=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
