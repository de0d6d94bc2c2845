"""Sending received mail on: the function, what it may do, and what it is told."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses

from ses_constructs import ForwardMail, InboundRule, InboundRuleSet, LeaveInactive, SendingDomain, StoreMail
from ses_constructs.identities._sending_grant import SENDING_ACTIONS
from ses_constructs.identities.verified_domain import VerifiedDomain
from tests.constructs.templates import (
    identified,
    only,
    receipt_rules,
    resources,
    role_statements,
    service_statements,
    template,
    warnings,
    written,
)

ROLE = "TeamForwarderHandlerRole"
TO = ["team@example.net"]


def domain(stack: Stack, name: str = "example.com", **changes: Any) -> SendingDomain:
    return VerifiedDomain.from_domain_name(stack, name, name, **changes)


def make(stack: Stack, **changes: Any) -> InboundRuleSet:
    if "domain" not in changes and "domains" not in changes:
        changes["domain"] = domain(stack)
    return InboundRuleSet(stack, "Inbound", **{"activation": LeaveInactive(), "drop_spam": False, **changes})


def forward(stack: Stack, action: ForwardMail, **changes: Any) -> InboundRule:
    return make(stack, **changes).add_rule("Team", actions=[action])


def environment(stack: Stack) -> dict[str, Any]:
    return dict(only(stack, "AWS::Lambda::Function")["Properties"]["Environment"]["Variables"])


def stored(stack: Stack) -> dict[str, Any]:
    """The action that stores what is forwarded."""
    (action,) = only(stack, "AWS::SES::ReceiptRule")["Properties"]["Rule"]["Actions"]
    return dict(action["S3Action"])


# What the function is told


def test_mail_for_everybody_goes_to_the_list(stack: Stack) -> None:
    forward(stack, ForwardMail(to=["team@example.net", "archive@example.org"]))

    assert json.loads(environment(stack)["FORWARD_ROUTES"]) == {"*": ["team@example.net", "archive@example.org"]}


def test_mail_goes_where_the_mapping_says(stack: Stack) -> None:
    routes = {
        "support@example.com": ["support@example.net"],
        "example.com": ("team@example.net",),
        ".example.com": ["web@example.net"],
        "*": ["rest@example.net"],
    }
    forward(stack, ForwardMail(to=routes))

    assert json.loads(environment(stack)["FORWARD_ROUTES"]) == {key: list(value) for key, value in routes.items()}


def test_mail_is_sent_from_the_first_domain_unless_told_otherwise(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO), domains=[domain(stack), domain(stack, "example.org")])

    assert environment(stack)["FORWARD_FROM"] == "forwarder@example.com"


def test_mail_is_sent_from_the_address_that_was_given(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO, from_address="mailer@news.example.com"))

    assert environment(stack)["FORWARD_FROM"] == "mailer@news.example.com"


def test_mail_may_be_sent_from_any_domain_of_the_set(stack: Stack) -> None:
    forward(
        stack,
        ForwardMail(to=TO, from_address="mailer@example.org"),
        domains=[domain(stack), domain(stack, "example.org")],
    )

    (statement,) = (each for each in role_statements(stack, of=ROLE) if "ses:SendEmail" in each["Action"])
    assert environment(stack)["FORWARD_FROM"] == "mailer@example.org"
    assert [written(each).rpartition("/")[2] for each in statement["Resource"]] == ["example.org", "mailer@example.org"]
    assert statement["Condition"] == {"StringLike": {"ses:FromAddress": ["mailer@example.org"]}}


def test_mail_may_be_sent_from_an_address_that_only_cloudformation_knows(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO, from_address=CfnParameter(stack, "From").value_as_string))

    assert environment(stack)["FORWARD_FROM"] == {"Ref": "From"}


def test_mail_may_go_to_an_address_that_only_cloudformation_knows(stack: Stack) -> None:
    forward(stack, ForwardMail(to=[CfnParameter(stack, "To").value_as_string]))

    assert written(environment(stack)["FORWARD_ROUTES"]) == '{"*": ["<To>"]}'


def test_the_function_knows_which_domains_are_ours(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO), domains=[domain(stack), domain(stack, "example.org")])

    assert json.loads(environment(stack)["FORWARD_RECEIVING_DOMAINS"]) == ["example.com", "example.org"]


def test_mail_is_sent_with_the_configuration_set_of_the_domain(stack: Stack) -> None:
    configuration_set = ses.ConfigurationSet(stack, "Configuration")
    forward(stack, ForwardMail(to=TO), domain=domain(stack, configuration_set=configuration_set))

    (set_id,) = identified(stack, "AWS::SES::ConfigurationSet")
    (statement,) = (each for each in role_statements(stack, of=ROLE) if "ses:SendEmail" in each["Action"])
    assert environment(stack)["FORWARD_CONFIGURATION_SET"] == {"Ref": set_id}
    assert [written(each).rpartition(":")[2] for each in statement["Resource"]] == [
        "identity/example.com",
        "identity/forwarder@example.com",
        f"configuration-set/<{set_id}>",
    ]


def test_no_configuration_set_is_an_empty_text(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO))

    assert environment(stack)["FORWARD_CONFIGURATION_SET"] == ""


def test_every_forwarder_has_a_mark_and_a_prefix_of_its_own(stack: Stack) -> None:
    rules = make(stack)
    for name in ("support", "sales"):
        rules.add_rule(name, recipients=[f"{name}@example.com"], actions=[ForwardMail(to=TO)])

    functions = [each["Properties"] for each in resources(stack, "AWS::Lambda::Function")]
    variables = [each["Environment"]["Variables"] for each in functions if "Environment" in each]
    prefixes = [
        each["Properties"]["Rule"]["Actions"][0]["S3Action"]["ObjectKeyPrefix"] for each in receipt_rules(stack)
    ]
    assert len({each["FORWARD_LOOP_MARK"] for each in variables if "FORWARD_LOOP_MARK" in each}) == 2
    assert len(set(prefixes)) == 2
    assert all(each.startswith("forwarding/") and each.endswith("/") for each in prefixes)


# How mail comes to it


def test_mail_is_stored_in_the_mailbox_and_a_topic_is_told(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO))

    (bucket_id,), (topic_id,) = identified(stack, "AWS::S3::Bucket"), identified(stack, "AWS::SNS::Topic")
    assert stored(stack)["BucketName"] == {"Ref": bucket_id}
    assert stored(stack)["TopicArn"] == {"Ref": topic_id}


def test_mail_is_stored_in_the_mailbox_that_was_given(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO), mailbox=s3.Bucket(stack, "Archive"))

    (bucket_id,) = identified(stack, "AWS::S3::Bucket")
    assert stored(stack)["BucketName"] == {"Ref": bucket_id}
    assert bucket_id.startswith("Archive")


def test_storing_stands_beside_forwarding(stack: Stack) -> None:
    make(stack).add_rule("Team", actions=[StoreMail(prefix="support/"), ForwardMail(to=TO)])

    first, second = only(stack, "AWS::SES::ReceiptRule")["Properties"]["Rule"]["Actions"]
    assert first["S3Action"]["ObjectKeyPrefix"] == "support/"
    assert second["S3Action"]["ObjectKeyPrefix"].startswith("forwarding/")
    assert first["S3Action"]["BucketName"] == second["S3Action"]["BucketName"]


def test_the_topic_tells_the_function(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO))

    (topic_id,), (function_id,) = identified(stack, "AWS::SNS::Topic"), identified(stack, "AWS::Lambda::Function")
    assert only(stack, "AWS::SNS::Subscription")["Properties"] == {
        "Endpoint": {"Fn::GetAtt": [function_id, "Arn"]},
        "Protocol": "lambda",
        "TopicArn": {"Ref": topic_id},
    }
    ((_, permission),) = service_statements(stack, "sns.amazonaws.com")
    assert permission["Condition"]["ArnLike"] == {"aws:SourceArn": {"Ref": topic_id}}


def test_the_topic_takes_messages_over_tls_only(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO))

    statements = only(stack, "AWS::SNS::TopicPolicy")["Properties"]["PolicyDocument"]["Statement"]
    assert [each["Condition"] for each in statements if each["Effect"] == "Deny"] == [
        {"Bool": {"aws:SecureTransport": "false"}}
    ]


def test_no_message_is_stored_before_the_function_listens_and_may_work(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO), mailbox_key=kms.Key(stack, "Key"))

    needed = [
        *identified(stack, "AWS::SNS::Subscription"),
        *identified(stack, "AWS::Lambda::Permission"),
        *identified(stack, "AWS::Lambda::Function"),
        *identified(stack, "AWS::IAM::Policy"),
        *identified(stack, "AWS::SNS::TopicPolicy"),
        *identified(stack, "AWS::S3::BucketPolicy"),
        *identified(stack, "AWS::KMS::Key"),
    ]
    assert len(needed) == 7
    assert set(needed) <= set(only(stack, "AWS::SES::ReceiptRule")["DependsOn"])


def test_the_function_runs_the_handler_that_forwards(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO))

    assert only(stack, "AWS::Lambda::Function")["Properties"]["Handler"] == "handlers.forward_message.on_event"


# What the function may do


def test_the_function_reads_and_marks_below_its_own_prefix_only(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO))

    (bucket_id,) = identified(stack, "AWS::S3::Bucket")
    prefix = stored(stack)["ObjectKeyPrefix"]
    of_s3 = [each for each in role_statements(stack, of=ROLE) if "s3:" in str(each["Action"])]
    # A condition on the list would turn "not found" into "denied" for a note that is not there yet.
    assert [(each["Action"], written(each["Resource"]), each.get("Condition")) for each in of_s3] == [
        (["s3:GetObject", "s3:PutObject"], f"<{bucket_id}.Arn>/{prefix}*", None),
        ("s3:ListBucket", f"<{bucket_id}.Arn>", None),
    ]


def test_the_function_sends_from_its_own_address_only(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO, from_address="mailer@example.com"))

    (statement,) = (each for each in role_statements(stack, of=ROLE) if "ses:" in str(each["Action"]))
    assert statement["Action"] == list(SENDING_ACTIONS)
    assert statement["Condition"] == {"StringLike": {"ses:FromAddress": ["mailer@example.com"]}}
    assert [written(each) for each in statement["Resource"]] == [
        "arn:<AWS::Partition>:ses:eu-west-1:111122223333:identity/example.com",
        "arn:<AWS::Partition>:ses:eu-west-1:111122223333:identity/mailer@example.com",
    ]


def test_the_function_may_use_the_key_of_the_mailbox(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO), mailbox_key=kms.Key(stack, "Key"))

    (key_id,) = identified(stack, "AWS::KMS::Key")
    (statement,) = (each for each in role_statements(stack, of=ROLE) if "kms:" in str(each["Action"]))
    assert "kms:Decrypt" in statement["Action"]
    assert any(each.startswith("kms:GenerateDataKey") for each in statement["Action"])
    assert statement["Resource"] == {"Fn::GetAtt": [key_id, "Arn"]}


def test_the_function_may_do_nothing_else(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO))

    services = {
        str(action).partition(":")[0]
        for each in role_statements(stack, of=ROLE)
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    }
    assert services == {"s3", "ses", "sqs"}


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


def test_what_could_not_be_forwarded_ends_in_a_queue(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO))

    (queue_id,) = identified(stack, "AWS::SQS::Queue")
    assert only(stack, "AWS::Lambda::Function")["Properties"]["DeadLetterConfig"] == {
        "TargetArn": {"Fn::GetAtt": [queue_id, "Arn"]}
    }
    (statement,) = (each for each in role_statements(stack, of=ROLE) if "sqs:" in str(each["Action"]))
    assert (statement["Action"], statement["Resource"]) == ("sqs:SendMessage", {"Fn::GetAtt": [queue_id, "Arn"]})


def test_the_queue_keeps_failures_for_two_weeks(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO))

    assert only(stack, "AWS::SQS::Queue")["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


def test_the_queue_is_reached_over_tls_only(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO))

    (statement,) = only(stack, "AWS::SQS::QueuePolicy")["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


# What is refused


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("team@example.net", r"to must be a list of addresses or a mapping, got 'team@example\.net'; write \['team@"),
        ([], r"to must hold at least one address, got \[\]; write \['team@example\.net'\]"),
        ({}, r"to must hold at least one address, got \{\}; write \['team@example\.net'\]"),
        (["team"], r"to must have one @, got 'team'; write an address such as"),
        (["Team <team@example.net>"], r"to must have 1 to 64 unquoted characters before the @.*; write an address"),
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


def test_a_sender_that_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match=r"from_address must have one @, got 'forwarder'; write an address"):
        ForwardMail(to=TO, from_address="forwarder")


def test_sending_from_another_domain_is_refused(stack: Stack) -> None:
    with pytest.raises(
        ValueError,
        match=r"from_address must be an address of example\.com or example\.org, got 'mailer@example\.net'; SES sends",
    ):
        forward(
            stack,
            ForwardMail(to=TO, from_address="mailer@example.net"),
            domains=[domain(stack), domain(stack, "example.org")],
        )


@pytest.mark.parametrize("address", ["support@example.com", "support@Example.COM", "support@news.example.com"])
@pytest.mark.parametrize("as_mapping", [False, True])
def test_forwarding_to_a_domain_of_the_set_is_refused_because_mail_goes_round(
    stack: Stack, address: str, as_mapping: bool
) -> None:
    addresses = ["team@example.net", address]

    with pytest.raises(
        ValueError, match=rf"to must be outside the domains of the rule set, or mail goes round, got '{address}'; take"
    ):
        forward(stack, ForwardMail(to={"*": addresses} if as_mapping else addresses))


def test_forwarding_within_another_domain_is_no_loop(stack: Stack) -> None:
    forward(stack, ForwardMail(to=["team@notexample.com"]))

    assert "team@notexample.com" in environment(stack)["FORWARD_ROUTES"]


def test_more_routes_than_lambda_takes_are_refused(stack: Stack) -> None:
    routes = {f"person{number}@example.com": [f"person{number}@example.net"] for number in range(80)}

    with pytest.raises(
        ValueError, match=r"to must fit into \d+ bytes as JSON, got \d+; spread the addresses over several rules"
    ):
        forward(stack, ForwardMail(to=routes))


def test_routes_and_domains_fit_together_into_what_lambda_takes(stack: Stack) -> None:
    domains = [domain(stack, f"{'x' * 50}{number}.example.com") for number in range(30)]
    routes = [f"person{number}@example.net" for number in range(120)]

    with pytest.raises(ValueError, match=r"to must fit into \d+ bytes as JSON, got \d+; spread the addresses over"):
        forward(stack, ForwardMail(to=routes), domains=domains)


def test_the_largest_environment_is_one_that_lambda_takes(stack: Stack) -> None:
    routes = [f"person{number:03}@example.net" for number in range(138)]
    forward(stack, ForwardMail(to=routes))

    variables = environment(stack)
    assert 3400 < len(variables["FORWARD_ROUTES"]) <= 3500
    assert sum(len(name) + len(value) for name, value in variables.items()) <= 4096


# Elsewhere


def test_a_mailbox_from_elsewhere_warns_with_the_statement_for_the_prefix(stack: Stack) -> None:
    forward(stack, ForwardMail(to=TO), mailbox=s3.Bucket.from_bucket_name(stack, "Archive", "archive"))

    (warning,) = warnings(stack)
    assert f":s3:::archive/{stored(stack)['ObjectKeyPrefix']}*" in warning
    assert warning.endswith("[ack: ses-constructs:bucket-policy-not-added]")


def test_forwarding_works_where_account_and_region_are_unknown(agnostic_stack: Stack) -> None:
    forward(agnostic_stack, ForwardMail(to=TO))

    assert environment(agnostic_stack)["FORWARD_FROM"] == "forwarder@example.com"
    assert stored(agnostic_stack)["ObjectKeyPrefix"].startswith("forwarding/")
    assert "${Token" not in json.dumps(template(agnostic_stack))
