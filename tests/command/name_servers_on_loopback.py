"""Real name servers on loopback, by UDP and TCP: three that are responsible for zones, and a resolver that asks them.

What they answer is what RFC 1034 and RFC 4592 say: referrals, empty non-terminals, wildcards, CNAME chains, truncation.
"""

import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.node
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone

Question = tuple[dns.name.Name, dns.rdatatype.RdataType]


@dataclass(kw_only=True)
class LoopbackServer:
    """One server: the zones it holds, and how it misbehaves."""

    address: str
    zones: dict[dns.name.Name, dns.zone.Zone] = field(default_factory=dict)
    silent: bool = False
    delay: float = 0
    speaks_tcp: bool = True
    bogus: set[str] = field(default_factory=set)
    recursive: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)

    def hold(self, apex: str, text: str, *, serial: int = 1) -> None:
        """Serve a zone; SOA is added, and names are relative to *apex*."""
        soa = f"$TTL 60\n@ IN SOA ns1.example.com. hostmaster.example.com. {serial} 3600 600 86400 60\n"
        zone = dns.zone.from_text(soa + text, origin=f"{apex}.", relativize=False, check_origin=False)
        self.zones[zone.origin or dns.name.root] = zone

    def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
        """The answer to a query; None for silence."""
        query = dns.message.from_wire(wire)
        name, record_type = query.question[0].name, query.question[0].rdtype
        self.asked.append((name.to_text(omit_final_dot=True), dns.rdatatype.to_text(record_type)))
        time.sleep(self.delay)
        if self.silent or (tcp and not self.speaks_tcp):
            return None
        response = dns.message.make_response(query, recursion_available=self.recursive)
        bogus = any(name.is_subdomain(dns.name.from_text(each)) for each in self.bogus)
        if bogus and not query.flags & dns.flags.CD:
            response.set_rcode(dns.rcode.SERVFAIL)
        else:
            self._fill(response, name, record_type)
        try:
            return response.to_wire(max_size=65535 if tcp else query.payload)
        except dns.exception.TooBig:
            response.answer.clear()
            response.flags |= dns.flags.TC
            return response.to_wire()

    def _fill(self, response: dns.message.Message, name: dns.name.Name, record_type: dns.rdatatype.RdataType) -> None:
        for _ in range(8):
            apexes = [apex for apex in self.zones if name.is_subdomain(apex)]
            if not apexes:
                response.set_rcode(dns.rcode.REFUSED if not response.answer else dns.rcode.NOERROR)
                return
            zone = self.zones[max(apexes, key=len)]
            target = self._fill_from(zone, response, name, record_type)
            if target is None:
                return
            name = target

    def _fill_from(
        self, zone: dns.zone.Zone, response: dns.message.Message, name: dns.name.Name, kind: dns.rdatatype.RdataType
    ) -> dns.name.Name | None:
        apex = zone.origin or dns.name.root
        if not self.recursive:
            for depth in range(len(apex) + 1, len(name) + 1):
                cut = name.split(depth)[1]
                servers = zone.get_rrset(cut, dns.rdatatype.NS)
                if servers is not None:
                    response.authority.append(servers)
                    return None
            response.flags |= dns.flags.AA
        node = self._node(zone, name)
        if node is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
            return None
        found = node.get_rdataset(dns.rdataclass.IN, kind)
        alias = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.CNAME)
        for rdataset in filter(None, [found or alias]):
            rrset = dns.rrset.RRset(name, rdataset.rdclass, rdataset.rdtype)
            rrset.update(rdataset)  # type: ignore[no-untyped-call]
            response.answer.append(rrset)
        return alias[0].target if alias and not found else None

    @staticmethod
    def _node(zone: dns.zone.Zone, name: dns.name.Name) -> dns.node.Node | None:
        """The node, an empty one for an empty non-terminal, or what a wildcard makes (RFC 4592 section 3.3)."""
        here = name
        while here != zone.origin:
            if any(each.is_subdomain(here) for each in zone.nodes):
                break
            here = here.parent()
        if here == name:
            return zone.get_node(name) or dns.node.Node()  # type: ignore[no-untyped-call]
        return zone.get_node(dns.name.Name((b"*", *here.labels)))


class _Udp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, socket = self.request
        answer = self.server.loopback.respond(wire, tcp=False)  # type: ignore[attr-defined]
        if answer is not None:
            socket.sendto(answer, self.client_address)


class _Tcp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        (length,) = struct.unpack("!H", self.rfile.read(2))
        answer = self.server.loopback.respond(self.rfile.read(length), tcp=True)  # type: ignore[attr-defined]
        if answer is not None:
            self.wfile.write(struct.pack("!H", len(answer)) + answer)


class _UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True


class _TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def listening(servers: list[LoopbackServer]) -> Iterator[int]:
    """Let *servers* answer on one port, each on its address, until the block ends."""
    for _ in range(20):
        with ExitStack() as stack:
            port, sockets = 0, []
            try:
                for loopback in servers:
                    for kind, handler in ((_UdpServer, _Udp), (_TcpServer, _Tcp)):
                        server = stack.enter_context(kind((loopback.address, port), handler))
                        port = server.server_address[1]
                        server.loopback = loopback  # type: ignore[attr-defined]
                        sockets.append(server)
            except OSError:
                continue  # somebody else has this port on another address
            for each in sockets:
                threading.Thread(target=each.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
            try:
                yield port
            finally:
                for each in sockets:
                    each.shutdown()
            return
    raise OSError("no port is free on every address")
