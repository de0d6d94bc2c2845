"""checkdmarc reads the same zones: another program's counts and verdicts, where both answer a question."""

import checkdmarc.dmarc  # type: ignore[import-untyped]
import checkdmarc.spf  # type: ignore[import-untyped]
import checkdmarc.utils  # type: ignore[import-untyped]
import dns.resolver
import pytest

from tests.command.conftest import World

SPF = [
    '@ IN TXT "v=spf1 include:amazonses.com ~all"',
    '@ IN TXT "v=spf1 a mx include:amazonses.com -all"',
    '@ IN TXT "v=spf1 redirect=amazonses.com"',
    '@ IN TXT "v=spf1 a:x1.com a:ns1.example.com ~all"',
    '@ IN TXT "v=spf1 a:x1.com a:x2.com a:x3.com ~all"',
    '@ IN TXT "v=spf1 include:nothing.example.com ~all"',
    '@ IN TXT "v=spf1 include:amazonses.com ~all"\n@ IN TXT "v=spf1 -all"',
    '@ IN TXT "v=spf1 mx ip4:192.0.2.300 -all"',
]
DMARC = [
    '_dmarc IN TXT "v=DMARC1; p=none"',
    '_dmarc IN TXT "v=DMARC1; p=reject; sp=none; adkim=s"',
    '_dmarc IN TXT "v=DMARC1; p=block"',
    '_dmarc IN TXT "v=DMARC1; p=none"\n_dmarc IN TXT "v=DMARC1; p=reject"',
    "",
]


def resolver_of(world: World) -> dns.resolver.Resolver:
    checkdmarc.utils.DNS_CACHE.clear()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [world.resolver.address], world.port
    resolver.lifetime = 2
    return resolver


@pytest.mark.parametrize("record", SPF)
def test_both_think_the_same_of_an_spf_record(world: World, record: str) -> None:
    world.publish({"spf": record})
    theirs = checkdmarc.spf.check_spf("example.com", resolver=resolver_of(world))

    ours = world.check()["spf.record"]

    assert (ours["outcome"] == "right") == bool(theirs["valid"]), theirs
    if theirs["valid"]:
        counts = f"{theirs['dns_lookups']} of 10 look-ups, {theirs['void_dns_lookups']} of 2 empty"
        assert counts in ours["says"]


@pytest.mark.parametrize("record", DMARC)
def test_both_think_the_same_of_a_dmarc_record(world: World, record: str) -> None:
    world.publish({"dmarc": record})
    theirs = checkdmarc.dmarc.check_dmarc("example.com", resolver=resolver_of(world))

    ours = world.check()["dmarc.record"]

    assert (ours["outcome"] == "right") == bool(theirs["valid"]), theirs
