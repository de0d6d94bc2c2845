"""Opens and clicks under a name of one's own: with https, without it, and without Route 53."""

from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Environment, Fn, RemovalPolicy, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ses as ses

from ses_constructs import (
    BounceMonitoring,
    CrossAccountZone,
    DnsZone,
    RecordsToPublish,
    Route53Zone,
    TrackingDomain,
    VerifiedDomain,
)
from tests.conftest import hosted_zone
from tests.constructs.templates import identified, needs, only, record_sets, resources, template, warnings, written

SET = "AWS::SES::ConfigurationSet"
DISTRIBUTION = "AWS::CloudFront::Distribution"
WAIT = "Custom::SESDomainVerification"
VIRGINIA = "arn:aws:acm:us-east-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"
CLICK = "click.example.com"


@pytest.fixture
def stack(app: App) -> Stack:
    """One that may refer to a certificate of another region, which older versions of CDK want to be told."""
    ireland = Environment(account="111122223333", region="eu-west-1")
    return Stack(app, "Mail", env=ireland, cross_region_references=True)


def certificate(stack: Stack, arn: str = VIRGINIA) -> acm.ICertificate:
    return acm.Certificate.from_certificate_arn(stack, "Certificate", arn)


def certificate_in(app: App, region: str, **changes: Any) -> acm.ICertificate:
    stack = Stack(app, "Edge", env=Environment(account="111122223333", region=region), cross_region_references=True)
    return acm.Certificate(stack, "Certificate", **{"domain_name": CLICK, **changes})


def track(stack: Stack, dns: DnsZone, name: str = CLICK, *, retain: bool = False, **changes: Any) -> None:
    policy = RemovalPolicy.RETAIN if retain else RemovalPolicy.DESTROY
    domain = VerifiedDomain(stack, "Domain", domain_name="example.com", dns=dns, removal_policy=policy)
    BounceMonitoring(stack, "Bounces", domain=domain, tracking_domain=TrackingDomain(name, **changes))


def with_tracking(stack: Stack, policy: ses.HttpsPolicy | None) -> ses.ConfigurationSet:
    return ses.ConfigurationSet(
        stack,
        "Set",
        custom_tracking_redirect_domain=CLICK,
        custom_tracking_https_policy=policy,
        tls_policy=ses.ConfigurationSetTlsPolicy.REQUIRE,
        reputation_metrics=True,
        suppression_reasons=ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
    )


def distribution(stack: Stack) -> dict[str, Any]:
    return dict(only(stack, DISTRIBUTION)["Properties"]["DistributionConfig"])


# With https


def test_a_certificate_makes_links_to_https_work(stack: Stack, zone: Route53Zone) -> None:
    track(stack, zone, certificate=certificate(stack))

    made = distribution(stack)
    assert made["Aliases"] == [CLICK]
    assert made["ViewerCertificate"] == {
        "AcmCertificateArn": VIRGINIA,
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "SslSupportMethod": "sni-only",
    }
    (origin,) = made["Origins"]
    assert origin["DomainName"] == "r.eu-west-1.awstrack.me"
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert only(stack, SET)["Properties"]["TrackingOptions"] == {
        "CustomRedirectDomain": CLICK,
        "HttpsPolicy": "REQUIRE",
    }
    assert warnings(stack) == []


def test_nothing_is_cached_and_the_host_is_passed_on(stack: Stack, zone: Route53Zone) -> None:
    track(stack, zone, certificate=certificate(stack))

    behavior = distribution(stack)["DefaultCacheBehavior"]
    # The ids of CachingDisabled and AllViewer, which AWS manages:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html and
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
    assert behavior["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert behavior["OriginRequestPolicyId"] == "216adef6-5c7f-47e4-b989-5492eafa07d3"
    assert behavior["ViewerProtocolPolicy"] == "redirect-to-https"


def test_the_set_comes_after_what_answers_for_the_name(stack: Stack, zone: Route53Zone) -> None:
    track(stack, zone, certificate=certificate(stack))

    (set_id,), (distribution_id,) = identified(stack, SET), identified(stack, DISTRIBUTION)
    assert distribution_id in needs(stack, set_id)


@pytest.mark.parametrize("adopts_existing", [False, True], ids=["group", "writer"])
def test_route_53_leads_the_name_to_the_distribution(stack: Stack, adopts_existing: bool) -> None:
    dns = Route53Zone(hosted_zone(stack), adopts_existing=adopts_existing)
    track(stack, dns, certificate=certificate(stack))

    (distribution_id,) = identified(stack, DISTRIBUTION)
    if adopts_existing:
        found = [each for made in resources(stack, "Custom::SESDnsRecords") for each in made["Properties"]["Records"]]
        (values,) = (each["Values"] for each in found if each["Name"] == CLICK and each["Type"] == "CNAME")
    else:
        values = record_sets(stack)[CLICK, "CNAME"]
    assert values == [{"Fn::GetAtt": [distribution_id, "DomainName"]}]


def test_a_zone_of_another_account_leads_there_too(stack: Stack) -> None:
    dns = CrossAccountZone(
        hosted_zone_id="Z1", zone_name="example.com", role_arn="arn:aws:iam::222233334444:role/dns-of-example-com"
    )
    track(stack, dns, certificate=certificate(stack))

    found = [each for made in resources(stack, "Custom::SESDnsRecords") for each in made["Properties"]["Records"]]
    (values,) = (each["Values"] for each in found if each["Name"] == CLICK)
    assert written(values[0]).endswith(".DomainName>")


def test_a_person_is_told_the_name_of_the_distribution(stack: Stack) -> None:
    track(stack, RecordsToPublish(), certificate=certificate(stack), wait=False)

    (distribution_id,) = identified(stack, DISTRIBUTION)
    outputs = [written(each["Value"]) for each in template(stack)["Outputs"].values()]
    assert f"{CLICK}. 300 IN CNAME <{distribution_id}.DomainName>." in outputs


def test_a_certificate_may_be_known_at_deployment_only(stack: Stack, zone: Route53Zone) -> None:
    track(stack, zone, certificate=certificate(stack, CfnParameter(stack, "Arn").value_as_string))

    assert distribution(stack)["ViewerCertificate"]["AcmCertificateArn"] == {"Ref": "Arn"}


@pytest.mark.parametrize("region", ["eu-west-1", "us-west-2"])
@pytest.mark.parametrize("made", [False, True], ids=["imported", "made"])
def test_a_certificate_of_another_region_is_refused(
    app: App, stack: Stack, zone: Route53Zone, region: str, made: bool
) -> None:
    given = certificate_in(app, region) if made else certificate(stack, VIRGINIA.replace("us-east-1", region))

    with pytest.raises(
        ValueError,
        match=f"certificate must be in us-east-1, where CloudFront looks for certificates, got '{region}'; make it in",
    ):
        track(stack, zone, certificate=given)


@pytest.mark.parametrize("arn", ["", "1234abcd-12ab-34cd-56ef-1234567890ab", "arn:aws:acm:us-east-1"])
def test_a_certificate_has_an_arn(stack: Stack, zone: Route53Zone, arn: str) -> None:
    with pytest.raises(ValueError, match=f"certificate must have an ARN, got '{arn}'; import it by the whole of"):
        track(stack, zone, certificate=certificate(stack, arn))


def test_a_certificate_of_another_account_is_refused(stack: Stack, zone: Route53Zone) -> None:
    with pytest.raises(ValueError, match="certificate must be of the account of the stack, 111122223333, got '2222"):
        track(stack, zone, certificate=certificate(stack, VIRGINIA.replace("111122223333", "222233334444")))


@pytest.mark.parametrize("region", ["us-gov-west-1", "eusc-de-east-1"])
def test_a_partition_without_cloudfront_has_no_use_for_a_certificate(app: App, region: str) -> None:
    there = Stack(app, "There", env=Environment(account="111122223333", region=region))

    with pytest.raises(
        ValueError, match=f"certificate must be left out where there is no CloudFront .* got '{region}'"
    ):
        track(there, RecordsToPublish(), certificate=certificate(there))


@pytest.mark.parametrize(
    "changes",
    [
        {"domain_name": CLICK},
        {"domain_name": "CLICK.example.com"},
        {"domain_name": "*.example.com"},
        {"domain_name": "example.com", "subject_alternative_names": ["*.example.com"]},
    ],
    ids=str,
)
def test_a_certificate_has_the_name(app: App, stack: Stack, zone: Route53Zone, changes: dict[str, Any]) -> None:
    track(stack, zone, certificate=certificate_in(app, "us-east-1", **changes))

    assert resources(stack, DISTRIBUTION)


@pytest.mark.parametrize(
    "changes",
    [
        {"domain_name": "example.com"},
        {"domain_name": "*.click.example.com"},
        {"domain_name": "example.com", "subject_alternative_names": ["www.example.com"]},
    ],
    ids=str,
)
def test_a_certificate_of_other_names_is_refused(
    app: App, stack: Stack, zone: Route53Zone, changes: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=rf"certificate must be for {CLICK}, or CloudFront refuses the name, got '"):
        track(stack, zone, certificate=certificate_in(app, "us-east-1", **changes))


def test_names_of_a_certificate_may_be_known_at_deployment_only(app: App, stack: Stack, zone: Route53Zone) -> None:
    name = Fn.import_value("ClickName")
    validation = acm.CertificateValidation.from_email({name: "example.com"})
    changes = {"domain_name": "example.com", "subject_alternative_names": [name], "validation": validation}
    track(stack, zone, certificate=certificate_in(app, "us-east-1", **changes))

    assert resources(stack, DISTRIBUTION)


def test_a_retained_domain_keeps_its_distribution(app: App, stack: Stack, zone: Route53Zone) -> None:
    track(stack, zone, retain=True, certificate=certificate_in(app, "us-east-1"))

    assert only(stack, DISTRIBUTION)["DeletionPolicy"] == "RetainExceptOnCreate"
    assert any("Edge/Certificate goes with its stack, but example.com stays" in each for each in warnings(stack))


# Without https


@pytest.mark.parametrize("name", [CLICK, "Links.Example.com", "a.b.example.com"])
def test_without_a_certificate_synth_says_what_recipients_see(stack: Stack, zone: Route53Zone, name: str) -> None:
    track(stack, zone, name)

    (warning,) = warnings(stack)
    assert f"as https://{name.lower()}/..., for which SES has no certificate, so that browsers warn" in warning
    assert f"pass tracking_domain=TrackingDomain('{name.lower()}', certificate=...)" in warning
    assert warning.endswith("[ack: ses-constructs:tracking-without-https]")
    assert not resources(stack, DISTRIBUTION)
    assert record_sets(stack)[name.lower(), "CNAME"] == ["r.eu-west-1.awstrack.me"]


@pytest.mark.parametrize("policy", [None, ses.HttpsPolicy.OPTIONAL, ses.HttpsPolicy.REQUIRE_OPEN_ONLY])
def test_a_set_of_ones_own_is_warned_about_alike(stack: Stack, policy: ses.HttpsPolicy | None) -> None:
    BounceMonitoring(stack, "Bounces", configuration_set=with_tracking(stack, policy))

    (warning,) = warnings(stack)
    assert warning.startswith("Mail/Set sends links to https as https://click.example.com/..., for which SES has no ")
    assert warning.endswith("[ack: ses-constructs:tracking-without-https]")


def test_a_set_of_ones_own_with_https_needs_no_warning(stack: Stack) -> None:
    BounceMonitoring(stack, "Bounces", configuration_set=with_tracking(stack, ses.HttpsPolicy.REQUIRE))

    assert warnings(stack) == []


# Where a person publishes the records


@pytest.mark.parametrize("with_certificate", [False, True])
def test_the_wait_may_be_left_out(stack: Stack, with_certificate: bool) -> None:
    given = certificate(stack) if with_certificate else None
    track(stack, RecordsToPublish(), certificate=given, wait=False)

    # SES refuses a set with a name that is not verified.
    assert not resources(stack, WAIT)
    assert "TrackingOptions" not in only(stack, SET)["Properties"]
    assert len([each for each in template(stack)["Outputs"] if each.startswith("BouncesTracking")]) == 4
    (warning,) = (each for each in warnings(stack) if "tracking-not-used" in each)
    assert f"{CLICK} counts no opens and clicks yet; once its records are published and SES has verified" in warning


def test_the_wait_for_a_person_says_how_to_leave_it_out(stack: Stack) -> None:
    track(stack, RecordsToPublish())

    (warning,) = (each for each in warnings(stack) if "waits-for-people" in each)
    assert f"published the records of {CLICK}, whose DKIM names are known only after" in warning
    assert f"deploy with tracking_domain=TrackingDomain('{CLICK}', wait=False) first" in warning


def test_a_zone_of_the_same_stack_is_waited_for_by_nobody(stack: Stack) -> None:
    dns = Route53Zone(route53.PublicHostedZone(stack, "OwnZone", zone_name="example.com"))

    with pytest.raises(ValueError, match="dns must have a hosted zone that is delegated before tracking_domain waits"):
        track(stack, dns)


def test_a_zone_of_the_same_stack_may_be_delegated_after_the_first_deployment(stack: Stack) -> None:
    track(stack, Route53Zone(route53.PublicHostedZone(stack, "OwnZone", zone_name="example.com")), wait=False)

    assert not resources(stack, WAIT)


# What is none


def test_one_name_is_made_once(stack: Stack, zone: Route53Zone) -> None:
    domain = VerifiedDomain(stack, "Domain", domain_name="example.com", dns=zone)
    BounceMonitoring(stack, "Bounces", domain=domain, tracking_domain="Click.example.com")

    with pytest.raises(ValueError, match="tracking_domain must be made once, and 'Mail/Bounces' makes it, got 'click"):
        BounceMonitoring(stack, "News", domain=domain, default_for_domain=False, tracking_domain=CLICK)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"domain_name": "https://click.example.com"}, "domain_name must be a bare domain name, got "),
        ({"certificate": VIRGINIA}, "certificate must be a certificate, and no name, ARN or Cfn resource, got "),
        ({"wait": 30}, "wait must be "),
    ],
)
def test_anything_else_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrackingDomain(**{"domain_name": CLICK, **arguments})
