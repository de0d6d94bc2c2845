"""Templates that aws_cdk makes: its rule sets, actions, filters, and its function that drops spam."""

import pytest
from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_ses_actions as actions
from aws_cdk import aws_sns as sns

from ses_constructs.testing import FilterBlocked, ReceiptSimulator, Verdicts


def test_every_action_of_cdk_is_told_in_its_order(stack: Stack) -> None:
    bucket, topic = s3.Bucket(stack, "Mail"), sns.Topic(stack, "Topic")
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): pass"),
    )
    organization = "arn:aws:workmail:eu-west-1:111122223333:organization/m-1"
    ses.ReceiptRuleSet(
        stack,
        "Rules",
        rules=[
            ses.ReceiptRuleOptions(
                receipt_rule_name="everything",
                actions=[
                    actions.AddHeader(name="X-Route", value="sales"),
                    actions.S3(bucket=bucket, object_key_prefix="mail/", topic=topic),
                    actions.Sns(topic=topic, encoding=actions.EmailEncoding.BASE64),
                    actions.Lambda(function=function),
                    actions.WorkMail(organization_arn=organization),
                    actions.Bounce(sender="a@example.com", template=actions.BounceTemplate.MAILBOX_DOES_NOT_EXIST),
                    actions.Stop(),
                ],
            )
        ],
    )

    receipt = ReceiptSimulator.from_stack(stack).deliver(recipients=["a@example.com"])

    bucket_id, topic_id, function_id = (
        stack.get_logical_id(each.node.default_child)  # type: ignore[arg-type]
        for each in (bucket, topic, function)
    )
    assert [(each.kind, each.target) for each in receipt.actions] == [
        ("AddHeader", "X-Route"),
        ("S3", f"${{{bucket_id}}}"),
        ("SNS", f"${{{topic_id}}}"),
        ("Lambda", f"${{{function_id}.Arn}}"),
        ("Workmail", organization),
        ("Bounce", "sender@example.net"),
        ("Stop", "RuleSet"),
    ]
    assert receipt.actions[1].details == {"ObjectKeyPrefix": "mail/", "TopicArn": f"${{{topic_id}}}"}
    assert receipt.actions[3].logical_id == function_id
    assert receipt.stopped_by == "everything"


@pytest.mark.parametrize("verdict", ["spam", "virus", "spf", "dkim"])
def test_the_function_of_cdk_drops_spam_and_mail_that_fails_authentication(stack: Stack, verdict: str) -> None:
    ses.ReceiptRuleSet(stack, "Rules", drop_spam=True).add_rule("Support", recipients=["support@example.com"])
    rules = ReceiptSimulator.from_stack(stack)

    clean = rules.deliver(recipients=["support@example.com"])
    dropped = rules.deliver(recipients=["support@example.com"], verdicts=Verdicts(**{verdict: "FAIL"}))  # type: ignore[arg-type]

    assert [each[:9] for each in clean.rules] == ["RulesDrop", "RulesSupp"]
    assert dropped.stopped_by == rules.rules[0]
    assert dropped.accepted


def test_the_rule_of_cdk_that_drops_spam_takes_mail_for_anybody(stack: Stack) -> None:
    ses.ReceiptRuleSet(stack, "Rules", drop_spam=True).add_rule("Support", recipients=["support@example.com"])

    assert ReceiptSimulator.from_stack(stack).deliver(recipients=["nobody@example.com"]).accepted


def test_add_rule_keeps_the_order(stack: Stack) -> None:
    rule_set = ses.ReceiptRuleSet(stack, "Rules")
    for name in ("first", "second", "third"):
        rule_set.add_rule(name.title(), receipt_rule_name=name)

    assert ReceiptSimulator.from_stack(stack).rules == ("first", "second", "third")


def test_cdk_lets_two_rules_have_one_place_and_the_simulator_does_not(stack: Stack) -> None:
    rule_set = ses.ReceiptRuleSet(stack, "Rules")
    first = rule_set.add_rule("First", receipt_rule_name="first")
    rule_set.add_rule("Second", receipt_rule_name="second")
    ses.ReceiptRule(stack, "Between", rule_set=rule_set, receipt_rule_name="between", after=first)

    with pytest.raises(ValueError, match=r"got \['between', 'second'\] all behind 'first'"):
        ReceiptSimulator.from_stack(stack)


def test_the_allow_list_of_cdk_blocks_everybody_else(stack: Stack) -> None:
    ses.ReceiptRuleSet(stack, "Rules").add_rule("All")
    ses.AllowListReceiptFilter(stack, "Allowed", ips=["10.0.0.0/8", "192.0.2.7"])
    rules = ReceiptSimulator.from_stack(stack)

    assert rules.deliver(recipients=["a@example.com"], source_ip="192.0.2.7").accepted
    blocked = rules.deliver(recipients=["a@example.com"], source_ip="192.0.2.8")
    assert isinstance(blocked.steps[0], FilterBlocked)
    assert blocked.smtp_reply.startswith("554 ")


def test_a_parameter_of_the_stack_is_passed(stack: Stack) -> None:
    domain = CfnParameter(stack, "Domain").value_as_string
    ses.ReceiptRuleSet(stack, "Rules").add_rule("Support", recipients=[f"support@{domain}"])

    rules = ReceiptSimulator.from_stack(stack, parameters={"Domain": "example.com"})

    assert rules.deliver(recipients=["support+1@example.com"]).accepted
    with pytest.raises(ValueError, match=r"Recipients must be known .*pass parameters=\{'Domain'"):
        ReceiptSimulator.from_stack(stack)


def test_a_rule_of_an_imported_rule_set_is_simulated(stack: Stack) -> None:
    imported = ses.ReceiptRuleSet.from_receipt_rule_set_name(stack, "Rules", "shared")
    imported.add_rule("Support", recipients=["support@example.com"], tls_policy=ses.TlsPolicy.REQUIRE)
    rules = ReceiptSimulator.from_stack(stack, rule_set="shared")

    assert rules.deliver(recipients=["support@example.com"]).accepted
    assert not rules.deliver(recipients=["support@example.com"], tls=False).accepted


def test_the_lower_constructs_of_cdk_are_read_as_well(stack: Stack) -> None:
    rule_set = ses.CfnReceiptRuleSet(stack, "Rules", rule_set_name="inbound")
    first = ses.CfnReceiptRule(
        stack, "First", rule_set_name=rule_set.ref, rule=ses.CfnReceiptRule.RuleProperty(enabled=True, name="first")
    )
    ses.CfnReceiptRule(
        stack,
        "Second",
        rule_set_name="inbound",
        after=first.attr_rule_name,
        rule=ses.CfnReceiptRule.RuleProperty(
            enabled=True,
            actions=[
                ses.CfnReceiptRule.ActionProperty(
                    connect_action=ses.CfnReceiptRule.ConnectActionProperty(
                        iam_role_arn="arn:role", instance_arn="arn:instance"
                    )
                )
            ],
        ),
    )

    receipt = ReceiptSimulator.from_stack(stack).deliver(recipients=["a@example.com"])

    assert receipt.rules == ("first", "Second")
    assert receipt.ran("Connect", "arn:instance")
