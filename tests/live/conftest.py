"""The account that the runs are pointed at."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import pytest

from live import before
from local_aws.account import Account
from local_aws.aws import LocalAws
from tests.live.somebody import Somebody, lead_to, somebody_in
from tests.running_aws.fixtures import zone_in


@pytest.fixture(scope="module")
def account_of_somebody(aws: LocalAws) -> Iterator[Somebody]:
    """Somebody whose region is bootstrapped; each test leaves the account as it was."""
    for zone in zone_in(aws):
        yield from somebody_in(aws, zone)


@pytest.fixture(scope="module")
def synthesize_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """The same ground makes the same assembly: the app runs once for all the tests, and not in each."""
    made, synthesize = dict[str, Any](), before.synthesize

    def once(account: Account, ground: before.Ground, command: list[str]) -> Any:
        key = str(asdict(ground))
        if key not in made:
            account.folder = tmp_path_factory.mktemp("live")
            made[key] = synthesize(account, ground, command)
        return made[key]

    return once


@pytest.fixture
def somebody(
    account_of_somebody: Somebody, synthesize_once: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> Somebody:
    lead_to(account_of_somebody.aws, monkeypatch)
    monkeypatch.setattr(before, "synthesize", synthesize_once)
    return account_of_somebody
