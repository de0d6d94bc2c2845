"""What is done with the deployed stack, step by step; each gives what is not as it should be."""

import json
import smtplib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Console

from live import existing_record, undo
from live.app import PROBE, STACK
from live.before import Ground, active_rule_set
from live.report import Line, Report
from local_aws import demo_reputation, demo_smtp
from local_aws.account import Account
from local_aws.demo import identity_table, records_table
from local_aws.read_back import read_domain

PATIENCE = 5.0  # CloudWatch, IAM and SES take minutes where a local AWS takes seconds
VERIFIED_WITHIN = 1800.0  # seconds
COUNTED_WITHIN = 600.0
ASKS_EVERY = 15.0  # seconds; SES answers about one question a second in the whole account
# In the log of the custom resources.
DENIED, NO_LOGIN = "denied, trying again", "new credentials may not log in yet"

Connect = Callable[[str, int], smtplib.SMTP]


def connect_by_tls(host: str, port: int) -> smtplib.SMTP:
    return smtplib.SMTP_SSL(host, port, timeout=60, context=ssl.create_default_context())


@dataclass(kw_only=True, slots=True)
class Live:
    """What the steps share."""

    account: Account
    ground: Ground
    console: Console
    report: Report
    connect: Connect = connect_by_tls
    resources: dict[str, list[str]] = field(default_factory=dict)  # type -> physical ids, once deployed

    def one(self, kind: str, part: str = "") -> str:
        """The physical id of the stack's resource of that type, the one whose id holds *part*."""
        found = [each for each in self.resources.get(kind, ()) if part in each]
        if len(found) != 1:
            raise LookupError(f"the stack should have one {kind} {part}, has {found}")
        return found[0]

    def tell(self, what: str) -> None:
        self.console.print(f"         {what}", markup=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class SmtpEndpoint:
    """Where the secret says that programs log in."""

    host: str
    port: int
    open: Connect

    def connect(self) -> smtplib.SMTP:
        return self.open(self.host, self.port)


def look_at_the_stack(live: Live) -> list[str]:
    """Note what CloudFormation has made, and how long it took for what our functions do."""
    cloudformation = live.account.client("cloudformation")
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK):
        for each in page["StackResourceSummaries"]:
            live.resources.setdefault(each["ResourceType"], []).append(each.get("PhysicalResourceId", ""))
    began: dict[str, datetime] = {}
    took: dict[str, float] = {}
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=STACK)
    for event in sorted((each for page in pages for each in page["StackEvents"]), key=lambda each: each["Timestamp"]):
        kind, status = event.get("ResourceType", ""), event.get("ResourceStatus", "")
        if status == "CREATE_IN_PROGRESS":
            began.setdefault(kind, event["Timestamp"])
        elif status == "CREATE_COMPLETE" and kind in began:
            took[kind] = (event["Timestamp"] - began[kind]).total_seconds()
    see = live.report.see
    if (waited := took.get("Custom::SESDomainVerification")) is not None:
        see(Line.VERIFICATION_TIME, f"the wait for the identity took {waited:.0f} s after its records were in Route 53")
        if waited > 900:
            see(Line.WAIT_LOOP, f"a wait of {waited:.0f} s was handed over from run to run")
    custom = [kind for kind in live.resources if kind.startswith("Custom::")]
    see(Line.RESOURCE_IN_PROGRESS, f"{len(custom)} custom resources were created, each after it saw itself in progress")
    functions = len(live.resources["AWS::Lambda::Function"])
    see(Line.PYTHON_ON_ARM, f"{functions} functions were made in {live.account.region}, and those of resources ran")
    denials = _times_logged(live, DENIED)
    see(Line.POLICY_DELAY, f"custom resources were denied {denials} times what their policies had just allowed")
    if (made := took.get("Custom::SESSmtpCredentials")) is not None and not _times_logged(live, NO_LOGIN):
        see(Line.KEY_TIME, f"the first key was made and logged in within {made:.0f} s")
    return []


def look_at_an_existing_record(live: Live) -> list[str]:
    """Deploy over a record of our own, and take both away again."""
    account, ground = live.account, live.ground

    def wait() -> str:
        return undo.wait_while(account, PROBE, undo.BUSY, seconds=existing_record.DONE_WITHIN, tell=live.tell)

    became = existing_record.deploy_over_it(account, ground, wait)
    left = undo.remove_stack(account, PROBE, live.tell)
    after = existing_record.remove(account, ground)
    live.report.see(Line.EXISTING_RECORD, f"{became}, and {after} once the stack was deleted")
    return left


def _times_logged(live: Live, message: str) -> int:
    """How often the functions, which share a log group, have written it."""
    pages = live.account.client("logs").get_paginator("filter_log_events")
    found = pages.paginate(logGroupName=live.one("AWS::Logs::LogGroup"), filterPattern=f'"{message}"')
    return sum(message in event["message"] for page in found for event in page["events"])


def wait_for_the_domain(live: Live) -> list[str]:
    """The stack has waited for the identity; wait for DKIM and MAIL FROM too, and show it all."""
    domain, zone = live.ground.domain, live.ground.hosted_zone_id
    began = time.monotonic()
    while True:
        state = read_domain(live.account, domain, zone)
        pending = {"DKIM": state.dkim_status, "MAIL FROM": state.mail_from_status}
        missing = [f"{what} is {status}" for what, status in pending.items() if status != "SUCCESS"]
        if not missing or time.monotonic() - began > VERIFIED_WITHIN:
            break
        live.tell(
            f"{', '.join(missing)}; asking again every {ASKS_EVERY:.0f} s, {VERIFIED_WITHIN / 60:.0f} min at most"
        )
        time.sleep(ASKS_EVERY)
    live.console.print(identity_table(state), records_table(state))
    return state.problems()


def look_at_the_rules(live: Live) -> list[str]:
    """The rules stand in their order, and the set is not the active one."""
    name = live.one("AWS::SES::ReceiptRuleSet")
    rules = live.account.client("ses").describe_receipt_rule_set(RuleSetName=name)["Rules"]
    live.tell(f"receipt rule set {name}, inactive: {', '.join(each['Name'] for each in rules)}")
    # SES has tried the bucket, the topic and the function by then, whose policies name the rule.
    live.report.see(Line.RULE_SOURCE, f"{len(rules)} rules were made behind policies that name each rule's own ARN")
    return [] if active_rule_set(live.account) == live.ground.active_rule_set else ["another rule set is active now"]


def send(live: Live) -> list[str]:
    """To the mailbox simulator, and count."""
    table, problems = demo_reputation.simulate(_watched(live))
    live.console.print(table)
    return problems


def pause_and_resume(live: Live) -> list[str]:
    """Say that the bounce rate is critical, and see the set paused and the team told."""
    began = time.monotonic()
    queue = live.one("AWS::SQS::Queue", "TeamQueue")
    notices, problems = demo_reputation.pause_and_resume(_watched(live), queue=queue)
    if notices:
        live.report.see(
            Line.PAUSE_TIME,
            f"alarm, pause, refused message, notice and return took {time.monotonic() - began:.0f} s together",
        )
    return problems


def send_by_smtp(live: Live) -> list[str]:
    """Log in before and after a rotation, with a display name, and with the domain in capitals."""
    secret, domain = live.one("AWS::SecretsManager::Secret"), live.ground.domain
    value = json.loads(live.account.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
    endpoint = SmtpEndpoint(value["host"], int(value["port"]), live.connect)
    began = time.monotonic()
    done, problems = demo_smtp.rotate(live.account, endpoint, secret=secret, domain=domain, patience=PATIENCE)
    for line in done:
        live.tell(line.replace(value["username"], "the first key"))
    if problems:
        return problems
    report, login = live.report, demo_smtp.Login.read(live.account, secret)
    first = report.seen.get(Line.KEY_TIME, "the first key did not log in while the stack was deployed")
    report.see(Line.KEY_TIME, f"{first}; a rotation with its own login took {time.monotonic() - began:.0f} s")
    report.see(
        Line.SMTP_REGIONS, f"{live.account.region} has an SMTP endpoint, which let us in at port {endpoint.port}"
    )
    named = login.send(endpoint, f"Orders <orders@{domain}>")
    shouted = login.send(endpoint, f"orders@{domain.upper()}")
    report.see(
        Line.FROM_ADDRESS,
        f"by SMTP, a display name is {_judged(named)}, a domain in capitals is {_judged(shouted)}",
    )
    return []


def _judged(answer: str) -> str:
    return f"refused ({answer})" if answer else "taken"


def count_by_logs(live: Live) -> list[str]:
    """Have the spam function drop a message that never was, and find it counted."""
    rule_set = live.one("AWS::SES::ReceiptRuleSet")
    verdict = {"receipt": {"virusVerdict": {"status": "FAIL"}}, "mail": {"messageId": "live"}}
    function = live.one("AWS::Lambda::Function", "InboundSpamFilter")
    payload = json.dumps({"Records": [{"eventSource": "aws:ses", "ses": verdict}]})
    answer = live.account.client("lambda").invoke(FunctionName=function, Payload=payload.encode())
    told = json.loads(answer["Payload"].read())
    if told != {"disposition": "STOP_RULE_SET"}:
        return [f"the spam function should end a message with a virus, answered {told}"]
    began = time.monotonic()
    while not (counted := _dropped(live.account, rule_set)) and time.monotonic() - began < COUNTED_WITHIN:
        time.sleep(ASKS_EVERY)
    if not counted:
        return ["what the spam function printed should be counted"]
    live.report.see(
        Line.EMBEDDED_METRICS,
        f"a printed line of a function with JSON logs was counted within {time.monotonic() - began:.0f} s",
    )
    return []


def _dropped(account: Account, rule_set: str) -> float:
    return account.metric_sum("SesConstructs", "DroppedSpam", "RuleSet", rule_set)


def look_at_the_account(live: Live) -> list[str]:
    """What SES answers about the account, and which metrics and states it has by now."""
    sesv2, cloudwatch = live.account.client("sesv2"), live.account.client("cloudwatch")
    answer: Any = sesv2.get_account()
    wanted = ("SendQuota", "SendingEnabled", "ProductionAccessEnabled", "EnforcementStatus")
    lacking = [name for name in wanted if name not in answer]
    live.report.see(
        Line.ACCOUNT_ANSWER, f"GetAccount lacks {', '.join(lacking)}" if lacking else "GetAccount held all four"
    )
    dimensions = [{"Name": "ses:configuration-set", "Value": _watched(live).configuration_set}]
    rates: Any = cloudwatch.list_metrics(Namespace="AWS/SES", Dimensions=dimensions)["Metrics"]
    names = sorted({each["MetricName"] for each in rates if each["MetricName"].startswith("Reputation.")})
    if names:
        live.report.see(Line.REPUTATION_METRICS, f"the set has {', '.join(names)} with this one dimension")
    for alarm in cloudwatch.describe_alarms(AlarmNamePrefix=f"{STACK}-BouncesAlarmsRejects")["MetricAlarms"]:
        # CloudWatch writes the values it has judged by; with nothing rejected there is no other zero.
        if "[0.0" in alarm["StateReason"]:
            live.report.see(Line.FILLED_ZEROS, "the alarm on rejects was judged by zeros, with no reject ever")
    return []


def _watched(live: Live) -> demo_reputation.Watched:
    watched = demo_reputation.Watched.of(live.account, live.ground.domain, patience=PATIENCE)
    if watched is None:
        raise LookupError(f"SES should have a default configuration set for {live.ground.domain}")
    return watched


STEPS: tuple[tuple[str, Callable[[Live], list[str]]], ...] = (
    ("looking at what was made", look_at_the_stack),
    ("waiting for DKIM and MAIL FROM", wait_for_the_domain),
    ("looking at the receipt rules", look_at_the_rules),
    ("deploying over a record", look_at_an_existing_record),
    ("sending to the mailbox simulator", send),
    ("counting by logs", count_by_logs),
    ("pausing and resuming", pause_and_resume),
    ("sending by SMTP", send_by_smtp),
    ("looking at the account", look_at_the_account),
)
