"""CDK Pipelines takes the stages of the examples for several accounts and regions, and deploys them in their order."""

import json
import re
import runpy
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from aws_cdk import App, Environment, Stack, pipelines
from aws_cdk.assertions import Template

from tests.applications import ROOT

Names = Mapping[str, Any]
OURS = Environment(account="999988887777", region="eu-west-1")


def add_one_stage(pipeline: pipelines.CodePipeline, scope: Stack, names: Names) -> None:
    pipeline.add_stage(names["Mail"](scope, "Mail"))


def add_accounts(pipeline: pipelines.CodePipeline, scope: Stack, names: Names) -> None:
    """As the example says."""
    pipeline.add_stage(names["Dns"](scope, "Dns"))
    applications = pipeline.add_wave("Applications")
    for name in names["APPLICATIONS"]:
        applications.add_stage(names["Application"](scope, name.title(), name=name))


def deployments(stack: Stack) -> list[set[str]]:
    """The stacks with account and region, those that are deployed at once in a set, in the order of the pipeline."""
    (pipeline,) = Template.from_stack(stack).find_resources("AWS::CodePipeline::Pipeline").values()
    found = defaultdict[tuple[int, int], set[str]](set)
    for number, stage in enumerate(pipeline["Properties"]["Stages"]):
        for action in stage["Actions"]:
            if action.get("Configuration", {}).get("ActionMode") == "CHANGE_SET_EXECUTE":
                (account,) = set(re.findall("[0-9]{12}", json.dumps(action["RoleArn"])))
                place = f"{account} {action.get('Region', OURS.region)}"
                found[number, action["RunOrder"]].add(f"{action['Configuration']['StackName']} {place}")
    return [found[key] for key in sorted(found)]


@pytest.mark.parametrize(
    ("example", "add", "expected"),
    [
        (
            "two_regions",
            add_one_stage,
            [
                {"Mail-Ireland 111122223333 eu-west-1"},
                {"Mail-Virginia 111122223333 us-east-1"},
                {"Mail-Endpoint 111122223333 eu-west-1"},
            ],
        ),
        (
            "standby_account",
            add_one_stage,
            [
                {
                    "Mail-Standby 222233334444 eu-central-1",
                    "Mail-Main 111122223333 eu-west-1",
                    "Mail-Newsletter 333344445555 eu-west-1",
                }
            ],
        ),
        (
            "central_dns",
            add_accounts,
            [
                {"Dns-Roles 222233334444 eu-west-1"},
                {"Shop-Mail 111122223333 eu-west-1", "Tickets-Mail 333344445555 eu-west-1"},
            ],
        ),
    ],
)
def test_a_pipeline_deploys_the_stages_of_an_example(
    app: App,
    monkeypatch: pytest.MonkeyPatch,
    example: str,
    add: Callable[[pipelines.CodePipeline, Stack, Names], None],
    expected: list[set[str]],
) -> None:
    monkeypatch.setattr(App, "synth", lambda app: None)
    names = runpy.run_path(str(ROOT / "examples" / f"{example}.py"))
    stack = Stack(app, "Pipeline", env=OURS)
    connection = f"arn:aws:codestar-connections:{OURS.region}:{OURS.account}:connection/one"
    source = pipelines.CodePipelineSource.connection("team/mail", "main", connection_arn=connection)
    synth = pipelines.ShellStep("Synth", input=source, commands=["npx cdk synth"])
    pipeline = pipelines.CodePipeline(stack, "Pipeline", cross_account_keys=True, synth=synth)

    add(pipeline, stack, names)

    pipeline.build_pipeline()
    assert deployments(stack) == expected
