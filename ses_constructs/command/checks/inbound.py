"""Where mail to the domain goes."""

from collections.abc import Iterator

from ...common.ses_regions import RECEIVING_REGIONS, inbound_host
from ..findings import Finding
from ..name_servers import DnsReply
from .checked_domain import CheckedDomain, shown, zone_line
from .mistakes import explain

_PAGE = 'SES Developer Guide, "Publishing an MX record for Amazon SES email receiving"'


def check_inbound(domain: CheckedDomain) -> Iterator[Finding]:
    """If the MX record leads to SES, it leads to where SES receives."""
    yield domain.judge("inbound.mx", domain.name, "MX", lambda reply: _mx(domain, reply))


def _mx(domain: CheckedDomain, reply: DnsReply) -> Finding:
    hosts = [value.partition(" ")[2] for value in reply.values]
    ours = [host for host in hosts if host.startswith(("inbound-smtp.", "feedback-smtp."))]
    if not hosts:
        hint = explain(domain, domain.name, "MX", reply)
        if hint:
            return _wrong(domain, reply, f"{domain.name} has no MX record{hint}", domain.region or "<region>")
        says = "there is no MX record: nobody can answer to an address of this domain"
        return Finding(id="inbound.mx", outcome="advice", says=says, source="RFC 5321 section 5.1")
    if not ours:
        says = f"mail goes to {', '.join(hosts)}, which is not SES"
        return Finding(id="inbound.mx", outcome="right", says=says)
    for host in ours:
        region = host.split(".")[1]
        if host.startswith("feedback-smtp."):
            says = "the MX record leads to where SES takes bounces, and mail to people is refused there"
        elif host != inbound_host(region):
            hint = explain(domain, domain.name, "MX", reply, inbound_host(region))
            says = f"the MX record has a wrong suffix: {host} is no host of SES{hint}"
        elif domain.region and inbound_host(domain.region) not in ours:
            says = f"mail goes to SES in {region}, where no rule of {domain.region} waits for it"
        elif len(ours) < len(hosts):
            says = "some MX records lead to SES and others elsewhere, so that mail arrives here or there"
        elif region not in RECEIVING_REGIONS:
            says = f"mail goes to SES in {region}, which is not known to receive mail"
            return Finding(id="inbound.mx", outcome="advice", says=says, source="AWS General Reference, SES endpoints")
        else:
            continue
        return _wrong(domain, reply, says, domain.region or region)
    return Finding(id="inbound.mx", outcome="right", says=f"mail goes to {', '.join(hosts)}")


def _wrong(domain: CheckedDomain, reply: DnsReply, says: str, region: str) -> Finding:
    unknown = region.startswith("<")
    return Finding(
        id="inbound.mx",
        outcome="wrong",
        says=says,
        wanted="an MX record to " + ("the host of SES in your region" if unknown else inbound_host(region)),
        found=shown(reply),
        source=_PAGE,
        fix="" if unknown else zone_line(domain.name, "MX", f"10 {inbound_host(region)}"),
    )
