"""The command as people meet it: its help, its errors, its screen."""

import subprocess
import sys

import pytest

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
    assert "only SES knows the names of its keys" in " ".join(result.output.split())
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
