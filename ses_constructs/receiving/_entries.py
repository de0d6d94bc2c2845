"""The entries of many rules, looked up and not compared one by one: a rule for everybody has the entry ""."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ..common.arguments import contains_token
from ..common.recipients import folded, wider_entries


def key_of(entry: str) -> str:
    """*entry* as it is looked up; the case is a part of a token."""
    return entry if contains_token(entry) else folded(entry)


def wider_keys(entry: str) -> Iterator[str]:
    """The keys of what takes the mail of *entry* and more, the narrowest first; a token is in itself alone."""
    if entry and not contains_token(entry):
        yield from wider_entries(entry)
    if entry:
        yield ""


class EarlierRules:
    """The rules so far: which is the first that takes an entry."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        """The construct ids of the rules, kept here because to ask Node for each would be slow."""
        self._first: dict[str, tuple[int, str, str]] = {}
        self._stopped: dict[str, str] = {}

    def add(self, rule_id: str, recipients: Sequence[str], *, stops: bool) -> None:
        """Put the rule behind the others."""
        self.ids.add(rule_id)
        for entry in recipients or ("",):
            self._first.setdefault(key_of(entry), (len(self._first), rule_id, entry))
            if stops:
                self._stopped.setdefault(key_of(entry), rule_id)

    def wider(self, recipient: str) -> tuple[str, str] | None:
        """The id of the first rule that takes more than *recipient*, and the entry by which it does."""
        found = [self._first[key] for key in wider_keys(recipient) if key in self._first]
        return min(found)[1:] if found else None

    def stopping(self, recipient: str) -> str | None:
        """The id of a rule that takes all mail to *recipient* and lets no rule behind it see that mail."""
        keys = (key_of(recipient), *wider_keys(recipient))
        return next((self._stopped[key] for key in keys if key in self._stopped), None)


class Routes:
    """Where a forwarder sends the mail of which entry; ``*`` is everybody else."""

    def __init__(self, routes: Mapping[str, Sequence[str]]) -> None:
        self._addresses = {key_of(entry): addresses for entry, addresses in routes.items()}
        self._narrower: defaultdict[str, list[str]] = defaultdict(list)
        for entry in self._addresses:
            for wider in wider_keys(entry):
                self._narrower[wider].append(entry)

    def knows(self, recipient: str) -> bool:
        """Whether somebody is named for *recipient*."""
        return any(key in self._addresses for key in ("*", key_of(recipient), *wider_keys(recipient)))

    def addresses(self, recipient: str) -> set[str]:
        """Where the most specific route sends mail to *recipient*; everywhere for "" and what is wider than routes."""
        key = key_of(recipient)
        if key in self._addresses:
            return set(self._addresses[key])
        wider = next((each for each in wider_keys(recipient) if each in self._addresses), "*")
        entries = (wider, *self._narrower.get(key, ()))
        return {address for each in entries for address in self._addresses.get(each, ())}


class ForwardingRules:
    """The rules so far that forward mail and go on."""

    def __init__(self) -> None:
        self._rules: list[tuple[str, Routes]] = []
        self._by_entry: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        self._by_wider: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)

    def add(self, rule_id: str, recipients: Sequence[str], routes: Routes) -> None:
        """Put the rule behind the others."""
        number = len(self._rules)
        self._rules.append((rule_id, routes))
        for entry in recipients or ("",):
            self._by_entry[key_of(entry)].append((number, entry))
            for wider in wider_keys(entry):
                self._by_wider[wider].append((number, entry))

    def in_common(self, recipients: Sequence[str]) -> Iterator[tuple[str, Routes, str]]:
        """The rules that take mail of *recipients* too, in their order, with the narrower entry of both."""
        found: list[tuple[int, str]] = []
        for entry in recipients or ("",):
            key = key_of(entry)
            for same_or_wider in (key, *wider_keys(entry)):
                found += [(number, entry) for number, _ in self._by_entry.get(same_or_wider, ())]
            found += self._by_wider.get(key, ())
        for number, entry in sorted(found, key=lambda each: each[0]):
            yield *self._rules[number], entry
