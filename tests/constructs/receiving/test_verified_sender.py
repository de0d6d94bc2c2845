"""SES refuses a rule that bounces until the sender of the bounce is verified, so the rule waits for the identity."""

import pytest
from aws_cdk import Stack
from aws_cdk import aws_ses_actions as ses_actions

from ses_constructs import BounceMail, InboundRuleSet, Route53Zone, SendingDomain, StopProcessing, VerifiedDomain
from tests.constructs.templates import identified, needs, only, resources, warnings

SENDER = "postmaster@example.com"
OURS = BounceMail(sender=SENDER)
PLAIN = ses_actions.Bounce(sender=SENDER, template=ses_actions.BounceTemplate.MAILBOX_FULL)
VERIFIED_ELSEWHERE = "SES must have verified"


def bounce(domain: SendingDomain, action: object) -> None:
    rules = InboundRuleSet(Stack.of(domain), "Inbound", domain=domain, drop_spam=False)
    rules.add_rule("Rule", actions=[action, StopProcessing()])  # type: ignore[list-item]


@pytest.mark.parametrize("action", [OURS, PLAIN], ids=["ours", "of CDK"])
def test_a_rule_that_bounces_waits_for_the_identity_alone(stack: Stack, zone: Route53Zone, action: object) -> None:
    domain = VerifiedDomain(stack, "Domain", domain_name="example.com", dns=zone, receives_mail=True)
    bounce(domain, action)

    (rule_id,), (wait_id,) = (
        identified(stack, "AWS::SES::ReceiptRule"),
        identified(stack, "Custom::SESDomainVerification"),
    )
    assert wait_id in needs(stack, rule_id)
    assert only(stack, "Custom::SESDomainVerification")["Properties"]["IdentityAlone"] == "true"


def test_a_rule_that_does_not_bounce_waits_for_nothing(stack: Stack, zone: Route53Zone) -> None:
    domain = VerifiedDomain(stack, "Domain", domain_name="example.com", dns=zone, receives_mail=True)
    InboundRuleSet(stack, "Inbound", domain=domain).add_rule("Rule", actions=[StopProcessing()])

    assert resources(stack, "Custom::SESDomainVerification") == []


def test_a_sender_of_a_domain_from_elsewhere_is_warned_about(stack: Stack) -> None:
    bounce(VerifiedDomain.from_domain_name(stack, "Domain", "example.com"), OURS)

    (warning,) = warnings(stack)
    assert warning.startswith(f"{VERIFIED_ELSEWHERE} example.com in this region")


def test_a_sender_outside_the_domains_is_warned_about(stack: Stack) -> None:
    action = ses_actions.Bounce(sender="x@example.net", template=ses_actions.BounceTemplate.MAILBOX_FULL)
    bounce(VerifiedDomain.from_domain_name(stack, "Domain", "example.com"), action)

    (warning,) = warnings(stack)
    assert warning.startswith(f"{VERIFIED_ELSEWHERE} x@example.net in eu-west-1 before this rule is deployed")
