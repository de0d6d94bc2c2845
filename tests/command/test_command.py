"""The command as people meet it: its help, its errors, its screen."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from ses_constructs.command.ses_account import AccountError, SesAccount
from tests.command.conftest import World

HELP = (
    "import sys, time\n"
    "from ses_constructs.command.group import commands\n"
    "try:\n    commands(['--help'])\nexcept SystemExit:\n    pass\n"
    "slow = [each for each in ('aws_cdk', 'jsii', 'boto3', 'botocore', 'dns', 'dns.resolver', 'rich') "
    "if each in sys.modules]\n"
    "print(slow, time.process_time() < 0.4)"
)


def test_the_help_loads_nothing_that_it_does_not_need() -> None:
    run = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)

    assert run.stdout.splitlines()[-1] == "[] True"


def test_without_the_extra_the_command_says_what_to_install() -> None:
    script = "import sys; sys.modules['click'] = None; from ses_constructs.command.start import main; main()"

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert run.returncode == 1
    assert run.stderr.strip() == "ses-constructs needs a few more libraries: pip install 'ses-constructs[cli]'"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("check",), "Missing argument 'DOMAIN'"),
        (("check", "no domain"), "'no domain' is no domain name; write one such as example.com"),
        (("check", "example.com", "--stack", "x", "--no-account"), "--stack needs the account"),
        (("check", "example.com", "--region", "EU WEST"), "--region 'EU WEST' is no AWS region"),
        (("check", "example.com", "--timeout", "0"), "0.0 is not in the range"),
        (("check", "example"), "'example' is no domain name"),
        (("check", "a..com"), "'a..com' is no domain name"),
        (("check", "example.com", "--resolver", "dns.example"), "--resolver 'dns.example' is no address"),
        (("check", "example.com", "--resolver", "192.0.2.1:0"), "--resolver '192.0.2.1:0' is no address"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(world: World, arguments: tuple[str, ...], says: str) -> None:
    result = world.run(*arguments)

    assert result.exit_code == 2
    assert says in result.output


def test_the_screen_has_80_columns_and_shows_what_to_publish(world: World) -> None:
    world.publish({"dmarc": ""})

    result = world.run("check", "example.com", "--no-account", *world.asking)

    fix = '_dmarc.example.com. 1800 IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.com"'
    assert fix in result.output
    assert all(len(line) <= 80 for line in result.output.splitlines() if fix not in line)
    assert "\x1b" not in result.output
    assert "SES knows the names of its keys" in " ".join(result.output.split())
    assert result.exit_code == 1


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_what_dns_says_does_not_steer_the_terminal(world: World, options: tuple[str, ...]) -> None:
    world.publish({"dmarc": r'_dmarc IN TXT "v=DMARC1; p=\027[2J\226\128\174[bold]x"'})

    result = world.run("check", "example.com", "--no-account", *options, *world.asking)

    assert "\x1b" not in result.output
    assert "\u202e" not in result.output
    assert "[bold]x" in result.output


def test_a_domain_that_is_not_ascii_is_asked_in_its_ascii_form(world: World) -> None:
    result = world.run("check", "bücher.example.com", "--no-account", *world.asking)

    assert result.output.startswith("xn--bcher-kva.example.com")


def test_the_json_has_a_schema_and_every_field(world: World) -> None:
    report = world.report()

    assert report["schema"] == "ses-constructs.check/1"
    assert set(report) == {"schema", "domain", "region", "exit_code", "findings", "notes"}
    assert all(
        set(each) == {"id", "outcome", "says", "wanted", "found", "source", "fix"} for each in report["findings"]
    )


COMMANDS = ("check", "records", "status", "plan", "doctor", "simulate")


@pytest.mark.parametrize("subcommand", ["", *COMMANDS])
def test_every_help_fits_80_columns_and_says_what_exit_codes_mean(world: World, subcommand: str) -> None:
    result = world.run(*filter(None, [subcommand]), "--help")

    assert all(len(line) <= 80 for line in result.output.splitlines())
    assert "..." not in result.output.replace("[ARGS]...", "")
    assert not subcommand or ("Exit code: 0" in result.output and "--json" in result.output)


def test_the_subcommands_stand_in_the_order_in_which_they_are_wanted(world: World) -> None:
    listed = world.run("--help").output.partition("Commands:")[2].split("\n")

    names = [line.split()[0] for line in listed if line.strip()]
    assert tuple(name for name in names if name in COMMANDS) == COMMANDS


LOOKS = {
    "records": ("--domain", "example.com"),
    "status": (),
    "plan": ("--app", "."),
    "doctor": ("jane@example.com",),
    "simulate": ("letter.eml", "--to", "jane@example.com", "--account"),
}


@pytest.mark.parametrize("subcommand", LOOKS)
def test_what_aws_says_does_not_steer_the_terminal_and_has_a_schema(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, subcommand: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "letter.eml").write_text("From: ann@example.net\n\nhello\n")
    (tmp_path / "manifest.json").write_text("{}")

    def client(*_: object) -> NoReturn:
        raise AccountError("SES says \x1b[2J\u202e")

    monkeypatch.setattr(SesAccount, "client", client)
    arguments = (subcommand, *LOOKS[subcommand], "--region", "eu-west-1")

    shown = world.run(*arguments)
    data = json.loads(world.run(*arguments, "--json").stdout)

    assert shown.stderr == "Could not look: SES says \\x1b[2J\\u202e\n"
    assert (shown.stdout, shown.exit_code) == ("", 2)
    assert data == {
        "schema": f"ses-constructs.{subcommand}/1",
        "exit_code": 2,
        "error": "SES says \x1b[2J\u202e",
    }


def test_every_call_of_aws_has_a_time_out() -> None:
    config = SesAccount("eu-west-1").client("sesv2").meta.config

    assert (config.connect_timeout, config.read_timeout) == (5, 15)
