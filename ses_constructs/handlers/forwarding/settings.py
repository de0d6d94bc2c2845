"""The settings of the forwarder, from environment variables: among them, the rules that it serves."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from .._lambda import json_list
from .._text import parse_json
from .errors import NotForwardedError

_ADDRESS = re.compile(r"[!-~]+@[!-~]+")
_NO_SPACE = re.compile(r"\S+")
_OWN_DOMAIN = ("refuse", "mark")


@dataclass(frozen=True, slots=True)
class Plan:
    """The destinations of one message, each once, and why some are left out."""

    destinations: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """To whom one receipt rule forwards, and as whom."""

    routes: Mapping[str, tuple[str, ...]]
    sender: str
    marks_own_domain: bool

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]

    def route(self, recipient: str) -> tuple[str, ...]:
        """Find the destinations of an envelope recipient by its most specific entry; case does not count."""
        local, _, domain = _normal(recipient).rpartition("@")
        addresses = (f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}")
        for entry in (*addresses, *_domain_entries(domain), ""):
            if entry in self.routes:
                return self.routes[entry]
        return ()


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says. A rule is looked at when it is needed, so that one is not held up by another."""

    rules: Mapping[str, object]
    configuration_set: str
    receiving_domains: frozenset[str]
    name: str
    refused_queue: str
    dead_letter_queue: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        rules = parse_json(environment.get("FORWARD_RULES"))
        if not isinstance(rules, dict):
            raise NotForwardedError("FORWARD_RULES must be a JSON object of rules")
        domains = json_list(environment, "FORWARD_RECEIVING_DOMAINS")
        if domains is None or not all(map(_NO_SPACE.fullmatch, domains)):
            raise NotForwardedError("FORWARD_RECEIVING_DOMAINS must be a JSON list of domains")
        return cls(
            rules,
            _matching(environment, "FORWARD_CONFIGURATION_SET", _NO_SPACE, "a name"),
            frozenset(map(_normal, domains)),
            _matching(environment, "FORWARD_NAME", _NO_SPACE, "a name"),
            _matching(environment, "FORWARD_REFUSED_QUEUE", _NO_SPACE, "a URL"),
            _matching(environment, "FORWARD_DEAD_LETTER_QUEUE", _NO_SPACE, "a URL"),
        )

    @property
    def loop_mark(self) -> str:
        """What a message has once we have sent it on; the name itself tells strangers our account."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:32]

    def rule(self, object_key: str) -> Rule:
        """Find the rule that stored an object: its key is the last folder in that of the object."""
        found = self.rules.get(object_key.rpartition("/")[0].rpartition("/")[2])
        if found is None:
            raise NotForwardedError("FORWARD_RULES has no rule for the folder of the object")
        match found:
            case {"to": dict() as routes, "from": str() as sender, **more} if (
                all(map(_is_route, routes.values()))
                and _ADDRESS.fullmatch(sender)
                and more.get("own_domain", "refuse") in _OWN_DOMAIN
            ):
                to = {_normal(entry): tuple(route) for entry, route in routes.items()}
                return Rule(to, sender, more.get("own_domain") == "mark")
        raise NotForwardedError(
            "a rule in FORWARD_RULES must have lists of addresses in to, an address in from, and refuse or mark in "
            "own_domain"
        )

    def plan(self, rule: Rule, recipients: Iterable[str]) -> Plan:
        """Route every recipient. Two routes may lead to one destination, which gets the message once."""
        destinations: dict[str, str] = {}
        problems: set[str] = set()
        for recipient in recipients:
            route = rule.route(recipient)
            if not route:
                problems.add("a recipient has no route")
            for destination in route:
                domain = destination.rpartition("@")[2].lower()
                if any(entry in self.receiving_domains for entry in _domain_entries(domain)):
                    problems.add("a destination is in a domain that we receive for")
                else:
                    destinations.setdefault(destination.lower(), destination)
        return Plan(tuple(destinations.values()), tuple(sorted(problems)))

    def owns(self, domain: str) -> bool:
        """Tell whether *domain*, in lower case, is one of ours or lies below one."""
        owned = {entry.removeprefix(".") for entry in self.receiving_domains}
        labels = domain.split(".")
        return any(".".join(labels[at:]) in owned for at in range(len(labels)))


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
