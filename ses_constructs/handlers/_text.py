"""Texts from outside: read without trust, and shown on one line."""

import json
import unicodedata


def parse_json(text: object) -> object:
    """Read JSON; ``None`` for anything that is not JSON."""
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def printable(text: str) -> str:
    """Keep what can be seen: no controls, no marks that turn the direction of writing, one space at a time."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = (" " if character.isspace() else character for character in text)
    return " ".join("".join(one for one in kept if one == " " or unicodedata.category(one)[0] != "C").split())


def one_line(text: object, max_length: int) -> str:
    """Cut a text to *max_length* printable characters without line breaks; what is no text becomes empty."""
    # Cut before it is cleaned too, so that a huge text costs nothing.
    line = printable(text[: 4 * max_length]) if isinstance(text, str) else ""
    return line if len(line) <= max_length else f"{line[: max_length - 3]}..."
