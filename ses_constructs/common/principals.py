"""Whom a principal and its conditions let in, read as IAM reads them and not by their names.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from aws_cdk import Token
from constructs import Construct

from .arguments import invalid, is_token, offers, without_tokens
from .reach import resolved_here
from .rendered import rendered

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

# A request that lacks the key never meets them; it meets negated ones, ...IfExists, Null and ForAllValues.
_OPERATORS = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"})
_MULTIVALUED = "ForAnyValue:"

# Read where tokens have become a "t". No wildcard and no policy variable stands before what says who: in StringLike
# '*' matches colons too, and in a path of IAM anybody may write ':111122223333:'.
_ACCOUNT = "(?:[0-9]{12}|t)"
_KEYS_THAT_NAME_SOMEBODY = {
    "aws:principalorgid": re.compile(r"o-[a-z0-9]+"),
    "aws:principalorgpaths": re.compile(r"(?:o-[a-z0-9]+|t)/.*"),
    "aws:principalaccount": re.compile(_ACCOUNT),
    "aws:principalarn": re.compile(rf"arn:[a-z-]+:(?:iam|sts)::{_ACCOUNT}:.+"),
}
KEYS_THAT_NAME_A_SOURCE = {
    "aws:sourceaccount": re.compile(_ACCOUNT),
    "aws:sourcearn": re.compile(rf"arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:{_ACCOUNT}:.+"),
}
"""Conditions that hold a service to whom it acts for."""


def checked_fragment(
    scope: Construct, argument: str, principal: "iam.IPrincipal", *, may: str, takes_canonical_users: bool = False
) -> "iam.PrincipalPolicyFragment":
    """How *principal* stands in the policy of a resource of *scope*.

    Raises ``ValueError`` for whom such a policy cannot name, and for everyone, as *may* says what they could.
    """
    fix = "pass an account id, a role, or an iam.OrganizationPrincipal"
    if offers(principal, "group_arn"):
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
        raise invalid(argument, "be no group, which the policy of a resource cannot name", _path(principal), fix)
    try:
        fragment = principal.policy_fragment
    except RuntimeError as error:
        if "without a role" not in str(error):
            raise
        raise invalid(argument, "have a role that is known here", principal, "pass the role") from error
    principals = resolved_principals(scope, argument, fragment.principal_json)
    if "CanonicalUser" in principals and not takes_canonical_users:
        raise invalid(argument, "be no canonical user, whom only S3 knows", principals["CanonicalUser"], fix)
    if _stand_for_many(principals) and not say_who(fragment.conditions, _KEYS_THAT_NAME_SOMEBODY):
        raise invalid(argument, f"name who may {may}, and not everyone", fragment.conditions or "*", fix)
    return fragment


def resolved_principals(scope: Construct, argument: str, principals: object) -> dict[str, list[object]]:
    """How *principals*, as a policy names them, stand in a policy in the stack of *scope*.

    Raises ``ValueError`` for a role of another stage, account or region of the app that cannot be named there.
    """
    fix = "pass role_name=PhysicalName.GENERATE_IF_NEEDED where it is made, or allow its account"
    return cast("dict[str, list[object]]", resolved_here(scope, argument, principals, fix=fix))


def say_who(conditions: Mapping[str, object], named_by: Mapping[str, re.Pattern[str]]) -> bool:
    """Whether one of the *conditions*, all of which must be met, can be met by those only whom it names."""
    return any(
        key.lower() in named_by and _all_match(values, named_by[key.lower()])
        for operator, tests in conditions.items()
        if operator.removeprefix(_MULTIVALUED) in _OPERATORS and isinstance(tests, Mapping)
        for key, values in tests.items()
    )


def _stand_for_many(principals: Mapping[str, list[object]]) -> bool:
    # A provider of one account has an ARN; others, such as accounts.google.com, have users everywhere.
    return any("*" in rendered(each) for names in principals.values() for each in names) or any(
        isinstance(each, str) and not each.startswith("arn:") for each in principals.get("Federated", ())
    )


def _all_match(values: object, pattern: re.Pattern[str]) -> bool:
    if not isinstance(values, str) and Token.is_unresolved(values):
        return True
    listed = values if isinstance(values, list) else [values]
    return bool(listed) and all(
        is_token(str(each)) or pattern.fullmatch(without_tokens(str(each))) is not None for each in listed
    )


def _path(principal: object) -> object:
    return principal.node.path if offers(principal, "node") else principal  # type: ignore[attr-defined]
