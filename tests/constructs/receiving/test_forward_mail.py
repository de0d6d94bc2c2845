"""Sending received mail on: the function, what it may do, and what it is told."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Duration, Environment, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses

from ses_constructs import (
    BounceMonitoring,
    EmailTeam,
    ForwardMail,
    InboundRule,
    InboundRuleSet,
    LeaveInactive,
    PauseSending,
    SendingDomain,
    StopProcessing,
    StoreMail,
)
from ses_constructs.identities._sending_grant import SENDING_ACTIONS
from ses_constructs.identities.verified_domain import VerifiedDomain
from tests.constructs.templates import (
    identified,
    metric_math,
    only,
    receipt_rules,
    resources,
    role_statements,
    service_statements,
    template,
    warnings,
    written,
)

ROLE = "ForwarderHandlerRole"
TO = ["team@example.net"]


def domain(stack: Stack, name: str = "example.com", **changes: Any) -> SendingDomain:
    return VerifiedDomain.from_domain_name(stack, name, name, **changes)


def make(stack: Stack, **changes: Any) -> InboundRuleSet:
    if "domain" not in changes and "domains" not in changes:
        changes["domain"] = domain(stack)
    return InboundRuleSet(stack, "Inbound", **{"activation": LeaveInactive(), "drop_spam": False, **changes})


def forward(stack: Stack, action: ForwardMail, **changes: Any) -> InboundRule:
    return make(stack, **changes).add_rule("Team", actions=[action])


def forwarders(stack: Stack) -> list[dict[str, Any]]:
    """The functions that forward; beside them there is the one that pauses."""
    functions = [each["Properties"] for each in resources(stack, "AWS::Lambda::Function")]
    return [each for each in functions if each["Handler"] == "handlers.forward_message.on_event"]


def environment(stack: Stack) -> dict[str, Any]:
    (function,) = forwarders(stack)
    return dict(function["Environment"]["Variables"])


def rules(stack: Stack) -> list[dict[str, Any]]:
    """What the function is told about each of its rules."""
    return list(json.loads(environment(stack)["FORWARD_RULES"]).values())


def rule_settings(stack: Stack) -> dict[str, Any]:
    (settings,) = rules(stack)
    return settings


def stored(stack: Stack) -> dict[str, Any]:
    """The action that stores what is forwarded."""
    (action,) = only(stack, "AWS::SES::ReceiptRule")["Properties"]["Rule"]["Actions"]
    return dict(action["S3Action"])


# What the function is told


def test_mail_goes_where_the_mapping_says_from_the_first_domain_unless_told_otherwise(stack: Stack) -> None:
    routes = {
        "support@example.com": ["support@example.net"],
        "example.com": ("team@example.net",),
        ".example.com": ["web@example.net"],
        "*": ["rest@example.net"],
    }
    inbound = make(stack, domains=[domain(stack), domain(stack, "example.org")])
    everybody = ["team@notexample.com", "archive@example.net"]
    inbound.add_rule("Routes", recipients=["example.com"], actions=[ForwardMail(to=routes)])
    inbound.add_rule("All", actions=[ForwardMail(to=everybody, from_address="mailer@news.example.com")])

    first, second = rules(stack)
    assert first["to"] == {key: list(value) for key, value in routes.items()}
    assert second["to"] == {"*": everybody}
    assert [first["from"], second["from"]] == ["forwarder@example.com", "mailer@news.example.com"]
    assert json.loads(environment(stack)["FORWARD_RECEIVING_DOMAINS"]) == ["example.com", "example.org"]


def test_the_function_sends_from_its_own_address_of_any_domain_of_the_set_only(stack: Stack) -> None:
    sender = ForwardMail(to=TO, from_address="mailer@example.org")
    forward(stack, sender, domains=[domain(stack), domain(stack, "example.org")])

    statements = role_statements(stack, of=ROLE)
    (statement,) = (each for each in statements if "ses:" in str(each["Action"]))
    assert rule_settings(stack)["from"] == "mailer@example.org"
    assert statement["Action"] == list(SENDING_ACTIONS)
    assert statement["Condition"] == {"StringLike": {"ses:FromAddress": ["mailer@example.org"]}}
    assert [written(each) for each in statement["Resource"]][:2] == [
        "arn:<AWS::Partition>:ses:eu-west-1:111122223333:identity/example.org",
        "arn:<AWS::Partition>:ses:eu-west-1:111122223333:identity/mailer@example.org",
    ]
    actions = [each["Action"] if isinstance(each["Action"], list) else [each["Action"]] for each in statements]
    assert {str(action).partition(":")[0] for each in actions for action in each} == {"s3", "ses", "sqs"}


def test_addresses_may_be_known_to_cloudformation_only(stack: Stack) -> None:
    to, sender = (CfnParameter(stack, each).value_as_string for each in ("To", "From"))
    forward(stack, ForwardMail(to=[to], from_address=sender))

    assert '"from":"<From>"' in written(environment(stack)["FORWARD_RULES"])
    assert '"to":{"*":["<To>"]}' in written(environment(stack)["FORWARD_RULES"])


def test_mail_goes_out_through_a_set_of_its_own_and_never_through_that_of_the_domain(stack: Stack) -> None:
    inbound = make(stack, domain=domain(stack, configuration_set=ses.ConfigurationSet(stack, "Production")))
    assert inbound.forwarding is None

    inbound.add_rule("Team", actions=[ForwardMail(to=TO)])

    (set_id,) = (each for each in identified(stack, "AWS::SES::ConfigurationSet") if "Forwarding" in each)
    made = inbound.forwarding_configuration_set
    assert made is not None
    assert stack.resolve(made.configuration_set_name) == {"Ref": set_id}
    assert environment(stack)["FORWARD_CONFIGURATION_SET"] == {"Ref": set_id}
    (statement,) = (each for each in role_statements(stack, of=ROLE) if "ses:SendEmail" in each["Action"])
    assert [written(each).rpartition(":")[2] for each in statement["Resource"]] == [
        "identity/example.com",
        "identity/forwarder@example.com",
        f"configuration-set/<{set_id}>",
    ]


def test_the_set_keeps_no_address_that_complained_and_counts_what_the_alarms_read(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO))

    assert only(stack, "AWS::SES::ConfigurationSet")["Properties"] == {
        "SuppressionOptions": {"SuppressedReasons": []},
        "ReputationOptions": {"ReputationMetricsEnabled": True},
        "DeliveryOptions": {"TlsPolicy": "REQUIRE"},
    }
    destination = only(stack, "AWS::SES::ConfigurationSetEventDestination")["Properties"]["EventDestination"]
    assert sorted(destination["MatchingEventTypes"]) == ["bounce", "complaint", "send"]


def test_mail_that_says_it_is_from_us_may_be_marked_by_choice(stack: Stack) -> None:
    inbound = make(stack)
    inbound.add_rule("Team", recipients=["team@example.com"], actions=[ForwardMail(to=TO)])
    inbound.add_rule("Shop", recipients=["shop@example.com"], actions=[ForwardMail(to=TO, own_domain="mark")])

    assert [each.get("own_domain") for each in rules(stack)] == [None, "mark"]


def test_a_mark_and_a_prefix_are_those_of_one_deployment() -> None:
    marks = set()
    for name, account, region in (
        ("First", "111122223333", "eu-west-1"),
        ("Second", "111122223333", "eu-west-1"),
        ("First", "444455556666", "eu-west-1"),
        ("First", "111122223333", "us-east-1"),
    ):
        stack = Stack(App(), "Mail", stack_name=name, env=Environment(account=account, region=region))
        forward(stack, ForwardMail(to=TO))
        mark = environment(stack)["FORWARD_NAME"]
        assert stored(stack)["ObjectKeyPrefix"].startswith(f"forwarding/{mark}/")
        marks.add(mark)

    assert len(marks) == 4


def test_rules_share_what_forwards_and_have_a_prefix_each(stack: Stack) -> None:
    inbound = make(stack)
    for number in range(10):
        inbound.add_rule(
            f"Rule{number}", recipients=[f"a{number}@example.com"], actions=[ForwardMail(to=[f"a{number}@example.net"])]
        )

    prefixes = [
        each["Properties"]["Rule"]["Actions"][0]["S3Action"]["ObjectKeyPrefix"] for each in receipt_rules(stack)
    ]
    assert len(prefixes) == 10
    assert [each.split("/")[2] for each in prefixes] == list(json.loads(environment(stack)["FORWARD_RULES"]))
    assert len([each for each in template(stack)["Resources"] if each.startswith("InboundRules")]) == 10


def test_a_bound_of_its_own_takes_a_function_of_its_own(stack: Stack) -> None:
    inbound = make(stack)
    for name, bound in (("First", 2), ("Second", None), ("Third", 2)):
        inbound.add_rule(name, recipients=[f"{name}@example.com"], actions=[ForwardMail(to=TO, max_concurrency=bound)])

    found = forwarders(stack)
    assert [each.get("ReservedConcurrentExecutions") for each in found] == [2, None]
    assert [len(json.loads(each["Environment"]["Variables"]["FORWARD_RULES"])) for each in found] == [2, 1]
    assert inbound.forwarding is not None
    assert len(inbound.forwarding.functions) == len(inbound.dead_letter_queues) == 2


# How mail comes to it


def test_mail_is_stored_in_the_mailbox_that_was_given_and_a_topic_is_told(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO), mailbox=s3.Bucket(stack, "Archive"))

    (bucket_id,), (topic_id,) = identified(stack, "AWS::S3::Bucket"), identified(stack, "AWS::SNS::Topic")
    assert bucket_id.startswith("Archive")
    assert stored(stack)["BucketName"] == {"Ref": bucket_id}
    assert stored(stack)["TopicArn"] == {"Ref": topic_id}


def test_storing_stands_beside_forwarding(stack: Stack) -> None:
    make(stack).add_rule("Team", actions=[StoreMail(prefix="support/"), ForwardMail(to=TO)])

    first, second = only(stack, "AWS::SES::ReceiptRule")["Properties"]["Rule"]["Actions"]
    assert first["S3Action"]["ObjectKeyPrefix"] == "support/"
    assert second["S3Action"]["ObjectKeyPrefix"].startswith("forwarding/")
    assert first["S3Action"]["BucketName"] == second["S3Action"]["BucketName"]


def test_the_topic_tells_the_function_and_what_it_cannot_deliver_waits(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO))

    (topic_id,) = identified(stack, "AWS::SNS::Topic")
    (function_id,) = (each for each in identified(stack, "AWS::Lambda::Function") if "Forwarder" in each)
    assert only(stack, "AWS::SNS::Subscription")["Properties"] == {
        "Endpoint": {"Fn::GetAtt": [function_id, "Arn"]},
        "Protocol": "lambda",
        "TopicArn": {"Ref": topic_id},
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": [dead_letter_queue(stack), "Arn"]}},
    }
    send, invoke = (statement for _, statement in service_statements(stack, "sns.amazonaws.com"))
    assert invoke["Condition"]["ArnLike"] == {"aws:SourceArn": {"Ref": topic_id}}
    assert send["Action"] == "sqs:SendMessage"
    assert send["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Ref": topic_id}}}


def test_the_topic_and_the_queues_are_reached_over_tls_only(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO))

    policies = resources(stack, "AWS::SNS::TopicPolicy") + resources(stack, "AWS::SQS::QueuePolicy")
    assert len(policies) == 2
    for policy in policies:
        denied = [each for each in policy["Properties"]["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
        assert [each["Condition"] for each in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_no_message_is_stored_before_the_function_listens_and_may_work(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO), mailbox_key=kms.Key(stack, "Key"))

    needed = [
        *identified(stack, "AWS::SNS::Subscription"),
        *(each for each in identified(stack, "AWS::Lambda::Permission") if "Forwarder" in each),
        *(each for each in identified(stack, "AWS::Lambda::Function") if "Forwarder" in each),
        *identified(stack, "AWS::SNS::TopicPolicy"),
        *identified(stack, "AWS::S3::BucketPolicy"),
        *identified(stack, "AWS::KMS::Key"),
    ]
    assert len(needed) == 6
    assert set(needed) <= set(only(stack, "AWS::SES::ReceiptRule")["DependsOn"])


# What the function may do


def test_the_function_reads_and_marks_below_its_own_prefix_only(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO))

    (bucket_id,) = identified(stack, "AWS::S3::Bucket")
    prefix = "/".join(stored(stack)["ObjectKeyPrefix"].split("/")[:2])
    of_s3 = [each for each in role_statements(stack, of=ROLE) if "s3:" in str(each["Action"])]
    # A condition on the list would turn "not found" into "denied" for a note that is not there yet.
    assert [(each["Action"], written(each["Resource"]), each.get("Condition")) for each in of_s3] == [
        (["s3:GetObject", "s3:PutObject"], f"<{bucket_id}.Arn>/{prefix}/*", None),
        ("s3:ListBucket", f"<{bucket_id}.Arn>", None),
    ]


def test_with_a_key_all_that_holds_headers_or_bodies_is_under_it(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO), mailbox_key=kms.Key(stack, "Key"))

    (key_id,) = identified(stack, "AWS::KMS::Key")
    arn = {"Fn::GetAtt": [key_id, "Arn"]}
    assert [each["Properties"]["KmsMasterKeyId"] for each in resources(stack, "AWS::SQS::Queue")] == [arn, arn]
    assert only(stack, "AWS::SNS::Topic")["Properties"]["KmsMasterKeyId"] == arn
    allowed = [each for each in role_statements(stack, of=ROLE) if "kms:" in str(each["Action"])]
    assert {action for each in allowed for action in each["Action"]} >= {"kms:Decrypt", "kms:GenerateDataKey"}
    assert all(each["Resource"] == arn for each in allowed)
    services = {
        each["Principal"]["Service"]
        for each in only(stack, "AWS::KMS::Key")["Properties"]["KeyPolicy"]["Statement"]
        if "Service" in each["Principal"]
    }
    assert services == {"ses.amazonaws.com", "sns.amazonaws.com"}


def test_a_key_from_elsewhere_warns_with_what_its_policy_needs(stack: Stack) -> None:
    key = kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:eu-west-1:111122223333:key/1")
    forward(stack, ForwardMail(to=TO), mailbox_key=key)

    (warning,) = (each for each in warnings(stack) if "must let SNS in" in each)
    assert '"Action": ["kms:Decrypt", "kms:GenerateDataKey*"]' in warning
    assert "ack: ses-constructs:key-policy-not-added" in warning


def test_a_key_of_another_region_is_for_the_bucket_alone(stack: Stack) -> None:
    key = kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:us-east-1:111122223333:key/1")
    bucket = s3.Bucket.from_bucket_attributes(
        stack, "Archive", bucket_name="archive", encryption_key=key, region="us-east-1"
    )
    forward(stack, ForwardMail(to=TO), mailbox=bucket)

    assert not [each for each in resources(stack, "AWS::SQS::Queue") if "KmsMasterKeyId" in each["Properties"]]
    assert "Properties" not in only(stack, "AWS::SNS::Topic")


def test_a_rule_holds_one_forwarder(stack: Stack) -> None:
    inbound = make(stack)

    with pytest.raises(ValueError, match="actions must hold at most one ForwardMail, got two; put all addresses"):
        inbound.add_rule("Team", actions=[ForwardMail(to=TO), ForwardMail(to=TO)])


def test_a_recipient_without_a_route_warns(stack: Stack) -> None:
    inbound = make(stack)
    inbound.add_rule(
        "Team",
        recipients=["ada@example.com", "ada+shop@example.com", "bob@example.com"],
        actions=[ForwardMail(to={"ada@example.com": TO})],
    )

    (warning,) = (each for each in warnings(stack) if "recipient-without-route" in each)
    assert "nobody is named for bob@example.com in to of ForwardMail" in warning


# What it could not forward


def dead_letter_queue(stack: Stack) -> str:
    (found,) = (each for each in identified(stack, "AWS::SQS::Queue") if "DeadLetter" in each)
    return found


def test_what_could_not_be_forwarded_ends_in_a_queue_for_two_weeks(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO))

    (function,) = forwarders(stack)
    assert function["DeadLetterConfig"] == {"TargetArn": {"Fn::GetAtt": [dead_letter_queue(stack), "Arn"]}}
    assert environment(stack)["FORWARD_DEAD_LETTER_QUEUE"] == {"Ref": dead_letter_queue(stack)}
    for queue in resources(stack, "AWS::SQS::Queue"):
        assert queue["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 60 * 60
        assert queue["Properties"]["VisibilityTimeout"] > function["Timeout"]
    alarms = [each["Properties"] for each in resources(stack, "AWS::CloudWatch::Alarm")]
    (alarm,) = (each for each in alarms if each.get("Namespace") == "AWS/SQS")
    # A second loss fires while the first lies there.
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("NumberOfMessagesSent", "Sum", 1)


def test_the_function_puts_into_its_queues_and_takes_out_of_them(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO))

    of_queues = [each for each in role_statements(stack, of=ROLE) if "sqs:" in str(each["Action"])]
    allowed: dict[str, set[str]] = {}
    for each in of_queues:
        for action in [each["Action"]] if isinstance(each["Action"], str) else each["Action"]:
            named = each["Resource"] if isinstance(each["Resource"], list) else [each["Resource"]]
            allowed.setdefault(action, set()).update(map(written, named))
    both = {f"<{each}.Arn>" for each in identified(stack, "AWS::SQS::Queue")}
    assert len(both) == 2
    for action in ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility"):
        assert allowed[f"sqs:{action}"] == both


def test_what_is_refused_is_counted_by_its_reason(stack: Stack) -> None:
    inbound = make(stack)
    inbound.add_rule("Team", actions=[ForwardMail(to=TO)])

    for reason in ("spam", "virus", "dmarc", "own-domain", "auto-reply", "loop"):
        metric = inbound.metric_not_forwarded(reason=reason, period=Duration.hours(1)).to_metric_config().metric_stat
        assert metric is not None
        assert (metric.namespace, metric.metric_name, metric.statistic) == ("SesConstructs", "NotForwarded", "Sum")
        assert metric.period.to_seconds() == 3600
        dimensions = {each.name: each.value for each in metric.dimensions or ()}
        assert dimensions == {"Reason": reason, "RuleSet": environment(stack)["FORWARD_NAME"]}
    failed = inbound.metric_not_forwarded(reason="failed").to_metric_config().metric_stat
    assert failed is not None
    assert (failed.namespace, failed.metric_name) == ("AWS/SQS", "NumberOfMessagesSent")


def test_without_a_reason_all_are_counted_together(stack: Stack) -> None:
    inbound = make(stack)
    for name, bound in (("First", 2), ("Second", None)):
        inbound.add_rule(name, recipients=[f"{name}@example.com"], actions=[ForwardMail(to=TO, max_concurrency=bound)])

    every, failed = (inbound.metric_not_forwarded(reason=each).to_metric_config() for each in (None, "failed"))
    assert every.math_expression is not None
    assert failed.math_expression is not None
    assert every.math_expression.expression == " + ".join(f"FILL(m{number}, 0)" for number in range(8))
    assert failed.math_expression.expression == "FILL(m0, 0) + FILL(m1, 0)"


def test_another_reason_and_a_set_that_forwards_nothing_are_refused(stack: Stack) -> None:
    inbound = make(stack)
    with pytest.raises(ValueError, match="metric_not_forwarded needs a rule with ForwardMail, got none; add the rule"):
        inbound.metric_not_forwarded()

    inbound.add_rule("Team", actions=[ForwardMail(to=TO)])
    with pytest.raises(ValueError, match=r"reason must be one of None, 'spam', .*, 'failed', got 'bounce'; write one"):
        inbound.metric_not_forwarded(reason="bounce")


# What strangers cause


def pausing_alarms(stack: Stack) -> list[dict[str, Any]]:
    alarms = [each["Properties"] for each in resources(stack, "AWS::CloudWatch::Alarm")]
    return [each for each in alarms if "Metrics" in each]


@pytest.mark.parametrize(("number", "event", "share"), [(0, "Bounce", "0.05"), (1, "Complaint", "0.001")])
def test_a_critical_rate_of_forwarded_mail_pauses_forwarding_alone(
    stack: Stack, number: int, event: str, share: str
) -> None:
    forward(stack, ForwardMail(to=TO), reactions=[EmailTeam("ops@example.net")])

    alarm = pausing_alarms(stack)[number]
    expression, metrics = metric_math(alarm)
    (set_id,) = identified(stack, "AWS::SES::ConfigurationSet")
    assert expression == (
        f"IF(FILL(sends, 0) >= 100 AND FILL(events, 0) >= 5 AND FILL(events, 0) >= {share} * FILL(sends, 0), 1, 0)"
    )
    assert [metrics[name]["MetricName"] for name in ("sends", "events")] == ["Send", event]
    for each in metrics.values():
        assert (each["Stat"], each["Period"]) == ("Sum", 86400)
        assert each["Dimensions"] == [{"Name": "ses:configuration-set", "Value": {"Ref": set_id}}]
    (pause,) = (each for each in identified(stack, "AWS::Lambda::Function") if "Pause" in each)
    (topic,) = (each for each in identified(stack, "AWS::SNS::Topic") if "EmailTeam" in each)
    assert alarm["AlarmActions"] == [{"Fn::GetAtt": [pause, "Arn"]}, {"Ref": topic}]
    (statement,) = (each for each in role_statements(stack, of="ForwardingPause") if "ses:" in str(each["Action"]))
    assert written(statement["Resource"]).endswith(f":configuration-set/<{set_id}>")


@pytest.mark.parametrize("forwarding_first", [False, True])
def test_a_pause_of_the_whole_account_beside_forwarding_warns(stack: Stack, forwarding_first: bool) -> None:
    def watch() -> None:
        BounceMonitoring(stack, "Bounces", reactions=[EmailTeam("ops@example.net"), PauseSending(whole_account=True)])

    if not forwarding_first:
        watch()
    forward(stack, ForwardMail(to=TO), reactions=[EmailTeam("ops@example.net")])
    if forwarding_first:
        watch()

    (warning,) = warnings(stack)
    assert warning.startswith("Mail/Inbound/Forwarding forwards mail of strangers, whose bounces and complaints count")
    assert warning.endswith("[ack: ses-constructs:forwarding-counts-for-account]")


def test_a_pause_of_a_configuration_set_beside_forwarding_does_not_warn(stack: Stack) -> None:
    BounceMonitoring(stack, "Bounces", reactions=[EmailTeam("ops@example.net"), PauseSending()])
    forward(stack, ForwardMail(to=TO), reactions=[EmailTeam("ops@example.net")])

    assert not warnings(stack)


# Twice


@pytest.mark.parametrize(
    ("first", "second", "twice"),
    [
        (([], ["team@example.net"]), ([], ["team@example.net"]), "every address"),
        ((["a@example.com"], TO), (["a@example.com"], TO), "a@example.com"),
        ((["a@example.com"], TO), (["example.com"], TO), "a@example.com"),
        (([], TO), (["a@example.com"], TO), "a@example.com"),
        ((["a@example.com"], TO), (["b@example.com"], TO), None),
        ((["a@example.com"], TO), (["example.com"], ["other@example.net"]), None),
        (
            (["a@example.com", "b@example.com"], {"a@example.com": TO, "b@example.com": ["b@example.net"]}),
            (["b@example.com"], TO),
            None,
        ),
        ((["a@example.com"], {"example.com": ["x@example.net"], "*": TO}), (["a@example.com"], TO), None),
        ((["example.com"], {"a@example.com": TO, "*": ["x@example.net"]}), (["example.com"], TO), "example.com"),
    ],
)
def test_two_rules_that_forward_one_message_to_the_same_people_warn(
    stack: Stack, first: Any, second: Any, twice: str | None
) -> None:
    inbound = make(stack)
    for name, (recipients, to) in (("First", first), ("Second", second)):
        inbound.add_rule(name, recipients=recipients, actions=[ForwardMail(to=to)])

    found = [each for each in warnings(stack) if "forwarded-twice" in each]
    assert len(found) == (twice is not None)
    if twice:
        assert found[0].startswith(f"rule 'First' forwards mail to {twice} to team@example.net too, and goes on to")


def test_a_rule_that_stops_forwards_nothing_twice(stack: Stack) -> None:
    inbound = make(stack)
    inbound.add_rule("First", recipients=["a@example.com"], actions=[ForwardMail(to=TO), StopProcessing()])
    inbound.add_rule("Second", recipients=["example.com"], actions=[ForwardMail(to=TO)])

    assert not [each for each in warnings(stack) if "forwarded-twice" in each]


# What is refused


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("team@example.net", r"to must be a list of addresses or a mapping, got 'team@example\.net'; write \['team@"),
        ([], r"to must hold at least one address, got \[\]; write \['team@example\.net'\]"),
        ({}, r"to must hold at least one address, got \{\}; write \['team@example\.net'\]"),
        (["team"], r"to must have one @, got 'team'; write an address such as"),
        (["Team <team@example.net>"], r"to must be an address alone, without a name, got .*; write what stands"),
        (
            {"support@example.com": "team@example.net"},
            r"to must hold a list of addresses, got 'team@example\.net'; write \['team@example\.net'\] for 'support@",
        ),
        ({"*": []}, r"to must hold a list of addresses, got \[\]; write \['team@example\.net'\] for '\*'"),
        ({"*": ["team"]}, r"to must have one @, got 'team'; write an address such as"),
    ],
)
def test_what_names_no_addresses_is_refused(to: Sequence[str] | Mapping[str, Sequence[str]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ForwardMail(to=to)


@pytest.mark.parametrize(
    "recipient", ["*@example.com", "@example.com", "support", "support@example.org", "example.org"]
)
def test_a_route_for_a_recipient_that_cannot_be_is_refused(stack: Stack, recipient: str) -> None:
    with pytest.raises(ValueError, match=r"to must .*, got .*; "):
        forward(stack, ForwardMail(to={recipient: TO}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"own_domain": "drop"}, "own_domain must be one of 'refuse', 'mark', got 'drop'; write"),
        ({"max_concurrency": 0}, "max_concurrency must be a number of messages, 1 or more, got 0; leave it out"),
        ({"from_address": "forwarder"}, "from_address must have one @, got 'forwarder'; write an address"),
    ],
)
def test_other_choices_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ForwardMail(to=TO, **changes)


def test_where_the_domain_is_known_to_cloudformation_only_a_certain_loop_is_refused(stack: Stack) -> None:
    name = CfnParameter(stack, "DomainName").value_as_string
    inbound = make(stack, domain=domain(stack, name))

    inbound.add_rule("Team", recipients=[f"support@{name}"], actions=[ForwardMail(to=["team@example.net"])])
    with pytest.raises(ValueError, match=r"to must be outside the domains of the rule set, or mail goes round, got"):
        inbound.add_rule("Ops", recipients=[f"ops@{name}"], actions=[ForwardMail(to=[f"team@{name}"])])


def test_sending_from_another_domain_is_refused(stack: Stack) -> None:
    with pytest.raises(
        ValueError,
        match=r"from_address must be an address of example\.com or example\.org, got 'mailer@example\.net'; take",
    ):
        forward(
            stack,
            ForwardMail(to=TO, from_address="mailer@example.net"),
            domains=[domain(stack), domain(stack, "example.org")],
        )


@pytest.mark.parametrize("address", ["support@example.com", "support@Example.COM", "support@news.example.com"])
def test_forwarding_to_a_domain_of_the_set_is_refused_because_mail_goes_round(stack: Stack, address: str) -> None:
    inbound, addresses = make(stack), ["team@example.net", address]

    everybody: list[Any] = [addresses, {"*": addresses}]
    for number, to in enumerate(everybody):
        with pytest.raises(
            ValueError,
            match=rf"to must be outside the domains of the rule set, or mail goes round, got '{address}'; take",
        ):
            inbound.add_rule(f"Rule{number}", actions=[ForwardMail(to=to)])


@pytest.mark.parametrize(("further_domains", "addresses"), [(0, 160), (30, 120)])
def test_routes_and_domains_fit_together_into_what_lambda_takes(
    stack: Stack, further_domains: int, addresses: int
) -> None:
    domains = [domain(stack), *(domain(stack, f"{'x' * 50}{each}.example.com") for each in range(further_domains))]
    routes = [f"person{number}@example.net" for number in range(addresses)]

    with pytest.raises(
        ValueError, match=r"to must fit into \d+ bytes as JSON, got \d+; spread the addresses over several rules"
    ):
        forward(stack, ForwardMail(to=routes), domains=domains)


def test_addresses_that_do_not_fit_into_one_function_take_a_second(stack: Stack) -> None:
    inbound = make(stack)
    for number in range(3):
        to = [f"person{number}{each:03}@example.net" for each in range(60)]
        inbound.add_rule(f"Rule{number}", recipients=[f"a{number}@example.com"], actions=[ForwardMail(to=to)])

    assert [len(json.loads(each["Environment"]["Variables"]["FORWARD_RULES"])) for each in forwarders(stack)] == [2, 1]


def test_the_largest_environment_is_one_that_lambda_takes(stack: Stack) -> None:
    forward(stack, ForwardMail(to=[f"person{number:03}@example.net" for number in range(136)]))

    variables = environment(stack)
    assert 3200 < len(variables["FORWARD_RULES"]) <= 3400
    # With the longest names that AWS takes in the place of the references.
    longest = {
        "FORWARD_CONFIGURATION_SET": "x" * 64,
        "FORWARD_REFUSED_QUEUE": "https://sqs.ap-southeast-1.amazonaws.com/111122223333/" + "x" * 80,
        "FORWARD_DEAD_LETTER_QUEUE": "https://sqs.ap-southeast-1.amazonaws.com/111122223333/" + "x" * 80,
    }
    assert sum(len(name) + len(value) for name, value in {**variables, **longest}.items()) <= 4096


# Elsewhere


def test_a_mailbox_from_elsewhere_warns_with_the_statement_for_the_prefix(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO), mailbox=s3.Bucket.from_bucket_name(stack, "Archive", "archive"))

    (warning,) = (each for each in warnings(stack) if "bucket-policy" in each)
    assert f":s3:::archive/{stored(stack)['ObjectKeyPrefix']}*" in warning
    assert warning.endswith("[ack: ses-constructs:bucket-policy-not-added]")


def test_forwarding_works_where_account_and_region_are_unknown(agnostic_stack: Stack) -> None:
    forward(agnostic_stack, ForwardMail(to=TO))

    assert rule_settings(agnostic_stack)["from"] == "forwarder@example.com"
    prefix = written(stored(agnostic_stack)["ObjectKeyPrefix"])
    assert prefix.split("/")[1].endswith("-<AWS::AccountId>-<AWS::Region>")
    assert "${Token" not in json.dumps(template(agnostic_stack))
