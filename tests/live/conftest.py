"""The account that the runs are pointed at."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from live import before
from local_aws.account import Account
from local_aws.aws import LocalAws
from tests.live.somebody import Somebody, somebody_in
from tests.running_aws.fixtures import zone_in


@pytest.fixture(scope="package")
def account_of_somebody(aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Somebody]:
    """Somebody whose region is bootstrapped; each test leaves the account as it was."""
    made, synthesize = dict[str, Any](), before.synthesize

    def once(account: Account, ground: before.Ground, command: list[str]) -> Any:
        """The same ground makes the same assembly: the app runs once for all the tests, and not in each."""
        key = str(asdict(ground))
        if key not in made:
            account.folder = tmp_path_factory.mktemp("live")
            made[key] = synthesize(account, ground, command)
        return made[key]

    for zone in zone_in(aws):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(before, "synthesize", once)
            yield from somebody_in(aws, zone, patch)


@pytest.fixture
def somebody(account_of_somebody: Somebody) -> Somebody:
    return account_of_somebody
