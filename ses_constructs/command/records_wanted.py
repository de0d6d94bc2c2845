"""What must be published: read from SES for an identity, and from the outputs of a stack for all that it made."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..common.ses_regions import feedback_host
from ..email_records import DnsRecord, SpfPolicy
from .dkim_keys import dkim_keys
from .ses_account import AccountError, SesAccount

TTL = 1800


def records_of_domain(account: SesAccount, domain: str) -> list[DnsRecord]:
    """The records that SES wants for an identity."""
    return [*records_of_identity(domain, account.region, account.known_identity(domain))]


def records_of_identity(domain: str, region: str, identity: Mapping[str, Any]) -> Iterator[DnsRecord]:
    """The keys of Easy DKIM and the MAIL FROM domain."""
    for number, (name, target) in enumerate(dkim_keys(domain, identity), 1):
        if target:
            yield DnsRecord(name=name, type="CNAME", values=(target,), ttl=TTL, purpose=f"DKIM key {number}")
    mail_from = identity.get("MailFromAttributes", {}).get("MailFromDomain", "")
    if mail_from:
        mx, spf = f"10 {feedback_host(region)}", SpfPolicy.amazon_ses().to_txt()
        yield DnsRecord(name=mail_from, type="MX", values=(mx,), ttl=TTL, purpose="MAIL FROM: bounces")
        yield DnsRecord(name=mail_from, type="TXT", values=(spf,), ttl=TTL, purpose="MAIL FROM: SPF")


def records_of_stack(account: SesAccount, stack: str) -> list[DnsRecord]:
    """What the outputs say in lines of a zone file, and what SES wants for the identities of the stack beside that."""
    from botocore.exceptions import BotoCoreError, ClientError

    from .ses_account import in_a_sentence

    cloudformation = account.client("cloudformation")
    try:
        described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        resources = [each for page in pages for each in page["StackResourceSummaries"]]
    except (BotoCoreError, ClientError) as error:
        raise AccountError(in_a_sentence(error)) from error
    outputs = ((each["OutputValue"], each.get("Description", "")) for each in described.get("Outputs", []))
    found = {(each.name, each.type): each for each in records_in_outputs(outputs)}
    for resource in resources:
        # One that is still being made has no id.
        name = resource.get("PhysicalResourceId", "")
        if resource["ResourceType"] == "AWS::SES::EmailIdentity" and name and "@" not in name:
            for each in records_of_domain(account, name):
                found.setdefault((each.name, each.type), each)
    if not found:
        raise AccountError(f"the stack {stack} has no e-mail identity of a domain, and no record in its outputs")
    return [*found.values()]


def records_in_outputs(outputs: Iterable[tuple[str, str]]) -> Iterator[DnsRecord]:
    """Those that ``RecordsToPublish`` makes, by value and description; others are no zone file, and left alone."""
    import dns.exception
    import dns.rdatatype
    import dns.zonefile

    from .name_servers import rdata_text

    for value, description in outputs:
        try:
            rrsets = dns.zonefile.read_rrsets(value, rdclass=None)
            yield from [
                DnsRecord(
                    name=rrset.name.to_text(omit_final_dot=True),
                    type=dns.rdatatype.to_text(rrset.rdtype),  # type: ignore[arg-type]
                    values=tuple(rdata_text(each) for each in rrset),
                    ttl=rrset.ttl,
                    purpose=description,
                )
                for rrset in rrsets
            ]
        except (dns.exception.DNSException, ValueError):
            continue
