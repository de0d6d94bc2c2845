"""Fixtures for the forwarder's tests."""

import logging
from collections.abc import Iterator

import pytest

from .mail_world import MailWorld, mail_world


@pytest.fixture
def mail(caplog: pytest.LogCaptureFixture) -> Iterator[MailWorld]:
    """A world in which every test also checks that no address and no content is logged."""
    caplog.set_level(logging.DEBUG)
    with mail_world() as made:
        yield made
    for record in caplog.get_records("call"):
        text = " ".join(map(repr, record.__dict__.values()))
        assert not record.exc_info
        if record.name.startswith("ses_constructs"):
            assert "@" not in text
            assert "not to be logged" not in text
