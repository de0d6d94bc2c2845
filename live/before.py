"""What is looked at before anything is made: the account as it is, what stands in the way, and what it will cost."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from rich.table import Table

from live.app import PROBE, STACK
from local_aws.account import Account
from local_aws.cdk_cli import app_arguments
from local_aws.read_back import BOOTSTRAP_STACK

BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"
# US dollars a month; https://aws.amazon.com/cloudwatch/pricing/ and https://aws.amazon.com/secrets-manager/pricing/.
# All is charged by the hour. What is not here costs less than a cent in an hour.
PRICES = {
    "AWS::CloudWatch::CompositeAlarm": 0.5,
    "AWS::CloudWatch::Dashboard": 3.0,
    "AWS::SecretsManager::Secret": 0.4,
}
METRIC_OF_ALARM, CUSTOM_METRIC = 0.1, 0.3
CUSTOM_METRICS = 30  # at most: the events of two configuration sets, and what SES says about the account
HOURS_A_MONTH = 730
ABSENT = (
    "NotFoundException",
    "ParameterNotFound",
    "RuleSetDoesNotExist",
    "NoSuchHostedZone",
    "NoSuchBucket",
)
Answer = TypeVar("Answer")


class RefusedError(Exception):
    """Nothing was made, because of what the message says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """The account and the zone as they are before."""

    domain: str
    hosted_zone_id: str
    zone_name: str
    name_servers: tuple[str, ...]
    caller: str
    sandbox: bool
    bootstrapped: bool
    active_rule_set: str

    def context(self, account: Account) -> dict[str, str]:
        """What the app is synthesized with."""
        return {
            "domain": self.domain,
            "hosted_zone_id": self.hosted_zone_id,
            "zone_name": self.zone_name,
            "sandbox": "yes" if self.sandbox else "no",
            "account": account.account,
            "region": account.region,
        }


def unless_absent(ask: Callable[[], Answer]) -> Answer | None:
    """The answer, or None where AWS says that there is no such thing; any other error is raised."""
    try:
        return ask()
    except ClientError as error:
        code, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        # CloudFormation's "does not exist" is a mere ValidationError.
        if code in ABSENT or (code == "ValidationError" and "does not exist" in text):
            return None
        raise


def look(account: Account, *, domain: str, hosted_zone_id: str) -> Ground:
    """Read, and raise `RefusedError` with everything that stands in the way."""
    domain, hosted_zone_id = domain.lower().rstrip("."), hosted_zone_id.removeprefix("/hostedzone/")
    zone = _public_zone(account, hosted_zone_id)
    zone_name = zone["HostedZone"]["Name"].rstrip(".")
    if not f".{domain}".endswith(f".{zone_name}"):
        raise RefusedError(f"DOMAIN must be in the hosted zone, which is {zone_name}; got {domain}")
    sesv2, cloudformation = account.client("sesv2"), account.client("cloudformation")
    bootstrapped = unless_absent(lambda: account.client("ssm").get_parameter(Name=BOOTSTRAP_VERSION)) is not None
    found = [*_records_in_the_way(account, domain, hosted_zone_id, zone_name)]
    if unless_absent(lambda: sesv2.get_email_identity(EmailIdentity=domain)):
        found.append(f"SES has an identity {domain} already")
    for name in (STACK, PROBE):
        if unless_absent(partial(cloudformation.describe_stacks, StackName=name)):
            found.append(
                f"there is a stack {name} already, perhaps from an earlier run; if it is yours, remove it with "
                f"`aws cloudformation delete-stack --stack-name {name} --region {account.region}`"
            )
    toolkit = unless_absent(lambda: cloudformation.describe_stacks(StackName=BOOTSTRAP_STACK))
    if toolkit and not bootstrapped:
        found.append(
            f"there is a stack {BOOTSTRAP_STACK}, but not of a kind that the CDK uses today; see `cdk bootstrap`"
        )
    state = sesv2.get_account()
    if not state.get("SendingEnabled"):
        found.append("sending is switched off in this account and region")
    _refuse(found)
    return Ground(
        domain=domain,
        hosted_zone_id=hosted_zone_id,
        zone_name=zone_name,
        name_servers=tuple(name.rstrip(".") for name in zone.get("DelegationSet", {}).get("NameServers", ())),
        caller=account.client("sts").get_caller_identity()["Arn"],
        sandbox=not state.get("ProductionAccessEnabled"),
        bootstrapped=bootstrapped,
        active_rule_set=active_rule_set(account),
    )


def active_rule_set(account: Account) -> str:
    """The name of the active receipt rule set, empty where none is."""
    return account.client("ses").describe_active_receipt_rule_set().get("Metadata", {}).get("Name", "")


def _public_zone(account: Account, hosted_zone_id: str) -> Any:
    zone: Any = unless_absent(lambda: account.client("route53").get_hosted_zone(Id=hosted_zone_id))
    if zone is None:
        raise RefusedError(
            f"this account has no hosted zone {hosted_zone_id}; `aws route53 list-hosted-zones` has them"
        )
    if zone["HostedZone"].get("Config", {}).get("PrivateZone"):
        raise RefusedError(f"hosted zone {hosted_zone_id} is private; SES looks for the records in public DNS")
    return zone


def _records_in_the_way(account: Account, domain: str, hosted_zone_id: str, zone_name: str) -> Iterator[str]:
    """Any record at the domain or below: so none that exists can be changed, taken over or made useless."""
    pages = account.client("route53").get_paginator("list_resource_record_sets").paginate(HostedZoneId=hosted_zone_id)
    for record in (each for page in pages for each in page["ResourceRecordSets"]):
        name, kind = record["Name"].rstrip(".").lower(), record["Type"]
        if name == zone_name and kind in ("NS", "SOA"):
            continue
        if f".{name}".endswith(f".{domain}"):
            yield f"the zone has a record {kind} {name}; take a name without any, such as DOMAIN=ses-live.{zone_name}"
        elif kind == "NS" and domain.endswith(f".{name}"):
            yield f"{name} is delegated to other name servers, so that nobody would see the records of {domain}"


def look_at_names(account: Account, template: dict[str, Any]) -> None:
    """Raise `RefusedError` where a name that the template itself gives is in use."""
    ses, found = account.client("ses"), []
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::SES::ReceiptRuleSet":
            name = resource["Properties"]["RuleSetName"]
            if unless_absent(partial(ses.describe_receipt_rule_set, RuleSetName=name)):
                found.append(f"there is a receipt rule set {name} already")
    found += [f"there is an alarm {name} already" for name in alarms_of_the_stack(account)]
    _refuse(found)


def alarms_of_the_stack(account: Account) -> list[str]:
    """Alarms are called after the stack; CloudWatch would overwrite one of the same name without a word."""
    pages = (
        account.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNamePrefix=f"{STACK}-", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    )
    return [each["AlarmName"] for page in pages for each in (*page["MetricAlarms"], *page["CompositeAlarms"])]


def _refuse(found: list[str]) -> None:
    if found:
        raise RefusedError("\n".join(found))


def synthesize(account: Account, ground: Ground, command: list[str]) -> tuple[Path, dict[str, Any], list[str]]:
    """The assembly that is deployed, its template, and the warnings of CDK; *command* runs the app."""
    assembly = account.folder / "assembly"
    app = [*command, *(f"{name}={value}" for name, value in ground.context(account).items())]
    told = account.cdk("synth", "--quiet", *app_arguments(app, assembly=assembly))
    template: dict[str, Any] = json.loads((assembly / f"{STACK}.template.json").read_text(encoding="utf-8"))
    return assembly, template, [line for line in told.splitlines() if line.startswith("[Warning")]


def dollars_a_month(template: dict[str, Any]) -> float:
    """What the stack would cost if nothing took it away."""
    total = CUSTOM_METRICS * CUSTOM_METRIC
    for resource in template["Resources"].values():
        total += PRICES.get(resource["Type"], 0)
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            metrics = [each for each in resource["Properties"].get("Metrics", ()) if "MetricStat" in each]
            total += METRIC_OF_ALARM * max(len(metrics), 1)
    return total


def plan(template: dict[str, Any]) -> Table:
    """How many of what the stack holds, by service."""
    counted = Counter(resource["Type"] for resource in template["Resources"].values())
    services: dict[str, list[str]] = {}
    for kind, number in sorted(counted.items()):
        service, _, what = kind.removeprefix("AWS::").partition("::")
        services.setdefault(service, []).append(f"{number} {what}")
    table = Table(title=f"What stack {STACK} makes", title_justify="left")
    table.add_column("service")
    table.add_column("resources", overflow="fold")
    for service, resources in services.items():
        table.add_row("custom resources" if service == "Custom" else service, ", ".join(resources))
    return table
