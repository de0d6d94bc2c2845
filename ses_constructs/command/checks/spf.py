"""Who may send with the domain in the envelope (SPF, RFC 7208), counted over the network as receivers count."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...email_records import SpfPolicy, is_spf
from ..findings import Finding
from ..name_servers import DnsReply, NameServers
from .checked_domain import CheckedDomain, shown, zone_line
from .mistakes import explain, explain_value

MOST_LOOKUPS = 10  # section 4.6.4, as the two below
MOST_VOID = 2
MOST_MX = 10
_MARKER = "v=spf1"
_ALL = re.compile(r"[-+~?]?all", re.IGNORECASE)


def check_spf(domain: CheckedDomain) -> Iterator[Finding]:
    """The domain's own record. SES sends with its MAIL FROM domain and needs none here."""
    yield domain.judge("spf.record", domain.name, "TXT", lambda reply: _judge(domain, reply))


def _judge(domain: CheckedDomain, reply: DnsReply) -> Finding:
    if not spf_records(reply) and not explain(domain, domain.name, "TXT", reply, marker=_MARKER):
        says = "the domain itself has no SPF record, and for mail by SES it needs none"
        return Finding(id="spf.record", outcome="right", says=says)
    return judge_spf("spf.record", domain, domain.name, reply, ses=False)


def judge_spf(check: str, domain: CheckedDomain, name: str, reply: DnsReply, *, ses: bool) -> Finding:
    """One record, valid, within the limits, and with SES in it if *ses*."""
    records = spf_records(reply)
    wanted = SpfPolicy.amazon_ses().to_txt()

    def wrong(says: str, *, found: str = "", fix: str = "", source: str = "RFC 7208 section 4.5") -> Finding:
        return Finding(
            id=check, outcome="wrong", says=says, wanted=wanted, found=found or shown(reply), source=source, fix=fix
        )

    if not records:
        hint = explain(domain, name, "TXT", reply, marker=_MARKER)
        return wrong(f"there is no SPF record at {name}{hint}", fix=zone_line(name, "TXT", wanted))
    if len(records) > 1:
        merged = _merged(records)
        says = f"{len(records)} SPF records at {name} make every check fail; a domain may have one"
        return wrong(says, found=" and ".join(records), fix=zone_line(name, "TXT", merged) if merged else "keep one")
    (text,) = records
    try:
        policy = SpfPolicy.parse(text)
    except ValueError as error:
        says = f"the SPF record at {name} is not valid{explain_value(name, reply, _MARKER)}"
        return wrong(says, found=f"{text} ({error})", source="RFC 7208 section 4.6")
    cost = SpfCost(dns=domain.dns)
    cost.count(name, text)
    if ses and cost.complete and "amazonses.com" not in cost.included:
        merged = policy.merge(SpfPolicy.amazon_ses()).to_txt() if cost.lookups < MOST_LOOKUPS else wanted
        return wrong(f"the SPF record at {name} does not let SES send", found=text, fix=zone_line(name, "TXT", merged))
    if cost.faults:
        return wrong(f"the SPF record at {name} fails: {'; '.join(cost.faults)}", found=text, source=cost.source)
    if cost.problems:
        return Finding(id=check, outcome="unknown", says=f"could not count its look-ups: {'; '.join(cost.problems)}")
    macros = "; what its macros ask depends on the message" if cost.macros else ""
    says = f"one SPF record at {name}, {cost.lookups} of {MOST_LOOKUPS} look-ups, {cost.void} of {MOST_VOID} empty"
    return Finding(id=check, outcome="right", says=says + macros)


def spf_records(reply: DnsReply) -> list[str]:
    """The SPF records among the TXT records of a name."""
    return [value for value in reply.values if is_spf(value)]


@dataclass(kw_only=True)
class SpfCost:
    """What a receiver would look up for a record, in the worst case: a sender that nothing matches."""

    dns: NameServers
    lookups: int = 0
    void: int = 0
    macros: bool = False
    included: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    source: str = "RFC 7208 section 4.6.4"

    @property
    def complete(self) -> bool:
        """Whether every record could be read."""
        return not self.problems and not self.macros

    def count(self, name: str, text: str) -> None:
        """Follow *text*, the record of *name*."""
        terms = [term for term in text.split(" ")[1:] if term]
        everybody = next((i for i, term in enumerate(terms) if _ALL.fullmatch(term)), len(terms))
        for index, term in enumerate(terms):
            if self.lookups > MOST_LOOKUPS:
                return
            kind, _, rest = re.sub(r"^[-+~?]", "", term).partition(":")
            if term.lower().startswith("redirect="):
                kind, rest = "redirect", term[len("redirect=") :]
                if everybody < len(terms):
                    continue  # section 6.1
            elif index > everybody:
                continue  # section 5.1
            kind = kind.split("/")[0].lower()
            if kind in ("include", "redirect", "a", "mx", "ptr", "exists"):
                self._count_term(name, kind, rest.split("/")[0].lower().removesuffix(".") or name)

    def _count_term(self, name: str, kind: str, target: str) -> None:
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            self.faults.append(f"it takes more than {MOST_LOOKUPS} look-ups, and receivers stop there")
            return
        if "%" in target:
            self.macros = True
            return
        if kind == "ptr":
            return
        record_type = {"include": "TXT", "redirect": "TXT", "mx": "MX"}.get(kind, "A")
        reply = self.dns.everywhere(target, record_type)
        if reply.kind == "failed":
            self.problems.append(f"{target}: {reply.problem}")
            return
        if kind == "a" and not reply.values:
            reply = self.dns.everywhere(target, "AAAA")
        if not reply.values:
            self._count_void()
        if kind == "mx" and len(reply.values) > MOST_MX:
            self.faults.append(f"mx:{target} has more than {MOST_MX} hosts")
        if kind in ("include", "redirect"):
            self.included.add(target)
            records = spf_records(reply)
            if len(records) == 1:
                self.count(target, records[0])
            else:
                self.source = "RFC 7208 section 5.2"
                self.faults.append(f"{kind} {target} has {'no' if not records else 'more than one'} SPF record")

    def _count_void(self) -> None:
        self.void += 1
        if self.void == MOST_VOID + 1:
            self.faults.append(f"more than {MOST_VOID} of its look-ups find nothing")


def _merged(records: list[str]) -> str:
    try:
        policy = SpfPolicy.parse(records[0])
        for each in records[1:]:
            policy = policy.merge(SpfPolicy.parse(each))
    except ValueError:
        return ""
    return policy.to_txt()
