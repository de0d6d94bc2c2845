"""Every check that the command has: a zone that passes it, one that fails it, and no check without both."""

import ast
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ses_constructs.command import checks
from ses_constructs.command.checks.checked_domain import CheckedDomain
from ses_constructs.command.checks.identity import check_identity
from ses_constructs.command.checks.wanted_records import check_wanted_records
from ses_constructs.command.name_servers import DnsServer, NameServers
from ses_constructs.email_records import DnsRecord
from tests.command.conftest import RIGHT, World
from tests.command.test_identity import RIGHT as IDENTITY

PAGE = Path(__file__).parents[2] / "docs" / "command.md"
ID = r"(identity|delegation|dkim|mail-from|spf|dmarc|inbound|tls-rpt|bulk)\.[a-z.-]*"
REPORTS = {"dmarc": '_dmarc IN TXT "v=DMARC1; p=none; rua=mailto:d@reports.net"'}


def report(world: World, *options: str) -> dict[str, str]:
    return {name: each["outcome"] for name, each in world.check("--bulk-sender", *options).items()}


def broken(**instead: str) -> Callable[[World], dict[str, str]]:
    """What a zone with other records gives."""

    def look(world: World) -> dict[str, str]:
        world.publish({**RIGHT, **instead})
        return report(world)

    return look


def silent(world: World) -> dict[str, str]:
    world.servers[2].silent = True
    return report(world, "--timeout", "0.5")


def moved(world: World) -> dict[str, str]:
    world.delegate("example IN NS ns1.example.com.\nexample IN NS old.example.com.\n")
    return report(world)


def bogus(world: World) -> dict[str, str]:
    world.resolver.bogus = {"example.com"}
    return report(world)


def subdomain(label: str) -> Callable[[World], dict[str, str]]:
    def look(world: World) -> dict[str, str]:
        result = world.run("check", f"{label}.example.com", "--no-account", "--json", *world.asking)
        return {each["id"]: each["outcome"] for each in json.loads(result.stdout)["findings"]}

    return look


def reporting(agreed: str) -> Callable[[World], dict[str, str]]:
    def look(world: World) -> dict[str, str]:
        world.zone("net", "@ IN NS ns1.example.com.\nreports IN NS ns1.example.com.\n")
        world.zone("reports.net", f"@ IN NS ns1.example.com.\n{agreed}\n")
        return broken(**REPORTS)(world)

    return look


def checked(world: World, **fields: Any) -> CheckedDomain:
    resolver = DnsServer(name="resolver", address=world.resolver.address, port=world.port)
    return CheckedDomain(name="example.com", dns=NameServers(resolver=resolver, port=world.port), **fields)


def identity(changed: Mapping[str, Any]) -> Callable[[World], dict[str, str]]:
    def look(world: World) -> dict[str, str]:
        return {each.id: each.outcome for each in check_identity(checked(world, account={**IDENTITY, **changed}))}

    return look


def wanted(value: str, *, wants: Any) -> Callable[[World], dict[str, str]]:
    def look(world: World) -> dict[str, str]:
        record = DnsRecord(name="mail.example.com", type="MX", values=(value,))
        return {each.id: each.outcome for each in check_wanted_records(checked(world), [record], wants)}

    return look


MX = "10 feedback-smtp.eu-west-1.amazonses.com"
# What stands in the table of the page: a finding of it, what passes, what fails.
CHECKS: dict[str, tuple[str, Callable[[World], dict[str, str]], Callable[[World], dict[str, str]]]] = {
    "identity.verified": ("identity.verified", identity({}), identity({"VerifiedForSendingStatus": False})),
    "identity.dkim": ("identity.dkim", identity({}), identity({"DkimAttributes": {"SigningEnabled": False}})),
    "identity.mail-from": ("identity.mail-from", identity({}), identity({"MailFromAttributes": {}})),
    "delegation.servers": ("delegation.servers", report, silent),
    "delegation.parent": ("delegation.parent", report, moved),
    "delegation.domain": ("delegation.domain", subdomain("mail"), subdomain("mial")),
    "delegation.dnssec": ("delegation.dnssec", report, bogus),
    "dkim.<selector>": ("dkim.own", report, broken(key="")),
    "mail-from.mx": ("mail-from.mx", report, broken(mail_from_mx="")),
    "mail-from.spf": ("mail-from.spf", report, broken(mail_from_spf="")),
    "spf.record": ("spf.record", report, broken(spf='@ IN TXT "v=spf1 mx"\n@ IN TXT "v=spf1 a"')),
    "dmarc.record": ("dmarc.record", report, broken(dmarc="")),
    "dmarc.alignment": ("dmarc.alignment", report, broken(dmarc='_dmarc IN TXT "v=DMARC1; p=none; aspf=s"')),
    "dmarc.reports.<domain>": (
        "dmarc.reports.reports.net",
        reporting('*._report._dmarc IN TXT "v=DMARC1;"'),
        reporting(""),
    ),
    "inbound.mx": ("inbound.mx", report, broken(mx="@ IN MX 10 inbound-smtp.eu-west-1.amazonses.com.")),
    "tls-rpt.record": ("tls-rpt.record", report, broken(tls='_smtp._tls IN TXT "v=TLSRPTv1; rua=nobody"')),
    "stack.<type>.<name>": (
        "stack.mx.mail.example.com",
        wanted(MX, wants="stack"),
        wanted("10 mx.example.net", wants="stack"),
    ),
    "template.<type>.<name>": (
        "template.mx.mail.example.com",
        wanted(MX, wants="template"),
        wanted("10 mx.example.net", wants="template"),
    ),
    "bulk.gmail.spf": ("bulk.gmail.spf", report, broken(mail_from_spf="")),
    "bulk.gmail.dkim": ("bulk.gmail.dkim", report, broken(key="")),
    "bulk.gmail.dmarc": ("bulk.gmail.dmarc", report, broken(dmarc="")),
    "bulk.yahoo.authentication": ("bulk.yahoo.authentication", report, broken(key="")),
    "bulk.outlook.authentication": ("bulk.outlook.authentication", report, broken(dmarc="")),
}


@pytest.mark.parametrize("check", CHECKS)
def test_a_zone_that_is_right_passes(world: World, check: str) -> None:
    finding, right, _ = CHECKS[check]

    assert right(world)[finding] == "right"


@pytest.mark.parametrize("check", CHECKS)
def test_a_zone_that_is_broken_fails(world: World, check: str) -> None:
    finding, _, wrong = CHECKS[check]

    # These two work, and could be better.
    expected = "advice" if check in ("dmarc.alignment", "identity.mail-from") else "wrong"
    assert wrong(world)[finding] == expected


def test_no_check_is_missing_here_or_in_the_page() -> None:
    rows = re.findall(
        r"^\| (`.*?) \|", PAGE.read_text(encoding="utf-8").partition("The mistakes that")[0], re.MULTILINE
    )
    told = {name for row in rows for name in re.findall(r"`([a-z-]+\.[^`]+)`", row)}
    written = {
        node.value
        for path in Path(checks.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(ID, node.value)
    }

    assert told == set(CHECKS)
    # The one host that looks like an id.
    written.discard("dkim.amazonses.com")
    assert not [each for each in written if not any(name.startswith(each) for name in CHECKS)]
