"""Fixtures for the handlers' tests."""

import logging
from collections.abc import Iterator

import pytest

from .world import SECRETS, World, world


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
