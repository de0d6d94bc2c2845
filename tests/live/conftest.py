"""The account that the runs are pointed at."""

from collections.abc import Iterator

import pytest

from local_aws.aws import LocalAws
from tests.live.somebody import Somebody, somebody_in
from tests.running_aws.zones import Zone


@pytest.fixture
def somebody(aws: LocalAws, hosted_zone: Zone, monkeypatch: pytest.MonkeyPatch) -> Iterator[Somebody]:
    """Somebody whose region is bootstrapped."""
    yield from somebody_in(aws, hosted_zone, monkeypatch)
