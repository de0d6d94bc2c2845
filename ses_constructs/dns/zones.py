"""Where the DNS records of a domain go: into a Route 53 hosted zone, or to a person who publishes them elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable
from weakref import WeakKeyDictionary

from aws_cdk import CfnOutput, RemovalPolicy, Stack, Token
from aws_cdk import aws_route53 as route53
from constructs import Construct, IDependable

from ..common.arguments import check_flag, contains_token, invalid, is_within
from ..common.checks import check_resource, check_same_account
from ..common.reach import check_reach
from ..email_records import DnsRecord
from .other_owners import MAX_OUTPUTS, mark_as_ours

_OUTPUTS: WeakKeyDictionary[Stack, int] = WeakKeyDictionary()


@runtime_checkable
class HasRecordSets(Protocol):
    """Records that are record sets already."""

    def record_sets(self) -> Sequence[Mapping[str, object]]:
        """As a record set group of CDK takes them."""
        ...


def record_set(record: DnsRecord) -> dict[str, object]:
    """*record* as a record set group of CDK takes it."""
    return {
        "name": record.name,
        "type": record.type,
        "ttl": str(record.ttl),
        "resourceRecords": record.route53_values(),
    }


def check_in_zone(domain_name: str, zone_name: str) -> None:
    """Raise ``ValueError`` for a domain that is known to be outside of the zone."""
    if contains_token(domain_name) or contains_token(zone_name) or is_within(domain_name, zone_name):
        return
    raise invalid(
        "domain_name",
        f"be the hosted zone {zone_name!r} or a subdomain of it",
        domain_name,
        "pass the zone that holds this domain",
    )


class DnsZone(Protocol):
    """**Protocol:** a place where the records of a domain are published.

    Write your own for another DNS provider: take the records, make what publishes them under *scope*. One that knows
    its zone by an id says it by the attribute ``hosted_zone_id``: records of one name in zones of different ids do not
    clash.
    """

    def publish(
        self, scope: Construct, *, domain_name: str, records: Sequence[DnsRecord], removal_policy: RemovalPolicy
    ) -> IDependable | None:
        """Publish *records*; return what exists once they answer, or None where that is up to a person.

        Args:
            scope: The domain; what is made belongs under it.
            domain_name: Its name.
            records: All records of the domain, with absolute names; names and values may hold tokens.
            removal_policy: What becomes of the records when the domain is removed.
        """
        ...


@dataclass(frozen=True)
class Route53Zone(DnsZone):
    """A public Route 53 hosted zone that holds the domain or a parent of it.

    All records of a domain become one ``AWS::Route53::RecordSetGroup``: one resource, and one change that happens
    whole or not at all. Look before that none of the records exists: Route 53 refuses to create it again, but it is not
    known whether CloudFormation takes it over instead (``docs/not-verified.md``).

    With *adopts_existing* they are written by a function that looks first (``docs/step-in.md``): what stands with the
    value that is wanted is taken over and outlives the stack, and anything else is refused by name.

    Args:
        hosted_zone: A zone that knows its name: one that is made in the app, or comes from ``HostedZone.from_lookup``
            or ``HostedZone.from_hosted_zone_attributes``.
        adopts_existing: Whether records of the domain may stand there already.

    Raises:
        ValueError: No hosted zone.
    """

    hosted_zone: route53.IHostedZone
    _: KW_ONLY
    adopts_existing: bool = False

    def __post_init__(self) -> None:
        check_resource("hosted_zone", self.hosted_zone, "hosted zone")
        check_flag("adopts_existing", self.adopts_existing)

    def publish(
        self, scope: Construct, *, domain_name: str, records: Sequence[DnsRecord], removal_policy: RemovalPolicy
    ) -> IDependable:
        """One record set group under *scope*, named ``Records``, or a ``RecordWriter``; see ``DnsZone``.

        Raises:
            ValueError: A zone that does not hold the domain, does not know its name, or is known to be private: SES and
                receivers look in the public DNS only.
        """
        self._check_holds(domain_name)
        self._check_place(scope)
        if self.adopts_existing:
            from .record_writer import RecordWriter  # loads aws_lambda, which few apps need

            return RecordWriter(
                scope,
                "RecordWriter",
                hosted_zone_id=self.hosted_zone_id,
                domain_name=domain_name,
                records=records,
                removal_policy=removal_policy,
                adopts_existing=True,
            )
        # As one value in CDK's own spelling: jsii takes longer to check typed record sets than all else takes to build.
        # A domain's own records are not read as text for it, which takes calls to Node.
        record_sets = records.record_sets() if isinstance(records, HasRecordSets) else map(record_set, records)
        group = route53.CfnRecordSetGroup(
            scope, "Records", hosted_zone_id=self.hosted_zone_id, record_sets=Token.as_any(list(record_sets))
        )
        mark_as_ours(group)
        if removal_policy is not RemovalPolicy.DESTROY:
            group.apply_removal_policy(removal_policy)
        return group

    def _check_holds(self, domain_name: str) -> None:
        if self._is_private():
            raise invalid(
                "hosted_zone",
                "be a public hosted zone, because SES and receivers only see public DNS",
                self.hosted_zone.zone_name,
                "pass the public zone of the same name",
            )
        check_in_zone(domain_name, self._zone_name)

    def _check_place(self, scope: Construct) -> None:
        """Raise ``ValueError`` for a zone that the app makes where no stack of the place of *scope* can write."""
        if self._made_in is None or self._made_in is Stack.of(scope):
            return
        check_reach("hosted_zone", self.hosted_zone, self.hosted_zone_id, user=scope)
        fix = "pass CrossAccountZone(...) with a DnsDelegationRole of the account that has the zone"
        check_same_account("hosted_zone", self._made_in.account, user=scope, fix=fix)

    def _is_private(self) -> bool:
        """As far as it can be told: an imported zone does not say."""
        if not isinstance(self.hosted_zone, route53.HostedZone):
            return False
        zone = self.hosted_zone.node.default_child
        return isinstance(zone, route53.CfnHostedZone) and bool(Stack.of(zone).resolve(zone.vpcs))

    # All are asked for by every domain of the zone, and each answer is a call to Node.
    @cached_property
    def hosted_zone_id(self) -> str:
        """The id of the zone, by which two owners of a record are known to meet; see ``DnsZone``."""
        return self.hosted_zone.hosted_zone_id

    @cached_property
    def _made_in(self) -> Stack | None:
        """The stack that makes the zone; None for one from elsewhere."""
        return Stack.of(self.hosted_zone) if self.hosted_zone.node.default_child else None

    @cached_property
    def _zone_name(self) -> str:
        try:
            return self.hosted_zone.zone_name.lower().removesuffix(".")
        except RuntimeError as error:
            # HostedZone.from_hosted_zone_id knows no name, and says so only when it is asked.
            raise invalid(
                "hosted_zone",
                "know its zone name",
                self.hosted_zone.node.path,
                "import it with HostedZone.from_hosted_zone_attributes(hosted_zone_id=..., zone_name=...)",
            ) from error


@dataclass(frozen=True)
class RecordsToPublish(DnsZone):
    """No Route 53: each record becomes a stack output, one line of a zone file, to be published by hand or by a script.

    After ``cdk deploy`` the outputs hold the real DKIM names and targets. ``domain.records`` has the same records for
    use in code. A stack has room for the outputs of some thirty domains.
    """

    def publish(
        self, scope: Construct, *, domain_name: str, records: Sequence[DnsRecord], removal_policy: RemovalPolicy
    ) -> None:
        """One output for each record, under *scope*; see ``DnsZone``.

        Raises:
            ValueError: More outputs than a stack may have.
        """
        stack = Stack.of(scope)
        _OUTPUTS[stack] = _OUTPUTS.get(stack, 0) + len(records)
        if _OUTPUTS[stack] > MAX_OUTPUTS:
            raise invalid(
                "dns",
                f"publish at most {MAX_OUTPUTS} records as outputs of one stack, for CloudFormation takes no more",
                _OUTPUTS[stack],
                f"put {domain_name} into another stack, or publish domain.records by a DnsZone of your own",
            )
        outputs = Construct(scope, "Records")
        for record in records:
            # The purpose is a fixed phrase of this library, so the id comes from the role and not from the user.
            construct_id = "".join(word[0].upper() + word[1:] for word in record.purpose.split())
            CfnOutput(outputs, construct_id, value="\n".join(record.zone_file_lines()), description=record.purpose)
