"""Checks of arguments, and the one wording of what they refuse; pure, so that values without CDK can use it too.

A CDK token is text such as ``${Token[AWS.Region.4]}`` that stands for a value known only at deployment. A check
looks at what is written around a token and lets the token itself pass.
"""

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import TypeGuard

# CDK keeps to these characters inside a token, so text that only resembles one gets no privileges here.
TOKEN_PATTERN = r"\$\{Token\[[A-Za-z0-9:._-]+\]\}"

_NOT_LOOKED_UP = "dummy-value-for-"
_TOKEN = re.compile(TOKEN_PATTERN)
_TOKENS_ONLY = re.compile(rf"(?:{TOKEN_PATTERN})+")
_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_LABEL_WITH_UNDERSCORES = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")


def invalid(argument: str, rule: str, value: object, fix: str) -> ValueError:
    """Return the error to raise: which argument, the rule it breaks, what was given, what to do.

    >>> invalid("ttl", "be a number of seconds", "5m", "write 300")
    ValueError("ttl must be a number of seconds, got '5m'; write 300")
    """
    if isinstance(value, str) and _NOT_LOOKED_UP in value:
        # What stands for a parameter until the CLI has looked it up, which it does only if the app is synthesized.
        rule = "be looked up, or have a value until it is"
        fix = f"pass default_value to value_from_lookup, or read it by value_for_string_parameter at deployment; {fix}"
    got = repr(value)
    if isinstance(value, type):
        got = f"the class {value.__name__}"
    elif type(value).__repr__ is object.__repr__:
        got = _with_article(type(value).__name__)  # its address in memory says nothing
        if got == "an InterfaceDynamicProxy":  # jsii's class for whatever a method such as from_bucket_name returns
            got = "an imported resource of CDK"
    return ValueError(f"{argument} must {rule}, got {got}; {fix}")


def contains_token(text: str) -> bool:
    """Tell whether a CDK token stands anywhere in *text*, so that its final length and content are unknown.

    >>> contains_token("inbound-smtp.${Token[AWS.Region.4]}.amazonaws.com")
    True
    """
    return _TOKEN.search(text) is not None


def is_token(text: str) -> bool:
    """Tell whether *text* is nothing but CDK tokens."""
    return _TOKENS_ONLY.fullmatch(text) is not None


def without_tokens(text: str) -> str:
    """Put a letter in the place of every token, so that the rest can be checked."""
    # A letter that is no hexadecimal digit, for it must not complete a percent escape.
    return _TOKEN.sub("t", text)


def with_lower_case_domain(address: str) -> str:
    """An address, or a domain, as SES keeps it; IAM compares with case. A token's name must stay as it is.

    >>> with_lower_case_domain("Ann@Example.com")
    'Ann@example.com'
    """
    if contains_token(address):
        return address
    local_part, at, domain = address.rpartition("@")
    return f"{local_part}{at}{domain.lower()}"


def is_within(name: str, domain: str) -> bool:
    """Tell whether *name* is *domain* or below it; both in lower case.

    >>> is_within("news.example.com", "example.com"), is_within("notexample.com", "example.com")
    (True, False)
    """
    return f".{name}".endswith(f".{domain}")


def check_text(argument: str, value: object) -> str:
    """Return *value* if it is a ``str``; raise ``ValueError`` otherwise."""
    if not isinstance(value, str):
        raise invalid(argument, "be text", value, "pass a str")
    return value


def check_printable(argument: str, value: str) -> str:
    """Return *value* if it is text of one line without control characters; raise ``ValueError`` otherwise."""
    if not check_text(argument, value).isprintable():
        raise invalid(argument, "be one line of printable characters", value, "leave the others out")
    return value


def offers(value: object, *names: str) -> bool:
    """Tell whether *value* has all these attributes, as an object and not as the class of such objects.

    >>> offers("text", "upper"), offers(str, "upper")
    (True, False)
    """
    # Of the class first: a property of a CDK object is a call to Node.
    return not isinstance(value, type) and all(hasattr(type(value), name) or hasattr(value, name) for name in names)


def check_strategy(argument: str, value: object, methods: Sequence[str], fix: str) -> None:
    """Raise ``ValueError`` unless *value* is an object with these *methods*, whatever its class."""
    if not offers(value, *methods):
        rule = f"have the {'method' if len(methods) == 1 else 'methods'} {' and '.join(methods)}"
        raise invalid(argument, rule, value, fix)


def check_returned(owner: object, method: str, value: object, kind: type) -> None:
    """Raise ``ValueError`` unless *value*, which a method of somebody's own class has returned, is of *kind*."""
    check_kind(f"what {type(owner).__name__}.{method} returns", value, kind, "return it at the end of the method")


def is_account_id(value: str) -> bool:
    """Tell whether *value* is the id of an AWS account, 12 digits."""
    return _ACCOUNT_ID.fullmatch(value) is not None


def check_account_id(argument: str, value: str) -> str:
    """Return *value* if it is the id of an AWS account, or a token; raise ``ValueError`` otherwise."""
    if not is_token(check_text(argument, value)) and not is_account_id(value):
        raise invalid(argument, "be an account id of 12 digits", value, "write '111122223333'")
    return value


def check_flag(argument: str, value: object) -> None:
    """Raise ``ValueError`` unless *value* is True or False: context from the command line is text, and "false" true."""
    check_kind(argument, value, bool, "pass True or False")


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether *value* is a finite number; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def check_count(argument: str, value: object, *, of: str, fix: str) -> None:
    """Raise ``ValueError`` unless *value* is a whole number of 1 or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise invalid(argument, f"be a number of {of}, 1 or more", value, fix)


def check_list(argument: str, values: object, fix: str) -> None:
    """Raise ``ValueError`` unless *values* are a list: neither one text, which is a list of letters, nor used up."""
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise invalid(argument, "be a list", values, fix)


def check_kind(argument: str, value: object, kind: type, fix: str) -> None:
    """Raise ``ValueError`` unless *value* is of *kind*; for arguments where a text or a number comes to mind first."""
    if not isinstance(value, kind):
        raise invalid(argument, f"be {_with_article(kind.__name__)}", value, fix)


def check_choice(argument: str, value: object, choices: Sequence[object]) -> None:
    """Raise ``ValueError`` unless *value* is one of *choices*."""
    if value not in choices:
        listing = ", ".join(repr(choice) for choice in choices)
        raise invalid(argument, f"be one of {listing}", value, "write one of them exactly so")


def text_tuple(argument: str, values: Sequence[str]) -> tuple[str, ...]:
    """Return *values*, any sequence of ``str``, as a tuple.

    A lone ``str`` is refused: it is a sequence too, and would pass as its letters.
    """
    if isinstance(values, str):
        raise invalid(argument, "be a sequence of str, not one str", values, f"write ({values!r},)")
    check_list(argument, values, "pass a tuple or a list of str")
    return tuple(check_text(argument, value) for value in values)


def check_distinct(argument: str, values: Sequence[str]) -> None:
    """Raise ``ValueError`` if a value is there twice."""
    if len(set(values)) != len(values):
        raise invalid(argument, "hold every entry once", values, "leave the repeated one out")


def name_flaw(name: str, *, underscores: bool = False, partial: bool = False) -> str | None:
    """Return the rule that a DNS name without a trailing dot breaks, or ``None``.

    *underscores* admits names such as ``_dmarc.example.com``; *partial* a single label, because more of the name is
    filled in later. A token makes the name partial by itself.
    """
    known = without_tokens(name)
    labels = known.split(".")
    label = _LABEL_WITH_UNDERSCORES if underscores else _LABEL
    if any(label.fullmatch(part) is None for part in labels):
        extra = ", underscores" if underscores else ""
        return f"have labels of 1 to 63 ASCII letters, digits{extra} and inner hyphens, with single dots between them"
    if len(known) > 253:
        return "have at most 253 characters"
    if len(labels) == 1 and not partial and known == name:
        return "have at least two labels"
    if labels[-1].isdigit():
        return "end in a top-level domain, not in a number"
    return None


def address_flaw(address: str) -> str | None:
    """Return the rule that an e-mail address breaks, or ``None``."""
    if is_token(address):
        return None
    return known_address_flaw(without_tokens(address), partial=contains_token(address))


def known_address_flaw(address: str, *, partial: bool) -> str | None:
    """Return the rule broken by an address without tokens; *partial* is for a domain that lacks some labels."""
    local_part, _, domain = address.rpartition("@")
    if not address.isascii():
        return "be ASCII"
    if address.count("@") != 1:
        return "have one @"
    if not local_part:
        return "have a name before the @, unless the domain alone is meant"
    if len(local_part) > 64 or _LOCAL_PART.fullmatch(local_part) is None:
        return (
            "have 1 to 64 unquoted characters before the @, without spaces and without dots at an end or side by side"
        )
    if len(address) > 254:
        return "have at most 254 characters"
    flaw = name_flaw(domain, partial=partial)
    return flaw and f"have a domain behind the @ that must {flaw}"


def check_domain_name(argument: str, value: str) -> str:
    """Return *value* if it is a bare domain name (RFC 1035 section 2.3.1, RFC 1123 section 2.1).

    Two labels or more, no trailing dot, ASCII; an internationalized name is written in its ``xn--`` form. A token is
    let through, and so is a name that contains one. Raises ``ValueError`` for everything else.

    >>> check_domain_name("domain_name", "bücher.example")
    Traceback (most recent call last):
    ValueError: domain_name must be ASCII, got 'bücher.example'; write 'xn--bcher-kva.example'
    """
    flaw = name_flaw(check_text(argument, value))
    if flaw is None:
        return value
    if not value.isascii():
        raise invalid(argument, "be ASCII", value, _ascii_form(value))
    if "://" in value:
        raise invalid(argument, "be a bare domain name", value, "leave out the scheme and everything behind the host")
    if "@" in value:
        raise invalid(argument, "be a bare domain name", value, "leave out everything up to the @")
    if value.startswith(".") or value.endswith("."):
        raise invalid(argument, "have no dot at either end", value, "leave the dot out")
    raise invalid(argument, flaw, value, "write a name such as 'example.com'")


def check_email_address(argument: str, value: str) -> str:
    """Return *value* if it is a plain ASCII e-mail address: a dot-atom, an @, a domain (RFC 5321 section 4.1.2).

    Quoted local parts and display names are refused. A token is let through, alone or as a part of the address.
    Raises ``ValueError`` for everything else.
    """
    flaw = address_flaw(check_text(argument, value))
    if flaw is not None and value.endswith(">"):
        raise invalid(argument, "be an address alone, without a name", value, "write what stands between < and >")
    if flaw is not None:
        raise invalid(argument, flaw, value, "write an address such as 'someone@example.com'")
    return value


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"


def _ascii_form(name: str) -> str:
    hint = "write the name in its xn-- form"
    # The codec needs quadratic time, and no longer name could be right.
    if len(name) > 253:
        return hint
    try:
        ascii_name = name.encode("idna").decode("ascii")
    except UnicodeError:
        return hint
    # The codec speaks IDNA 2003, which writes some names as those of somebody else: straße.example as strasse.example.
    is_same = ascii_name.encode().decode("idna") == name.lower() and not any(map(_is_symbol, name))
    return f"write {ascii_name!r}" if is_same and not name_flaw(ascii_name) else hint


def _is_symbol(character: str) -> bool:
    # IDNA 2008 has letters, marks and digits only.
    return unicodedata.category(character)[0] not in "LMN" and character not in "-."
