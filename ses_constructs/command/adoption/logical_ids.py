"""The logical ids that CDK gives, known without CDK; a test compares them with those of the synthesized program."""

import hashlib
import re


def logical_id(*path: str) -> str:
    """That of the resource at *path*, the ids below the stack.

    >>> logical_id("Domain", "Identity", "Resource")
    'DomainIdentity43F0D7A7'
    """
    told_apart = hashlib.md5("/".join(path).encode(), usedforsecurity=False).hexdigest()[:8].upper()
    parts: list[str] = []
    for each in (re.sub("[^A-Za-z0-9]", "", part) for part in path if part != "Resource"):
        if not parts or not parts[-1].endswith(each):
            parts.append(each)
    return f"{''.join(parts)[:240]}{told_apart}"
