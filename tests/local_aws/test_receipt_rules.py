"""What SES refuses of receipt rules, in its words; the numbers are those of the facts seen on live AWS."""

from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ses as ses

from local_aws.aws import LocalAws
from tests.local_aws.refusals import refusal_of
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError

pytestmark = pytest.mark.xdist_group("local-aws")

SET, SENDER = "refusing", "mailer-daemon@refusing.example.com"
STOP = {"StopAction": {"Scope": "RuleSet"}}


def header(number: int) -> dict[str, Any]:
    return {"AddHeaderAction": {"HeaderName": f"X-{number}", "HeaderValue": "v"}}


def bounce(**changes: str) -> dict[str, Any]:
    fields = {"Sender": SENDER, "SmtpReplyCode": "550", "StatusCode": "5.1.1", "Message": "No such mailbox"}
    return {"BounceAction": fields | changes}


@pytest.fixture(autouse=True)
def _rule_set(aws: LocalAws) -> Iterator[None]:
    v1, v2 = aws.client("ses"), aws.client("sesv2")
    v1.create_receipt_rule_set(RuleSetName=SET)
    v2.create_email_identity(EmailIdentity=SENDER)
    aws.click_verification_link(SENDER)
    yield
    v2.delete_email_identity(EmailIdentity=SENDER)
    v1.delete_receipt_rule_set(RuleSetName=SET)


def refused(aws: LocalAws, *actions: object, **rule: object) -> tuple[str, str]:
    """Make a rule, take it away again, and give SES's code and message."""
    v1 = aws.client("ses")
    told = refusal_of(v1.create_receipt_rule, RuleSetName=SET, Rule={"Name": "one", "Actions": actions} | rule)
    v1.delete_receipt_rule(RuleSetName=SET, RuleName="one")
    return told


def test_fact_1_the_sender_of_a_bounce_is_a_verified_identity(aws: LocalAws) -> None:
    """Fact 1: an address, its domain or a parent of that; also when a rule is changed."""
    not_verified = ("InvalidParameterValue", "Identity is not verified: a@unknown.example.com")
    assert refused(aws, bounce(Sender="a@unknown.example.com")) == not_verified
    assert refused(aws, bounce()) == ("", "")
    v1 = aws.client("ses")
    v1.create_receipt_rule(RuleSetName=SET, Rule={"Name": "one"})
    changed = {"Name": "one", "Actions": [bounce(Sender="a@unknown.example.com")]}
    assert refusal_of(v1.update_receipt_rule, RuleSetName=SET, Rule=changed) == not_verified


def test_fact_1_a_pending_identity_is_no_verified_one(aws: LocalAws) -> None:
    """Fact 1: a domain of the same stack is still pending when CloudFormation makes the rule."""
    v2 = aws.client("sesv2")
    v2.create_email_identity(EmailIdentity="pending.example.com")
    told = refused(aws, bounce(Sender="a@mail.pending.example.com"))
    v2.delete_email_identity(EmailIdentity="pending.example.com")
    assert told == ("InvalidParameterValue", "Identity is not verified: a@mail.pending.example.com")


@pytest.mark.parametrize(
    "status",
    ["2.0.0", "5.1", "5.1.1.1", "5.10.1", "5.1.10", "5.7.26", "5.7.99", "4.7.26", "9.9", "10.1.1", "\uff15.1.1"],
)
def test_fact_3_status_codes_have_one_digit_a_place(aws: LocalAws, status: str) -> None:
    assert refused(aws, bounce(StatusCode=status)) == ("InvalidParameterValue", f"Invalid status code: {status}")


@pytest.mark.parametrize("status", ["4.4.7", "5.1.1", "5.9.9"])
def test_fact_3_status_codes_that_are_taken(aws: LocalAws, status: str) -> None:
    assert refused(aws, bounce(StatusCode=status)) == ("", "")


def test_fact_4_a_stop_action_is_last(aws: LocalAws) -> None:
    told = "Stop action, if any, must be placed at the end of the actions list"
    assert refused(aws, STOP, header(1)) == ("InvalidParameterValue", told)


def test_fact_30_an_entry_has_one_action(aws: LocalAws) -> None:
    told = "Exactly one action type must be specified for each ReceiptAction"
    assert refused(aws, header(1) | STOP) == ("InvalidParameterValue", told)


def test_fact_31_a_rule_has_ten_actions_at_most(aws: LocalAws) -> None:
    assert refused(aws, *map(header, range(10))) == ("", "")
    assert refused(aws, *map(header, range(11))) == ("LimitExceeded", "Too many actions")


def test_fact_31_a_set_has_200_rules_at_most(aws: LocalAws) -> None:
    v1 = aws.client("ses")
    for number in range(200):
        v1.create_receipt_rule(RuleSetName=SET, Rule={"Name": f"rule-{number}"})
    assert refused(aws) == ("LimitExceeded", "Too many rules")
    assert refusal_of(v1.update_receipt_rule, RuleSetName=SET, Rule={"Name": "rule-7"}) == ("", "")


@pytest.mark.parametrize("code", ["45", "99", "100", "250", "354", "399", "600", "999", "4500"])
def test_fact_33_smtp_codes_are_those_of_failures(aws: LocalAws, code: str) -> None:
    """Fact 33: code and status are checked before the sender."""
    told = ("InvalidParameterValue", f"Invalid SMTP reply code: {code}")
    assert refused(aws, bounce(SmtpReplyCode=code, Sender="a@unknown.example.com")) == told


@pytest.mark.parametrize("code", ["421", "450", "504", "550", "599"])
def test_fact_33_smtp_codes_that_are_taken(aws: LocalAws, code: str) -> None:
    assert refused(aws, bounce(SmtpReplyCode=code)) == ("", "")


def test_fact_34_a_bounce_has_a_code_and_a_message(aws: LocalAws) -> None:
    code, told = refused(aws, bounce(SmtpReplyCode=""))
    assert (code, told.strip()) == ("InvalidParameterValue", "Invalid SMTP reply code:")
    code, told = refused(aws, bounce(Message=""))
    assert (code, told.strip()) == ("InvalidParameterValue", "Invalid SMTP response message:")


def test_fact_35_a_bucket_has_a_name_and_exists(aws: LocalAws) -> None:
    assert refused(aws, {"S3Action": {"BucketName": ""}}) == (
        "InvalidS3Configuration",
        "Bucket name must not be empty",
    )
    assert refused(aws, {"S3Action": {"BucketName": "no-bucket"}}) == (
        "InvalidS3Configuration",
        "No such bucket: no-bucket",
    )


def test_fact_36_a_topic_is_named_by_its_arn(aws: LocalAws) -> None:
    """Fact 36: wherever an action names a topic."""
    told = ("InvalidSnsTopic", "Invalid SNS topic: nope")
    assert refused(aws, {"SNSAction": {"TopicArn": "nope"}}) == told
    assert refused(aws, {"StopAction": {"Scope": "RuleSet", "TopicArn": "nope"}}) == told
    # Left out, the encoding is UTF-8, and SES says so.
    topic = aws.client("sns").create_topic(Name="refusing")["TopicArn"]
    v1 = aws.client("ses")
    v1.create_receipt_rule(RuleSetName=SET, Rule={"Name": "one", "Actions": [{"SNSAction": {"TopicArn": topic}}]})
    made = v1.describe_receipt_rule(RuleSetName=SET, RuleName="one")["Rule"]
    aws.client("sns").delete_topic(TopicArn=topic)
    assert made["Actions"] == [{"SNSAction": {"TopicArn": topic, "Encoding": "UTF-8"}}]  # fact 42


def test_fact_37_a_function_is_named_by_its_arn(aws: LocalAws) -> None:
    told = ("InvalidLambdaFunction", "Invalid Lambda function: nope")
    assert refused(aws, {"LambdaAction": {"FunctionArn": "nope"}}) == told


def order(aws: LocalAws) -> list[str]:
    return [rule["Name"] for rule in aws.client("ses").describe_receipt_rule_set(RuleSetName=SET)["Rules"]]


def test_fact_28_a_rule_is_moved_behind_another_or_to_the_front(aws: LocalAws) -> None:
    v1 = aws.client("ses")
    for name in ("three", "two", "one"):
        v1.create_receipt_rule(RuleSetName=SET, Rule={"Name": name})
    v1.set_receipt_rule_position(RuleSetName=SET, RuleName="one", After="two")
    assert order(aws) == ["two", "one", "three"]
    v1.set_receipt_rule_position(RuleSetName=SET, RuleName="one", After="one")
    assert order(aws) == ["two", "one", "three"]
    v1.set_receipt_rule_position(RuleSetName=SET, RuleName="three")
    assert order(aws) == ["three", "two", "one"]


def test_fact_28_a_rule_that_is_not_there_is_not_moved(aws: LocalAws) -> None:
    v1 = aws.client("ses")
    v1.create_receipt_rule(RuleSetName=SET, Rule={"Name": "one"})
    move = v1.set_receipt_rule_position
    assert refusal_of(move, RuleSetName="none", RuleName="one") == (
        "RuleSetDoesNotExist",
        "Rule set does not exist: none",
    )
    missing = ("RuleDoesNotExist", "Rule does not exist: none")
    assert refusal_of(move, RuleSetName=SET, RuleName="none") == missing
    assert refusal_of(move, RuleSetName=SET, RuleName="one", After="none") == missing


@pytest.mark.parametrize(("moves", "then"), [(False, ["A", "B", "C"]), (True, ["B", "C", "A"])])
def test_what_a_changed_after_does_is_chosen(
    aws: LocalAws, deployed_stack: DeployedStack, moves: bool, then: list[str]
) -> None:
    """Fact 28: what CloudFormation does with it is not published, so that a test says it."""

    def build(stack: cdk.Stack, *, afters: dict[str, str]) -> None:
        made: dict[str, ses.CfnReceiptRule] = {}
        for name, after in afters.items():
            rule = ses.CfnReceiptRule.RuleProperty(name=name)
            made[name] = ses.CfnReceiptRule(stack, name, rule_set_name=SET, rule=rule, after=after or None)
            if after:
                made[name].add_dependency(made[after])

    def first(stack: cdk.Stack) -> None:
        build(stack, afters={"A": "", "B": "A", "C": "B"})

    deployed_stack.deploy(first)
    assert order(aws) == ["A", "B", "C"]
    aws.set_changed_after(moves_the_rule=moves)
    try:
        deployed_stack.deploy(lambda stack: build(stack, afters={"B": "", "C": "B", "A": "C"}))
    finally:
        aws.set_changed_after(moves_the_rule=False)
    assert order(aws) == then


def test_a_stack_without_the_wait_for_its_domain_rolls_back(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    """Fact 1: a rule beside the domain that its bounces come from."""

    def build(stack: cdk.Stack) -> None:
        identity = ses.CfnEmailIdentity(stack, "Identity", email_identity="young.example.com")
        action = ses.CfnReceiptRule.BounceActionProperty(
            sender="mailer-daemon@young.example.com", smtp_reply_code="550", message="no"
        )
        rule = ses.CfnReceiptRule.RuleProperty(actions=[ses.CfnReceiptRule.ActionProperty(bounce_action=action)])
        ses.CfnReceiptRule(stack, "Rule", rule_set_name=SET, rule=rule).add_dependency(identity)

    with pytest.raises(DeploymentError, match=r"Identity is not verified: mailer-daemon@young\.example\.com"):
        deployed_stack.deploy(build)
    assert deployed_stack.status() == "ROLLBACK_COMPLETE"


def test_a_rule_that_stays_as_it_is_is_not_checked_again(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    def build(stack: cdk.Stack, *, label: str) -> None:
        action = ses.CfnReceiptRule.BounceActionProperty(sender=SENDER, smtp_reply_code="550", message="no")
        rule = ses.CfnReceiptRule.RuleProperty(actions=[ses.CfnReceiptRule.ActionProperty(bounce_action=action)])
        ses.CfnReceiptRule(stack, "Rule", rule_set_name=SET, rule=rule)
        ses.CfnEmailIdentity(stack, f"Other{label}", email_identity=f"other{label}.example.com")

    deployed_stack.deploy(lambda stack: build(stack, label="1"))
    v2 = aws.client("sesv2")
    v2.delete_email_identity(EmailIdentity=SENDER)
    deployed_stack.deploy(lambda stack: build(stack, label="2"))
    v2.create_email_identity(EmailIdentity=SENDER)  # for the fixture
