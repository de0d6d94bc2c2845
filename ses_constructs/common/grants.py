"""Giving a permission so that it is given: what no policy carries is no grant."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import jsii
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct, DependencyGroup

from .arguments import invalid, offers
from .checks import check_resource, regions_differ, warn_about_policy
from .principals import checked_fragment, resolved_principals
from .reach import is_construct, resolved_here
from .rendered import rendered

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_secretsmanager as secretsmanager


@jsii.implements(iam.IPrincipal)
class _Carrier:
    """A principal that says so when it carries no policy, so that CDK looks for another place."""

    def __init__(self, principal: iam.IPrincipal, *, out_of_reach: bool) -> None:
        self._principal, self._out_of_reach = principal, out_of_reach
        self.carries = False
        self.statements: list[iam.PolicyStatement] = []

    @property
    def grant_principal(self) -> iam.IPrincipal:
        return self

    @property
    def assume_role_action(self) -> str:
        return self._principal.assume_role_action

    @property
    def policy_fragment(self) -> iam.PrincipalPolicyFragment:
        return self._principal.policy_fragment

    @property
    def principal_account(self) -> str | None:
        return self._principal.principal_account

    def add_to_policy(self, statement: iam.PolicyStatement) -> bool:
        return self.add_to_principal_policy(statement).statement_added

    def add_to_principal_policy(self, statement: iam.PolicyStatement) -> iam.AddToPrincipalPolicyResult:
        if self._out_of_reach:
            return iam.AddToPrincipalPolicyResult(statement_added=False)
        self.statements.append(statement)
        result = self._principal.add_to_principal_policy(statement)
        # CDK pretends for a role that it must not change, which has nothing to wait for. A role that it makes has a
        # group to wait for too, and so has what is wrapped.
        pretends = isinstance(result.policy_dependable, DependencyGroup) and not isinstance(
            self._principal, iam.Role | iam.PrincipalWithConditions
        )
        self.carries = result.statement_added and not pretends
        return result if self.carries else iam.AddToPrincipalPolicyResult(statement_added=False)


def granted(
    scope: Construct,
    grantee: iam.IGrantable,
    give: Callable[..., iam.Grant],
    *,
    otherwise: str,
    resource: "s3.IBucket | kms.IKey | secretsmanager.ISecret | None" = None,
    conditions: Mapping[str, Mapping[str, object]] | None = None,
) -> iam.Grant:
    """What *give*, called with ``grantee=``, gives *grantee*, for access to what is in the account of *scope*.

    The policy of *resource* gives it, under *conditions*, to somebody without policies or of another account. Warns
    where that policy is written elsewhere.

    Raises ``ValueError`` with what to do *otherwise* where no policy would hold the permission.
    """
    check_resource("grantee", grantee, "IAM grantee")
    principal = grantee.grant_principal
    if isinstance(principal, iam.UnknownPrincipal):
        fix = "import it with its role, or grant the role"
        raise invalid("grantee", "have a role that is known here", _path_of(grantee), fix)
    account = Stack.of(scope).account
    is_foreign = regions_differ(principal.principal_account or account, account)
    if is_foreign and _is_not_looked_up(principal):
        return give(grantee=principal)
    if is_foreign and resource is None:
        raise invalid("grantee", f"be of the account of the stack, {account}", name_of(scope, grantee), otherwise)
    carrier = _Carrier(principal, out_of_reach=is_foreign and not _is_at_home(principal))
    grant = give(grantee=carrier)
    statement = grant.resource_statement
    if statement:
        is_bucket = offers(resource, "bucket_arn")
        checked_fragment(scope, "grantee", principal, may="read", takes_canonical_users=is_bucket)
        statement.add_conditions(conditions or {})  # CDK keeps them for the principal
    _check_named(scope, grantee, principal, carrier.statements)
    is_written = statement is not None and resource is not None and resource.node.default_child is not None
    if is_written or (carrier.carries and not statement):
        return grant
    if not carrier.carries:
        raise invalid("grantee", "be somebody whose policies can be changed here", name_of(scope, grantee), otherwise)
    if statement and resource and regions_differ(resource.env.account, principal.principal_account or ""):
        of = next(kind for kind in ("key", "secret", "bucket") if offers(resource, f"{kind}_arn"))
        warn_about_policy(scope, of, statement, who=name_of(scope, grantee), before="it is used", resource=resource)
    return grant


def _check_named(
    scope: Construct, grantee: iam.IGrantable, principal: iam.IPrincipal, statements: Iterable[iam.PolicyStatement]
) -> None:
    """Raise ``ValueError`` for what the policy of a role elsewhere cannot name."""
    if not is_construct(principal) or Stack.of(principal) is Stack.of(scope):
        return
    fix = "give it a fixed name where it is made, or grant a role of its account and region"
    for each in statements:
        resolved_here(principal, f"what {name_of(scope, grantee)} may use", each.resources, fix=fix)


def _is_not_looked_up(principal: iam.IPrincipal) -> bool:
    """Whether this is what stands for ``Role.from_lookup`` until the CLI has looked, once the app is synthesized."""
    return isinstance(arn := getattr(principal, "role_arn", None), str) and arn.endswith(":role/DUMMY_ARN")


def _is_at_home(principal: iam.IPrincipal) -> bool:
    """Whether a stack of its own account can change its policies."""
    account = principal.principal_account or ""
    return is_construct(principal) and not regions_differ(Stack.of(principal).account, account)


def name_of(scope: Construct, grantee: iam.IGrantable) -> str:
    """How a message names *grantee*: by its place in the tree, or as it stands in a policy."""
    if path := _path_of(grantee):
        return path
    resolved = resolved_principals(scope, "grantee", grantee.grant_principal.policy_fragment.principal_json)
    return ", ".join(rendered(each) for named in resolved.values() for each in named)


def _path_of(grantee: iam.IGrantable) -> str | None:
    return next((each.node.path for each in (grantee, grantee.grant_principal) if is_construct(each)), None)
