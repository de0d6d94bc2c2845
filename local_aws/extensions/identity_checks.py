"""What SES, and CloudFormation in words of its own, refuse of an identity when it is made or changed."""

import re
from collections.abc import Callable
from typing import Any

from ministack.services import ses_v2
from ministack.services.cloudformation import stacks

from local_aws.extensions.registry import Properties, Response, json_error

IDENTITY = "AWS::SES::EmailIdentity"
MOST_TAGS, LONGEST_TAG_KEY, LONGEST_TAG_VALUE = 50, 128, 256
_PRIVATE_KEY = re.compile(r"[a-zA-Z0-9+/]+={0,2}")  # base64 in one line, nothing around it
_SELECTOR = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_PATTERN = "1 validation error detected: Value at '{}' failed to satisfy constraint: Member must satisfy regular "
_PATTERN += "expression pattern: {}"

Tags = list[dict[str, str]]


def refused_call(data: dict[str, Any]) -> Response | None:
    """SES's error about CreateEmailIdentity, in the order in which it looks, or None."""
    name, set_name = data.get("EmailIdentity", ""), data.get("ConfigurationSetName")
    if name in ses_v2._identities:
        return json_error("AlreadyExistsException", f"Email identity {name} already exist.")
    signing = data.get("DkimSigningAttributes") or {}
    if problem := tags_problem(data.get("Tags") or []) or _half_key(signing, API_WORDS) or key_problem(name, signing):
        return json_error("BadRequestException", problem)
    if problem := set_problem(set_name):
        return json_error("NotFoundException", problem, 404)
    return None


def refused_template(properties: Properties, old: Properties | None = None) -> str | None:
    """CloudFormation's reason against the identity of a template, or None; what *old* has already is there."""
    name = properties.get("EmailIdentity", "")
    if old is None and name in ses_v2._identities:
        return f"Resource of type '{IDENTITY}' with identifier '{name}' already exists."
    signing, set_name = properties.get("DkimSigningAttributes") or {}, _default_set(properties)
    problem = _half_key(signing, TEMPLATE_WORDS) or key_problem(name, signing) or mail_from_problem(name, properties)
    return problem or (set_problem(set_name) if old is None or set_name != _default_set(old) else None)


def tags_problem(tags: Tags) -> str | None:
    keys = [tag.get("Key", "") for tag in tags]
    if len(keys) > MOST_TAGS:
        return f"An identity has at most {MOST_TAGS} tags."
    if len(keys) != len(set(keys)):
        return "Duplicate tag keys found"
    for tag, key in zip(tags, keys, strict=True):
        if not 1 <= len(key) <= LONGEST_TAG_KEY or key.lower().startswith("aws:"):
            return f"Tag key {key} must have 1 to {LONGEST_TAG_KEY} characters and must not start with aws:."
        if len(tag.get("Value", "")) > LONGEST_TAG_VALUE:
            return f"The value of tag {key} must not be longer than {LONGEST_TAG_VALUE} characters."
    return None


# Without one of the two, and with the length of a key that SES makes itself.
API_WORDS = (
    "Invalid identity configuration. please ensure to provide the required Attributes.",
    "NextSigningKeyLength cannot be used together with DomainSigningPrivateKey and DomainSigningSelector.",
)
TEMPLATE_WORDS = (
    "When using Bring Your Own DKIM, you must provide both DomainSigningPrivateKey and DomainSigningSelector.",
    "You cannot configure the identity to use Easy DKIM and Bring Your Own DKIM properties at the same time.",
)


def _half_key(signing: Properties, words: tuple[str, str]) -> str | None:
    given = [member for member in ("DomainSigningPrivateKey", "DomainSigningSelector") if signing.get(member)]
    if len(given) == 1:
        return words[0]
    return words[1] if given and signing.get("NextSigningKeyLength") else None


def key_problem(identity: str, signing: Properties) -> str | None:
    """Why SES does not take the domain owner's own DKIM key, or None."""
    if not signing.get("DomainSigningPrivateKey"):
        return None
    if "@" in identity:
        return "For BYODKIM, the EmailIdentity value must be a domain."
    for member, pattern in (("DomainSigningPrivateKey", _PRIVATE_KEY), ("DomainSigningSelector", _SELECTOR)):
        if not pattern.fullmatch(signing[member]):
            path = f"dkimSigningAttributes.{member[0].lower()}{member[1:]}"
            return _PATTERN.format(path, f"^{pattern.pattern}$")
    return None


def set_problem(name: str | None) -> str | None:
    known = not name or name in ses_v2._config_sets
    return None if known else f"Configuration set <{name}> does not exist."


def mail_from_problem(identity: str, properties: Properties) -> str | None:
    mail_from = (properties.get("MailFromAttributes") or {}).get("MailFromDomain") or ""
    domain = identity.rpartition("@")[2]
    if not mail_from or mail_from.lower().endswith(f".{domain.lower()}"):
        return None
    return f"Provided MAIL-FROM domain <{mail_from}> is not subdomain of the domain of the identity <{domain}>."


def _default_set(properties: Properties) -> str | None:
    name: str | None = (properties.get("ConfigurationSetAttributes") or {}).get("ConfigurationSetName")
    return name


def install() -> None:
    """CloudFormation sends an identity the stack's tags and its own in one list, of which SES wants each key once."""
    original: Callable[..., Properties] = stacks._with_stack_tags

    def with_stack_tags(resource_type: str, properties: Properties, stack_tags: Tags, *names: str) -> Properties:
        if resource_type == IDENTITY and (problem := tags_problem([*(properties.get("Tags") or []), *stack_tags])):
            raise ValueError(problem)
        return original(resource_type, properties, stack_tags, *names)

    stacks._with_stack_tags = with_stack_tags
