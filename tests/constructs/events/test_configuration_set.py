"""The configuration set that is made, the ones that are taken, and the domain that tracks opens and clicks."""

import itertools
from typing import Any

import pytest
from aws_cdk import Annotations, App, CfnParameter, Duration, Environment, NestedStack, Stack, Token
from aws_cdk import aws_ses as ses
from constructs import Construct

from ses_constructs import BounceMonitoring, RecordsToPublish, Route53Zone, VerifiedDomain
from tests.constructs.templates import identified, needs, only, record_sets, resources, template, warnings, written

SET = "AWS::SES::ConfigurationSet"
IDENTITY = "AWS::SES::EmailIdentity"
WAIT = "Custom::SESDomainVerification"


def make(stack: Stack, **changes: Any) -> BounceMonitoring:
    return BounceMonitoring(stack, "Bounces", **changes)


def made(stack: Stack, **changes: Any) -> dict[str, Any]:
    make(stack, **changes)
    return dict(only(stack, SET)["Properties"])


def tracked(stack: Stack, zone: Route53Zone, **changes: Any) -> BounceMonitoring:
    domain = VerifiedDomain(stack, "Domain", domain_name="example.com", dns=zone)
    return make(stack, **{"domain": domain, "tracking_domain": "click.example.com", **changes})


# One of our own


def test_it_requires_tls_counts_reputation_and_suppresses(stack: Stack) -> None:
    assert made(stack) == {
        "DeliveryOptions": {"TlsPolicy": "REQUIRE"},
        "ReputationOptions": {"ReputationMetricsEnabled": True},
        "SuppressionOptions": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
    }


def test_a_deployment_never_says_whether_sending_is_on(stack: Stack, zone: Route53Zone) -> None:
    pool = ses.DedicatedIpPool.from_dedicated_ip_pool_name(stack, "Pool", "marketing")
    tracked(stack, zone, max_delivery_time=Duration.hours(1), dedicated_ip_pool=pool)

    assert "SendingOptions" not in only(stack, SET)["Properties"]


@pytest.mark.parametrize(("time", "seconds"), [(Duration.minutes(5), 300), (Duration.hours(14), 50_400)])
def test_it_may_have_a_name_a_pool_and_a_time_and_ask_for_less(stack: Stack, time: Duration, seconds: int) -> None:
    properties = made(
        stack,
        configuration_set_name="password-resets",
        dedicated_ip_pool=ses.DedicatedIpPool.from_dedicated_ip_pool_name(stack, "Pool", "marketing"),
        disable_suppression_list=True,
        max_delivery_time=time,
        tls_policy=ses.ConfigurationSetTlsPolicy.OPTIONAL,
    )

    assert properties == {
        "Name": "password-resets",
        "DeliveryOptions": {"TlsPolicy": "OPTIONAL", "SendingPoolName": "marketing", "MaxDeliverySeconds": seconds},
        "ReputationOptions": {"ReputationMetricsEnabled": True},
        "SuppressionOptions": {"SuppressedReasons": []},
    }


def test_it_may_suppress_complaints_alone(stack: Stack) -> None:
    properties = made(stack, suppression_reasons=ses.SuppressionReasons.COMPLAINTS_ONLY)

    assert properties["SuppressionOptions"] == {"SuppressedReasons": ["COMPLAINT"]}


TIME = "max_delivery_time must be from 5 minutes to 14 hours, got '.*'; leave it"
NAME = "configuration_set_name must be 1-64 letters, digits, '-' and '_', got"


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("max_delivery_time", Duration.seconds(299), TIME),
        ("max_delivery_time", Duration.seconds(50_401), TIME),
        (
            "max_delivery_time",
            Duration.hours(Token.as_number({"Ref": "Hours"})),
            "max_delivery_time must be known at synth, got '<token> hours'; pass a Durat",
        ),
        ("tracking_domain", "", "tracking_domain must have labels of"),
        *(("configuration_set_name", each, NAME) for each in ("", "a b", "é", "x" * 65)),
        (
            "configuration_set",
            "transactional",
            "configuration_set must be a configuration set, and no name, .*, got .*; pass ses.Config",
        ),
    ],
)
def test_options_that_ses_does_not_take_are_refused(stack: Stack, argument: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(stack, **{argument: value})


# One that exists


def test_one_that_was_imported_is_watched_and_may_count_no_reputation(stack: Stack) -> None:
    given = imported(stack, "transactional")

    assert make(stack, configuration_set=given).configuration_set is given
    assert resources(stack, SET) == []
    destination = only(stack, "AWS::SES::ConfigurationSetEventDestination")["Properties"]
    assert destination["ConfigurationSetName"] == "transactional"
    (warning,) = warnings(stack)
    assert "without reputation metrics of its own no alarm on a rate ever fires" in warning
    assert (
        "run 'aws sesv2 put-configuration-set-reputation-options --configuration-set-name transactional "
        "--reputation-metrics-enabled'"
    ) in warning
    assert "Annotations.of(monitoring).acknowledge_warning('ses-constructs:reputation-metrics-unknown')" in warning
    assert warning.endswith("[ack: ses-constructs:reputation-metrics-unknown]")


def test_the_warning_about_an_imported_one_can_be_acknowledged(stack: Stack) -> None:
    given = imported(stack, "transactional")
    Annotations.of(make(stack, configuration_set=given)).acknowledge_warning(
        "ses-constructs:reputation-metrics-unknown"
    )

    assert warnings(stack) == []


def test_one_whose_name_only_cloudformation_knows_is_watched(agnostic_stack: Stack) -> None:
    name = CfnParameter(agnostic_stack, "Name").value_as_string
    make(
        agnostic_stack,
        configuration_set=ses.ConfigurationSet.from_configuration_set_name(agnostic_stack, "Set", name),
    )

    destination = only(agnostic_stack, "AWS::SES::ConfigurationSetEventDestination")["Properties"]
    assert destination["ConfigurationSetName"] == {"Ref": "Name"}
    (warning,) = warnings(agnostic_stack)
    assert "--configuration-set-name <Name> --reputation" in warning


PROTECTED: dict[str, Any] = {
    "reputation_metrics": True,
    "tls_policy": ses.ConfigurationSetTlsPolicy.REQUIRE,
    "suppression_reasons": ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
}


def test_one_of_the_app_is_watched_as_it_is_and_with_every_protection_needs_no_warning(stack: Stack) -> None:
    given = ses.ConfigurationSet(stack, "Set", **PROTECTED)

    assert make(stack, configuration_set=given).configuration_set is given
    assert "DeliveryOptions" in only(stack, SET)["Properties"]
    assert warnings(stack) == []


@pytest.mark.parametrize(
    ("changes", "warning_id", "fix"),
    [
        ({"tls_policy": None}, "set-without-tls", "tls_policy=ses.ConfigurationSetTlsPolicy.REQUIRE"),
        ({"tls_policy": ses.ConfigurationSetTlsPolicy.OPTIONAL}, "set-without-tls", "tls_policy="),
        ({"suppression_reasons": None}, "set-without-suppression", "ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS"),
        (
            {"suppression_reasons": None, "disable_suppression_list": True},
            "set-without-suppression",
            "ses.SuppressionReasons",
        ),
    ],
)
def test_each_protection_that_it_lacks_is_a_warning(
    stack: Stack, changes: dict[str, Any], warning_id: str, fix: str
) -> None:
    make(stack, configuration_set=ses.ConfigurationSet(stack, "Set", **{**PROTECTED, **changes}))

    (warning,) = warnings(stack)
    assert warning.startswith("Mail/Set ")
    assert fix in warning
    assert warning.endswith(f"[ack: ses-constructs:{warning_id}]")


def test_reasons_and_none_of_them_contradict_each_other(stack: Stack) -> None:
    with pytest.raises(ValueError, match="suppression_reasons must be left out with disable_suppression_list, got"):
        make(stack, suppression_reasons=ses.SuppressionReasons.BOUNCES_ONLY, disable_suppression_list=True)


@pytest.mark.parametrize("counts", [None, False])
def test_one_that_counts_no_reputation_is_refused(stack: Stack, counts: bool | None) -> None:
    given = ses.ConfigurationSet(stack, "Set", reputation_metrics=counts)

    with pytest.raises(
        ValueError,
        match="configuration_set must have reputation_metrics=True, or no alarm on its rates could ever fire, got "
        "'Mail/Set'; add it",
    ):
        make(stack, configuration_set=given)


@pytest.mark.parametrize("enabled", [True, False])
def test_one_that_says_whether_sending_is_on_warns(stack: Stack, enabled: bool) -> None:
    given = ses.ConfigurationSet(stack, "Set", sending_enabled=enabled, **PROTECTED)
    make(stack, configuration_set=given)

    (warning,) = warnings(stack)
    assert "Mail/Set says whether sending is enabled, so a deployment that changes it may resume" in warning
    assert warning.endswith("[ack: ses-constructs:deployment-resumes]")


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("tls_policy", ses.ConfigurationSetTlsPolicy.REQUIRE),
        ("suppression_reasons", ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS),
        ("configuration_set_name", "receipts"),
        ("disable_suppression_list", True),
        ("tracking_domain", "click.example.com"),
        ("max_delivery_time", Duration.hours(1)),
        ("dedicated_ip_pool", "marketing"),
    ],
)
def test_options_are_for_a_set_of_our_own(stack: Stack, argument: str, value: Any) -> None:
    given = imported(stack, "transactional")
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com", configuration_set=given)
    if argument == "dedicated_ip_pool":
        value = ses.DedicatedIpPool.from_dedicated_ip_pool_name(stack, "Pool", "marketing")

    places: dict[str, dict[str, Any]] = {"One": {"configuration_set": given}, "Two": {"domain": domain}}
    for construct_id, place in places.items():
        with pytest.raises(
            ValueError,
            match=f"{argument} must be left out with a configuration set that exists, got .*; set it where the conf",
        ):
            BounceMonitoring(stack, construct_id, **{**place, argument: value})


def test_one_is_watched_once(stack: Stack) -> None:
    given = imported(stack, "transactional")
    make(stack, configuration_set=given)

    with pytest.raises(
        ValueError,
        match="configuration_set must be watched once, because two would count each event twice, and 'Mail/Bounces' "
        "watches it, got 'Mail/Set'; leave out one of the two, or pass default_for_domain=False for a set of its own",
    ):
        BounceMonitoring(stack, "Again", configuration_set=given)


def test_the_set_that_a_monitoring_made_is_not_given_to_another_one(stack: Stack, same_place: Stack) -> None:
    own = make(stack).configuration_set

    for each in (stack, same_place):
        with pytest.raises(
            ValueError, match=r"be watched once, .*, and 'Mail/Bounces' watches it, got 'Mail/Bounces/C"
        ):
            watch(each, own)


def imported(scope: Construct, name: str, construct_id: str = "Set") -> ses.IConfigurationSet:
    return ses.ConfigurationSet.from_configuration_set_name(scope, construct_id, name)


def watch(stack: Stack, configuration_set: ses.IConfigurationSet) -> BounceMonitoring:
    """Watch a set, with alarms on it alone, so that there may be several."""
    ids = (f"Watch{number}" for number in itertools.count())
    free = next(each for each in ids if stack.node.try_find_child(each) is None)
    return BounceMonitoring(stack, free, configuration_set=configuration_set, watch_account=False)


@pytest.fixture
def same_place(app: App) -> Stack:
    """A second stack of the account and region of the first."""
    return Stack(app, "Other", env=Environment(account="111122223333", region="eu-west-1"))


def test_two_imports_of_a_name_are_one_set(stack: Stack) -> None:
    watch(stack, imported(stack, "shared", "First"))

    with pytest.raises(ValueError, match=r"be watched once, .*, and 'Mail/Watch0' watches it, got 'Mail/Second'"):
        watch(stack, imported(stack, "shared", "Second"))


def test_two_names_are_two_sets(stack: Stack) -> None:
    watch(stack, imported(stack, "transactional", "First"))
    watch(stack, imported(stack, "newsletter", "Second"))

    destinations = resources(stack, "AWS::SES::ConfigurationSetEventDestination")
    assert {each["Properties"]["ConfigurationSetName"] for each in destinations} == {"transactional", "newsletter"}


def test_sets_that_cloudformation_names_are_several(stack: Stack, same_place: Stack) -> None:
    for each in (stack, same_place):
        for construct_id in ("First", "Second"):
            watch(each, ses.ConfigurationSet(each, construct_id, reputation_metrics=True))

    for each in (stack, same_place):
        assert len(resources(each, "AWS::SES::ConfigurationSetEventDestination")) == 2


def test_a_set_of_the_app_and_an_import_of_its_name_are_one_set(stack: Stack, same_place: Stack) -> None:
    watch(stack, ses.ConfigurationSet(stack, "Set", configuration_set_name="shared", reputation_metrics=True))

    with pytest.raises(ValueError, match=r"be watched once, .*, and 'Mail/Watch0' watches it, got 'Other/Set'"):
        watch(same_place, imported(same_place, "shared"))


def test_two_stacks_of_one_account_and_region_import_the_same_set(stack: Stack, same_place: Stack) -> None:
    watch(stack, imported(stack, "shared"))

    with pytest.raises(ValueError, match=r"be watched once, .*, and 'Mail/Watch0' watches it, got 'Other/Set'"):
        watch(same_place, imported(same_place, "shared"))


def test_nested_stacks_of_an_unknown_region_import_the_same_set(agnostic_stack: Stack) -> None:
    nested = NestedStack(agnostic_stack, "Nested")
    watch(agnostic_stack, imported(agnostic_stack, "shared"))

    with pytest.raises(ValueError, match=r"be watched once, .*, and 'Anywhere/Watch0' watches it"):
        watch(nested, imported(nested, "shared"))


@pytest.mark.parametrize(
    "environment",
    [
        None,
        Environment(account="111122223333", region="us-east-1"),
        Environment(account="222233334444", region="eu-west-1"),
    ],
)
def test_the_same_name_elsewhere_is_another_set(app: App, stack: Stack, environment: Environment | None) -> None:
    elsewhere = Stack(app, "Elsewhere", env=environment)
    for each in (stack, elsewhere):
        watch(each, imported(each, "shared"))

    assert only(elsewhere, "AWS::SES::ConfigurationSetEventDestination")


# Opens and clicks


def test_a_tracking_domain_has_an_identity_and_records_of_its_own(stack: Stack, zone: Route53Zone) -> None:
    tracked(stack, zone)

    identities = [each["Properties"] for each in resources(stack, IDENTITY)]
    assert {each["EmailIdentity"] for each in identities} == {"example.com", "click.example.com"}
    (own,) = (each for each in identities if each["EmailIdentity"] == "click.example.com")
    assert "MailFromAttributes" not in own
    assert "ConfigurationSetAttributes" not in own
    assert record_sets(stack)["click.example.com", "CNAME"] == ["r.eu-west-1.awstrack.me"]
    # DNS allows nothing beside a CNAME.
    assert [kind for name, kind in record_sets(stack) if name.endswith("click.example.com")] == ["CNAME"]
    assert only(stack, SET)["Properties"]["TrackingOptions"] == {"CustomRedirectDomain": "click.example.com"}


def test_the_set_comes_after_the_verified_tracking_domain_and_before_the_domain(
    stack: Stack, zone: Route53Zone
) -> None:
    tracked(stack, zone)

    (set_id,), (wait_id,) = identified(stack, SET), identified(stack, WAIT)
    ids = {each["Properties"]["EmailIdentity"]: key for key, each in identified(stack, IDENTITY).items()}
    (cname_id,) = (
        key
        for key, each in identified(stack, "AWS::Route53::RecordSetGroup").items()
        if [record["Name"] for record in each["Properties"]["RecordSets"]] == ["click.example.com"]
    )
    before = needs(stack, set_id)
    assert {wait_id, cname_id, ids["click.example.com"]} <= before
    assert ids["example.com"] not in before
    assert set_id in needs(stack, ids["example.com"])
    assert [key for key in template(stack)["Resources"] if key in needs(stack, key)] == []
    assert only(stack, WAIT)["Properties"]["TimeoutSeconds"] == 1800


def test_a_tracking_domain_may_hold_what_only_cloudformation_knows(stack: Stack, zone: Route53Zone) -> None:
    label = CfnParameter(stack, "Label").value_as_string
    tracked(stack, zone, tracking_domain=f"{label}.example.com")

    options = only(stack, SET)["Properties"]["TrackingOptions"]
    assert written(options["CustomRedirectDomain"]) == "<Label>.example.com"
    names = {written(each["Properties"]["EmailIdentity"]) for each in resources(stack, IDENTITY)}
    assert names == {"example.com", "<Label>.example.com"}


def test_opens_are_tracked_in_a_region_that_only_cloudformation_knows(agnostic_stack: Stack) -> None:
    domain = VerifiedDomain(agnostic_stack, "Domain", domain_name="example.com", dns=RecordsToPublish())
    make(agnostic_stack, domain=domain, tracking_domain="click.example.com")

    outputs = [written(each["Value"]) for each in template(agnostic_stack)["Outputs"].values()]
    assert "click.example.com. 300 IN CNAME r.<AWS::Region>.awstrack.me." in outputs


def test_a_person_publishes_the_records_where_the_domain_has_it_so(stack: Stack) -> None:
    domain = VerifiedDomain(stack, "Domain", domain_name="example.com", dns=RecordsToPublish())
    make(stack, domain=domain, tracking_domain="click.example.com")

    (set_id,), (wait_id,) = identified(stack, SET), identified(stack, WAIT)
    assert wait_id in needs(stack, set_id)
    assert any("ses-constructs:waits-for-people" in each for each in warnings(stack))


@pytest.mark.parametrize(
    ("name", "changes"), [("click.example.com", {"default_for_domain": False}), ("Links.Example.com", {})]
)
def test_recipients_are_warned_by_their_browsers_and_we_by_synth(
    stack: Stack, zone: Route53Zone, name: str, changes: dict[str, Any]
) -> None:
    tracked(stack, zone, tracking_domain=name, **changes)

    (warning,) = warnings(stack)
    assert f"links to https go out as https://{name.lower()}/..., for which SES has no certificate" in warning
    assert warning.endswith("[ack: ses-constructs:tracking-without-https]")
    assert only(stack, SET)["Properties"]["TrackingOptions"] == {"CustomRedirectDomain": name.lower()}
    assert (name.lower(), "CNAME") in record_sets(stack)


@pytest.mark.parametrize("tracking_domain", ["example.com", "EXAMPLE.com", "click.example.org", "clickexample.com"])
def test_a_tracking_domain_is_below_the_domain(stack: Stack, zone: Route53Zone, tracking_domain: str) -> None:
    with pytest.raises(
        ValueError,
        match=r"tracking_domain must be a subdomain of example\.com, where a CNAME is the only record, got .*; take a "
        r"name such as 'click\.example\.com'",
    ):
        tracked(stack, zone, tracking_domain=tracking_domain)


@pytest.mark.parametrize("imported", [False, True])
def test_a_tracking_domain_needs_a_domain_of_the_app(stack: Stack, imported: bool) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com") if imported else None

    with pytest.raises(
        ValueError, match="tracking_domain must come with a VerifiedDomain, where its DNS records are pub"
    ):
        make(stack, domain=domain, default_for_domain=False, tracking_domain="click.example.com")
