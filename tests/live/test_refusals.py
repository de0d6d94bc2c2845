"""What `make live` does not begin with."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from live import before
from live.__main__ import main
from live.app import STACK, build
from tests.live.somebody import Somebody, answer, make_stack
from tests.running_aws.zones import put_record

pytestmark = pytest.mark.xdist_group("local-aws-2")

CONTEXT = {
    "domain": "live.example.com",
    "hosted_zone_id": "Z0123456789ABCDEFGHIJ",
    "zone_name": "example.com",
    "sandbox": "yes",
    "account": "111122223333",
    "region": "us-east-1",
}
# What other resources are called that the stack itself makes, and names that exist within a resource of it only.
REFERENCES = {"ConfigurationSetName", "FunctionName", "MetricName", "PolicyName", "UserName"}


def names() -> dict[tuple[str, str], Any]:
    """The names that the template gives itself, by type and property."""
    template = build(CONTEXT).synth().get_stack_by_name(STACK).template
    return {
        (resource["Type"], name): value
        for resource in template["Resources"].values()
        for name, value in resource.get("Properties", {}).items()
        if name.endswith("Name") and name not in REFERENCES and not resource["Type"].startswith("Custom::")
    }


def test_every_name_that_the_app_gives_is_looked_for_before() -> None:
    found = names()
    alarms = {kind for kind, name in found if name == "AlarmName"}
    assert set(found) == {
        *((kind, "AlarmName") for kind in alarms),
        ("AWS::SES::ReceiptRuleSet", "RuleSetName"),
        ("AWS::SES::ReceiptRule", "RuleSetName"),
    }
    assert found["AWS::CloudWatch::CompositeAlarm", "AlarmName"]["Fn::Join"][1][0] == {"Ref": "AWS::StackName"}


def make_identity(somebody: Somebody) -> Callable[[], object]:
    sesv2 = somebody.aws.client("sesv2")
    sesv2.create_email_identity(EmailIdentity=somebody.domain)
    return lambda: sesv2.delete_email_identity(EmailIdentity=somebody.domain)


def make_record(somebody: Somebody, label: str, kind: str, value: str) -> Callable[[], object]:
    put_record(somebody.aws, somebody.zone, label, kind, value)
    return lambda: put_record(somebody.aws, somebody.zone, label, kind, value, action="DELETE")


def make_rule_set(somebody: Somebody) -> Callable[[], object]:
    ses, name = somebody.aws.client("ses"), names()["AWS::SES::ReceiptRuleSet", "RuleSetName"]
    ses.create_receipt_rule_set(RuleSetName=name)
    return lambda: ses.delete_receipt_rule_set(RuleSetName=name)


def make_alarm(somebody: Somebody) -> Callable[[], object]:
    cloudwatch, name = somebody.aws.client("cloudwatch"), f"{STACK}-Theirs"
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Theirs",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    return lambda: cloudwatch.delete_alarms(AlarmNames=[name])


def pause_account(somebody: Somebody) -> Callable[[], object]:
    sesv2 = somebody.aws.client("sesv2")
    sesv2.put_account_sending_attributes(SendingEnabled=False)
    return lambda: sesv2.put_account_sending_attributes(SendingEnabled=True)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (make_identity, "SES has an identity live.*already"),
        (lambda each: make_record(each, "live", "TXT", '"v=spf1 -all"'), "the zone has a record TXT live"),
        (lambda each: make_record(each, "_dmarc.live", "TXT", '"v=DMARC1; p=none"'), "has a record TXT _dmarc.live"),
        (make_stack, f"delete-stack --stack-name {STACK}"),
        (make_rule_set, "there is a receipt rule set .* already"),
        (make_alarm, f"there is an alarm {STACK}-Theirs already"),
        (pause_account, "sending is switched off"),
    ],
    ids=["identity", "record", "record-below", "stack", "rule-set", "alarm", "paused"],
)
def test_what_is_there_is_not_touched(
    somebody: Somebody,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[Somebody], Callable[[], object]],
    expected: str,
) -> None:
    take_away = make(somebody)
    was = somebody.everything()
    try:
        assert main(somebody.arguments()) == 1
        assert somebody.everything() == was
    finally:
        take_away()
    told = " ".join(capsys.readouterr().out.split())
    assert re.match(f"Nothing was made: .*{expected}", told)


def test_needs_a_public_zone_of_the_account_that_holds_the_domain(somebody: Somebody) -> None:
    aws, zone = somebody.aws, somebody.zone
    with pytest.raises(before.RefusedError, match=r"DOMAIN must be in the hosted zone.*got live\.example\.net"):
        before.look(aws, domain="live.example.net", hosted_zone_id=zone.hosted_zone_id)
    with pytest.raises(before.RefusedError, match="this account has no hosted zone Z0123456789ABCDEFGHIJ"):
        before.look(aws, domain=somebody.domain, hosted_zone_id="Z0123456789ABCDEFGHIJ")
    route53 = aws.client("route53")
    private = route53.create_hosted_zone(
        Name=zone.domain, CallerReference="private", VPC={"VPCRegion": "us-east-1", "VPCId": "vpc-1"}
    )["HostedZone"]["Id"].removeprefix("/hostedzone/")
    with pytest.raises(before.RefusedError, match=f"hosted zone {private} is private"):
        before.look(aws, domain=somebody.domain, hosted_zone_id=private)
    route53.delete_hosted_zone(Id=private)


def test_needs_a_name_that_public_dns_asks_this_zone_for(somebody: Somebody) -> None:
    zone, take_away = somebody.zone, make_record(somebody, "sub", "NS", "ns-1.example.net.")
    with pytest.raises(before.RefusedError, match=r"sub\..* is delegated to other name servers"):
        before.look(somebody.aws, domain=f"live.sub.{zone.domain}", hosted_zone_id=zone.hosted_zone_id)
    take_away()


def test_needs_a_region(
    somebody: Somebody, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    assert main(somebody.arguments(region="")) == 1
    assert "no region is set" in capsys.readouterr().out


def test_says_how_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([])
    assert "make live DOMAIN=... HOSTED_ZONE_ID=..." in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "no\n", None], ids=["nothing", "no", "ctrl-c"])
def test_whoever_does_not_say_yes_gets_nothing(
    somebody: Somebody, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    def interrupt(*_: object) -> str:
        raise KeyboardInterrupt

    answer(monkeypatch, text or "")
    if text is None:
        monkeypatch.setattr(Console, "input", interrupt)
    was = somebody.everything()
    assert main(somebody.arguments()) == 1
    assert capsys.readouterr().out.endswith("Nothing was made.\n")
    assert somebody.everything() == was
