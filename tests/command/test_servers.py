"""Servers that disagree, are silent, refuse or cut, and a resolver that validates."""

import time

from ses_constructs.command.checks.checked_domain import CheckedDomain
from ses_constructs.command.checks.wanted_records import check_wanted_records
from ses_constructs.command.name_servers import DnsServer, NameServers
from ses_constructs.email_records import DnsRecord
from tests.command.conftest import DELEGATION, RIGHT, World


def test_a_server_with_an_old_zone_is_named(world: World) -> None:
    world.publish({"dmarc": ""}, at=(1,))
    world.publish(at=(0, 2))

    found = world.check()["dmarc.record"]

    assert found["outcome"] == "wrong"
    assert "its name servers do not agree; of ns2.example.com: there is no DMARC record" in found["says"]
    assert "ns1.example.com: v=DMARC1; p=none" in found["found"]


def test_a_silent_server_is_a_fault_of_the_delegation_and_of_nothing_else(world: World) -> None:
    world.servers[2].silent = True

    found = world.check("--timeout", "0.5")

    assert [name for name, each in found.items() if each["outcome"] != "right"] == ["delegation.servers"]
    assert "ns3.example.com did not answer in 0.5 s" in found["delegation.servers"]["found"]


def test_servers_that_are_slow_are_waited_for(world: World) -> None:
    for server in world.servers:
        server.delay = 0.1

    assert {each["outcome"] for each in world.check().values()} == {"right"}


def test_a_server_that_is_not_responsible_is_named(world: World) -> None:
    world.servers[1].zones.clear()

    found = world.check()["delegation.servers"]

    assert "ns2.example.com answers REFUSED" in found["found"]
    assert found["outcome"] == "wrong"


def test_servers_that_are_all_silent_say_nothing_about_the_records(world: World) -> None:
    for server in world.servers:
        server.silent = True

    report = world.report("--timeout", "0.5")

    assert report["exit_code"] == 2
    assert not [each for each in report["findings"] if each["outcome"] == "wrong"]


def test_a_resolver_that_is_silent_ends_soon_and_says_nothing_about_the_records(world: World) -> None:
    world.resolver.silent = True
    begun = time.monotonic()

    report = world.report("--timeout", "0.5")

    assert time.monotonic() - begun < 20
    assert report["exit_code"] == 2
    assert {each["outcome"] for each in report["findings"]} == {"unknown"}


def test_a_server_that_is_no_resolver_says_so(world: World) -> None:
    world.resolver.recursive = False
    for apex in [*world.resolver.zones]:
        del world.resolver.zones[apex]
    world.resolver.hold("com", DELEGATION.replace("@", "example"))

    report = world.report()

    assert report["exit_code"] == 2
    assert "it is no resolver" in str(report["findings"])


def test_a_long_answer_comes_by_tcp(world: World) -> None:
    long_texts = "\n".join(f'own._domainkey IN TXT "{number:0250}"' for number in range(6))
    world.publish({"tls": long_texts})

    assert "7 keys stand there" in world.check()["dkim.own"]["says"]


def test_a_server_without_tcp_cannot_give_a_long_answer(world: World) -> None:
    long_texts = "\n".join(f'own._domainkey IN TXT "{number:0250}"' for number in range(6))
    world.publish({"tls": long_texts})
    for server in world.servers:
        server.speaks_tcp = False

    found = world.check()["dkim.own"]

    assert found["outcome"] == "unknown"
    assert "its answer needs TCP (RFC 7766), which it does not speak" in found["says"]


def test_a_zone_that_fails_validation_is_named(world: World) -> None:
    world.resolver.bogus = {"example.com"}

    found = world.check()["delegation.dnssec"]

    assert found["outcome"] == "wrong"
    assert "DNSSEC fails" in found["says"]


def test_a_resolver_that_knows_nothing_says_nothing_about_the_domain(world: World) -> None:
    world.resolver.zones.clear()
    world.resolver.hold("", "a IN A 192.0.2.1\n")  # so that every other name does not exist

    report = world.report()

    assert {each["outcome"] for each in report["findings"]} == {"unknown"}
    assert "does not even know com, so that it does not see the public DNS" in str(report["findings"])
    screen = world.run("check", "example.com", "--no-account", *world.asking).output
    # One reason for all of them is told once.
    assert screen.count("public DNS") == 1
    assert "delegation.servers and 4 more" in screen


def test_a_zone_above_that_names_other_servers_is_a_fault(world: World) -> None:
    world.delegate("example IN NS ns1.example.com.\nexample IN NS old.example.com.\n")

    found = world.check()["delegation.parent"]

    assert found["outcome"] == "wrong"
    assert "such as ns1.example.com, old.example.com" in found["wanted"]


def test_a_mail_from_domain_in_a_zone_of_its_own_is_asked_there(world: World) -> None:
    world.publish({"mail_from_mx": "mail IN NS ns1.mail", "mail_from_spf": "ns1.mail IN A 127.0.1.1"})
    own = [RIGHT[each].replace("mail IN", "@ IN") for each in ("mail_from_mx", "mail_from_spf")]
    world.zone("mail.example.com", "\n".join(["@ IN NS ns1", "ns1 IN A 127.0.1.1", *own, ""]), at=(0,))

    found = world.check()

    assert found["mail-from.mx"]["outcome"] == found["mail-from.spf"]["outcome"] == "right"


def test_ten_records_at_three_servers_take_less_than_two_seconds(world: World) -> None:
    names = [f"r{number}.example.com" for number in range(10)]
    world.publish({"tls": "\n".join(f"{name}. IN MX 10 mx.example.com." for name in names)})
    resolver = DnsServer(name="resolver", address=world.resolver.address, port=world.port)
    domain = CheckedDomain(name="example.com", dns=NameServers(resolver=resolver, port=world.port))
    records = [DnsRecord(name=name, type="MX", values=("10 mx.example.com",)) for name in names]
    begun = time.process_time()

    world.check()
    found = [*check_wanted_records(domain, records, "template")]

    # Of the processor, these servers' part included: on a busy machine the clock says nothing.
    assert time.process_time() - begun < 2
    assert {each.outcome for each in found} == {"right"}
    assert all({(name, "MX") for name in names} <= set(server.asked) for server in world.servers)


def test_a_domain_that_does_not_exist_is_named_and_one_without_records_of_its_own_passes(world: World) -> None:
    world.publish({"tls": '_dmarc.news IN TXT "v=DMARC1; p=none"'})

    misspelt = world.run("check", "nwes.example.com", "--no-account", *world.asking)
    right = world.run("check", "news.example.com", "--no-account", *world.asking)

    assert "nwes.example.com does not exist" in misspelt.output
    assert "news.example.com is a name in the zone example.com" in right.output
