"""The benchmark of the register measures the register."""

from benchmarks.register import measure, timed
from ses_constructs.identities import _domain_checks


def test_the_parts_are_within_the_build() -> None:
    build, entered, looked = measure(2)

    assert 0 < entered < build
    assert looked > 0


def test_what_is_timed_is_as_before_afterwards() -> None:
    before = _domain_checks.enter_identity
    with timed():
        assert _domain_checks.enter_identity is not before

    assert _domain_checks.enter_identity is before
