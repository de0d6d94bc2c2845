"""DomainRecords: the records of a domain, in which those of DKIM are read as text only when somebody asks."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import overload

from aws_cdk import aws_ses as ses

from ..dns.zones import record_set
from ..email_records import DnsRecord
from ._domain_checks import records_of_key
from .dkim import Dkim, EasyDkim, ReplicatedDkim


class DomainRecords(Sequence[DnsRecord]):
    """The records of *dkim*, none for those of another region, then the *further* ones."""

    def __init__(
        self,
        dkim: Dkim | ReplicatedDkim,
        identity: ses.IEmailIdentity,
        *,
        domain_name: str,
        ttl: int,
        further: Sequence[DnsRecord],
    ) -> None:
        self._dkim, self._identity = dkim, identity
        self._domain_name, self._ttl, self._further = domain_name, ttl, further

    def record_sets(self) -> list[Mapping[str, object]]:
        """As a record set group of CDK takes them, with references where ``DnsRecord`` has tokens in a text."""
        # Not for a class of its own, which may publish other records.
        if type(self._dkim) is not EasyDkim:
            return [record_set(each) for each in self]
        return [
            *_easy_dkim_record_sets(self._identity, ttl=self._ttl),
            *(record_set(each) for each in self._further),
        ]

    @property
    def named(self) -> Sequence[DnsRecord]:
        """Those whose names may be known; the names of Easy DKIM are tokens, each of which takes a call to Node."""
        return self._further if type(self._dkim) in (EasyDkim, ReplicatedDkim) else self

    # Each name and target of Easy DKIM is a call to Node.
    @cached_property
    def _all(self) -> tuple[DnsRecord, ...]:
        dkim = records_of_key(self._dkim, self._identity, domain_name=self._domain_name, ttl=self._ttl)
        return (*dkim, *self._further)

    @overload
    def __getitem__(self, index: int) -> DnsRecord: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[DnsRecord]: ...
    def __getitem__(self, index: int | slice) -> DnsRecord | Sequence[DnsRecord]:
        return self._all[index]

    def __len__(self) -> int:
        return len(self._all)


def _easy_dkim_record_sets(identity: ses.IEmailIdentity, *, ttl: int) -> Iterator[Mapping[str, object]]:
    """The records of Easy DKIM as references, which takes fewer calls to Node than tokens that stand for them."""
    resource = identity.node.default_child
    assert isinstance(resource, ses.CfnEmailIdentity)
    logical_id = resource.logical_id
    for number in (1, 2, 3):
        yield {
            "name": {"Fn::GetAtt": [logical_id, f"DkimDNSTokenName{number}"]},
            "type": "CNAME",
            "ttl": str(ttl),
            "resourceRecords": [{"Fn::GetAtt": [logical_id, f"DkimDNSTokenValue{number}"]}],
        }
