"""Domain names that are not ASCII, without a library of IDNA 2008.

The standard library knows IDNA 2003, which writes some names as other ones: ``straße`` as ``strasse``, which may be
somebody else's.
"""

import unicodedata
from encodings.idna import nameprep

_LABEL = 63
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")
# Letters, marks and digits, as in IDNA 2008: no symbols.
_CATEGORIES = frozenset({"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"})


def to_ascii(domain: str) -> str:
    """Write *domain* in ASCII if IDNA 2003 and 2008 agree on it; else return nothing."""
    labels = [label if label.isascii() else _agreed(label) for label in domain.split(".")]
    return ".".join(labels) if all(labels) else ""


def spellings(domain: str) -> frozenset[str]:
    """List the names in ASCII, in lower case, that somebody may read *domain* as."""
    if domain.isascii():
        return frozenset({domain.lower().rstrip(".")})
    parts = domain.translate(_DOTS).rstrip(".").split(".")
    return frozenset(".".join(_encoded(read(part)) for part in parts) for read in (_plain, _prepared))


def _agreed(label: str) -> str:
    plain = _plain(label)
    if plain != _prepared(label) or plain != unicodedata.normalize("NFKC", plain).casefold():
        return ""
    categories = [unicodedata.category(one) for one in plain if one != "-"]
    if not _CATEGORIES.issuperset(categories) or categories[0][0] == "M" or "-" in (plain[0], plain[-1]):
        return ""
    written = _encoded(plain)
    return written if len(written) <= _LABEL else ""


def _plain(label: str) -> str:
    return unicodedata.normalize("NFC", label.lower())


def _prepared(label: str) -> str:
    try:
        return nameprep(label)
    except UnicodeError:
        # What nobody may register: it is compared with ours, and equal to no other.
        return unicodedata.normalize("NFKC", label).casefold()


def _encoded(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()
