"""Questions to name servers: each has a time-out, and each answer says which server gave it."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Literal, TypeVar

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

ReplyKind = Literal["answer", "no data", "no name", "referral", "failed"]

TRIES = 2
# What passes every path without being cut to pieces: the DNS Flag Day of 2020.
PAYLOAD = 1232
_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True, kw_only=True, slots=True)
class DnsServer:
    """A server, and the name that people know it by."""

    name: str
    address: str
    port: int = 53


@dataclass(frozen=True, kw_only=True, slots=True)
class DnsReply:
    """What one server says to one question.

    Args:
        server: Its name.
        kind: An answer, nothing of this type, no such name, other servers are responsible, or it could not be asked.
        values: Of the type that was asked, sorted, or the servers of a referral. TXT strings are joined; host names
            are in lower case without last dot.
        alias: Where a CNAME at the very name leads.
        cut: For a referral, the zone of the other servers.
        authoritative: Whether the server says that it is responsible itself.
        problem: Why it could not be asked.
    """

    server: str
    kind: ReplyKind
    values: tuple[str, ...] = ()
    alias: str = ""
    cut: str = ""
    authoritative: bool = False
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServedZone:
    """A zone and the servers that the world is told to ask."""

    name: str
    servers: tuple[DnsServer, ...]


@dataclass(kw_only=True)
class NameServers:
    """The DNS as a resolver and the responsible servers show it.

    Args:
        resolver: Whom to ask about names of others; those of the system unless given.
        timeout: Seconds for each question, of which there are two tries.
        port: Where the responsible servers listen.
    """

    resolver: DnsServer | None = None
    timeout: float = 2.0
    port: int = 53
    _silent: set[DnsServer] = field(default_factory=set)
    _known: dict[tuple[object, ...], object] = field(default_factory=dict)

    def side_by_side(self, function: Callable[[_T], _R], things: Iterable[_T]) -> list[_R]:
        """Call *function* for all of *things* at once; what waits for servers needs no processor."""
        listed = list(things)
        if len(listed) < 2:
            return [function(each) for each in listed]
        with ThreadPoolExecutor(max_workers=min(len(listed), 16)) as pool:
            return list(pool.map(function, listed))

    @cached_property
    def resolvers(self) -> tuple[DnsServer, ...]:
        """The resolver that was given, or those of the system."""
        if self.resolver:
            return (self.resolver,)
        import dns.resolver

        try:
            return tuple(DnsServer(name=str(a), address=str(a)) for a in dns.resolver.Resolver().nameservers)
        except dns.exception.DNSException:
            return ()

    def everywhere(self, name: str, record_type: str) -> DnsReply:
        """What the world sees: the resolver's answer, which follows a CNAME. DNSSEC has a check of its own."""
        return self.remember(("everywhere", name, record_type), lambda: self.resolve(name, record_type, checking=False))

    def resolve(self, name: str, record_type: str, *, checking: bool) -> DnsReply:
        """The same, with the resolver told to validate or not to."""
        reply = DnsReply(server="the resolver", kind="failed", problem="no resolver is set up on this machine")
        for server in self.resolvers:
            reply = self._ask(server, name, record_type, flags=dns.flags.RD | (0 if checking else dns.flags.CD))
            if reply.kind == "referral":
                problem = f"{server.name} does not ask others for us: it is no resolver"
                reply = DnsReply(server=server.name, kind="failed", problem=problem)
            if reply.kind != "failed":
                break
        return reply

    def at_every_server(self, name: str, record_type: str) -> tuple[DnsReply, ...]:
        """What each server says that is responsible for *name*; one failed reply where nobody knows who is."""
        found = self.zone_of(name)
        if isinstance(found, DnsReply):
            return (found,)
        return self.remember(
            (name, record_type),
            lambda: tuple(self.side_by_side(lambda s: self._followed(s, name, record_type), found.servers)),
        )

    def zone_of(self, name: str) -> ServedZone | DnsReply:
        """The zone that holds *name* and its servers, as the resolver knows them; a failed reply if it does not."""
        failures = []
        labels = name.split(".")
        for start in range(len(labels)):
            zone = ".".join(labels[start:])
            reply = self.everywhere(zone, "NS")
            if reply.kind == "answer" and not reply.alias:
                return self.remember(("served", zone), partial(self.served_zone, zone, reply.values))
            failures += [reply] if reply.kind == "failed" else []
        # Where even the top does not exist, nothing is known about the name.
        problem = f"{reply.server} does not even know {labels[-1]}, so that it does not see the public DNS"
        nothing = DnsReply(server=reply.server, kind="failed", problem=f"{problem}; say --resolver")
        return failures[-1] if failures else nothing

    def served_zone(self, zone: str, hosts: Sequence[str]) -> ServedZone:
        """*zone* with the addresses of its servers."""
        addresses = self.side_by_side(self._addresses, hosts)
        return ServedZone(name=zone, servers=tuple(server for each in addresses for server in each))

    def ask(self, server: DnsServer, name: str, record_type: str) -> DnsReply:
        """What one server says of its own knowledge."""
        return self._ask(server, name, record_type, flags=0)

    def delegation(self, parent: ServedZone, name: str) -> tuple[str, ...]:
        """The servers that the servers of *parent* name for the zone *name*; empty if none of them answers."""
        for server in parent.servers:
            reply = self.ask(server, name, "NS")
            if reply.kind == "answer" or (reply.kind == "referral" and reply.cut == name):
                return reply.values
        return ()

    def remember(self, key: tuple[object, ...], make: Callable[[], _R]) -> _R:
        """What *make* gave when it was first called for *key*."""
        # Two threads may make it at the same time; the first result is everybody's.
        if key not in self._known:
            self._known.setdefault(key, make())
        return self._known[key]  # type: ignore[return-value]

    def _addresses(self, host: str) -> list[DnsServer]:
        # By IPv4 unless there is none, for many a machine that runs this has no IPv6.
        for record_type in ("A", "AAAA"):
            values = self.everywhere(host, record_type).values
            if values:
                return [DnsServer(name=host, address=address, port=self.port) for address in values]
        return [DnsServer(name=host, address="")]

    def _followed(self, server: DnsServer, name: str, record_type: str) -> DnsReply:
        reply = self.ask(server, name, record_type)
        if reply.kind == "referral":
            problem = f"the servers of {reply.cut}, which {server.name} names, cannot be found"
            return DnsReply(server=server.name, kind="failed", problem=problem)
        if not reply.alias or reply.values or record_type == "CNAME":
            return reply
        there = self.everywhere(reply.alias, record_type)
        return DnsReply(
            server=server.name,
            kind=there.kind,
            values=there.values,
            alias=reply.alias,
            authoritative=reply.authoritative,
            problem=there.problem,
        )

    def _ask(self, server: DnsServer, name: str, record_type: str, *, flags: int) -> DnsReply:
        def failed(problem: str) -> DnsReply:
            return DnsReply(server=server.name, kind="failed", problem=problem)

        if not server.address:
            return failed(f"{server.name} has no address")
        if server in self._silent:
            return failed(f"{server.name} did not answer in {self.timeout:g} s")
        try:
            query = dns.message.make_query(name, record_type, use_edns=0, payload=PAYLOAD)
        except dns.exception.DNSException:
            return failed(f"{name} is no name that DNS can hold")
        query.flags = dns.flags.Flag(flags)
        for _ in range(TRIES):
            try:
                response = _exchange(query, server, self.timeout)
            except dns.exception.Timeout:
                continue
            except OSError as error:
                return failed(f"{server.name} cannot be reached: {error.strerror or error}")
            except dns.exception.DNSException as error:
                return failed(f"{server.name} answers with something that is no DNS: {type(error).__name__}")
            return _read(response, server, record_type)
        self._silent.add(server)
        return failed(f"{server.name} did not answer in {self.timeout:g} s")


def answered(replies: Iterable[DnsReply]) -> list[DnsReply]:
    """The replies of servers that could be asked."""
    return [reply for reply in replies if reply.kind != "failed"]


def _exchange(query: dns.message.Message, server: DnsServer, timeout: float) -> dns.message.Message:
    where = {"where": server.address, "port": server.port, "timeout": timeout}
    response = dns.query.udp(query, ignore_unexpected=True, **where)  # type: ignore[arg-type]
    if not response.flags & dns.flags.TC:
        return response
    try:
        return dns.query.tcp(query, **where)  # type: ignore[arg-type]
    except (OSError, EOFError, dns.exception.Timeout) as error:
        raise OSError(0, "its answer needs TCP (RFC 7766), which it does not speak") from error


def _read(response: dns.message.Message, server: DnsServer, record_type: str) -> DnsReply:
    rcode = response.rcode()
    if rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        problem = f"{server.name} answers {dns.rcode.to_text(rcode)}"
        return DnsReply(server=server.name, kind="failed", problem=problem)
    asked = dns.rdatatype.from_text(record_type)
    name = response.question[0].name
    alias = ""
    for _ in response.answer:
        step = response.get_rrset(response.answer, name, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if step is None or asked == dns.rdatatype.CNAME:
            break
        target = step[0].target
        alias, name = alias or _host(target), target
    found = response.get_rrset(response.answer, name, dns.rdataclass.IN, asked)
    values = tuple(sorted(rdata_text(rdata) for rdata in found or ()))
    authoritative = bool(response.flags & dns.flags.AA)
    cut = next((_host(each.name) for each in response.authority if each.rdtype == dns.rdatatype.NS), "")
    kind: ReplyKind = "answer" if values or alias else "no data"
    if not values and not authoritative and cut and not response.flags & dns.flags.RA:
        kind = "referral"
        values = tuple(
            sorted(
                rdata_text(each) for rrset in response.authority for each in rrset if each.rdtype == dns.rdatatype.NS
            )
        )
    elif rcode == dns.rcode.NXDOMAIN:
        kind = "no name"
    return DnsReply(server=server.name, kind=kind, values=values, alias=alias, cut=cut, authoritative=authoritative)


def rdata_text(rdata: dns.rdata.Rdata) -> str:
    """A value as text: TXT strings are joined, host names are in lower case without last dot."""
    if rdata.rdtype == dns.rdatatype.TXT:
        strings: tuple[bytes, ...] = rdata.strings  # type: ignore[attr-defined]
        return b"".join(strings).decode("utf-8", "backslashreplace")
    return rdata.to_text().lower().removesuffix(".")


def _host(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
