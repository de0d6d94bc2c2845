"""A mail domain in plain CDK, in the shape that the sample app deploys: the tests of the local AWS need no more.

Run as a command it takes the same context as the sample app.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ses as ses

ENV = cdk.Environment(account="000000000000", region="us-east-1")
RecordSet = route53.CfnRecordSetGroup.RecordSetProperty


def new_app(outdir: Path | None = None) -> cdk.App:
    """An app that synthesizes to *outdir*, with nothing in its templates that we do not test."""
    return cdk.App(outdir=str(outdir) if outdir else None, analytics_reporting=False)


def new_stack(app: cdk.App, stack_name: str) -> cdk.Stack:
    return cdk.Stack(app, stack_name, env=ENV, synthesizer=cdk.DefaultStackSynthesizer())


def txt(name: str, value: str) -> RecordSet:
    return RecordSet(name=name, type="TXT", ttl="300", resource_records=[f'"{value}"'])


def add_records(stack: cdk.Stack, hosted_zone_id: str, records: Sequence[RecordSet]) -> route53.CfnRecordSetGroup:
    return route53.CfnRecordSetGroup(stack, "Records", hosted_zone_id=hosted_zone_id, record_sets=list(records))


def add_mail_domain(stack: cdk.Stack, domain: str, hosted_zone_id: str) -> ses.CfnEmailIdentity:
    """An identity with Easy DKIM and MAIL FROM, and all of its records in one group."""
    mail_from = f"mail.{domain}"
    identity = ses.CfnEmailIdentity(
        stack,
        "Identity",
        email_identity=domain,
        mail_from_attributes=ses.CfnEmailIdentity.MailFromAttributesProperty(mail_from_domain=mail_from),
        tags=[cdk.CfnTag(key="team", value="mail")],
    )
    tokens = [
        (identity.attr_dkim_dns_token_name1, identity.attr_dkim_dns_token_value1),
        (identity.attr_dkim_dns_token_name2, identity.attr_dkim_dns_token_value2),
        (identity.attr_dkim_dns_token_name3, identity.attr_dkim_dns_token_value3),
    ]
    exchanger = f"10 feedback-smtp.{stack.region}.amazonses.com"
    add_records(
        stack,
        hosted_zone_id,
        [
            *(RecordSet(name=name, type="CNAME", ttl="300", resource_records=[value]) for name, value in tokens),
            RecordSet(name=mail_from, type="MX", ttl="300", resource_records=[exchanger]),
            txt(mail_from, "v=spf1 include:amazonses.com ~all"),
            txt(f"_dmarc.{domain}", "v=DMARC1; p=none"),
        ],
    )
    return identity


def add_custom_resource(
    stack: cdk.Stack,
    code: str,
    *,
    properties: dict[str, Any] | None = None,
    may: Sequence[iam.PolicyStatement] = (),
    service_timeout: cdk.Duration | None = None,
) -> cdk.CustomResource:
    """A custom resource that *code* handles; `answer(event, status, ...)` is there for it to call."""
    function = lambda_.Function(
        stack,
        "Handler",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline(ANSWER + code),
        timeout=cdk.Duration.seconds(60),
        initial_policy=list(may),
    )
    resource = cdk.CustomResource(
        stack,
        "Custom",
        resource_type="Custom::Tested",
        service_token=function.function_arn,
        service_timeout=service_timeout or cdk.Duration.seconds(60),
        properties=properties or {},
    )
    # Without it the policy may come after the resource, and leave before it: denied now and then.
    if function.role:
        resource.node.add_dependency(function.role)
    return resource


ANSWER = """
import json, urllib.request

def answer(event, status, *, physical_id=None, reason="", data=None):
    keys = ("StackId", "RequestId", "LogicalResourceId")
    body = {key: event[key] for key in keys} | {"Status": status, "Reason": reason, "Data": data or {}}
    if physical_id:
        body["PhysicalResourceId"] = physical_id
    sent = json.dumps(body).encode()
    request = urllib.request.Request(event["ResponseURL"], sent, {"content-type": ""}, method="PUT")
    urllib.request.urlopen(request, timeout=20).close()

"""


def main() -> None:
    app = new_app()
    stack = new_stack(app, "Mail")
    add_mail_domain(stack, app.node.try_get_context("domain"), app.node.try_get_context("hosted_zone_id"))
    app.synth()


if __name__ == "__main__":
    main()
