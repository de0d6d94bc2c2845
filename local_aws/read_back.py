"""Read back with boto3 what a deployment has made: the identity, the zone's records, and what is left after all."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from local_aws.account import Account

BOOTSTRAP_STACK = "CDKToolkit"


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneRecord:
    """A record set in the zone and what it is for."""

    name: str
    type: str
    values: tuple[str, ...]
    ttl: int
    purpose: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainState:
    """What SES says about a domain, and the records of its zone."""

    domain: str
    verified: bool
    verification_error: str
    dkim_signing: bool
    dkim_status: str
    mail_from_domain: str
    mail_from_status: str
    configuration_set: str
    records: tuple[ZoneRecord, ...] = field(default=())

    def problems(self) -> list[str]:
        """What keeps this domain from sending aligned, signed mail; empty when all is well."""
        found = []
        if not self.verified:
            found.append(f"{self.domain} is not verified ({self.verification_error or 'no reason given'})")
        if not self.dkim_signing or self.dkim_status != "SUCCESS":
            found.append(f"DKIM is {self.dkim_status}, signing is {'on' if self.dkim_signing else 'off'}")
        if not self.mail_from_domain:
            found.append("there is no MAIL FROM domain, so that SPF does not align")
        elif self.mail_from_status != "SUCCESS":
            found.append(f"MAIL FROM {self.mail_from_domain} is {self.mail_from_status}")
        if not any(record.name == f"_dmarc.{self.domain}" for record in self.records):
            found.append(f"there is no DMARC record at _dmarc.{self.domain}")
        found.extend(
            f"nobody knows what {record.type} {record.name} is for" for record in self.records if not record.purpose
        )
        return found


def purpose_of(name: str, record_type: str, value: str, domain: str) -> str:
    """What a record of *domain*'s mail is for; empty when it is none of the known ones.

    >>> purpose_of("mail.example.com", "MX", "10 feedback-smtp.us-east-1.amazonses.com", "example.com")
    'MAIL FROM: bounces return to SES'
    """
    name, domain = name.rstrip(".").lower(), domain.rstrip(".").lower()
    label = name.removesuffix(domain).rstrip(".")
    apex = name == domain
    match record_type:
        case "NS" | "SOA" if apex:
            return "the zone itself"
        case "CNAME" if "._domainkey" in label and "dkim" in value:  # of the domain, or of a subdomain for tracking
            return "DKIM: the key that SES signs with"
        case "CNAME" if value.rstrip(".").endswith(".awstrack.me"):
            return "tracking: opens and clicks go to SES"
        case "MX" if "feedback-smtp." in value:
            return "MAIL FROM: bounces return to SES"
        case "MX" if "inbound-smtp." in value:
            return "incoming mail goes to SES"
        case "TXT":
            return _purpose_of_txt(label, value.strip('"'), apex=apex)
    return ""


def _purpose_of_txt(label: str, value: str, *, apex: bool) -> str:
    if label.endswith("._domainkey"):
        return "DKIM: the public half of our own key"
    if label.endswith("._report._dmarc"):
        return "DMARC: this domain takes reports about another one"
    purposes = {
        "_dmarc": "DMARC: what to do with mail that does not align",
        "_smtp._tls": "TLS reporting: where senders report failures",
        "_mta-sts": "MTA-STS: announces the policy",
        "_amazonses": "SES verification token: proof of ownership",
    }
    if label in purposes:
        return purposes[label]
    if value.startswith("v=spf1"):
        return "SPF: who may send as the domain itself" if apex else "MAIL FROM: SPF allows SES to send"
    return ""


def read_domain(aws: Account, domain: str, hosted_zone_id: str) -> DomainState:
    """What SES and Route 53 hold for *domain* now."""
    identity = aws.client("sesv2").get_email_identity(EmailIdentity=domain)
    dkim, mail_from = identity["DkimAttributes"], identity["MailFromAttributes"]
    return DomainState(
        domain=domain,
        verified=identity["VerifiedForSendingStatus"],
        verification_error=identity.get("VerificationInfo", {}).get("ErrorType", ""),
        dkim_signing=dkim.get("SigningEnabled", False),
        dkim_status=dkim.get("Status", "NOT_STARTED"),
        mail_from_domain=mail_from.get("MailFromDomain", ""),
        mail_from_status=mail_from.get("MailFromDomainStatus", "NOT_STARTED"),
        configuration_set=identity.get("ConfigurationSetName", ""),
        records=tuple(read_records(aws, domain, hosted_zone_id)),
    )


def read_records(aws: Account, domain: str, hosted_zone_id: str) -> Iterator[ZoneRecord]:
    """Every record set of the zone at or below *domain*, in Route 53's order."""
    pages = aws.client("route53").get_paginator("list_resource_record_sets").paginate(HostedZoneId=hosted_zone_id)
    for page in pages:
        for record_set in page["ResourceRecordSets"]:
            if not f".{record_set['Name'].rstrip('.')}".endswith(f".{domain}"):
                continue
            values = tuple(record["Value"] for record in record_set.get("ResourceRecords", []))
            purposes = dict.fromkeys(purpose_of(record_set["Name"], record_set["Type"], v, domain) for v in values)
            yield ZoneRecord(
                name=record_set["Name"].rstrip("."),
                type=record_set["Type"],
                values=values,
                ttl=record_set.get("TTL", 0),
                purpose="; ".join(purpose for purpose in purposes if purpose),
            )


def left_overs(aws: Account, domain: str, hosted_zone_id: str) -> list[str]:
    """What a destroyed stack has left, apart from the hosted zone that was there before and the bootstrap stack.

    Buckets do not count: mail is data, and stays.
    """
    records = read_records(aws, domain, hosted_zone_id)
    found = [f"record {r.type} {r.name}" for r in records if r.type not in ("NS", "SOA")]
    stacks = aws.client("cloudformation").describe_stacks()["Stacks"]
    found += [
        f"stack {stack['StackName']} ({stack['StackStatus']})"
        for stack in stacks
        if stack["StackName"] != BOOTSTRAP_STACK and stack["StackStatus"] != "DELETE_COMPLETE"
    ]
    sesv2, ses, iam = aws.client("sesv2"), aws.client("ses"), aws.client("iam")
    found += [f"identity {each['IdentityName']}" for each in sesv2.list_email_identities()["EmailIdentities"]]
    found += [f"configuration set {name}" for name in sesv2.list_configuration_sets()["ConfigurationSets"]]
    found += [f"receipt rule set {each['Name']}" for each in ses.list_receipt_rule_sets()["RuleSets"]]
    found += [f"receipt filter {each['Name']}" for each in ses.list_receipt_filters()["Filters"]]
    found += [f"topic {each['TopicArn']}" for each in aws.client("sns").list_topics()["Topics"]]
    found += [f"queue {url}" for url in aws.client("sqs").list_queues().get("QueueUrls", [])]
    found += [f"user {each['UserName']}" for each in iam.list_users()["Users"]]
    found += [f"role {r['RoleName']}" for r in iam.list_roles()["Roles"] if not r["RoleName"].startswith("cdk-")]
    found += [f"function {each['FunctionName']}" for each in aws.client("lambda").list_functions()["Functions"]]
    found += [f"log group {each['logGroupName']}" for each in aws.client("logs").describe_log_groups()["logGroups"]]
    cloudwatch = aws.client("cloudwatch")
    alarms = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    found += [f"alarm {each['AlarmName']}" for each in (*alarms["MetricAlarms"], *alarms["CompositeAlarms"])]
    found += [f"dashboard {each['DashboardName']}" for each in cloudwatch.list_dashboards()["DashboardEntries"]]
    found += [f"rule {each['Name']}" for each in aws.client("events").list_rules()["Rules"]]
    found += [f"secret {each['Name']}" for each in aws.client("secretsmanager").list_secrets()["SecretList"]]
    parameters = aws.client("ssm").describe_parameters()["Parameters"]
    return found + [f"parameter {p['Name']}" for p in parameters if not p["Name"].startswith("/cdk-bootstrap/")]
