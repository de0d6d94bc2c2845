"""A large message is in memory once, whatever it is made of."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.forwarder import MAX_MEMORY_RATIO, measure
from ses_constructs.handlers import forward_message
from ses_constructs.handlers.forwarding.errors import NotForwardedError
from ses_constructs.handlers.forwarding.send import Base64Body

from .mail_world import policy

SIZE = 8 * 1024 * 1024
FEW_BYTES = 1024 * 1024
POLICY = policy()
SENT = {
    "lines": b"From: a@author.example\r\n\r\n" + b"line\r\n" * (SIZE // 6),
    "one line": b"From: a@author.example\r\n\r\n" + b"x" * SIZE,
    "no line end at all": b"x" * SIZE,
    "only CRs": b"\r" * SIZE,
    "only line ends": b"\r\n" * (SIZE // 2),
}
REFUSED = {
    "a header as long as the message": b"From: " + b"x" * SIZE,
    "headers without end": b"a:\n" * (SIZE // 3),
    "folds without end": b"a: b\n" + b" c\n" * (SIZE // 3),
}


@contextmanager
def peak() -> Iterator[list[int]]:
    """Give the most memory that is taken in the block, once it has ended."""
    found: list[int] = []
    tracemalloc.start()
    try:
        yield found
    finally:
        found.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()


@pytest.mark.parametrize("message", SENT.values(), ids=SENT.keys())
def test_preparing_and_sending_copies_hardly_any_of_a_message(message: bytes) -> None:
    stored = bytearray(message)
    with peak() as found:
        body = Base64Body(b"", forward_message._prepared(stored, POLICY), b"")
        while body.read(16 * 1024):
            pass

    assert body.tell() == len(body) > SIZE
    assert found[0] < FEW_BYTES


@pytest.mark.parametrize("message", REFUSED.values(), ids=REFUSED.keys())
def test_headers_without_end_are_refused_before_they_take_more_than_the_message(message: bytes) -> None:
    stored = bytearray(message)
    with peak() as found, pytest.raises(NotForwardedError, match=r"^the header is larger than 262144 bytes$"):
        forward_message._prepared(stored, POLICY)

    assert found[0] < 1.5 * SIZE


def test_the_largest_message_stays_within_the_bound() -> None:
    (figures,) = measure(sizes=(41_900_000,), sides=("ours",))

    assert figures.ratio <= MAX_MEMORY_RATIO
    assert figures.holds
    assert figures.small_messages_per_second > 0
