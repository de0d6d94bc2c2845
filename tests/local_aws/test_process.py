"""Starting and ending: on loopback only, several at once, and no trace left, whatever happens meanwhile."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import aws_cdk as cdk
import pytest

from local_aws.aws import LocalAws
from local_aws.environment import ROOT
from local_aws.process import LocalAwsError, ServerProcess
from tests.local_aws.plain_app import add_custom_resource
from tests.running_aws.deployed_stack import DeployedStack
from tests.running_aws.processes import HANGS_AFTER, listening_addresses, living_members, loopback, wait_until

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="asks Linux about the processes")

LONG = cdk.Duration.hours(1)
NEVER_ANSWERS = "def handler(event, context): pass"


def test_an_exception_ends_it_and_its_inbox() -> None:
    ports = list[int]()

    def fail(aws: LocalAws) -> None:
        inbox = aws.receive_mail()
        ports.append(inbox.port)
        with inbox.connect() as smtp:
            assert smtp.noop()[0] == 250
        assert loopback(inbox.port) in listening_addresses(os.getpid())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), LocalAws.start() as aws:
        fail(aws)
    assert wait_until(lambda: not living_members(aws.server.pid))
    assert not aws.server.folder.exists()
    assert loopback(ports[0]) not in listening_addresses(os.getpid())
    assert f"smtp-{ports[0]}" not in [thread.name for thread in threading.enumerate()]


def test_ends_while_a_deployment_hangs(tmp_path: Path) -> None:
    with LocalAws.start() as aws:
        aws.bootstrap()
        stack = DeployedStack(aws, "Hanging", tmp_path)
        stack.start(lambda built: add_custom_resource(built, NEVER_ANSWERS, service_timeout=LONG))

        def hangs() -> bool:
            last = stack.events()[-1]
            return (last["ResourceType"], last["ResourceStatus"]) == ("Custom::Tested", "CREATE_IN_PROGRESS")

        assert wait_until(hangs)
        server, began = aws.server, time.monotonic()
    assert time.monotonic() - began < HANGS_AFTER < LONG.to_seconds()
    assert wait_until(lambda: not living_members(server.pid))
    assert not server.folder.exists()


def test_listens_on_loopback_alone_and_ends_by_force_when_it_does_not_end_by_itself() -> None:
    with ServerProcess() as server:
        assert listening_addresses(server.pid) == {loopback(server.port)}
        os.kill(server.pid, signal.SIGSTOP)
    assert wait_until(lambda: not living_members(server.pid))
    assert not server.folder.exists()


def test_ends_when_its_parent_is_killed() -> None:
    script = (
        "import os, signal\n"
        "from local_aws.process import ServerProcess\n"
        "server = ServerProcess()\n"
        "print(server.pid, server.folder, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert parent.returncode == -signal.SIGKILL, parent.stderr
    pid, folder = parent.stdout.split()
    assert wait_until(lambda: not living_members(int(pid)))
    assert not Path(folder).exists()


def test_two_run_at_once_over_tls_and_heed_neither_each_other_nor_the_hosts_aws_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/no/such/bundle.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with LocalAws.start(tls=True) as one, LocalAws.start(enforce_iam=True, iam_lag=5) as other:
        one.client("sesv2").create_email_identity(EmailIdentity="example.com")
        assert listening_addresses(one.server.pid) == {loopback(one.server.port)}
        assert one.endpoint != other.endpoint
        assert not other.client("sesv2").list_email_identities()["EmailIdentities"]
        assert other.server.control("iam-lag") == 5


def test_says_how_to_install_a_missing_server(tmp_path: Path) -> None:
    with pytest.raises(LocalAwsError, match="make setup"):
        ServerProcess(python=tmp_path / "python")


def test_a_server_that_ends_at_once_says_why() -> None:
    # Our own Python has no ministack.
    with pytest.raises(LocalAwsError, match=r"(?s)ended with status 1:.*No module named 'hypercorn'"):
        ServerProcess(python=Path(sys.executable))
