"""What receivers do with mail that does not align (DMARC, RFC 9989), found as they find it."""

import re
from collections.abc import Iterator, Sequence

from ...common.arguments import is_within
from ...email_records import DmarcPolicy
from ..findings import Finding, could_not_look
from ..name_servers import DnsReply, NameServers
from .checked_domain import CheckedDomain, shown, zone_line
from .mistakes import explain, explain_value

MOST_QUERIES = 8  # RFC 9989 section 4.10
_RECORD = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(;|$)")
_MARKER = "v=DMARC1"
_WALK = "RFC 9989 section 4.10"


def check_dmarc(domain: CheckedDomain) -> Iterator[Finding]:
    """The record, what it says about alignment, and whether those who get reports agree."""
    name = f"_dmarc.{domain.name}"
    found = domain.judge("dmarc.record", name, "TXT", lambda reply: _judge(domain, name, reply))
    yield found
    walk = DmarcWalk(domain.dns, domain.name)
    if walk.problem:
        yield could_not_look("dmarc.alignment", walk.problem)
    elif walk.policy:
        yield _alignment(domain, walk, walk.policy)
        yield from _reports(domain, walk, walk.policy)


class DmarcWalk:
    """The records at the domain and above it, and what follows from them."""

    def __init__(self, dns: NameServers, domain: str) -> None:
        self.records: dict[str, DmarcPolicy] = {}
        self.problem = ""
        for name in walked_names(domain):
            reply = dns.everywhere(f"_dmarc.{name}", "TXT")
            if reply.kind == "failed":
                self.problem = reply.problem
            records = dmarc_records(reply)
            # Of several, all are discarded, and the walk goes on.
            if len(records) == 1 and (policy := _parsed(records[0])):
                self.records[name] = policy
                if policy.public_suffix in ("y", "n"):
                    break
        self.organizational = self._organizational(domain)
        self.at = next((name for name in (domain, self.organizational) if name in self.records), "")
        self.policy = self.records.get(self.at)

    def _organizational(self, domain: str) -> str:
        for name, policy in self.records.items():
            if policy.public_suffix == "n":
                return name
            if policy.public_suffix == "y" and name != domain:
                return ".".join(domain.split(".")[-len(name.split(".")) - 1 :])
        return min(self.records, key=lambda name: name.count("."), default=domain)


def walked_names(domain: str) -> list[str]:
    """The names whose record is asked for, the domain first (RFC 9989 section 4.10)."""
    labels = domain.split(".")
    shorter = labels[1:] if len(labels) <= MOST_QUERIES else labels[-(MOST_QUERIES - 1) :]
    return [domain, *(".".join(shorter[start:]) for start in range(len(shorter)))]


def dmarc_records(reply: DnsReply) -> list[str]:
    """The DMARC records among the TXT records of a name."""
    return [value for value in reply.values if _RECORD.match(value)]


def _parsed(text: str) -> DmarcPolicy | None:
    try:
        return DmarcPolicy.parse(text)
    except ValueError:
        return None


def _judge(domain: CheckedDomain, name: str, reply: DnsReply) -> Finding:
    records = dmarc_records(reply)
    example = DmarcPolicy.monitor(reports_to=(f"dmarc@{domain.name}",)).to_txt()
    says = ""
    if len(records) > 1:
        says = f"{len(records)} DMARC records at {name}: receivers discard them all"
    elif records:
        hint = explain_value(name, reply, _MARKER)
        try:
            policy = DmarcPolicy.parse(records[0])
        except ValueError as error:
            says = f"the DMARC record is not valid{hint}: {error}"
        else:
            if not hint:
                return Finding(id="dmarc.record", outcome="right", says=_in_words(policy))
            says = f"receivers read only a part of the DMARC record{hint}"
    else:
        hint = explain(domain, name, "TXT", reply, marker=_MARKER)
        walk = DmarcWalk(domain.dns, domain.name)
        if walk.policy and walk.at != domain.name and not hint:
            inherited = walk.policy.subdomain_action or walk.policy.action
            return Finding(
                id="dmarc.record",
                outcome="right",
                says=f"the record at _dmarc.{walk.at} holds for this subdomain too: {inherited}",
            )
        says = f"there is no DMARC record{hint}"
    return Finding(
        id="dmarc.record",
        outcome="wrong",
        says=says,
        wanted="one record, such as " + example,
        found=shown(reply),
        source=_WALK,
        fix=zone_line(name, "TXT", example),
    )


def _in_words(policy: DmarcPolicy) -> str:
    action = {"none": "are delivered all the same", "quarantine": "go to the spam folder", "reject": "are refused"}
    to = ", ".join(policy.reports_to)
    return f"messages that fail {action[policy.action]}; reports go to {to or 'nobody'}"


def _alignment(domain: CheckedDomain, walk: DmarcWalk, policy: DmarcPolicy) -> Finding:
    check, name = "dmarc.alignment", domain.mail_from
    if not name:
        says = "SES signs with this domain, so DKIM aligns; SPF aligns only with a MAIL FROM domain of your own"
        return Finding(id=check, outcome="right", says=says)
    if name == domain.name or (policy.spf_alignment == "relaxed" and is_within(name, walk.organizational)):
        return Finding(id=check, outcome="right", says=f"SPF of {name} and DKIM of {domain.name} both align")
    strict = "aspf=s asks for the very same domain" if policy.spf_alignment == "strict" else "it is no relative"
    return Finding(
        id=check,
        outcome="advice",
        says=f"SPF of {name} does not align, for {strict}; DKIM alone has to carry every message",
        wanted="relaxed alignment",
        found=policy.to_txt(),
        source="RFC 9989 section 4.4",
        fix=f"take aspf=s out of the record at _dmarc.{walk.at}",
    )


def _reports(domain: CheckedDomain, walk: DmarcWalk, policy: DmarcPolicy) -> Iterator[Finding]:
    hosts: Sequence[str] = policy.report_domains()
    strangers = [
        host for host in hosts if host != walk.at and DmarcWalk(domain.dns, host).organizational != walk.organizational
    ]
    for host in strangers:
        yield _authorised(domain, walk.at, host)


def _authorised(domain: CheckedDomain, at: str, host: str) -> Finding:
    check, name = f"dmarc.reports.{host}", f"{at}._report._dmarc.{host}"
    reply = domain.dns.everywhere(name, "TXT")
    if reply.kind == "failed":
        return could_not_look(check, reply.problem)
    if dmarc_records(reply):
        return Finding(id=check, outcome="right", says=f"{host} agreed to take the reports")
    return Finding(
        id=check,
        outcome="wrong",
        says=f"{host} did not agree to take reports about {at}, so receivers send none there",
        wanted=f"a TXT record v=DMARC1 at {name}",
        found=shown(reply),
        source="RFC 9990 section 4",
        fix=zone_line(name, "TXT", "v=DMARC1"),
    )
