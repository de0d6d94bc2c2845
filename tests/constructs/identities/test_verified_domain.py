"""What VerifiedDomain makes, what it refuses, and what it warns about."""

from typing import Any

import pytest
from aws_cdk import App, Aws, CfnParameter, Duration, Environment, RemovalPolicy, Stack, Token
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ses as ses

from ses_constructs import (
    DmarcPolicy,
    RecordsToPublish,
    Route53Zone,
    SpfPolicy,
    TlsReporting,
    VerifiedDomain,
)
from tests.conftest import hosted_zone
from tests.constructs.templates import identified, only, record_sets, resources, template, warnings

GROUP = "AWS::Route53::RecordSetGroup"
IDENTITY = "AWS::SES::EmailIdentity"
LATER = Duration.minutes(Token.as_number({"Ref": "Minutes"}))


def make(stack: Stack, zone: Route53Zone, **changes: Any) -> VerifiedDomain:
    return VerifiedDomain(stack, "Domain", **{"domain_name": "example.com", "dns": zone, **changes})


def test_a_domain_is_two_resources_and_has_no_records_that_nobody_asked_for(stack: Stack, zone: Route53Zone) -> None:
    make(stack, zone)

    assert sorted(each["Type"] for each in template(stack)["Resources"].values()) == [GROUP, IDENTITY]
    assert list(record_sets(stack)) == [
        ("mail.example.com", "MX"),
        ("mail.example.com", "TXT"),
        ("_dmarc.example.com", "TXT"),
    ]


def test_a_domain_with_every_record_is_still_two_resources(stack: Stack, zone: Route53Zone) -> None:
    make(
        stack,
        zone,
        spf=SpfPolicy.amazon_ses(),
        existing_txt_values=["google-site-verification=a"],
        receives_mail=True,
        tls_reporting=TlsReporting(reports_to=("tls@example.com",)),
        record_ttl=Duration.hours(1),
    )

    records = record_sets(stack)
    assert len(template(stack)["Resources"]) == 2
    assert len(only(stack, GROUP)["Properties"]["RecordSets"]) == 9
    assert {each["TTL"] for each in only(stack, GROUP)["Properties"]["RecordSets"]} == {"3600"}
    assert records["example.com", "TXT"] == ['"v=spf1 include:amazonses.com ~all"', '"google-site-verification=a"']
    assert records["example.com", "MX"] == ["10 inbound-smtp.eu-west-1.amazonaws.com"]
    assert records["_smtp._tls.example.com", "TXT"] == ['"v=TLSRPTv1; rua=mailto:tls@example.com"']


def test_dkim_names_and_targets_come_from_cloudformation(stack: Stack, zone: Route53Zone) -> None:
    make(stack, zone)

    (identity_id,) = (key for key, each in template(stack)["Resources"].items() if each["Type"] == IDENTITY)
    cnames = [each for each in only(stack, GROUP)["Properties"]["RecordSets"] if each["Type"] == "CNAME"]
    assert cnames == [
        {
            "Name": {"Fn::GetAtt": [identity_id, f"DkimDNSTokenName{number}"]},
            "ResourceRecords": [{"Fn::GetAtt": [identity_id, f"DkimDNSTokenValue{number}"]}],
            "TTL": "300",
            "Type": "CNAME",
        }
        for number in (1, 2, 3)
    ]


def test_mail_from_has_one_mx_and_an_spf_policy_and_dmarc_starts_in_monitor_mode(
    stack: Stack, zone: Route53Zone
) -> None:
    domain = make(stack, zone)

    assert domain.mail_from_domain == "mail.example.com"
    assert only(stack, IDENTITY)["Properties"]["MailFromAttributes"] == {
        "BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
        "MailFromDomain": "mail.example.com",
    }
    assert record_sets(stack)["mail.example.com", "MX"] == ["10 feedback-smtp.eu-west-1.amazonses.com"]
    assert record_sets(stack)["mail.example.com", "TXT"] == ['"v=spf1 include:amazonses.com ~all"']
    assert record_sets(stack)["_dmarc.example.com", "TXT"] == ['"v=DMARC1; p=none"']


@pytest.mark.parametrize(
    ("mail_from", "name"),
    [
        ("a.bounce.example.com", "a.bounce.example.com"),
        ("Mail", "mail.example.com"),
        (f"mail-{Aws.REGION}", f"mail-{Aws.REGION}.example.com"),
        (Aws.REGION, Aws.REGION),
    ],
)
def test_mail_from_is_a_label_or_a_full_name(stack: Stack, zone: Route53Zone, mail_from: str, name: str) -> None:
    assert make(stack, zone, mail_from=mail_from).mail_from_domain == name


def test_mail_from_may_be_left_to_ses_and_dmarc_to_somebody_else(stack: Stack, zone: Route53Zone) -> None:
    domain = make(stack, zone, mail_from=None, dmarc=None)

    assert domain.mail_from_domain is None
    assert "MailFromAttributes" not in only(stack, IDENTITY)["Properties"]
    assert list(record_sets(stack)) == []


def test_mail_can_be_rejected_while_the_mail_from_mx_is_missing(stack: Stack, zone: Route53Zone) -> None:
    make(stack, zone, mail_from_on_mx_failure=ses.MailFromBehaviorOnMxFailure.REJECT_MESSAGE)

    assert only(stack, IDENTITY)["Properties"]["MailFromAttributes"]["BehaviorOnMxFailure"] == "REJECT_MESSAGE"


@pytest.mark.parametrize(
    ("mail_from", "message"),
    [
        ("mail.other.org", r"mail_from must be a subdomain of example\.com, got 'mail\.other\.org'; pass a label"),
        ("example.com", r"mail_from must be a subdomain of example\.com, got 'example\.com'"),
        ("notexample.com", r"mail_from must be a subdomain of example\.com, got 'notexample\.com'"),
        ("ma_il!", "mail_from must"),
        ("", "mail_from must"),
    ],
)
def test_mail_from_must_be_below_the_domain(stack: Stack, zone: Route53Zone, mail_from: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(stack, zone, mail_from=mail_from)


def test_dmarc_reports_to_a_foreign_domain_warn_with_the_record_it_needs(stack: Stack, zone: Route53Zone) -> None:
    make(stack, zone, dmarc=DmarcPolicy.monitor(reports_to=["a@reports.example.net", "b@example.com"]))

    (warning,) = warnings(stack)
    assert 'example.com._report._dmarc.reports.example.net. IN TXT "v=DMARC1"' in warning
    assert warning.endswith("[ack: ses-constructs:dmarc-reports-elsewhere]")


def test_dmarc_reports_to_the_parent_domain_do_not_warn(stack: Stack, zone: Route53Zone) -> None:
    make(
        stack,
        zone,
        domain_name="news.example.com",
        dmarc=DmarcPolicy.monitor(reports_to=["dmarc@example.com"]),
    )

    assert warnings(stack) == []


def test_strict_spf_alignment_warns_because_mail_from_is_a_subdomain(stack: Stack, zone: Route53Zone) -> None:
    make(stack, zone, dmarc=DmarcPolicy.reject(spf_alignment="strict"))

    (warning,) = warnings(stack)
    assert "ses-constructs:dmarc-spf-never-aligns" in warning


def test_the_legacy_token_comes_from_a_custom_resource_after_the_identity(stack: Stack, zone: Route53Zone) -> None:
    make(stack, zone, legacy_verification_token=True)

    all_resources = template(stack)["Resources"]
    (token_id,) = (key for key, each in all_resources.items() if each["Type"] == "Custom::SESVerificationToken")
    (identity_id,) = (key for key, each in all_resources.items() if each["Type"] == IDENTITY)
    assert all_resources[token_id]["Properties"]["Domain"] == {"Ref": identity_id}
    assert record_sets(stack)["_amazonses.example.com", "TXT"] == [
        {"Fn::Join": ["", ['"', {"Fn::GetAtt": [token_id, "Token"]}, '"']]}
    ]


def test_waiting_comes_after_the_records_and_knows_them(stack: Stack, zone: Route53Zone) -> None:
    make(stack, zone, wait_until_verified=Duration.minutes(30))

    wait = only(stack, "Custom::SESDomainVerification")
    (group_id,) = (key for key, each in template(stack)["Resources"].items() if each["Type"] == GROUP)
    assert group_id in wait["DependsOn"]
    assert wait["Properties"]["MailFromDomain"] == "mail.example.com"
    assert wait["Properties"]["TimeoutSeconds"] == 1800
    assert wait["Properties"]["ServiceTimeout"] == "2100"
    assert '_dmarc.example.com. 300 IN TXT "v=DMARC1; p=none"' in wait["Properties"]["Records"]


@pytest.mark.parametrize("timeout", [Duration.seconds(59), Duration.minutes(56)])
def test_a_wait_must_fit_into_cloudformations_hour(stack: Stack, zone: Route53Zone, timeout: Duration) -> None:
    make(stack, zone, wait_until_verified=Duration.minutes(55))

    assert only(stack, "Custom::SESDomainVerification")["Properties"]["ServiceTimeout"] == "3600"
    with pytest.raises(ValueError, match=r"wait_until_verified must be 1 to 55 minutes, got '.+'; pass"):
        make(Stack(), zone, wait_until_verified=timeout)


def test_a_hosted_zone_alone_is_refused_with_what_to_put_around_it(stack: Stack, zone: Route53Zone) -> None:
    with pytest.raises(
        ValueError, match=r"dns must have the method publish, got an imported resource .* Route53Zone\("
    ):
        VerifiedDomain(stack, "Bare", domain_name="example.com", dns=zone.hosted_zone)  # type: ignore[arg-type]


def test_waiting_for_records_that_people_publish_warns(stack: Stack) -> None:
    VerifiedDomain(
        stack,
        "Domain",
        domain_name="example.com",
        dns=RecordsToPublish(),
        wait_until_verified=Duration.minutes(5),
    )

    (warning,) = warnings(stack)
    assert "ses-constructs:waits-for-people" in warning


def test_what_needs_the_identity_waits_for_it_alone_and_once(stack: Stack, zone: Route53Zone) -> None:
    domain = make(stack, zone)

    assert domain.wait_for_identity() is domain.wait_for_identity()
    wait = only(stack, "Custom::SESDomainVerification")
    assert (wait["Properties"]["IdentityAlone"], wait["Properties"]["TimeoutSeconds"]) == ("true", 1800)
    (group_id,) = identified(stack, GROUP)
    assert group_id in wait["DependsOn"]


def test_a_domain_that_waits_for_everything_has_no_second_wait(stack: Stack, zone: Route53Zone) -> None:
    domain = make(stack, zone, wait_until_verified=Duration.minutes(5))
    domain.wait_for_identity()

    assert "IdentityAlone" not in only(stack, "Custom::SESDomainVerification")["Properties"]


def test_the_wait_for_the_identity_may_be_shorter_and_is_not_changed_once_it_is_made(
    stack: Stack, zone: Route53Zone
) -> None:
    domain = make(stack, zone)
    domain.wait_for_identity(Duration.minutes(5))

    with pytest.raises(ValueError, match="timeout must come with what makes the wait, got '5 minutes'; call wait_for_"):
        domain.wait_for_identity(Duration.minutes(5))
    assert only(stack, "Custom::SESDomainVerification")["Properties"]["TimeoutSeconds"] == 300


@pytest.mark.parametrize("everything", [False, True])
def test_nothing_waits_for_records_in_a_zone_that_nobody_has_delegated(stack: Stack, everything: bool) -> None:
    zone = Route53Zone(route53.PublicHostedZone(stack, "Zone", zone_name="example.com"))
    waiter = "wait_until_verified" if everything else "wait_for_identity"

    with pytest.raises(
        ValueError,
        match=f"dns must have a hosted zone that is delegated before {waiter} waits for its records, "
        "got 'Mail/Zone'; deploy the zone in a stack of its own first",
    ):
        make(stack, zone, wait_until_verified=Duration.minutes(5) if everything else None).wait_for_identity()


def test_a_zone_of_another_stack_may_be_waited_for(app: App, stack: Stack) -> None:
    zones = Stack(app, "Zones", env=Environment(account="111122223333", region="eu-west-1"))
    zone = Route53Zone(route53.PublicHostedZone(zones, "Zone", zone_name="example.com"))

    make(stack, zone).wait_for_identity()

    assert only(stack, "Custom::SESDomainVerification")


def test_a_domain_from_elsewhere_is_verified_elsewhere(stack: Stack) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")

    assert domain.wait_for_identity() is domain.identity
    assert warnings(stack) == [
        "SES must have verified example.com in this region, which happens elsewhere, before this stack is deployed; "
        "look that it has, and acknowledge this warning (of Mail/Domain) [ack: ses-constructs:verified-elsewhere]"
    ]


def test_a_user_pool_can_depend_on_the_finished_wait(stack: Stack, zone: Route53Zone) -> None:
    domain = make(stack, zone, wait_until_verified=Duration.minutes(5))
    cognito.CfnUserPool(stack, "Users").node.add_dependency(domain.verified)

    all_resources = template(stack)["Resources"]
    (wait_id,) = (key for key, each in all_resources.items() if each["Type"] == "Custom::SESDomainVerification")
    assert wait_id in only(stack, "AWS::Cognito::UserPool")["DependsOn"]


def test_without_a_wait_verified_means_identity_and_records(stack: Stack, zone: Route53Zone) -> None:
    domain = make(stack, zone)
    cognito.CfnUserPool(stack, "Users").node.add_dependency(domain.verified)

    types = {template(stack)["Resources"][each]["Type"] for each in only(stack, "AWS::Cognito::UserPool")["DependsOn"]}
    assert types == {GROUP, IDENTITY}


@pytest.mark.parametrize("wait", [None, Duration.minutes(5)])
def test_asking_what_to_depend_on_makes_nothing(stack: Stack, zone: Route53Zone, wait: Duration | None) -> None:
    domain = make(stack, zone, wait_until_verified=wait)
    before = [each.node.path for each in stack.node.find_all()]

    assert domain.verified
    assert [each.node.path for each in stack.node.find_all()] == before
    with pytest.raises(AttributeError, match="property 'verified' of 'VerifiedDomain' object has no setter"):
        domain.verified = stack  # type: ignore[misc]


def test_a_configuration_set_becomes_the_default_of_the_domain(stack: Stack, zone: Route53Zone) -> None:
    configuration_set = ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "transactional")
    domain = make(stack, zone, configuration_set=configuration_set)

    assert domain.configuration_set is configuration_set
    attributes = only(stack, IDENTITY)["Properties"]["ConfigurationSetAttributes"]
    assert attributes == {"ConfigurationSetName": "transactional"}


# Not after a failed creation: the next try would find it in the way.
@pytest.mark.parametrize(
    ("changes", "deletion", "replacement"),
    [
        ({}, "Delete", "Delete"),
        ({"removal_policy": RemovalPolicy.RETAIN}, "RetainExceptOnCreate", "Retain"),
    ],
)
def test_identity_and_records_stay_where_they_are_retained(
    stack: Stack, zone: Route53Zone, changes: dict[str, Any], deletion: str, replacement: str
) -> None:
    make(stack, zone, **changes)

    made = template(stack)["Resources"].values()
    assert {each.get("DeletionPolicy", "Delete") for each in made} == {deletion}
    assert {each.get("UpdateReplacePolicy", "Delete") for each in made} == {replacement}


def test_a_subdomain_lives_in_the_zone_of_its_parent(stack: Stack, zone: Route53Zone) -> None:
    make(stack, zone, domain_name="news.example.com")

    assert set(record_sets(stack)) == {
        ("_dmarc.news.example.com", "TXT"),
        ("mail.news.example.com", "MX"),
        ("mail.news.example.com", "TXT"),
    }


def test_a_domain_name_is_kept_in_lower_case(stack: Stack, zone: Route53Zone) -> None:
    assert make(stack, zone, domain_name="Example.COM").domain_name == "example.com"
    assert only(stack, IDENTITY)["Properties"]["EmailIdentity"] == "example.com"


@pytest.mark.parametrize("domain_name", ["user@example.com", "https://example.com", "example", "", "a..example.com"])
def test_a_domain_name_must_be_a_bare_domain(stack: Stack, zone: Route53Zone, domain_name: str) -> None:
    with pytest.raises(ValueError, match="domain_name must"):
        make(stack, zone, domain_name=domain_name)


def test_two_domains_in_one_stack_share_the_handlers(stack: Stack, zone: Route53Zone) -> None:
    wait = Duration.minutes(5)
    VerifiedDomain(stack, "One", domain_name="one.example.com", dns=zone, wait_until_verified=wait)
    VerifiedDomain(stack, "Two", domain_name="two.example.com", dns=zone, wait_until_verified=wait)

    assert len(resources(stack, IDENTITY)) == 2
    assert len(resources(stack, GROUP)) == 2
    assert len(resources(stack, "AWS::Lambda::Function")) == 1


def test_a_second_region_leaves_the_shared_records_to_the_first(app: App) -> None:
    ours = Stack(app, "Second", env=Environment(account="111122223333", region="us-east-1"))
    VerifiedDomain(
        ours,
        "Domain",
        domain_name="example.com",
        dns=Route53Zone(hosted_zone(ours)),
        owns_shared_records=False,
    )

    record_types = [each["Type"] for each in only(ours, GROUP)["Properties"]["RecordSets"]]
    assert record_types == ["CNAME", "CNAME", "CNAME"]
    assert only(ours, IDENTITY)["Properties"]["MailFromAttributes"]["MailFromDomain"] == "mail.example.com"


@pytest.mark.parametrize(
    "shared",
    [
        {"spf": SpfPolicy.amazon_ses()},
        {"dmarc": DmarcPolicy.reject()},
        {"receives_mail": True},
        {"tls_reporting": TlsReporting(reports_to=("tls@example.com",))},
        {"legacy_verification_token": True},
    ],
)
def test_a_second_region_must_not_ask_for_shared_records(
    stack: Stack, zone: Route53Zone, shared: dict[str, Any]
) -> None:
    (argument,) = shared
    with pytest.raises(ValueError, match=f"{argument} must be left out when owns_shared_records is False"):
        make(stack, zone, owns_shared_records=False, **shared)


def test_a_region_that_cannot_send_warns(app: App) -> None:
    stack = Stack(app, "Far", env=Environment(account="111122223333", region="cn-north-1"))
    make(stack, Route53Zone(hosted_zone(stack)))

    (warning,) = warnings(stack)
    assert "SES is not known to send from cn-north-1 as of 20" in warning
    assert "ses-constructs:region-cannot-send" in warning


def test_a_region_that_cannot_receive_warns_only_where_mail_is_received(app: App) -> None:
    env = Environment(account="111122223333", region="eu-central-2")
    sends, receives = Stack(app, "Sends", env=env), Stack(app, "Receives", env=env)
    make(sends, Route53Zone(hosted_zone(sends)))
    make(receives, Route53Zone(hosted_zone(receives)), domain_name="in.example.com", receives_mail=True)

    assert warnings(sends) == []
    (warning,) = warnings(receives)
    assert "ses-constructs:region-cannot-receive" in warning


def test_without_a_known_region_the_hosts_follow_the_deployment(agnostic_stack: Stack) -> None:
    make(agnostic_stack, Route53Zone(hosted_zone(agnostic_stack)), receives_mail=True)

    assert record_sets(agnostic_stack)["example.com", "MX"] == [
        {"Fn::Join": ["", ["10 inbound-smtp.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}]]}
    ]
    assert warnings(agnostic_stack) == []


def test_the_domain_name_may_be_a_deploy_time_parameter(stack: Stack) -> None:
    parameter = CfnParameter(stack, "DomainName")
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z1", zone_name=parameter.value_as_string
    )
    VerifiedDomain(stack, "Domain", domain_name=parameter.value_as_string, dns=Route53Zone(zone), receives_mail=True)

    names = [each["Name"] for each in only(stack, GROUP)["Properties"]["RecordSets"]]
    assert {"Fn::Join": ["", ["mail.", {"Ref": "DomainName"}]]} in names
    assert {"Ref": "DomainName"} in names


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dmarc": "v=DMARC1; p=none"}, "dmarc must be a DmarcPolicy, got 'v=DMARC1; p=none'; pass DmarcPolicy.mon"),
        ({"record_ttl": LATER}, r"record_ttl must be known at synth, got '.*'; pass Duration.minutes\(5\)"),
        ({"wait_until_verified": LATER}, "wait_until_verified must be known at synth, got '.*'; pass Duration.min"),
        ({"record_ttl": Duration.millis(1500)}, "record_ttl must be whole seconds, got '1.5 seconds'; pass Duration"),
        ({"removal_policy": RemovalPolicy.SNAPSHOT}, "removal_policy must be DESTROY or RETAIN, got .*; pass Removal"),
        ({"existing_txt_values": ["a"]}, "existing_txt_values must come with spf"),
        (
            {"existing_txt_values": ["v=spf1 mx -all"], "spf": SpfPolicy.amazon_ses()},
            "existing_txt_values must hold no second SPF policy.*got 'v=spf1 mx -all'",
        ),
        (
            {"existing_txt_values": ['"a"'], "spf": SpfPolicy.amazon_ses()},
            r"existing_txt_values must be plain text, got '\"a\"'; leave the quotes out",
        ),
    ],
)
def test_what_people_try_first_is_refused_with_what_to_pass(
    stack: Stack, zone: Route53Zone, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make(stack, zone, **changes)


@pytest.mark.parametrize(
    ("changes", "attributes"), [({}, None), ({"feedback_forwarding": False}, {"EmailForwardingEnabled": False})]
)
def test_bounces_come_by_mail_unless_that_is_switched_off(
    stack: Stack, zone: Route53Zone, changes: dict[str, Any], attributes: dict[str, bool] | None
) -> None:
    make(stack, zone, **changes)

    assert only(stack, IDENTITY)["Properties"].get("FeedbackAttributes") == attributes
