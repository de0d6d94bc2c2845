"""RecordWriter: the records of a domain by a function of ours, which looks at what stands before it writes."""

import hashlib
from collections.abc import Sequence

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_route53 as route53
from constructs import Construct

from ..common.arguments import contains_token, without_tokens
from ..email_records import DnsRecord
from ..functions.custom_resource_function import CustomResourceFunction

_READ = ("route53:GetHostedZone", "route53:ListResourceRecordSets")
_CHANGE = "route53:ChangeResourceRecordSets"


class RecordWriter(Construct):
    """One custom resource, and the policy for its names alone."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        hosted_zone_id: str,
        domain_name: str,
        records: Sequence[DnsRecord],
        removal_policy: RemovalPolicy,
        adopts_existing: bool,
        role_arn: str = "",
    ) -> None:
        super().__init__(scope, construct_id)
        names = sorted({_name(each, domain_name) for each in records})
        types = sorted({each.type for each in records})
        # A change of names needs the old policy until the old names are gone, so it brings a policy with another id.
        told_apart = hashlib.sha256(
            without_tokens(" ".join([domain_name, *names, *types, role_arn])).encode()
        ).hexdigest()[:8]
        CustomResourceFunction.shared(self, "dns_records").custom_resource(
            self,
            resource_type="Custom::SESDnsRecords",
            properties={
                "HostedZoneId": hosted_zone_id,
                "DomainName": domain_name,
                "AdoptsExisting": adopts_existing,
                "KeepsRecords": False,
                "Group": _group_id(scope),
                **({"RoleArn": role_arn} if role_arn else {}),
                "Records": [
                    {"Name": each.name, "Type": each.type, "TTL": each.ttl, "Values": each.route53_values()}
                    for each in records
                ],
            },
            permissions=(
                [iam.PolicyStatement(actions=["sts:AssumeRole"], resources=[role_arn])]
                if role_arn
                else zone_statements(hosted_zone_id, names=names, types=types)
            ),
            policy_id=f"Policy{told_apart}",
            removal_policy=removal_policy,
        )


def zone_statements(hosted_zone_id: str, *, names: Sequence[str], types: Sequence[str]) -> list[iam.PolicyStatement]:
    """Read the whole zone, which IAM cannot narrow, and make and delete records of *names* and *types* in it.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html: ``ForAllValues`` holds
    for a request without the key too, which ``Null`` rules out.
    """
    zone = f"arn:{Aws.PARTITION}:route53:::hostedzone/{hosted_zone_id}"
    keys = {"NormalizedRecordNames": names, "RecordTypes": types, "Actions": ["CREATE", "DELETE"]}
    return [
        iam.PolicyStatement(actions=list(_READ), resources=[zone]),
        iam.PolicyStatement(
            actions=[_CHANGE],
            resources=[zone],
            conditions={
                "ForAllValues:StringLike": {f"{_CHANGE}{key}": list(values) for key, values in keys.items()},
                "Null": {f"{_CHANGE}NormalizedRecordNames": "false"},
            },
        ),
    ]


def _group_id(scope: Construct) -> str:
    """The logical id of the record set group that has the records of *scope* without a writer.

    The writer looks whether it is still there. Made and taken away again, so that CDK itself says what the id is.
    """
    group = route53.CfnRecordSetGroup(scope, "Records")
    logical_id: str = Stack.of(scope).resolve(group.logical_id)
    scope.node.try_remove_child("Records")
    return logical_id


def _name(record: DnsRecord, domain_name: str) -> str:
    """What IAM is to compare with; the names of Easy DKIM are known only after the identity is made."""
    if not contains_token(record.name):
        return record.name.lower().replace("*", r"\052")
    return record.name if record.name.endswith(domain_name) else f"*._domainkey.{domain_name}"
