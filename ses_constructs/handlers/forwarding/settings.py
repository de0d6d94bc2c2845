"""The settings of the forwarder, from environment variables, and who gets the mail for whom."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from .errors import NotForwardedError

_ADDRESS = re.compile(r"[!-~]+@[!-~]+")
_MARK = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True, slots=True)
class Plan:
    """The destinations of one message, each once, and why there are not more of them."""

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
        routes = _json(environment, "FORWARD_ROUTES")
        if not isinstance(routes, dict) or not all(_are_texts(route, _ADDRESS) for route in routes.values()):
            raise NotForwardedError("FORWARD_ROUTES must be a JSON object of lists of addresses")
        domains = _json(environment, "FORWARD_RECEIVING_DOMAINS")
        if not _are_texts(domains, re.compile(r"\S+")):
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
        """Find the most specific entry for an envelope recipient. SES does not say whether case counts; here not."""
        local, _, domain = _normal(recipient).rpartition("@")
        addresses = (f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}")
        for entry in (*addresses, *_domain_entries(domain), ""):
            if entry in self.routes:
                return self.routes[entry]
        return ()


def _domain_entries(domain: str) -> list[str]:
    """List the entries that a domain matches: itself, then ``.example.com`` of its parents, the nearest first."""
    labels = domain.split(".")
    return [domain, *("." + ".".join(labels[at:]) for at in range(1, len(labels)))]


def _normal(entry: str) -> str:
    entry = entry.strip().lower().rstrip(".")
    return "" if entry == "*" else entry


def _json(environment: Mapping[str, str], name: str) -> Any:
    try:
        return json.loads(environment.get(name, ""))
    except ValueError:
        raise NotForwardedError(f"{name} must be JSON") from None


def _are_texts(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and pattern.fullmatch(one) for one in value)


def _matching(environment: Mapping[str, str], name: str, pattern: re.Pattern[str], what: str) -> str:
    value = environment.get(name, "").strip()
    if not pattern.fullmatch(value):
        raise NotForwardedError(f"{name} must be {what}")
    return value
