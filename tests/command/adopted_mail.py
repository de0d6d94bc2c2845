"""A domain as an account and DNS have it, and the program for it, run."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import App, Stack
from aws_cdk.assertions import Template

from ses_constructs.command.adoption.adopted import Adoption
from ses_constructs.command.adoption.decide import decide_adoption
from ses_constructs.command.adoption.found_mail import FoundMail, FoundZone
from ses_constructs.command.adoption.program import Program, write_program
from ses_constructs.handlers.dns.record_sets import Key, Standing

REGION, ACCOUNT = "eu-west-1", "111122223333"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:told"
STOP: dict[str, Any] = {"StopAction": {"Scope": "RuleSet"}}
STORE: dict[str, Any] = {"S3Action": {"BucketName": "mail-of-ours", "ObjectKeyPrefix": "all/", "TopicArn": TOPIC}}
# What somebody else may have put into a TXT record or a name.
HOSTILE = (
    "'\"); import os; os._exit(9) #",
    '"""\nraise SystemExit(9)\n"""',
    "\\",
    "\\'",
    "{stack} {0} %s",
    "\u202e\u2066\x1b[2J\ud800é\x00",
    "${Token[AWS.AccountId.4]}",
    "#{Token[TOKEN.4]}",
    "{{resolve:secretsmanager:prod}}",
)
IDENTITY: dict[str, Any] = {
    "FeedbackForwardingStatus": True,
    "DkimAttributes": {
        "SigningEnabled": True,
        "Tokens": ["one", "two", "three"],
        "SigningAttributesOrigin": "AWS_SES",
        "NextSigningKeyLength": "RSA_2048_BIT",
    },
    "MailFromAttributes": {"MailFromDomain": "mail.example.com", "BehaviorOnMxFailure": "USE_DEFAULT_VALUE"},
    "Policies": {},
    "Tags": [],
}
SET: dict[str, Any] = {
    "ConfigurationSetName": "production",
    "ReputationOptions": {"ReputationMetricsEnabled": True},
    "SendingOptions": {"SendingEnabled": True},
}
PUBLISHED: dict[Key, list[str]] = {
    ("example.com", "MX"): [f"10 inbound-smtp.{REGION}.amazonaws.com"],
    ("example.com", "TXT"): ["other", "v=spf1 include:spf.example.net include:amazonses.com -all"],
    ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject; adkim=s; rua=mailto:d@example.com,https://example.net/d"],
    ("_smtp._tls.example.com", "TXT"): ["v=TLSRPTv1; rua=mailto:tls@example.com"],
    ("mail.example.com", "MX"): [f"10 feedback-smtp.{REGION}.amazonses.com"],
    ("mail.example.com", "TXT"): ["v=spf1 include:amazonses.com ~all"],
    **{(f"{each}._domainkey.example.com", "CNAME"): [f"{each}.dkim.amazonses.com"] for each in ("one", "two", "three")},
}


def rule(name: str = "archive", *actions: Any, **more: Any) -> dict[str, Any]:
    """A rule as the API describes it."""
    made = {"Name": name, "Enabled": True, "TlsPolicy": "Optional", "ScanEnabled": True}
    return {**made, "Recipients": [], "Actions": [*(actions or (STORE,))], **more}


def rule_set(*rules: Any) -> dict[str, Any]:
    """What ``DescribeActiveReceiptRuleSet`` says."""
    return {"Metadata": {"Name": "inbound"}, "Rules": [*rules]}


def found(**changes: Any) -> FoundMail:
    """A domain that is set up right, but for *changes*."""
    settings: dict[str, Any] = {"identity": IDENTITY, "published": PUBLISHED, **changes}
    return FoundMail(domain="example.com", region=REGION, account=ACCOUNT, **settings)


def zone_of(published: Mapping[Key, list[str]] = PUBLISHED) -> FoundZone:
    """The same records in a zone of Route 53."""
    standing: dict[Key, list[Standing]] = {}
    for (name, record_type), values in published.items():
        written = [f'"{each}"' if record_type == "TXT" else each for each in values]
        resource_records = [{"Value": each} for each in written]
        record_set = {"Name": f"{name}.", "Type": record_type, "TTL": 60, "ResourceRecords": resource_records}
        standing[name, record_type] = [record_set]
    return FoundZone(zone_id="Z0123456789ABCDEFGHIJ", name="example.com", standing=standing)


def adopted(**changes: Any) -> tuple[Adoption, Program]:
    """What is decided about the domain, and the program for it."""
    adoption = decide_adoption(found(**changes))
    return adoption, write_program(adoption)


def stack_of(program: Program) -> Stack:
    """The stack of the program, which is run here."""
    module: dict[str, Any] = {"__name__": "adopted"}
    exec(compile(program.text, "app.py", "exec"), module)
    made = module[program.stack_name](
        App(analytics_reporting=False), program.stack_name, env=module["Environment"](account=ACCOUNT, region=REGION)
    )
    assert isinstance(made, Stack)
    return made


def resources_of(program: Program) -> dict[str, Any]:
    """The resources of the program by logical id."""
    found: dict[str, Any] = Template.from_stack(stack_of(program)).to_json().get("Resources", {})
    return found
