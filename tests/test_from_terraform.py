"""examples/from_terraform.py beside the module on docs/from-terraform.md: what Terraform's provider would have SES and
Route 53 keep, field by field, and the differences that the page names.
"""

import re
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from examples.from_terraform import FromTerraform
from tests.applications import ROOT

PAGE = (ROOT / "docs/from-terraform.md").read_text(encoding="utf-8")

# By the arguments of hashicorp/aws, with each reference in the place of what it is known to be after an apply.
TERRAFORM: dict[str, dict[str, Any]] = {
    "aws_ses_configuration_set.main": {
        "name": "production",
        "reputation_metrics_enabled": True,
        "delivery_options": {"tls_policy": "Require"},
    },
    "aws_ses_event_destination.cloudwatch": {
        "name": "cloudwatch",
        "configuration_set_name": "production",
        "enabled": True,
        "matching_types": ["bounce", "complaint", "reject", "renderingFailure"],
        "cloudwatch_destination": {
            "dimension_name": "ses:configuration-set",
            "value_source": "messageTag",
            "default_value": "default",
        },
    },
    "aws_ses_domain_identity.main": {"domain": "example.com"},
    "aws_ses_domain_dkim.main": {"domain": "example.com"},
    "aws_route53_record.verification": {"name": "_amazonses.example.com", "type": "TXT", "records": ["<token>"]},
    **{
        f"aws_route53_record.dkim[{n}]": {"name": f"<name {n + 1}>", "type": "CNAME", "records": [f"<value {n + 1}>"]}
        for n in range(3)
    },
    "aws_route53_record.spf": {
        "name": "example.com",
        "type": "TXT",
        "records": ["v=spf1 include:amazonses.com ~all"],
    },
    "aws_route53_record.dmarc": {
        "name": "_dmarc.example.com",
        "type": "TXT",
        "records": ["v=DMARC1; p=quarantine; rua=mailto:dmarc-reports@example.com"],
    },
}


def as_cloudformation(address: str, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The type and the properties by which CloudFormation would ask for the same."""
    match address.partition(".")[0]:
        case "aws_ses_configuration_set":
            return "AWS::SES::ConfigurationSet", {
                "Name": arguments["name"],
                "ReputationOptions": {"ReputationMetricsEnabled": arguments["reputation_metrics_enabled"]},
                "DeliveryOptions": {"TlsPolicy": arguments["delivery_options"]["tls_policy"].upper()},
            }
        case "aws_ses_event_destination":
            dimension = arguments["cloudwatch_destination"]
            return "AWS::SES::ConfigurationSetEventDestination", {
                "ConfigurationSetName": arguments["configuration_set_name"],
                "EventDestination": {
                    "Enabled": arguments["enabled"],
                    "MatchingEventTypes": arguments["matching_types"],
                    "CloudWatchDestination": {
                        "DimensionConfigurations": [
                            {
                                "DimensionName": dimension["dimension_name"],
                                "DimensionValueSource": dimension["value_source"],
                                "DefaultDimensionValue": dimension["default_value"],
                            }
                        ]
                    },
                },
            }
        case "aws_ses_domain_identity":
            return "AWS::SES::EmailIdentity", {"EmailIdentity": arguments["domain"]}
        case "aws_ses_domain_dkim":
            # The old API knows no lengths; SES makes keys of 2048 bits unless told.
            return "AWS::SES::EmailIdentity", {
                "EmailIdentity": arguments["domain"],
                "DkimSigningAttributes": {"NextSigningKeyLength": "RSA_2048_BIT"},
            }
        case "aws_route53_record":
            values = [f'"{each}"' if arguments["type"] == "TXT" else each for each in arguments["records"]]
            return "record", {"Name": arguments["name"], "Type": arguments["type"], "Values": values}
    raise AssertionError(address)


# What is more here than there; the page's table has a row for each.
MORE_HERE: dict[str, Any] = {
    "AWS::SES::ConfigurationSet": {"SuppressionOptions": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]}},
    "AWS::SES::ConfigurationSetEventDestination": {"EventDestination": {"MatchingEventTypes": ["deliveryDelay"]}},
    "AWS::SES::EmailIdentity": {"ConfigurationSetAttributes": {"ConfigurationSetName": "production"}},
    # What Terraform made keeps its TTL of 600.
    "record": {"TTL": 300},
}


def merged(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: merged(one.get(key), other.get(key)) for key in {**one, **other}}
    if isinstance(one, list) and isinstance(other, list):
        return one + [each for each in other if each not in one]
    return other if one is None else one


def known(value: Any) -> Any:
    """A value of the template with its references as they are known after a deployment."""
    match value:
        case {"Ref": "Set5432AD3D"}:
            return "production"
        case {"Fn::GetAtt": ["DomainIdentityE179405D", attribute]}:
            return f"<{attribute.removeprefix('DkimDNSToken').replace('e', 'e ').lower()}>"
        case {"Fn::GetAtt": ["DomainVerificationTokenA462A97C", "Token"]}:
            return "<token>"
        case {"Fn::Join": ["", parts]}:
            return "".join(str(known(each)) for each in parts)
        case dict():
            return {key: known(each) for key, each in value.items()}
        case list():
            return [known(each) for each in value]
    return value


@pytest.fixture(scope="module")
def made() -> dict[str, list[Any]]:
    """What the example makes, by type, with the records of the domain as a type of their own."""
    resources = Template.from_stack(FromTerraform(App(), "FromTerraform")).to_json()["Resources"].values()
    found: dict[str, list[Any]] = {}
    for resource in resources:
        found.setdefault(resource["Type"], []).append(known(resource.get("Properties", {})))
    (writer,) = found["Custom::SESDnsRecords"]
    return {**found, "record": writer["Records"]}


@pytest.fixture(scope="module")
def asked() -> dict[str, list[Any]]:
    """What Terraform's resources ask for, with the differences that the page names."""
    found: dict[str, list[Any]] = {}
    for address, arguments in TERRAFORM.items():
        kind, properties = as_cloudformation(address, arguments)
        if kind == "AWS::SES::EmailIdentity" and kind in found:
            found[kind] = [merged(found[kind][0], properties)]
        else:
            found.setdefault(kind, []).append(properties)
    return {kind: [merged(each, MORE_HERE[kind]) for each in several] for kind, several in found.items()}


@pytest.mark.parametrize("kind", list(MORE_HERE))
def test_the_template_has_each_field_of_terraform_and_the_differences_of_the_page(
    kind: str, made: dict[str, list[Any]], asked: dict[str, list[Any]]
) -> None:
    def by_name(properties: dict[str, Any]) -> str:
        return str(properties.get("Name"))

    assert sorted(made[kind], key=by_name) == sorted(asked[kind], key=by_name)


def test_the_page_has_the_same_module() -> None:
    module = PAGE.partition("```hcl\n")[2].partition("```")[0]
    declared = [f"{kind}.{name}" for kind, name in re.findall(r'^resource "(\w+)" "(\w+)"', module, re.MULTILINE)]
    values = {
        str(each)
        for arguments in TERRAFORM.values()
        for each in arguments.get("records", [])
        if not each.startswith("<")
    }

    assert declared == list(dict.fromkeys(address.partition("[")[0] for address in TERRAFORM))
    assert [each for each in values if f'"{each}"' not in module] == []
    assert [kind for kind in {each.partition(".")[0] for each in declared} if f"| `{kind}`" not in PAGE] == []
