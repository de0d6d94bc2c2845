"""The sample app and every example pass the checks that users run on their own apps."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from aws_cdk import App, Duration, Environment, Fn, Stack, Validations
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from cdk_nag import AwsSolutionsChecks
from cdk_preflight import Preflight

from ses_constructs import (
    AccountHealth,
    AccountThresholds,
    BounceMonitoring,
    CloudWatchMetrics,
    DeliveryThresholds,
    EmailTeam,
    EventBusEvents,
    ForwardMail,
    InboundRuleSet,
    NotifyTopic,
    PauseSending,
    Route53Zone,
    SmtpCredentials,
    StoreMail,
    SuppressionList,
    TopicEvents,
    TrackingDomain,
    VerifiedDomain,
)
from ses_constructs.common.ses_regions import RECEIVING_REGIONS, SENDING_REGIONS
from tests.applications import APPLICATIONS, ROOT, application_name, unsynthesized
from tests.conftest import hosted_zone

ENVIRONMENT = Environment(account="111122223333", region="eu-west-1")
# What "cdk init" writes into the cdk.json of a new app.
RECOMMENDED_FLAGS = ROOT / "node_modules/aws-cdk/lib/init-templates/.recommended-feature-flags.json"

# CloudFormation takes the event types in lower case, as aws-cdk-lib writes them, and in upper case as well since 2025:
# aws-cloudformation/cloudformation-coverage-roadmap#2130.
FALSE_ALARMS = ["pf-ses-event-destination-matching-event-types-enum"]

every_application = pytest.mark.parametrize("path", APPLICATIONS, ids=application_name)


@every_application
def test_cdk_nag_and_cdk_preflight_find_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = unsynthesized(path, monkeypatch)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    Preflight.apply(app, exclude=FALSE_ALARMS)

    app.synth()  # raises on a finding


@pytest.mark.parametrize("encrypted", [False, True])
def test_cdk_nag_finds_nothing_in_a_forwarder(app: App, stack: Stack, encrypted: bool) -> None:
    inbound = InboundRuleSet(
        stack,
        "Inbound",
        domain=VerifiedDomain.from_domain_name(stack, "Domain", "example.com"),
        mailbox_key=kms.Key(stack, "Key", enable_key_rotation=True) if encrypted else None,
    )
    inbound.add_rule("Team", actions=[StoreMail(), ForwardMail(to=["team@example.net"])])
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))

    app.synth()  # raises on a finding


@pytest.mark.parametrize("by", ["export", "template", "stack"])
def test_cdk_nag_finds_nothing_in_a_forwarder_with_a_mailbox_from_elsewhere(app: App, stack: Stack, by: str) -> None:
    if by == "stack":
        bucket = s3.Bucket(
            Stack(app, "Other", env=ENVIRONMENT), "Mail", enforce_ssl=True, server_access_logs_prefix="l"
        )
        mailbox: s3.IBucket = bucket
    else:
        name = Fn.import_value("Mail") if by == "export" else Fn.sub("mail-${AWS::AccountId}")
        mailbox = s3.Bucket.from_bucket_name(stack, "Mailbox", name)
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    inbound = InboundRuleSet(stack, "Inbound", domain=domain, mailbox=mailbox)
    inbound.add_rule("Team", actions=[ForwardMail(to=["team@example.net"])])
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))

    app.synth()  # raises on a finding


def test_cdk_nag_finds_nothing_in_the_sandbox(app: App, stack: Stack) -> None:
    domain = VerifiedDomain(stack, "Domain", domain_name="example.com", dns=Route53Zone(hosted_zone(stack)))
    role = iam.Role(stack, "Sender", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
    domain.grant_send(role, sandbox=True)
    SmtpCredentials(stack, "Smtp", domain=domain, sandbox=True)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))

    app.synth()  # raises on a finding


CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"


def monitor(stack: Stack, *, encrypted: bool) -> None:
    """Watch a domain and the account with everything on."""
    key = kms.Key(stack, "Key", enable_key_rotation=True) if encrypted else None
    topic = sns.Topic(stack, "Topic", enforce_ssl=True, master_key=key)
    reactions = [EmailTeam("ops@example.net"), NotifyTopic(topic)]
    domain = VerifiedDomain(stack, "Domain", domain_name="example.com", dns=Route53Zone(hosted_zone(stack)))
    monitoring = BounceMonitoring(
        stack,
        "Bounces",
        domain=domain,
        tracking_domain=TrackingDomain(
            "click.example.com", certificate=acm.Certificate.from_certificate_arn(stack, "Certificate", CERTIFICATE)
        ),
        destinations=[
            CloudWatchMetrics(),
            TopicEvents(topic=topic),
            EventBusEvents(targets=[targets.SnsTopic(sns.Topic(stack, "Target", enforce_ssl=True))]),
        ],
        delivery_thresholds=DeliveryThresholds(silence=Duration.hours(2)),
        reactions=[*reactions, PauseSending(whole_account=True)],
        dashboard=True,
        history=Duration.days(90),
    )
    monitoring.grant_send(iam.Role(stack, "Sender", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com")))
    AccountHealth(stack, "Health", thresholds=AccountThresholds(needed_rate=14), reactions=reactions)
    SuppressionList(stack, "SuppressionList")


@pytest.mark.parametrize("encrypted", [False, True])
def test_cdk_nag_finds_nothing_in_monitoring(app: App, stack: Stack, encrypted: bool) -> None:
    monitor(stack, encrypted=encrypted)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))

    app.synth()  # raises on a finding


def test_cdk_nag_would_find_something() -> None:
    app = App()
    lambda_.Function(
        Stack(app, "Flawed"),
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): pass"),
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))

    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()


def test_cdk_preflight_would_find_something(monkeypatch: pytest.MonkeyPatch) -> None:
    app = unsynthesized(ROOT / "app.py", monkeypatch)
    destination = next(
        each for each in app.node.find_all() if isinstance(each, ses.CfnConfigurationSetEventDestination)
    )
    destination.add_property_override("EventDestination.MatchingEventTypes", [])
    Preflight.apply(app, exclude=FALSE_ALARMS)

    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()


def cfn_lint(templates: Iterable[Path], *regions: str) -> subprocess.CompletedProcess[str]:
    # W3005: CDK itself writes DependsOn beside a reference, between every function and its role.
    options = ["--regions", *(regions or ["eu-west-1"]), "--ignore-checks", "W3005"]
    command = [Path(sys.executable).with_name("cfn-lint"), *options, "--", *templates]
    return subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False)


# CDK's own validation of CloudFormation properties takes four seconds to load: one process synthesizes everything.
# CDK removes a folder of its own choice when the process ends.
SYNTHESIZE = """
import shutil, sys
from pathlib import Path
from pytest import MonkeyPatch
from tests.applications import unsynthesized

for path in map(Path, sys.argv[2:]):
    with MonkeyPatch.context() as patch:
        app = unsynthesized(path, patch)
    try:
        shutil.copytree(app.synth().directory, Path(sys.argv[1], path.stem))
    except RuntimeError as error:
        print(path.stem, error)
"""
FLAWED = """
from aws_cdk import App, Environment, Stack, aws_ses as ses
app = App()
stack = Stack(app, "Flawed", env=Environment(region="us-gov-west-1"))
ses.CfnReceiptRuleSet(stack, "Rules")
app.synth()
"""


@pytest.fixture(scope="module")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the assembly of every application; of one with a flaw there is none."""
    folder = tmp_path_factory.mktemp("assemblies")
    flawed = tmp_path_factory.mktemp("app") / "flawed.py"
    flawed.write_text(FLAWED)
    context = json.dumps({"@aws-cdk/core:validateAgainstDefaultRules": True})
    done = subprocess.run(
        [sys.executable, "-c", SYNTHESIZE, *map(str, [folder, *APPLICATIONS, flawed])],
        cwd=ROOT,
        env={**os.environ, "CDK_VALIDATION": "true", "CDK_CONTEXT_JSON": context},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^(\w+) .*ValidationFailed", done.stdout, re.MULTILINE) == ["flawed"]
    return folder


@pytest.mark.xdist_group("assemblies")
def test_cdk_validation_finds_nothing_but_the_flaw(assemblies: Path) -> None:
    reports = [json.loads((assemblies / each.stem / "validation-report.json").read_text()) for each in APPLICATIONS]

    assert [each["pluginReports"] for each in reports] == [[]] * len(APPLICATIONS)


@pytest.mark.xdist_group("assemblies")
def test_cfn_lint_finds_nothing_in_any_region(assemblies: Path) -> None:
    templates = {*assemblies.rglob("*.template.json")}
    assert len(templates) >= len(APPLICATIONS)
    receiving = {each for each in templates if "AWS::SES::ReceiptRule" in each.read_text()}

    for some, regions in ((receiving, RECEIVING_REGIONS), (templates - receiving, SENDING_REGIONS)):
        result = cfn_lint(some, *regions)
        assert (result.stdout, result.returncode) == ("", 0)

    assert "'AWS::SES::ReceiptRule' does not exist in 'ca-west-1'" in cfn_lint([receiving.pop()], "ca-west-1").stdout


def test_cfn_lint_finds_nothing_in_monitoring_with_any_feature_flags(tmp_path: Path) -> None:
    for name, flags in {"Without": {}, "With": json.loads(RECOMMENDED_FLAGS.read_text())}.items():
        app = App(outdir=str(tmp_path / name), context=flags)
        monitor(Stack(app, name, env=ENVIRONMENT), encrypted=True)
        app.synth()

    result = cfn_lint([*tmp_path.rglob("*.template.json")])
    assert (result.stdout, result.returncode) == ("", 0)


def test_cfn_lint_would_find_something(tmp_path: Path) -> None:
    template = tmp_path / "flawed.template.json"
    template.write_text(json.dumps({"Resources": {"Identity": {"Type": "AWS::SES::EmailIdentity"}}}))

    assert "'EmailIdentity' is a required property" in cfn_lint([template]).stdout
