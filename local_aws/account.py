"""`Account`: what the demo asks of AWS, be it the one on this machine or a real one: boto3 clients and the CDK CLI."""

import json
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local_aws.cdk_cli import TIMEOUT, App, app_arguments, context_arguments, run_cdk
from local_aws.clients import Clients
from local_aws.environment import ROOT

Outputs = dict[str, dict[str, str]]


class Account:
    """An account in a region: *environment* leads the CDK CLI, and any other subprocess, to it as *clients* lead us.

    What the CLI writes is put into *folder*.
    """

    def __init__(
        self, clients: Clients, *, account: str, region: str, environment: Mapping[str, str], folder: Path
    ) -> None:
        self._clients = clients
        self.client = clients.get
        self.account, self.region = account, region
        self.environment, self.folder = dict(environment), folder

    def metric_sum(self, namespace: str, metric: str, dimension: str, value: str) -> float:
        """The sum of a metric with one dimension over the last hour."""
        now = datetime.now(UTC)
        points = self.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": dimension, "Value": value}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(minutes=5),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(point["Sum"] for point in points))

    def bootstrap(self, region: str = "") -> None:
        """`cdk bootstrap`, needed once before the first deployment to a region; a few seconds."""
        # Away from cdk.json, whose app the CLI would synthesize for nothing.
        self.cdk("bootstrap", f"aws://{self.account}/{region or self.region}", cwd=self.folder)

    def deploy(
        self,
        app: App,
        *stacks: str,
        context: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        timeout: float = TIMEOUT,
        tell: Callable[[], None] | None = None,
    ) -> Outputs:
        """`cdk deploy`, giving the outputs by stack; raise `CdkError` when it fails.

        *app* is a synthesized folder (`Path`, deployed in 1 to 2 s) or the command that synthesizes, run in *cwd*.
        Without *stacks* all are deployed. *tell* is called every few seconds meanwhile.
        """
        with tempfile.TemporaryDirectory(prefix="deploy-", dir=self.folder) as folder:
            outputs = Path(folder) / "outputs.json"
            self.cdk(
                "deploy",
                *(stacks or ("--all",)),
                *app_arguments(app, assembly=Path(folder) / "cdk.out"),
                *context_arguments(context or {}),
                *("--require-approval", "never", "--progress", "events", "--outputs-file", str(outputs)),
                cwd=cwd,
                timeout=timeout,
                tell=tell,
            )
            made: Outputs = json.loads(outputs.read_text(encoding="utf-8")) if outputs.exists() else {}
            return made

    def destroy(
        self,
        app: App,
        *stacks: str,
        context: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        timeout: float = TIMEOUT,
    ) -> None:
        """`cdk destroy --force`, with the arguments of `deploy`."""
        with tempfile.TemporaryDirectory(prefix="destroy-", dir=self.folder) as folder:
            self.cdk(
                "destroy",
                *(stacks or ("--all",)),
                *app_arguments(app, assembly=Path(folder) / "cdk.out"),
                *context_arguments(context or {}),
                *("--force", "--progress", "events"),
                cwd=cwd,
                timeout=timeout,
            )

    def cdk(
        self, *arguments: str, cwd: Path = ROOT, timeout: float = TIMEOUT, tell: Callable[[], None] | None = None
    ) -> str:
        """Any other CLI command, giving its output."""
        return run_cdk(arguments, environment=self.environment, cwd=cwd, timeout=timeout, tell=tell)
