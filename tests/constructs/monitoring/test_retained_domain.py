"""A domain with RETAIN keeps all that it needs to send, and says what it cannot keep."""

from typing import Any

import pytest
from aws_cdk import Annotations, CfnParameter, RemovalPolicy, Stack
from aws_cdk import aws_ses as ses

from ses_constructs import BounceMonitoring, RecordsToPublish, Route53Zone, VerifiedDomain
from tests.constructs.templates import identified, resources, template, warnings

KEPT = {
    "AWS::SES::EmailIdentity",
    "AWS::Route53::RecordSetGroup",
    "AWS::SES::ConfigurationSet",
    "AWS::SES::DedicatedIpPool",
    "Custom::SESSenderPolicy",
}


def retained(stack: Stack, zone: Route53Zone, **changes: Any) -> VerifiedDomain:
    arguments = {"domain_name": "example.com", "dns": zone, "removal_policy": RemovalPolicy.RETAIN}
    return VerifiedDomain(stack, "Domain", **{**arguments, **changes})


def policies(stack: Stack) -> set[tuple[str, str | None, str | None]]:
    """The policies on removal and replacement of all that may be needed to send, by type."""
    return {
        (each["Type"], each.get("DeletionPolicy"), each.get("UpdateReplacePolicy"))
        for each in template(stack)["Resources"].values()
        if each["Type"] in KEPT
    }


def warned(stack: Stack, warning_id: str) -> list[str]:
    return [each for each in warnings(stack) if f"[ack: ses-constructs:{warning_id}" in each]


def pool(stack: Stack) -> ses.DedicatedIpPool:
    return ses.DedicatedIpPool(stack, "Pool")


def a_set(stack: Stack) -> ses.ConfigurationSet:
    return ses.ConfigurationSet(stack, "Set", reputation_metrics=True)


def test_a_retained_domain_keeps_its_set_its_tracking_domain_and_its_senders(stack: Stack, zone: Route53Zone) -> None:
    domain = retained(stack, zone)
    BounceMonitoring(stack, "Bounces", domain=domain, tracking_domain="click.example.com")
    domain.allow_sender("222233334444")

    kept = KEPT - {"AWS::SES::DedicatedIpPool"}
    assert policies(stack) == {(kind, "RetainExceptOnCreate", "Retain") for kind in kept}
    assert len(resources(stack, "AWS::SES::EmailIdentity")) == 2
    assert len(resources(stack, "AWS::Route53::RecordSetGroup")) == 3
    assert warned(stack, "not-retained") == []


def test_what_only_watches_a_retained_domain_goes(stack: Stack, zone: Route53Zone) -> None:
    domain = retained(stack, zone)
    BounceMonitoring(stack, "Bounces", domain=domain)
    domain.allow_sender("222233334444")

    others = [each for each in template(stack)["Resources"].values() if each["Type"] not in KEPT]
    assert {each.get("DeletionPolicy", "Delete") for each in others} == {"Delete"}


def test_the_domain_decides_and_not_its_monitoring(stack: Stack, zone: Route53Zone) -> None:
    domain = retained(stack, zone, removal_policy=RemovalPolicy.DESTROY)
    BounceMonitoring(stack, "Bounces", domain=domain, tracking_domain="click.example.com")
    domain.allow_sender("222233334444")

    assert {deletion or "Delete" for _, deletion, _ in policies(stack)} == {"Delete"}
    assert not [each for each in warnings(stack) if "ses-constructs:tracking-without-https" not in each]


def test_a_further_set_goes_with_its_monitoring(stack: Stack, zone: Route53Zone) -> None:
    domain = retained(stack, zone)
    BounceMonitoring(stack, "Bounces", domain=domain)
    BounceMonitoring(stack, "Newsletter", domain=domain, default_for_domain=False, watch_account=False)

    found = {key: each.get("DeletionPolicy") for key, each in identified(stack, "AWS::SES::ConfigurationSet").items()}
    assert sorted((key[:10], policy) for key, policy in found.items()) == [
        ("BouncesCon", "RetainExceptOnCreate"),
        ("Newsletter", None),
    ]


@pytest.mark.parametrize("given", ["to the domain", "to the monitoring", "by a call"])
def test_a_given_set_that_goes_is_warned_about(stack: Stack, zone: Route53Zone, given: str) -> None:
    configuration_set = a_set(stack)
    domain = retained(stack, zone, configuration_set=configuration_set if given == "to the domain" else None)
    if given == "to the monitoring":
        BounceMonitoring(stack, "Bounces", domain=domain, configuration_set=configuration_set)
    if given == "by a call":
        domain.use_configuration_set(configuration_set)

    (warning,) = warned(stack, "not-retained")
    assert warning.startswith("Mail/Set goes with its stack, but example.com stays and needs it to send; call ")
    assert "call apply_removal_policy(RemovalPolicy.RETAIN) on it before you pass it on" in warning
    assert warning.endswith("[ack: ses-constructs:not-retained]")


@pytest.mark.parametrize("policy", [RemovalPolicy.RETAIN, RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE])
def test_a_given_set_that_stays_is_fine(stack: Stack, zone: Route53Zone, policy: RemovalPolicy) -> None:
    configuration_set = a_set(stack)
    configuration_set.apply_removal_policy(policy)
    retained(stack, zone, configuration_set=configuration_set)

    assert warned(stack, "not-retained") == []


def test_a_set_from_elsewhere_stays_whatever_this_stack_does(stack: Stack, zone: Route53Zone) -> None:
    retained(
        stack, zone, configuration_set=ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "transactional")
    )

    assert warned(stack, "not-retained") == []


def test_a_pool_that_goes_is_warned_about(stack: Stack, zone: Route53Zone) -> None:
    BounceMonitoring(stack, "Bounces", domain=retained(stack, zone), dedicated_ip_pool=pool(stack))

    (warning,) = warned(stack, "not-retained")
    assert warning.startswith("Mail/Pool goes with its stack, but example.com stays and needs it to send")


def test_a_pool_that_stays_or_comes_from_elsewhere_is_fine(stack: Stack, zone: Route53Zone) -> None:
    own = pool(stack)
    own.apply_removal_policy(RemovalPolicy.RETAIN)
    imported = ses.DedicatedIpPool.from_dedicated_ip_pool_name(stack, "Imported", "marketing")
    BounceMonitoring(stack, "Bounces", domain=retained(stack, zone), dedicated_ip_pool=own)
    BounceMonitoring(
        stack,
        "News",
        domain=retained(Stack(stack, "Other"), zone, domain_name="news.example.com"),
        dedicated_ip_pool=imported,
        default_for_domain=False,
        watch_account=False,
    )

    assert warned(stack, "not-retained") == []


def test_a_pool_of_a_domain_that_goes_may_go(stack: Stack, zone: Route53Zone) -> None:
    domain = retained(stack, zone, removal_policy=RemovalPolicy.DESTROY)
    BounceMonitoring(stack, "Bounces", domain=domain, dedicated_ip_pool=pool(stack))

    assert warnings(stack) == []


# Another name


def test_another_name_drops_the_records_of_the_one_before_and_warns(stack: Stack, zone: Route53Zone) -> None:
    retained(stack, zone)

    (warning,) = warnings(stack)
    assert warning.startswith("with another domain_name here, a deployment keeps the identity of example.com and remov")
    assert "add a VerifiedDomain for the other name instead of changing this one" in warning
    assert warning.endswith("[ack: ses-constructs:old-records-go:example.com]")


def test_the_warning_comes_back_with_another_name(stack: Stack, zone: Route53Zone) -> None:
    acknowledged = "ses-constructs:old-records-go:example.com"
    Annotations.of(retained(stack, zone)).acknowledge_warning(acknowledged)
    other = Stack(stack, "Other")
    Annotations.of(retained(other, zone, domain_name="news.example.com")).acknowledge_warning(acknowledged)

    assert warnings(stack) == []
    (warning,) = warnings(other)
    assert "keeps the identity of news.example.com" in warning


def test_a_name_that_only_cloudformation_knows_warns_under_the_plain_id(stack: Stack, zone: Route53Zone) -> None:
    retained(stack, zone, domain_name=CfnParameter(stack, "Name").value_as_string, mail_from=None)

    (warning,) = warned(stack, "old-records-go")
    assert "keeps the identity of <Name> and removes its records" in warning
    assert warning.endswith("[ack: ses-constructs:old-records-go]")


def test_records_that_a_person_publishes_stay_with_the_person(stack: Stack, zone: Route53Zone) -> None:
    retained(stack, zone, dns=RecordsToPublish())

    assert warnings(stack) == []


def test_a_tracking_domain_warns_no_second_time(stack: Stack, zone: Route53Zone) -> None:
    BounceMonitoring(stack, "Bounces", domain=retained(stack, zone), tracking_domain="click.example.com")

    assert len([each for each in warnings(stack) if "ses-constructs:old-records-go" in each]) == 1
