"""The program of an adoption, and the identifiers by which CloudFormation imports what is in it."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from ...email_records import DmarcPolicy, TlsReporting
from .adopted import Adoption
from .configuration_set import set_statements
from .logical_ids import logical_id
from .receipt_rules import rule_statements
from .references import References
from .source import LEFT_OUT, WIDTH, Call, Expression, Name, Statement, call, lines_of, names_in
from .tags import tag_statements

_MODULES = {
    "events": "aws_events",
    "firehose": "aws_kinesisfirehose",
    "iam": "aws_iam",
    "route53": "aws_route53",
    "s3": "aws_s3",
    "ses": "aws_ses",
    "sns": "aws_sns",
}
_CORE = {"Duration", "RemovalPolicies", "RemovalPolicy", "Tags"}
_AS_IT_IS = '''
@dataclass(frozen=True)
class AsItIs(InboundAction):
    """An action that SES may carry out already, so that nothing is added to let it."""

    action: ses.CfnReceiptRule.ActionProperty

    def bind_to_rule(
        self, scope: Construct, rule: InboundRule
    ) -> ses.CfnReceiptRule.ActionProperty:
        return self.action

'''
_PROGRAM = '''"""The mail of {domain}, as it stood in SES when this was written."""

{imports}

{as_it_is}
class {stack}(Stack):
    """Everything that {domain} sends and receives by."""

    def __init__(
        self, scope: Construct, construct_id: str, *, env: Environment
    ) -> None:
        super().__init__(scope, construct_id, env=env)

{body}


if __name__ == "__main__":
    app = App()
{main}
    app.synth()
'''


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """What is written.

    Args:
        stack_name: Of its one stack.
        text: The program.
        mapping: The identifiers for ``cdk import``, by logical id.
        needs_import: Whether some of it comes in by ``cdk import`` alone.
    """

    stack_name: str
    text: str
    mapping: Mapping[str, Mapping[str, str]]
    needs_import: bool

    def steps(self, *, mapping_file: str = "") -> list[str]:
        """The commands that deploy it.

        Args:
            mapping_file: Where the mapping is; in the command itself unless given.
        """
        drift = f"aws cloudformation detect-stack-drift --stack-name {self.stack_name}"
        if not self.needs_import:
            return [f"cdk deploy {self.stack_name} --import-existing-resources", drift]
        inline = f"--resource-mapping-inline {shlex.quote(json.dumps(self.mapping))}"
        mapping = f"--resource-mapping {mapping_file}" if mapping_file else inline
        return [f"cdk import {self.stack_name} {mapping}", f"cdk deploy {self.stack_name}", drift]


def write_program(adoption: Adoption) -> Program:
    """The program that says what *adoption* decided."""
    found, references = adoption.found, References()
    set_block, set_mapping = set_statements(adoption, references)
    domain_block = [*_zone(adoption), Statement(_domain(adoption), name="domain")]
    if adoption.owns_identity:
        domain_block += tag_statements(found.identity, Name("domain.identity"))
    rule_block, rule_mapping = rule_statements(adoption, references)
    blocks = [block for block in (set_block, domain_block, rule_block) if block]
    mapping: dict[str, dict[str, str]] = {}
    if adoption.owns_identity:
        mapping[logical_id("Domain", "Identity", "Resource")] = {"EmailIdentity": found.domain}
    stack_name = _stack_name(found.domain)
    used = {name for block in blocks for each in block for name in names_in(each.value)}
    environment = call("Environment", account=found.account, region=found.region)
    main = Statement(call(stack_name, Name("app"), stack_name, env=environment))
    text = _PROGRAM.format(
        domain=found.domain,
        stack=stack_name,
        imports="\n".join(_imports(used)),
        as_it_is=_AS_IT_IS if "AsItIs" in used else "",
        body="\n\n".join("\n".join(line for each in block for line in lines_of(each, 2)) for block in blocks),
        main="\n".join(lines_of(main, 1)),
    )
    return Program(
        stack_name=stack_name,
        text=text,
        mapping=mapping | set_mapping | rule_mapping,
        needs_import=bool(adoption.destinations or rule_mapping),
    )


def _zone(adoption: Adoption) -> Iterator[Statement]:
    if adoption.zone:
        made = call(
            "route53.HostedZone.from_hosted_zone_attributes",
            Name("self"),
            "Zone",
            hosted_zone_id=adoption.zone.zone_id,
            zone_name=adoption.zone.name,
        )
        yield Statement(made, name="zone")


def _domain(adoption: Adoption) -> Call:
    found = adoption.found
    configuration_set = Name("configuration_set") if found.configuration_set else LEFT_OUT
    if not adoption.owns_identity:
        function = "VerifiedDomain.from_domain_name"
        return call(function, Name("self"), "Domain", found.domain, configuration_set=configuration_set)
    adopts = call("Route53Zone", Name("zone"), adopts_existing=True)
    short = found.identity.get("DkimAttributes", {}).get("NextSigningKeyLength") == "RSA_1024_BIT"
    on_failure = found.identity.get("MailFromAttributes", {}).get("BehaviorOnMxFailure")
    rejects = bool(found.mail_from) and on_failure == "REJECT_MESSAGE"
    return call(
        "VerifiedDomain",
        Name("self"),
        "Domain",
        domain_name=found.domain,
        dns=adopts if adoption.zone else call("RecordsToPublish"),
        dkim=call("EasyDkim", key_length=1024) if short else LEFT_OUT,
        mail_from=_mail_from(found.mail_from, found.domain),
        mail_from_on_mx_failure=Name("ses.MailFromBehaviorOnMxFailure.REJECT_MESSAGE") if rejects else LEFT_OUT,
        dmarc=_dmarc(adoption.dmarc),
        spf=call("SpfPolicy", **_changed(adoption.spf)) if adoption.spf else LEFT_OUT,
        receives_mail=True if adoption.receives_mail else LEFT_OUT,
        tls_reporting=call("TlsReporting", **_changed(adoption.tls_reporting)) if adoption.tls_reporting else LEFT_OUT,
        configuration_set=configuration_set,
        feedback_forwarding=LEFT_OUT if found.identity.get("FeedbackForwardingStatus", True) else False,
        removal_policy=Name("RemovalPolicy.RETAIN"),
    )


def _mail_from(mail_from: str, domain: str) -> Expression:
    if not mail_from:
        return None
    label = mail_from.removesuffix(f".{domain}")
    if label == "mail":
        return LEFT_OUT
    return mail_from if "." in label else label


def _dmarc(policy: DmarcPolicy | None) -> Expression:
    if policy is None:
        return None
    function = {"none": "monitor"}.get(policy.action, policy.action)
    return call(f"DmarcPolicy.{function}", **_changed(policy, but="action"))


def _changed(policy: Any, *, but: str = "") -> dict[str, Expression]:
    """The fields of *policy* that are not what they are unless given."""
    found = {each.name: getattr(policy, each.name) for each in fields(policy) if each.name != but}
    defaults = {each.name: each.default for each in fields(policy)}
    return {
        name: [_address(each) for each in value] if isinstance(value, tuple) else value
        for name, value in found.items()
        if value != defaults[name]
    }


def _address(uri: str) -> str:
    """A report URI as people write it, an address, where that means the same."""
    address = uri.removeprefix("mailto:")
    if "@" not in address or address == uri:
        return uri
    return address if TlsReporting(reports_to=(address,)).reports_to == (uri,) else uri


def _stack_name(domain: str) -> str:
    words = re.findall("[a-z0-9]+", domain)
    name = "".join(word.capitalize() for word in words)[:100]
    return f"{name}Mail" if name[0].isalpha() else f"Mail{name}"


def _imports(used: set[str]) -> Iterator[str]:
    ours = {each for each in used if each[0].isupper()} - _CORE - {"AsItIs", "None"}
    if "AsItIs" in used:
        yield "from dataclasses import dataclass\n"
        ours |= {"InboundAction", "InboundRule"}
        used = used | {"ses"}
    yield _import("aws_cdk", {"App", "Environment", "Stack"} | (used & _CORE))
    for module in sorted(used & {*_MODULES}, key=_MODULES.__getitem__):
        yield f"from aws_cdk import {_MODULES[module]} as {module}"
    yield "from constructs import Construct"
    yield _import("ses_constructs", ours)


def _import(module: str, names: set[str]) -> str:
    line = f"from {module} import {', '.join(sorted(names))}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in sorted(names)), ")"])
