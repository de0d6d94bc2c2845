"""Bounces by e-mail, beside the events of a configuration set: on as SES has it, and off where one asks for it."""

from typing import Any

import pytest
from aws_cdk import RemovalPolicy, SecretValue, Stack

from ses_constructs import BounceMonitoring, OwnDkim, RecordsToPublish, ReplicatedDkim, Route53Zone, VerifiedDomain
from tests.constructs.templates import only

OWN_KEY = OwnDkim(selector="m1", private_key=SecretValue.secrets_manager("key"), public_key="A" * 392)


@pytest.mark.parametrize(
    "changes",
    [{"dkim": OWN_KEY}, {"removal_policy": RemovalPolicy.RETAIN}, {"mail_from": None}, {"dns": RecordsToPublish()}],
    ids=["own key", "retained", "without MAIL FROM", "published by a person"],
)
def test_it_goes_off_for_every_kind_of_domain(stack: Stack, zone: Route53Zone, changes: dict[str, Any]) -> None:
    VerifiedDomain(
        stack, "Domain", **{"domain_name": "example.com", "dns": zone, "feedback_forwarding": False, **changes}
    )

    assert only(stack, "AWS::SES::EmailIdentity")["Properties"]["FeedbackAttributes"] == {
        "EmailForwardingEnabled": False
    }


def test_a_monitoring_does_not_switch_it_off_by_itself(stack: Stack, zone: Route53Zone) -> None:
    BounceMonitoring(stack, "Bounces", domain=VerifiedDomain(stack, "Domain", domain_name="example.com", dns=zone))

    assert "FeedbackAttributes" not in only(stack, "AWS::SES::EmailIdentity")["Properties"]


def test_a_replica_has_no_field_for_it(stack: Stack, zone: Route53Zone) -> None:
    with pytest.raises(
        ValueError, match="feedback_forwarding must be True beside ReplicatedDkim, whose identity has no field for it"
    ):
        VerifiedDomain(
            stack,
            "Domain",
            domain_name="example.com",
            dns=zone,
            dkim=ReplicatedDkim(parent_region="us-east-1"),
            feedback_forwarding=False,
        )
