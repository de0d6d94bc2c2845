"""What `adopt` writes, read back from the template that it synthesizes to, and what it says of all else."""

from typing import Any

import pytest

from tests.command.adopted_mail import (
    ACCOUNT,
    HOSTILE,
    IDENTITY,
    PUBLISHED,
    REGION,
    SET,
    STOP,
    STORE,
    TOPIC,
    adopted,
    resources_of,
    rule,
    rule_set,
    zone_of,
)


def of_type(resources: dict[str, Any], kind: str) -> list[Any]:
    return [each["Properties"] for each in resources.values() if each["Type"] == kind]


def test_the_identity_and_its_records_are_said_as_they_are() -> None:
    adoption, program = adopted(zone=zone_of())

    assert adoption.left == []
    resources = resources_of(program)
    (identity,) = of_type(resources, "AWS::SES::EmailIdentity")
    assert identity == {
        "EmailIdentity": "example.com",
        "DkimSigningAttributes": {"NextSigningKeyLength": "RSA_2048_BIT"},
        "MailFromAttributes": {"MailFromDomain": "mail.example.com", "BehaviorOnMxFailure": "USE_DEFAULT_VALUE"},
    }
    (writer,) = of_type(resources, "Custom::SESDnsRecords")
    written = {
        (each["Name"], each["Type"]): each["Values"] for each in writer["Records"] if isinstance(each["Name"], str)
    }
    assert written == {
        ("example.com", "MX"): [f"10 inbound-smtp.{REGION}.amazonaws.com"],
        ("example.com", "TXT"): ['"v=spf1 include:spf.example.net include:amazonses.com -all"'],
        ("_dmarc.example.com", "TXT"): [f'"{PUBLISHED["_dmarc.example.com", "TXT"][0]}"'],
        ("_smtp._tls.example.com", "TXT"): ['"v=TLSRPTv1; rua=mailto:tls@example.com"'],
        ("mail.example.com", "MX"): [f"10 feedback-smtp.{REGION}.amazonses.com"],
        ("mail.example.com", "TXT"): ['"v=spf1 include:amazonses.com ~all"'],
    }


DESTINATIONS: list[dict[str, Any]] = [
    {"SnsDestination": {"TopicArn": TOPIC}},
    {"EventBridgeDestination": {"EventBusArn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"}},
    {
        "KinesisFirehoseDestination": {
            "IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/service/stream",
            "DeliveryStreamArn": f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/events",
        }
    },
    {
        "CloudWatchDestination": {
            "DimensionConfigurations": [
                {"DimensionName": "kind", "DimensionValueSource": "EMAIL_HEADER", "DefaultDimensionValue": "none"}
            ]
        }
    },
]


def test_every_option_of_a_set_and_every_kind_of_destination_is_said() -> None:
    options = {
        "DeliveryOptions": {"TlsPolicy": "REQUIRE", "SendingPoolName": "ours", "MaxDeliverySeconds": 600},
        "TrackingOptions": {"CustomRedirectDomain": "click.example.com", "HttpsPolicy": "REQUIRE"},
        "SuppressionOptions": {"SuppressedReasons": ["COMPLAINT"]},
        "VdmOptions": {
            "DashboardOptions": {"EngagementMetrics": "ENABLED"},
            "GuardianOptions": {"OptimizedSharedDelivery": "DISABLED"},
        },
        "Tags": [{"Key": "team", "Value": "mail"}, {"Key": "aws:cloudformation:stack-name", "Value": "gone"}],
    }
    destinations = [
        {"Name": f"to-{number}", "Enabled": bool(number), "MatchingEventTypes": ["SEND", "DELIVERY_DELAY"], **each}
        for number, each in enumerate(DESTINATIONS)
    ]

    adoption, program = adopted(configuration_set={**SET, **options}, destinations=destinations)

    assert [each.what for each in adoption.left] == ["the tracking domain click.example.com"]
    resources = resources_of(program)
    (made,) = of_type(resources, "AWS::SES::ConfigurationSet")
    assert made == {
        "Name": "production",
        "DeliveryOptions": {"TlsPolicy": "REQUIRE", "SendingPoolName": "ours", "MaxDeliverySeconds": 600},
        "ReputationOptions": {"ReputationMetricsEnabled": True},
        "SuppressionOptions": {"SuppressedReasons": ["COMPLAINT"]},
        "Tags": [{"Key": "team", "Value": "mail"}],
        "TrackingOptions": options["TrackingOptions"],
        "VdmOptions": options["VdmOptions"],
    }
    made = [each["EventDestination"] for each in of_type(resources, "AWS::SES::ConfigurationSetEventDestination")]
    assert [(each["Name"], each["Enabled"]) for each in made] == [
        (each["Name"], each["Enabled"]) for each in destinations
    ]
    assert {*made[0]["MatchingEventTypes"]} == {"send", "deliveryDelay"}
    assert made[0]["SnsDestination"] == {"TopicARN": TOPIC}
    assert made[1]["EventBridgeDestination"]["EventBusArn"]
    assert made[2]["KinesisFirehoseDestination"] == {
        "DeliveryStreamARN": DESTINATIONS[2]["KinesisFirehoseDestination"]["DeliveryStreamArn"],
        "IAMRoleARN": DESTINATIONS[2]["KinesisFirehoseDestination"]["IamRoleArn"],
    }
    assert made[3]["CloudWatchDestination"] == {
        "DimensionConfigurations": [
            {"DimensionName": "kind", "DimensionValueSource": "emailHeader", "DefaultDimensionValue": "none"}
        ]
    }
    assert all(
        each["DeletionPolicy"].startswith("Retain") for name, each in resources.items() if name in program.mapping
    )


RULES = rule_set(
    rule(
        "1.first",
        STORE,
        {
            "LambdaAction": {
                "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f",
                "InvocationType": "RequestResponse",
                "TopicArn": TOPIC,
            }
        },
    ),
    rule(
        "first-1",
        {
            "S3Action": {
                "BucketName": "Old_Bucket",
                "ObjectKeyPrefix": "",
                "KmsKeyArn": "arn:key",
                "IamRoleArn": "arn:role",
            }
        },
        {"SNSAction": {"TopicArn": TOPIC, "Encoding": "Base64"}},
        Recipients=["a@example.com", ".example.com"],
        TlsPolicy="Require",
    ),
    rule(
        "first.1",
        {"AddHeaderAction": {"HeaderName": "X-Seen", "HeaderValue": HOSTILE[0]}},
        {"AddHeaderAction": {"HeaderName": "X_Y", "HeaderValue": "tab\there"}},
        STOP,
        Enabled=False,
        ScanEnabled=False,
    ),
    rule(
        "last",
        {"WorkmailAction": {"OrganizationArn": "arn:mail"}},
        {"ConnectAction": {"InstanceARN": "arn:connect", "IAMRoleARN": "arn:role"}},
    ),
)


def as_cloudformation_writes(found: Any) -> Any:
    """A rule as a template has it."""
    spelled = {"InstanceARN": "InstanceARN", "IAMRoleARN": "IAMRoleARN"}
    if isinstance(found, dict):
        return {
            spelled.get(key, key): as_cloudformation_writes(value)
            for key, value in found.items()
            if value not in ([], "")
        }
    return [as_cloudformation_writes(each) for each in found] if isinstance(found, list) else found


def test_rules_and_their_actions_are_said_as_they_are_and_in_their_order() -> None:
    adoption, program = adopted(rule_set=RULES)

    assert adoption.left == []
    resources = resources_of(program)
    rules = of_type(resources, "AWS::SES::ReceiptRule")
    assert [each["Rule"] for each in rules] == as_cloudformation_writes(RULES["Rules"])
    assert [each.get("After") for each in rules] == [None, "1.first", "first-1", "first.1"]
    assert of_type(resources, "AWS::SES::ReceiptRuleSet") == [{"RuleSetName": "inbound"}]
    assert not of_type(resources, "AWS::Lambda::Permission")
    # An import holds nothing that refers to what is not imported with it.
    assert {
        name for each in resources.values() if each["Type"].startswith("AWS::SES") for name in each.get("DependsOn", [])
    } <= {*program.mapping}


@pytest.mark.parametrize(
    ("changes", "what", "why"),
    [
        (
            {"identity": {"DkimAttributes": {"SigningAttributesOrigin": "EXTERNAL"}}},
            "identity example.com",
            "key of your own",
        ),
        (
            {"identity": {"DkimAttributes": {"SigningAttributesOrigin": "AWS_SES_US_EAST_1"}}},
            "identity example.com",
            "another region",
        ),
        ({"identity": {"DkimAttributes": {"SigningEnabled": False}}}, "identity example.com", "switched off"),
        (
            {"identity": {"MailFromAttributes": {"MailFromDomain": "mail.example.net"}}},
            "identity example.com",
            "no subdomain",
        ),
        (
            {"identity": {"MailFromAttributes": {"MailFromDomain": "a_b.example.com"}}},
            "identity example.com",
            "refuses",
        ),
        ({"identity": {"IdentityType": "MANAGED_DOMAIN"}}, "identity example.com", "it is a MANAGED_DOMAIN"),
        ({"owners": {"identity": "Other"}}, "identity example.com", "the stack Other has it"),
        ({"identity": {"Policies": {"let in": "{}"}}}, "policy 'let in'", "takes none over"),
        ({"identity": {"Tags": [{"Key": "team", "Value": HOSTILE[8]}]}}, "tag 'team'", "look up"),
        (
            {"published": {("_dmarc.example.com", "TXT"): ["v=DMARC1;p=none"]}},
            "DMARC record",
            "would write 'v=DMARC1; p=none'",
        ),
        ({"published": {("_dmarc.example.com", "TXT"): ["v=DMARC1; p=none"] * 2}}, "DMARC record", "2 times"),
        ({"published": {("_dmarc.example.com", "TXT"): ["v=DMARC1; p=never"]}}, "DMARC record", "'never'"),
        (
            {"published": {("_dmarc.example.com", "TXT"): [f"v=DMARC1; p=none; rua=mailto:{HOSTILE[8]}@a.com"]}},
            "DMARC record",
            "look up",
        ),
        ({"published": {("example.com", "TXT"): ["v=spf1 +all"]}}, "SPF record", "everybody"),
        (
            {"published": {("example.com", "TXT"): [f"v=spf1 include:{HOSTILE[6]} -all"]}},
            "SPF record",
            "CDK takes for a token",
        ),
        (
            {"published": {("example.com", "MX"): [f"5 inbound-smtp.{REGION}.amazonaws.com"]}},
            "MX record",
            "is one value",
        ),
        (
            {"configuration_set": SET, "owners": {"configuration set": "Other"}},
            "set 'production'",
            "the stack Other has it",
        ),
        (
            {"configuration_set": {**SET, "SendingOptions": {"SendingEnabled": False}}},
            "the pause of the configuration set",
            "could resume it",
        ),
        (
            {"configuration_set": {**SET, "DeliveryOptions": {"SharedPoolDeliveryMode": "X"}}},
            "SharedPoolDeliveryMode",
            "no property",
        ),
        ({"configuration_set": {**SET, "MessageSecurityOptions": {"a": 1}}}, "MessageSecurityOptions", "no property"),
        ({"configuration_set": {**SET, "DeliveryOptions": {"TlsPolicy": "NEW"}}}, "TlsPolicy 'NEW'", "no property"),
        (
            {"configuration_set": {**SET, "SuppressionOptions": {"SuppressedReasons": ["NEW"]}}},
            "SuppressedReasons",
            "no property",
        ),
        (
            {
                "configuration_set": SET,
                "destinations": [{"Name": "p", "MatchingEventTypes": ["SEND"], "PinpointDestination": {"a": "b"}}],
            },
            "destination 'p'",
            "for its kind",
        ),
        (
            {
                "configuration_set": SET,
                "destinations": [{"Name": "p", "MatchingEventTypes": ["NEW"], "SnsDestination": {"TopicArn": TOPIC}}],
            },
            "destination 'p'",
            "no name for NEW",
        ),
        (
            {"rule_set": rule_set(rule()), "owners": {"rule set": "Other"}},
            "rule set 'inbound'",
            "the stack Other has it",
        ),
        (
            {"rule_set": rule_set(rule("other", Recipients=["a@other.org"]))},
            "rule set 'inbound'",
            "which is not of example.com",
        ),
        (
            {"rule_set": rule_set(rule("other", Recipients=["a@mail.example.com"]))},
            "rule set 'inbound'",
            "InboundRuleSet refuses",
        ),
        (
            {"rule_set": rule_set(rule("other", Recipients=["*@example.com"]))},
            "rule set 'inbound'",
            "InboundRuleSet refuses",
        ),
        (
            {"rule_set": rule_set(rule("other", Recipients=["a@example.com", "A@example.com"]))},
            "rule set 'inbound'",
            "twice",
        ),
        ({"rule_set": rule_set(rule("-odd-"))}, "rule set 'inbound'", "has a name"),
        ({"rule_set": rule_set(rule("none", Actions=[]))}, "rule set 'inbound'", "has 0 actions"),
        (
            {"rule_set": rule_set(rule("bounce", {"BounceAction": {"Sender": "a@example.com"}}))},
            "rule set 'inbound'",
            "bounces",
        ),
        ({"rule_set": rule_set(rule("new", {"NewAction": {}}))}, "rule set 'inbound'", "no construct knows: NewAction"),
        ({"rule_set": rule_set(rule("stop", STOP, STORE))}, "rule set 'inbound'", "in front of"),
        (
            {"rule_set": rule_set(rule("look", {"AddHeaderAction": {"HeaderName": "X", "HeaderValue": HOSTILE[8]}}))},
            "rule set 'inbound'",
            "look up",
        ),
        ({"not_seen": [("Route 53", "ListHostedZones was refused")]}, "Route 53", "could not be looked at"),
    ],
)
def test_what_cannot_be_said_is_named_and_the_rest_synthesizes(changes: dict[str, Any], what: str, why: str) -> None:
    if "identity" in changes:
        changed = {
            key: {**IDENTITY[key], **value} if isinstance(value, dict) else value
            for key, value in changes["identity"].items()
        }
        changes = {**changes, "identity": {**IDENTITY, **changed}}

    adoption, program = adopted(**changes)

    (left,) = adoption.left
    assert what in left.what
    assert why in left.why
    assert left.do
    assert {*program.mapping} <= {*resources_of(program)}


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        (("mail.example.com", "MX"), [f"20 feedback-smtp.{REGION}.amazonses.com"], "exists with another value"),
        (("mail.example.com", "TXT"), ["v=spf1 mx -all"], "would change it"),
        (("one._domainkey.example.com", "CNAME"), None, "would change it to one.dkim.amazonses.com"),
        (("mail.example.com", "CNAME"), ["elsewhere.example.net"], "cannot stand beside"),
    ],
)
def test_a_zone_that_a_deployment_would_change_or_be_stopped_by_is_left_alone(
    key: tuple[str, str], value: list[str] | None, why: str
) -> None:
    published = {name: each for name, each in {**PUBLISHED, key: value}.items() if each is not None}

    adoption, program = adopted(zone=zone_of(published), published=published)

    assert why in adoption.left[0].why
    assert "dns=RecordsToPublish()" in program.text
    assert not of_type(resources_of(program), "Custom::SESDnsRecords")
