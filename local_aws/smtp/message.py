"""The header lines of a message that are meant for SES and do not leave it."""

import re


def take_header(raw: bytes, name: str) -> tuple[bytes, str]:
    """*raw* without the header *name*, and the header's first value; empty where there is none.

    Every other byte stays as it is, which a parser would not grant.
    """
    head, gap, body = raw.partition(b"\r\n\r\n")
    lines = re.compile(rb"^%s:[ \t]*([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)\r\n" % re.escape(name.encode()), re.I | re.M)
    found = lines.search(head + b"\r\n")
    if found is None:
        return raw, ""
    rest = lines.sub(b"", head + b"\r\n").removesuffix(b"\r\n")
    return rest + gap + body, b" ".join(found[1].split()).decode("ascii", "replace")
