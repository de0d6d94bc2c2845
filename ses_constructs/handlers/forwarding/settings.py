"""The settings of the forwarder, from environment variables: among them, to whom each recipient's mail goes."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from .._lambda import json_list
from .._text import parse_json
from .errors import NotForwardedError

_ADDRESS = re.compile(r"[!-~]+@[!-~]+")
_DOMAIN = re.compile(r"\S+")
_MARK = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True, slots=True)
class Plan:
    """The destinations of one message, each once, and why some are left out."""

    destinations: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says."""

    routes: Mapping[str, tuple[str, ...]]
    sender: str
    configuration_set: str
    receiving_domains: frozenset[str]
    mark: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        routes = parse_json(environment.get("FORWARD_ROUTES"))
        if not isinstance(routes, dict) or not all(map(_is_route, routes.values())):
            raise NotForwardedError("FORWARD_ROUTES must be a JSON object of lists of addresses")
        domains = json_list(environment, "FORWARD_RECEIVING_DOMAINS")
        if domains is None or not all(map(_DOMAIN.fullmatch, domains)):
            raise NotForwardedError("FORWARD_RECEIVING_DOMAINS must be a JSON list of domains")
        return cls(
            {_normal(entry): tuple(route) for entry, route in routes.items()},
            _matching(environment, "FORWARD_FROM", _ADDRESS, "an address"),
            environment.get("FORWARD_CONFIGURATION_SET", ""),
            frozenset(map(_normal, domains)),
            _matching(environment, "FORWARD_LOOP_MARK", _MARK, "1 to 200 visible ASCII characters"),
        )

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]

    def plan(self, recipients: Iterable[str]) -> Plan:
        """Route every recipient. Two routes may lead to one destination, which gets the message once."""
        destinations: dict[str, str] = {}
        problems: set[str] = set()
        for recipient in recipients:
            route = self.route(recipient)
            if not route:
                problems.add("a recipient has no route")
            for destination in route:
                domain = destination.rpartition("@")[2].lower()
                if any(entry in self.receiving_domains for entry in _domain_entries(domain)):
                    problems.add("a destination is in a domain that we receive for")
                else:
                    destinations.setdefault(destination.lower(), destination)
        return Plan(tuple(destinations.values()), tuple(sorted(problems)))

    def route(self, recipient: str) -> tuple[str, ...]:
        """Find the destinations of an envelope recipient by its most specific entry; case does not count."""
        local, _, domain = _normal(recipient).rpartition("@")
        addresses = (f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}")
        for entry in (*addresses, *_domain_entries(domain), ""):
            if entry in self.routes:
                return self.routes[entry]
        return ()


def _domain_entries(domain: str) -> list[str]:
    """List the entries that match a domain: itself, then each parent as ``.example.com``, the nearest first."""
    labels = domain.split(".")
    return [domain, *("." + ".".join(labels[at:]) for at in range(1, len(labels)))]


def _normal(entry: str) -> str:
    entry = entry.strip().lower().rstrip(".")
    return "" if entry == "*" else entry


def _is_route(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and _ADDRESS.fullmatch(each) for each in value)


def _matching(environment: Mapping[str, str], name: str, pattern: re.Pattern[str], what: str) -> str:
    value = environment.get(name, "").strip()
    if not pattern.fullmatch(value):
        raise NotForwardedError(f"{name} must be {what}")
    return value
