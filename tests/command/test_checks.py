"""Every check on a zone that is right, and on one that is wrong in each way that the check names."""

import pytest

from tests.command.conftest import KEY, World, public_key, txt


def test_a_zone_that_is_right_passes_every_check(world: World) -> None:
    found = world.check("--bulk-sender")

    assert {name for name, each in found.items() if each["outcome"] != "right"} == set()
    assert {
        "delegation.servers",
        "delegation.parent",
        "delegation.dnssec",
        "dkim.own",
        "mail-from.mx",
        "mail-from.spf",
        "spf.record",
        "dmarc.record",
        "dmarc.alignment",
        "inbound.mx",
        "tls-rpt.record",
        "bulk.gmail.spf",
        "bulk.gmail.dkim",
        "bulk.gmail.dmarc",
        "bulk.yahoo.authentication",
        "bulk.outlook.authentication",
    } == set(found)


# What is replaced, by what, which check says so, and in which words.
WRONG = [
    ("key", "", "dkim.own", "0 keys stand there"),
    ("key", f"own._domainkey.example.com IN TXT {txt(KEY)}", "dkim.own", "the DNS host adds the domain by itself"),
    ("key", f"own.domainkey IN TXT {txt(KEY)}", "dkim.own", "without the underscore"),
    ("key", f"own._domainkey IN TXT {txt(KEY[:255])}", "dkim.own", "no whole key, as after a cut"),
    ("key", 'own._domainkey IN TXT "v=DKIM1; p="', "dkim.own", "the key is revoked"),
    ("key", 'own._domainkey IN TXT "v=DKIM1; k=rsa"', "dkim.own", "no p= with a key"),
    ("key", 'own._domainkey IN TXT "v=DKIM2; p=abcd"', "dkim.own", "does not begin with v=DKIM1"),
    ("key", 'own._domainkey IN TXT "v=DKIM1; k=dsa; p=abcd"', "dkim.own", "nobody knows the kind of key dsa"),
    ("key", f"own._domainkey IN TXT {txt(KEY)}\nown._domainkey IN TXT {txt(KEY[:-4])}", "dkim.own", "2 keys stand"),
    ("key", f'own._domainkey IN TXT "v=DKIM1; p={public_key(512)}"', "dkim.own", "512 bits are too short"),
    ("mail_from_mx", "", "mail-from.mx", "has no MX record"),
    ("mail_from_mx", "mail.example.com IN MX 10 feedback-smtp.eu-west-1.amazonses.com.", "mail-from.mx", "enter mail"),
    (
        "mail_from_mx",
        "mail IN MX 10 feedback-smtp.eu-west-1.amazonses.com.\nmail IN MX 20 mx.example.com.",
        "mail-from.mx",
        "SES wants exactly one",
    ),
    ("mail_from_mx", "mail IN MX 10 feedback-smtp.eu-west-1.amazonaws.com.", "mail-from.mx", "wrong suffix"),
    ("mail_from_mx", "mail IN MX 10 feedback-smtp.us-east-1.amazonses.com.", "mail-from.mx", "another region"),
    ("mail_from_mx", "mail IN MX 10 mx.example.com.", "mail-from.mx", "does not lead to SES"),
    (
        "mail_from_mx",
        "mail IN MX 10 feedback-smtp.eu-west-1.amazonses.com",
        "mail-from.mx",
        "the zone's name was added to the target",
    ),
    ("mail_from_spf", "", "mail-from.spf", "there is no SPF record"),
    ("mail_from_spf", 'mail IN TXT "v=spf1 mx -all"', "mail-from.spf", "does not let SES send"),
    (
        "mail_from_spf",
        'mail IN TXT "v=spf1 include:amazonses.com -all"\nmail IN TXT "v=spf1 -all"',
        "mail-from.spf",
        "2 SPF records",
    ),
    ("mail_from_spf", 'mail IN TXT "v=spf1 +all"', "mail-from.spf", "is not valid"),
    ("mail_from_spf", r'mail IN TXT "\"v=spf1 include:amazonses.com ~all\""', "mail-from.spf", "quotes were published"),
    ("mail_from_spf", 'mail IN TXT "v=spf1" "include:amazonses.com" "~all"', "mail-from.spf", "no blank behind v=spf1"),
    ("spf", '@ IN TXT "v=spf1" "include:amazonses.com" "~all"', "spf.record", "no blank behind v=spf1"),
    ("spf", 'example.com IN TXT "v=spf1 include:amazonses.com ~all"', "spf.record", "enter @"),
    ("spf", '@ IN TXT "v=spf1 include:nobody.example.com ~all"', "spf.record", "has no SPF record"),
    (
        "spf",
        '@ IN TXT "v=spf1 a:x1.com a:x2.com a:x3.com ~all"',
        "spf.record",
        "more than 2 of its look-ups find nothing",
    ),
    (
        "spf",
        '@ IN TXT "v=spf1 include:five.example.com include:five.example.com ~all"\n'
        'five IN TXT "v=spf1 a:ns1.example.com a:ns2.example.com a:ns3.example.com a mx -all"',
        "spf.record",
        "more than 10 look-ups",
    ),
    (
        "spf",
        '@ IN TXT "v=spf1 include:loop.example.com ~all"\nloop IN TXT "v=spf1 include:loop.example.com -all"',
        "spf.record",
        "more than 10",
    ),
    (
        "spf",
        '@ IN TXT "v=spf1 mx:many.example.com ~all"\n' + "".join(f"many IN MX 10 h{n}\n" for n in range(11)),
        "spf.record",
        "more than 10 hosts",
    ),
    ("dmarc", "", "dmarc.record", "there is no DMARC record"),
    (
        "dmarc",
        '_dmarc IN TXT "v=DMARC1; p=none"\n_dmarc IN TXT "v=DMARC1; p=reject"',
        "dmarc.record",
        "2 DMARC records",
    ),
    ("dmarc", '_dmarc IN TXT "v=DMARC1; p=block"', "dmarc.record", "is not valid"),
    ("dmarc", r'_dmarc IN TXT "v=DMARC1\\; p=none"', "dmarc.record", "a backslash was published"),
    ("dmarc", '_dmarc IN TXT "v=DMARC1"', "dmarc.record", "which begins a comment in a zone file"),
    (
        "dmarc",
        '_dmarc.example.com IN TXT "v=DMARC1; p=none"',
        "dmarc.record",
        "it stands at _dmarc.example.com.example.com",
    ),
    (
        "dmarc",
        'dmarc IN TXT "v=DMARC1; p=none"',
        "dmarc.record",
        "it stands at dmarc.example.com, without the underscore",
    ),
    ("dmarc", '* IN TXT "who knows"', "dmarc.record", "this is a wildcard"),
    ("dmarc", "_dmarc IN CNAME nothing.example.com.", "dmarc.record", "hides every other record"),
    (
        "dmarc",
        '_dmarc IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@reports.net"',
        "dmarc.reports.reports.net",
        "did not agree to take reports about example.com",
    ),
    ("mx", "@ IN MX 10 inbound-smtp.eu-west-1.amazonses.com.", "inbound.mx", "wrong suffix"),
    ("mx", "@ IN MX 10 feedback-smtp.eu-west-1.amazonses.com.", "inbound.mx", "where SES takes bounces"),
    ("mx", "@ IN MX 10 inbound-smtp.us-east-1.amazonaws.com.", "inbound.mx", "no rule of eu-west-1 waits"),
    (
        "mx",
        "@ IN MX 10 inbound-smtp.eu-west-1.amazonaws.com.\n@ IN MX 20 mx.example.net.",
        "inbound.mx",
        "others elsewhere",
    ),
    ("mx", "example.com IN MX 10 inbound-smtp.eu-west-1.amazonaws.com.", "inbound.mx", "enter @"),
    (
        "tls",
        '_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:a@b.com"\n_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:c@b.com"',
        "tls-rpt.record",
        "report to nobody",
    ),
    ("tls", '_smtp._tls IN TXT "v=TLSRPTv1; rua=nobody"', "tls-rpt.record", "is not valid"),
    ("tls", r'_smtp._tls IN TXT "v=TLSRPTv1\\; rua=mailto:a@b.com"', "tls-rpt.record", "a backslash was published"),
]


@pytest.mark.parametrize(("record", "instead", "check", "says"), WRONG)
def test_a_mistake_is_named(world: World, record: str, instead: str, check: str, says: str) -> None:
    world.zone("reports.net", "@ IN NS ns1.example.com.\n")
    world.zone("net", "@ IN NS ns1.example.com.\nreports IN NS ns1.example.com.\n")
    world.publish({record: instead})

    found = world.check()[check]

    assert says in found["says"]
    assert found["outcome"] == "wrong"
    assert found["wanted"]
    assert found["source"]


ADVICE = [
    ("key", f"own._domainkey IN TXT {txt(KEY + '; t=y')}", "dkim.own", "treat the mail as not signed"),
    ("key", f'own._domainkey IN TXT "v=DKIM1; p={public_key(1024)}"', "dkim.own", "1024 bits"),
    ("dmarc", '_dmarc IN TXT "v=DMARC1; p=none; aspf=s"', "dmarc.alignment", "aspf=s asks for the very same domain"),
    ("mx", "", "inbound.mx", "nobody can answer"),
    ("tls", "", "tls-rpt.record", "nobody is told"),
]


@pytest.mark.parametrize(("record", "instead", "check", "says"), ADVICE)
def test_what_works_and_could_be_better_is_no_fault(
    world: World, record: str, instead: str, check: str, says: str
) -> None:
    world.publish({record: instead})

    report = world.report()

    found = {each["id"]: each for each in report["findings"]}[check]
    assert says in found["says"]
    assert found["outcome"] == "advice"
    assert report["exit_code"] == 0


RIGHT_AS_WELL = [
    ("spf", "", "spf.record", "it needs none"),
    ("spf", '@ IN TXT "v=spf1 exists:%{i}.example.com ~all"', "spf.record", "depends on the message"),
    ("spf", '@ IN TXT "v=spf1 redirect=amazonses.com"', "spf.record", "1 of 10 look-ups"),
    ("mx", "@ IN MX 10 mx.example.net.", "inbound.mx", "which is not SES"),
    (
        "mx",
        "@ IN MX 10 inbound-smtp.eu-west-1.amazonaws.com.\n@ IN MX 20 inbound-smtp.us-east-1.amazonaws.com.",
        "inbound.mx",
        "mail goes to inbound-smtp.eu-west-1.amazonaws.com, inbound-smtp.us-east-1.amazonaws.com",
    ),
    # Records of others at the same name, or left at a name nobody asks for, are no mistake.
    ("spf", r'@ IN TXT "\"quoted\""' + '\nexample.com IN TXT "somebody-verifies=1"', "spf.record", "it needs none"),
    (
        "dmarc",
        '_dmarc IN TXT "v=DMARC1; p=none"\n_dmarc IN TXT "others"\n_dmarc.example.com IN TXT "v=DMARC1; p=none"',
        "dmarc.record",
        "are delivered",
    ),
    ("dmarc", '_dmarc IN CNAME there.example.com.\nthere IN TXT "v=DMARC1; p=reject"', "dmarc.record", "are refused"),
    (
        "dmarc",
        '_dmarc IN TXT "v=DMARC1; p=none; rua=mailto:d@reports.net"',
        "dmarc.reports.reports.net",
        "agreed to take",
    ),
    ("key", 'own._domainkey IN TXT "v=DKIM1; k=ed25519; p=abcd"', "dkim.own", "the key is there"),
]


@pytest.mark.parametrize(("record", "instead", "check", "says"), RIGHT_AS_WELL)
def test_what_looks_unusual_and_is_right_passes(world: World, record: str, instead: str, check: str, says: str) -> None:
    world.zone("net", "@ IN NS ns1.example.com.\nreports IN NS ns1.example.com.\n")
    # A wildcard of DNS agrees for every domain (RFC 9990 section 4); the literal name is never asked.
    world.zone("reports.net", '@ IN NS ns1.example.com.\n*._report._dmarc IN TXT "v=DMARC1;"\n')
    world.publish({record: instead})

    found = world.check()[check]

    assert says in found["says"]
    assert found["outcome"] == "right"
    assert not [name for server in (*world.servers, world.resolver) for name, _ in server.asked if "*" in name]


def test_a_subdomain_inherits_the_policy_of_its_organization(world: World) -> None:
    fixed = ("--no-account", "--region", "eu-west-1", *world.asking)
    world.publish({"dmarc": '_dmarc IN TXT "v=DMARC1; p=reject; sp=quarantine"'})

    result = world.run("check", "news.example.com", *fixed)

    assert "the record at _dmarc.example.com holds for this subdomain too: quarantine" in " ".join(
        result.output.split()
    )


def test_a_long_name_is_walked_with_eight_questions() -> None:
    from ses_constructs.command.checks.dmarc import walked_names

    names = walked_names("a.b.c.d.e.f.g.h.i.example.com")

    assert len(names) == 8
    assert names[:2] == ["a.b.c.d.e.f.g.h.i.example.com", "e.f.g.h.i.example.com"]
    assert names[-1] == "com"
