"""Which addresses an entry of a rule takes: the table of the Developer Guide, and its corners."""

import subprocess
import sys
from pathlib import Path

import pytest

from ses_constructs.common import recipients
from ses_constructs.testing import matching_entry


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("user@example.com", "user@example.com"),
        ("user@example.com", "user+label@example.com"),
        ("user@example.com", "user+one+two@example.com"),
        ("user+label@example.com", "user+label@example.com"),
        ("example.com", "anyone@example.com"),
        ("example.com", "any+one@example.com"),
        ("sub.example.com", "anyone@sub.example.com"),
        (".example.com", "anyone@sub.example.com"),
        (".example.com", "anyone@deep.sub.example.com"),
        ("example.com", "anyone@EXAMPLE.com"),
        ("EXAMPLE.com", "anyone@example.com"),
        ("User@example.com", "uSER@example.com"),
        ("example.com", '"a@b"@example.com'),
    ],
)
def test_an_entry_takes_an_address(entry: str, address: str) -> None:
    assert matching_entry(["first.example", entry], address) == entry


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("user@example.com", "other@example.com"),
        ("user@example.com", "user@sub.example.com"),
        ("user@example.com", "username@example.com"),
        ("user+label@example.com", "user@example.com"),
        ("user+label@example.com", "user+other@example.com"),
        ("user+label@example.com", "user+label+more@example.com"),
        ("example.com", "anyone@sub.example.com"),
        ("example.com", "anyone@notexample.com"),
        ("sub.example.com", "anyone@deep.sub.example.com"),
        ("sub.example.com", "anyone@example.com"),
        (".example.com", "anyone@example.com"),
        (".example.com", "anyone@notexample.com"),
        ("*@example.com", "anyone@example.com"),
        ("@example.com", "+label@example.com"),
        ("example.com", "example.com"),
        ("example.com", "@example.com"),
    ],
)
def test_an_entry_leaves_an_address(entry: str, address: str) -> None:
    assert matching_entry([entry], address) is None


def test_the_first_entry_that_matches_is_named_as_it_is_written() -> None:
    assert matching_entry(["Example.com", "user@example.com"], "user@example.com") == "Example.com"


def test_no_entries_take_everything() -> None:
    assert matching_entry([], "anyone@anywhere.example") == ""


def test_the_module_needs_nothing_but_python() -> None:
    source = Path(recipients.__file__)
    code = f"import runpy; print(runpy.run_path({str(source)!r})['matching_entry'](['example.com'], 'a@example.com'))"

    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "example.com\n"
