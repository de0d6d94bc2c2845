"""Fixtures for the handlers' tests."""

import logging
from collections.abc import Iterator

import pytest
from hypothesis import settings

from .world import SECRETS, World, world

# A call through botocore takes as long as the machine is busy.
settings.register_profile("handlers", deadline=None)
settings.load_profile("handlers")


@pytest.fixture
def aws(caplog: pytest.LogCaptureFixture) -> Iterator[World]:
    """A world in which every test also checks that nothing secret is logged, at any level, or answered."""
    caplog.set_level(logging.DEBUG)
    with world() as made:
        yield made
    seen = [*map(repr, (record.__dict__ for record in caplog.get_records("call"))), caplog.text]
    seen += [body.decode() for body in made.cloudformation.bodies]
    for secret in SECRETS:
        assert not [text for text in seen if secret in text]
