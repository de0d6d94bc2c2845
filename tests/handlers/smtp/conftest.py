"""Fixtures for the SMTP handlers' tests."""

import logging
from collections.abc import Iterator

import pytest

from .smtp_world import SmtpWorld, secrets_seen, smtp_world


@pytest.fixture
def smtp(caplog: pytest.LogCaptureFixture) -> Iterator[SmtpWorld]:
    """A world in which every test also checks that nothing secret is logged, at any level, or answered."""
    caplog.set_level(logging.DEBUG)
    with smtp_world() as made:
        yield made
    texts = [*map(repr, (record.__dict__ for record in caplog.get_records("call"))), caplog.text]
    texts += [body.decode() for body in made.world.cloudformation.bodies]
    assert secrets_seen(made, texts) == []
