"""Whom the owner of a domain lets send from it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aws_cdk import Stack, Token
from constructs import Construct

from ..common.arguments import invalid, is_account_id, offers
from ..common.principals import KEYS_THAT_NAME_A_SOURCE, checked_fragment, say_who

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam


def checked_sender(scope: Construct, principal: "iam.IPrincipal | str") -> "iam.IPrincipal":
    """A principal for an account id or a principal, services held to the account of *scope*.

    Raises ``ValueError`` for anything that would let in too many.
    """
    from aws_cdk import aws_iam as iam  # slow to import, and only a sender needs it

    if isinstance(principal, str):
        if not Token.is_unresolved(principal) and not is_account_id(principal):
            raise _no_sender(principal)
        return iam.AccountPrincipal(principal)
    if not offers(principal, "policy_fragment"):
        raise _no_sender(principal)
    # Whatever the principal is wrapped in: what counts is how it stands in the policy.
    fragment = checked_fragment(scope, "principal", principal, may="send")
    conditions = fragment.conditions
    # Keys are compared without case.
    keys = {key.lower() for tests in conditions.values() if isinstance(tests, Mapping) for key in tests}
    if "ses:fromaddress" in keys:
        fix = "pass the addresses in from_addresses"
        raise invalid("principal", "carry no condition on ses:FromAddress", conditions, fix)
    if "Service" not in fragment.principal_json or say_who(conditions, KEYS_THAT_NAME_A_SOURCE):
        return principal
    if keys & {*KEYS_THAT_NAME_A_SOURCE}:
        fix = "compare aws:SourceAccount by StringEquals, or leave the condition out for this account alone"
        raise invalid("principal", "name the account that a service acts for", conditions, fix)
    # A service acts for whoever asks it; without this any of its customers could send as the domain.
    return iam.PrincipalWithConditions(principal, {"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}})


def _no_sender(principal: object) -> ValueError:
    fix = "pass '123456789012', a role, or iam.ArnPrincipal(...) for one that is made elsewhere"
    return invalid("principal", "be a 12-digit account id or an IAM principal", principal, fix)
