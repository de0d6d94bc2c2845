"""As a stranger begins: an empty folder, the published wheel, README's app, `cdk synth`, `cdk deploy`."""

import json
from pathlib import Path

import pytest

from local_aws.aws import LocalAws
from local_aws.cdk_cli import run_cdk
from local_aws.read_back import read_domain
from tests.applications import ROOT
from tests.distributions import build, install, run
from tests.running_aws.zones import Zone
from tests.test_documentation import blocks

pytestmark = pytest.mark.xdist_group("local-aws-2")


# A wheel is built, an environment made and CDK imported three times.
def test_the_app_of_the_readme_is_deployed_from_the_wheel(aws: LocalAws, hosted_zone: Zone, tmp_path: Path) -> None:
    (tmp_path / "built").mkdir()
    (tmp_path / "app").mkdir()
    python = install(build(tmp_path / "built")[1], tmp_path / "venv")
    app = next(blocks(ROOT / "README.md"))
    # All that a reader has to change.
    app = app.replace("Z0123456789ABCDEFGHIJ", hosted_zone.hosted_zone_id).replace("example.com", hosted_zone.domain)
    (tmp_path / "app" / "app.py").write_text(app)
    (tmp_path / "app" / "cdk.json").write_text(json.dumps({"app": f"{python} app.py"}))

    where = run(python, "-c", "import ses_constructs; print(ses_constructs.__file__)", cwd=tmp_path / "app")
    assert Path(where).is_relative_to(tmp_path / "venv")

    environment = {name: value for name, value in aws.environment.items() if name != "PYTHONPATH"}

    def cdk(*arguments: str) -> str:
        return run_cdk(arguments, environment=environment, cwd=tmp_path / "app")

    assert "AWS::SES::EmailIdentity" in cdk("synth")
    try:
        cdk("deploy", "--require-approval", "never")
        assert read_domain(aws, hosted_zone.domain, hosted_zone.hosted_zone_id).problems() == []
        rules = aws.client("ses").describe_active_receipt_rule_set()["Rules"]
        assert f"support@{hosted_zone.domain}" in [to for rule in rules for to in rule["Recipients"]]
    finally:
        cdk("destroy", "--force")
