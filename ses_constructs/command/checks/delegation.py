"""Who is responsible for the domain, and whether the world can ask them."""

from collections.abc import Iterator

from ..findings import Finding, could_not_look
from ..name_servers import DnsReply, ServedZone
from .checked_domain import CheckedDomain

_SERVERS = "RFC 2182 section 5; RFC 1912 section 2.8"
_VALIDATION = "RFC 4035 section 5.5"


def check_delegation(domain: CheckedDomain) -> Iterator[Finding]:
    """Each server answers for the zone; the zone above names the same servers; validation passes."""
    zone = domain.dns.zone_of(domain.name)
    if isinstance(zone, DnsReply):
        yield could_not_look("delegation.servers", zone.problem)
        return
    yield _servers(domain, zone)
    yield _parent(domain, zone)
    if zone.name != domain.name:
        yield domain.judge("delegation.domain", domain.name, "NS", lambda reply: _exists(domain, zone, reply))
    yield _validation(domain)


def _servers(domain: CheckedDomain, zone: ServedZone) -> Finding:
    replies = domain.dns.side_by_side(lambda server: domain.dns.ask(server, zone.name, "SOA"), zone.servers)
    lame = [reply for reply in replies if reply.kind != "failed" and not (reply.values and reply.authoritative)]
    silent = [reply for reply in replies if reply.kind == "failed"]
    names = ", ".join(dict.fromkeys(server.name for server in zone.servers))
    problems = [f"{reply.server} is not responsible for it" for reply in lame] + [reply.problem for reply in silent]
    if not problems:
        return Finding(id="delegation.servers", outcome="right", says=f"{zone.name} is served by {names}")
    if len(silent) == len(replies):
        return could_not_look("delegation.servers", *problems)
    return Finding(
        id="delegation.servers",
        outcome="wrong",
        says=f"not every server of {zone.name} answers, so that some receivers find no records",
        wanted=f"an answer with authority from {names}",
        found="; ".join(problems),
        source=_SERVERS,
        fix=f"remove the server from the NS records of {zone.name} and at the registrar, or mend it",
    )


def _parent(domain: CheckedDomain, zone: ServedZone) -> Finding:
    check = "delegation.parent"
    above = zone.name.partition(".")[2]
    parent = domain.dns.zone_of(above) if above else None
    own = {reply.values for server in zone.servers if (reply := domain.dns.ask(server, zone.name, "NS")).values}
    if not isinstance(parent, ServedZone) or not own:
        problem = parent.problem if isinstance(parent, DnsReply) else "no server told its NS records"
        return could_not_look(check, problem)
    told = domain.dns.delegation(parent, zone.name)
    if not told:
        return could_not_look(check, f"the servers of {parent.name} did not tell the delegation")
    if own == {told}:
        return Finding(id=check, outcome="right", says=f"{parent.name} names the same servers as the zone itself")
    return Finding(
        id=check,
        outcome="wrong",
        says="the zone above names other servers than the zone itself, as after a move that is not finished",
        wanted=f"the same servers in both, such as {', '.join(told)}",
        found="; ".join(f"the zone itself says {', '.join(values)}" for values in sorted(own)),
        source="RFC 1034 section 4.2.2",
        fix=f"make the NS records of {zone.name} and those at the registrar equal",
    )


def _exists(domain: CheckedDomain, zone: ServedZone, reply: DnsReply) -> Finding:
    check = "delegation.domain"
    if reply.kind != "no name":
        return Finding(id=check, outcome="right", says=f"{domain.name} is a name in the zone {zone.name}")
    return Finding(
        id=check,
        outcome="wrong",
        says=f"{domain.name} does not exist: nothing stands at it or below it in the zone {zone.name}",
        wanted="the domain, delegated or with records",
        found="no such name",
        source="RFC 8020",
        fix="look at the spelling; register the domain, or publish its records",
    )


def _validation(domain: CheckedDomain) -> Finding:
    check = "delegation.dnssec"
    validated = domain.dns.resolve(domain.name, "SOA", checking=True)
    if validated.kind != "failed":
        return Finding(id=check, outcome="right", says="resolvers that validate get an answer")
    if domain.dns.resolve(domain.name, "SOA", checking=False).kind == "failed":
        return could_not_look(check, validated.problem)
    return Finding(
        id=check,
        outcome="wrong",
        says="DNSSEC fails: resolvers that validate, those of Gmail among them, see nothing of this domain",
        wanted="a DS record at the registrar that fits the zone's keys, or none",
        found=validated.problem,
        source=_VALIDATION,
        fix="remove the DS record at the registrar, or publish the one of the DNS host that serves the zone now",
    )
