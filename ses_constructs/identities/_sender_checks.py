"""Whom a principal and its conditions let in, read as IAM reads them and not by their names.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aws_cdk import Stack, Token
from constructs import Construct

from ..common.arguments import invalid, is_token, offers, without_tokens
from ..common.checks import resolved_principals
from ..common.rendered import rendered

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

# A request that lacks the key never meets them; it meets negated ones, ...IfExists, Null and ForAllValues.
_OPERATORS = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"})
_MULTIVALUED = "ForAnyValue:"

# Read where tokens have become a "t". No wildcard and no policy variable stands before what says who: in StringLike
# '*' matches colons too, and in a path of IAM anybody may write ':111122223333:'.
_ACCOUNT = "(?:[0-9]{12}|t)"
_KEYS_THAT_NAME_A_SENDER = {
    "aws:principalorgid": re.compile(r"o-[a-z0-9]+"),
    "aws:principalorgpaths": re.compile(r"(?:o-[a-z0-9]+|t)/.*"),
    "aws:principalaccount": re.compile(_ACCOUNT),
    "aws:principalarn": re.compile(rf"arn:[a-z-]+:(?:iam|sts)::{_ACCOUNT}:.+"),
}
_KEYS_THAT_NAME_A_SOURCE = {
    "aws:sourceaccount": re.compile(_ACCOUNT),
    "aws:sourcearn": re.compile(rf"arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:{_ACCOUNT}:.+"),
}


def checked_sender(scope: Construct, principal: "iam.IPrincipal | str") -> "iam.IPrincipal":
    """A principal for an account id or a principal, services held to the account of *scope*.

    Raises ``ValueError`` for anything that would let in too many.
    """
    from aws_cdk import aws_iam as iam  # slow to import, and only a sender needs it

    if isinstance(principal, str):
        if not Token.is_unresolved(principal) and not re.fullmatch("[0-9]{12}", principal):
            raise _no_sender(principal)
        return iam.AccountPrincipal(principal)
    if not offers(principal, "policy_fragment"):
        raise _no_sender(principal)
    # Whatever the principal is wrapped in: what counts is how it stands in the policy.
    fragment = principal.policy_fragment
    conditions = fragment.conditions
    # Keys are compared without case.
    keys = {key.lower() for tests in conditions.values() if isinstance(tests, Mapping) for key in tests}
    if "ses:fromaddress" in keys:
        fix = "pass the addresses in from_addresses"
        raise invalid("principal", "carry no condition on ses:FromAddress", conditions, fix)
    if _stands_for_many(scope, fragment) and not _say_who(conditions, _KEYS_THAT_NAME_A_SENDER):
        fix = "pass an account id, a role, or an iam.OrganizationPrincipal"
        raise invalid("principal", "name who may send, and not everyone", conditions or "*", fix)
    if "Service" not in fragment.principal_json or _say_who(conditions, _KEYS_THAT_NAME_A_SOURCE):
        return principal
    if keys & {*_KEYS_THAT_NAME_A_SOURCE}:
        fix = "compare aws:SourceAccount by StringEquals, or leave the condition out for this account alone"
        raise invalid("principal", "name the account that a service acts for", conditions, fix)
    # A service acts for whoever asks it; without this any of its customers could send as the domain.
    return iam.PrincipalWithConditions(principal, {"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}})


def _no_sender(principal: object) -> ValueError:
    return invalid("principal", "be a 12-digit account id or an IAM principal", principal, "pass '123456789012'")


def _stands_for_many(scope: Construct, fragment: "iam.PrincipalPolicyFragment") -> bool:
    principals = resolved_principals(scope, "principal", fragment.principal_json)
    # A provider of one account has an ARN; others, such as accounts.google.com, have users everywhere.
    return any("*" in rendered(each) for names in principals.values() for each in names) or any(
        isinstance(each, str) and not each.startswith("arn:") for each in principals.get("Federated", ())
    )


def _say_who(conditions: Mapping[str, object], named_by: Mapping[str, re.Pattern[str]]) -> bool:
    """Whether one of the *conditions*, all of which must be met, can be met by those only whom it names."""
    return any(
        key.lower() in named_by and _all_match(values, named_by[key.lower()])
        for operator, tests in conditions.items()
        if operator.removeprefix(_MULTIVALUED) in _OPERATORS and isinstance(tests, Mapping)
        for key, values in tests.items()
    )


def _all_match(values: object, pattern: re.Pattern[str]) -> bool:
    if not isinstance(values, str) and Token.is_unresolved(values):
        return True
    listed = values if isinstance(values, list) else [values]
    return bool(listed) and all(
        is_token(str(each)) or pattern.fullmatch(without_tokens(str(each))) is not None for each in listed
    )
