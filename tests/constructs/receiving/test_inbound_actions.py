"""What a rule does with mail, and how each action lets SES in for that rule and for nothing else."""

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from aws_cdk import App, Aws, CfnParameter, Duration, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_ses_actions as ses_actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ses_constructs import (
    AddHeader,
    BounceMail,
    BounceReply,
    DeliverToWorkMail,
    EmailTeam,
    ForwardMail,
    InboundAction,
    InboundRule,
    InboundRuleSet,
    InvokeFunction,
    LeaveInactive,
    PublishToTopic,
    StopProcessing,
    StoreMail,
    VerifiedDomain,
)
from ses_constructs.common.ses_regions import LISTS_READ_ON
from ses_constructs.receiving import _rule_checks
from tests.constructs.templates import (
    conditions,
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

SES = "ses.amazonaws.com"
ORGANIZATION = "arn:aws:workmail:eu-west-1:111122223333:organization/m-0123456789abcdef"
ELSEWHERE = "arn:aws:{}:us-east-1:111122223333:{}"


def make(stack: Stack, **changes: Any) -> InboundRuleSet:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    return InboundRuleSet(
        stack, "Inbound", **{"domain": domain, "activation": LeaveInactive(), "drop_spam": False, **changes}
    )


def rule(stack: Stack, *actions: InboundAction | ses.IReceiptRuleAction, **changes: Any) -> InboundRule:
    return make(stack, **changes).add_rule("Rule", actions=actions)


def own_function(stack: Stack) -> lambda_.IFunction:
    return lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): pass"),
    )


def actions_of(stack: Stack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = only(stack, "AWS::SES::ReceiptRule")["Properties"]["Rule"]["Actions"]
    return found


def depends_on(stack: Stack) -> set[str]:
    return set(only(stack, "AWS::SES::ReceiptRule")["DependsOn"])


def of_the_rule(made: InboundRule) -> dict[str, str]:
    """The conditions that hold SES to one rule of one account."""
    rule_set_name = made.rule_set.rule_set_name
    return {
        "aws:SourceAccount": "111122223333",
        "aws:SourceArn": "arn:<AWS::Partition>:ses:eu-west-1:111122223333:"
        f"receipt-rule-set/{rule_set_name}:receipt-rule/{made.rule_name}",
    }


# StoreMail, and the mailbox


def test_mail_is_stored_in_a_mailbox_that_is_made_for_it(stack: Stack) -> None:
    rule(stack, StoreMail())

    ((bucket_id, bucket),) = identified(stack, "AWS::S3::Bucket").items()
    assert actions_of(stack) == [{"S3Action": {"BucketName": {"Ref": bucket_id}}}]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert bucket["Properties"] == {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
        "LifecycleConfiguration": {
            "Rules": [{"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}, "Status": "Enabled"}]
        },
    }
    denied = [
        (each["Action"], each["Principal"], each["Condition"])
        for each in only(stack, "AWS::S3::BucketPolicy")["Properties"]["PolicyDocument"]["Statement"]
        if each["Effect"] == "Deny"
    ]
    assert denied == [("s3:*", {"AWS": "*"}, {"Bool": {"aws:SecureTransport": "false"}})]


def test_no_mailbox_is_made_where_no_mail_is_stored(stack: Stack) -> None:
    rule(stack, StopProcessing())

    assert resources(stack, "AWS::S3::Bucket") == []


def test_all_rules_share_one_mailbox(stack: Stack) -> None:
    rules = make(stack)
    for name in ("support", "sales"):
        rules.add_rule(name, recipients=[f"{name}@example.com"], actions=[StoreMail(prefix=f"{name}/")])

    only(stack, "AWS::S3::Bucket")
    assert {
        each["Properties"]["Rule"]["Actions"][0]["S3Action"]["ObjectKeyPrefix"]
        for each in resources(stack, "AWS::SES::ReceiptRule")
    } == {"support/", "sales/"}


def test_a_mailbox_drops_old_mail_on_request(stack: Stack) -> None:
    rule(stack, StoreMail(), keep_for=Duration.days(90))

    (lifecycle,) = only(stack, "AWS::S3::Bucket")["Properties"]["LifecycleConfiguration"]["Rules"]
    assert lifecycle["ExpirationInDays"] == 90


def test_a_mailbox_with_a_key_asks_it_once_for_many_messages_and_lets_ses_in(stack: Stack) -> None:
    made = rule(stack, StoreMail(), mailbox_key=kms.Key(stack, "Key"))

    (key_id,) = identified(stack, "AWS::KMS::Key")
    of_key = {"KMSMasterKeyID": {"Fn::GetAtt": [key_id, "Arn"]}, "SSEAlgorithm": "aws:kms"}
    assert only(stack, "AWS::S3::Bucket")["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"] == [
        {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": of_key}
    ]
    statement = dict(service_statements(stack, SES))[key_id]
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert conditions(statement) == of_the_rule(made)
    assert key_id in depends_on(stack)


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_reader_may_read_and_decrypt_stored_mail(stack: Stack, encrypted: bool) -> None:
    rules = make(stack, mailbox_key=kms.Key(stack, "Key") if encrypted else None)
    grant = rules.grant_read(iam.Role(stack, "Reader", assumed_by=iam.AccountRootPrincipal()))

    (bucket_id,) = identified(stack, "AWS::S3::Bucket")
    assert grant.success
    assert {written(each["Resource"]): each["Action"] for each in role_statements(stack, of="Reader")} == {
        f"<{bucket_id}.Arn>/*": "s3:GetObject",
        **{f"<{key_id}.Arn>": "kms:Decrypt" for key_id in identified(stack, "AWS::KMS::Key")},
    }


def test_ses_may_write_below_the_prefix_only(stack: Stack) -> None:
    made = rule(stack, StoreMail(prefix="support/"))

    (bucket_id,) = identified(stack, "AWS::S3::Bucket")
    ((policy_id, statement),) = service_statements(stack, SES)
    assert (statement["Action"], written(statement["Resource"])) == ("s3:PutObject", f"<{bucket_id}.Arn>/support/*")
    assert conditions(statement) == of_the_rule(made)
    assert policy_id in depends_on(stack)


def test_a_mailbox_may_be_one_that_the_app_has_already(stack: Stack) -> None:
    bucket = s3.Bucket(stack, "Archive")
    rules = make(stack, mailbox=bucket)
    made = rules.add_rule("Rule", actions=[StoreMail()])

    ((policy_id, statement),) = service_statements(stack, SES)
    assert rules.mailbox is bucket
    assert conditions(statement) == of_the_rule(made)
    assert policy_id in depends_on(stack)
    assert [key[:7] for key in identified(stack, "AWS::S3::Bucket")] == ["Archive"]


def test_an_action_may_store_in_a_bucket_of_its_own_in_another_region_too(stack: Stack) -> None:
    there = s3.Bucket.from_bucket_attributes(stack, "There", bucket_name="archive", region="us-east-1")
    here = s3.Bucket(stack, "Archive", object_lock_enabled=True)
    rule(stack, StoreMail(bucket=here), StoreMail(bucket=there))

    (bucket_id,) = identified(stack, "AWS::S3::Bucket")
    assert [each["S3Action"]["BucketName"] for each in actions_of(stack)] == [{"Ref": bucket_id}, "archive"]


def test_a_bucket_of_another_stack_makes_no_cycle(app: App, stack: Stack) -> None:
    other = Stack(app, "Storage", env=Environment(account="111122223333", region="eu-west-1"))
    bucket = s3.Bucket(other, "Archive", encryption=s3.BucketEncryption.KMS)
    made = rule(stack, StoreMail(bucket=bucket))

    statements = service_statements(other, SES)
    assert [conditions(each) for _, each in statements] == [of_the_rule(made)] * 2
    assert [each.node.id for each in stack.dependencies] == ["Storage"]


def archive(stack: Stack) -> s3.IBucket:
    """A bucket in a region where SES does not receive."""
    return s3.Bucket.from_bucket_attributes(
        stack,
        "Archive",
        bucket_name="archive",
        region="ap-east-1",
        encryption_key=kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:ap-east-1:111122223333:key/0123"),
    )


def test_a_bucket_where_ses_does_not_receive_warns_that_it_needs_a_role(stack: Stack) -> None:
    rule(stack, StoreMail(bucket=archive(stack)))

    (warning,) = (each for each in warnings(stack) if "ses-constructs:bucket-needs-role" in each)
    assert f"SES is not known to receive mail in ap-east-1 as of {LISTS_READ_ON}, and writes to a bucket in" in warning
    assert "only as a role; pass role to StoreMail, or a bucket of another region" in warning


def test_a_role_stores_mail_instead_of_ses_and_may_do_nothing_else(stack: Stack) -> None:
    role = iam.Role(stack, "Writer", assumed_by=iam.ServicePrincipal("ses.amazonaws.com"))
    topic = sns.Topic(stack, "Topic", master_key=kms.Key(stack, "TopicKey"))
    rule(stack, StoreMail(bucket=archive(stack), prefix="in/", topic=topic, role=role))

    (role_id,), (topic_id,) = identified(stack, "AWS::IAM::Role"), identified(stack, "AWS::SNS::Topic")
    assert {written(each["Resource"]): each["Action"] for each in role_statements(stack, of="Writer")} == {
        "arn:<AWS::Partition>:s3:::archive/in/*": "s3:PutObject",
        f"<{topic_id}>": "sns:Publish",
        "arn:aws:kms:ap-east-1:111122223333:key/0123": ["kms:Decrypt", "kms:GenerateDataKey*"],
        written({"Fn::GetAtt": [next(iter(identified(stack, "AWS::KMS::Key"))), "Arn"]}): [
            "kms:Decrypt",
            "kms:GenerateDataKey*",
        ],
    }
    assert actions_of(stack)[0]["S3Action"]["IamRoleArn"] == {"Fn::GetAtt": [role_id, "Arn"]}
    assert set(identified(stack, "AWS::IAM::Policy")) <= depends_on(stack)
    assert [each for each in service_statements(stack, SES) if "sts:" not in str(each)] == []
    assert warnings(stack) == []


@pytest.mark.parametrize("role", [False, True])
def test_a_bucket_with_a_default_retention_is_refused(stack: Stack, role: bool) -> None:
    locked = s3.Bucket(
        stack, "Locked", object_lock_default_retention=s3.ObjectLockRetention.governance(Duration.days(30))
    )
    writer = iam.Role(stack, "Writer", assumed_by=iam.ServicePrincipal("ses.amazonaws.com"))

    with pytest.raises(
        ValueError,
        match="bucket must have no default retention of Object Lock, with which SES stores nothing, got 'Mail/Locked'",
    ):
        rule(stack, StoreMail(bucket=locked, role=writer if role else None))


def test_a_bucket_from_elsewhere_warns_with_the_statement_that_it_needs(stack: Stack) -> None:
    made = rule(stack, StoreMail(bucket=s3.Bucket.from_bucket_name(stack, "Archive", "archive"), prefix="in/"))

    (warning,) = warnings(stack)
    assert '"Action": "s3:PutObject"' in warning
    assert '"arn:aws:s3:::archive/in/*"' in warning
    assert '"aws:SourceAccount": "111122223333"' in warning
    assert f":receipt-rule/{made.rule_name}" in warning
    assert warning.endswith("[ack: ses-constructs:bucket-policy-not-added]")


def test_a_key_and_a_topic_from_elsewhere_warn_with_the_statement_that_they_need(stack: Stack) -> None:
    key = kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:eu-west-1:111122223333:key/0123")
    topic = sns.Topic.from_topic_arn(stack, "Topic", "arn:aws:sns:eu-west-1:111122223333:received")
    made = rule(stack, StoreMail(), PublishToTopic(topic), mailbox_key=key)

    of_key, of_topic = sorted(warnings(stack), key=lambda each: "kms" not in each)
    assert '"Action": ["kms:Decrypt", "kms:GenerateDataKey*"]' in of_key
    assert '"Action": "sns:Publish"' in of_topic
    assert all(f":receipt-rule/{made.rule_name}" in each for each in (of_key, of_topic))
    assert of_key.endswith("[ack: ses-constructs:key-policy-not-added]")
    assert of_topic.endswith("[ack: ses-constructs:topic-policy-not-added]")


# Topics


@pytest.mark.parametrize("encoding", ["UTF-8", "Base64"])
def test_mail_is_published_in_the_encoding_that_was_asked_for(stack: Stack, encoding: Any) -> None:
    rule(stack, PublishToTopic(sns.Topic(stack, "Topic"), encoding=encoding))

    (topic_id,) = identified(stack, "AWS::SNS::Topic")
    assert actions_of(stack) == [{"SNSAction": {"Encoding": encoding, "TopicArn": {"Ref": topic_id}}}]


ACTIONS_WITH_A_TOPIC: dict[str, Callable[[Stack, sns.ITopic], InboundAction]] = {
    "store": lambda stack, topic: StoreMail(topic=topic),
    "publish": lambda stack, topic: PublishToTopic(topic),
    "invoke": lambda stack, topic: InvokeFunction(own_function(stack), topic=topic),
    "bounce": lambda stack, topic: BounceMail(sender="postmaster@example.com", topic=topic),
    "stop": lambda stack, topic: StopProcessing(topic=topic),
    "work_mail": lambda stack, topic: DeliverToWorkMail(organization_arn=ORGANIZATION, topic=topic),
}
every_action_with_a_topic = pytest.mark.parametrize("action", ACTIONS_WITH_A_TOPIC.values(), ids=ACTIONS_WITH_A_TOPIC)


@every_action_with_a_topic
def test_ses_may_publish_to_the_topic_of_an_action_and_use_its_key(
    stack: Stack, action: Callable[..., InboundAction]
) -> None:
    made = rule(stack, action(stack, sns.Topic(stack, "Topic", master_key=kms.Key(stack, "Key"))))

    (topic_id,), (key_id,) = identified(stack, "AWS::SNS::Topic"), identified(stack, "AWS::KMS::Key")
    ((policy_id, statement),) = [each for each in service_statements(stack, SES) if each[1]["Action"] == "sns:Publish"]
    of_key = dict(service_statements(stack, SES))[key_id]
    assert statement["Resource"] == {"Ref": topic_id}
    assert conditions(statement) == of_the_rule(made)
    assert of_key["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert "Condition" not in of_key  # AWS documents none for the key of a topic
    assert {policy_id, key_id} <= depends_on(stack)
    ((fields,),) = (each.values() for each in actions_of(stack))
    assert fields["TopicArn"] == {"Ref": topic_id}


@every_action_with_a_topic
def test_a_topic_that_ses_cannot_use_is_refused(stack: Stack, action: Callable[..., InboundAction]) -> None:
    topic = sns.Topic.from_topic_arn(stack, "Topic", ELSEWHERE.format("sns", "mail"))

    with pytest.raises(ValueError, match=r"topic must be in the region of the stack, eu-west-1, got 'us-east-1'; pass"):
        rule(stack, action(stack, topic))


def test_a_fifo_topic_and_one_with_the_key_that_aws_manages_are_refused(stack: Stack) -> None:
    fifo = sns.Topic.from_topic_arn(stack, "Topic", "arn:aws:sns:eu-west-1:111122223333:mail.fifo")
    managed = sns.Topic(stack, "Managed", master_key=kms.Alias.from_alias_name(stack, "Key", "alias/aws/sns"))
    rules = make(stack)

    with pytest.raises(
        ValueError,
        match=r"topic must be a standard topic, because SES takes no FIFO topics, got 'Mail/Topic'; pass another",
    ):
        rules.add_rule("Fifo", actions=[PublishToTopic(fifo)])
    with pytest.raises(ValueError, match="topic must not be encrypted by AWS's own key alias/aws/sns"):
        rules.add_rule("Managed", actions=[PublishToTopic(managed)])


def test_a_key_a_function_and_an_organization_in_another_region_are_refused(stack: Stack) -> None:
    key = kms.Key.from_key_arn(stack, "Key", ELSEWHERE.format("kms", "key/0123"))
    with pytest.raises(ValueError, match=r"mailbox_key must be in the region of the stack, eu-west-1, got .*; "):
        rule(stack, StoreMail(), mailbox_key=key)

    function = lambda_.Function.from_function_arn(stack, "Function", ELSEWHERE.format("lambda", "function:classify"))
    rules = InboundRuleSet(stack, "Second", domain=VerifiedDomain.from_domain_name(stack, "D", "example.com"))
    for argument, action in {
        "function": InvokeFunction(function),
        "organization_arn": DeliverToWorkMail(organization_arn=ELSEWHERE.format("workmail", "organization/m-1")),
    }.items():
        with pytest.raises(ValueError, match=f"{argument} must be in the region of the stack, eu-west-1, got .*; "):
            rules.add_rule(argument, actions=[action])


def test_a_topic_of_another_stack_makes_no_cycle(app: App, stack: Stack) -> None:
    other = Stack(app, "Topics", env=Environment(account="111122223333", region="eu-west-1"))
    made = rule(stack, PublishToTopic(sns.Topic(other, "Topic")))

    ((_, statement),) = service_statements(other, SES)
    assert conditions(statement) == of_the_rule(made)
    assert [each.node.id for each in stack.dependencies] == ["Topics"]


def test_the_key_of_a_bucket_may_be_where_the_bucket_is(stack: Stack) -> None:
    key = kms.Key.from_key_arn(stack, "Key", ELSEWHERE.format("kms", "key/0123"))
    bucket = s3.Bucket.from_bucket_attributes(stack, "Bucket", bucket_name="far-away", encryption_key=key)
    rule(stack, StoreMail(bucket=bucket))

    assert any("ses-constructs:key-policy-not-added" in each for each in warnings(stack))


@pytest.mark.parametrize(
    ("prefix", "told"),
    [
        ("*", r"have no '\*', which policies read as a pattern, got '\*'; leave it out"),
        ("a?/", r"have no '\?', which policies read as a pattern"),
        ("${aws:username}/", r"have no '\$\{', which policies read as a pattern"),
        (f"{Aws.REGION}/${{*}}", r"have no '\*', which policies read as a pattern"),
        ("a\nb/", "be one line of printable characters, got .*; leave the others out"),
        ("\ud800", "be one line of printable characters"),
        ("../x/", r"have no '\.' and '\.\.' between slashes, which programs resolve, got"),
        ("x/./", r"have no '\.' and '\.\.' between slashes"),
        ("é" * 493, "be at most 984 bytes, as SES's message id follows, got 'é*'; shorten it"),
    ],
)
def test_a_prefix_that_means_something_else_is_refused(stack: Stack, prefix: str, told: str) -> None:
    with pytest.raises(ValueError, match=f"prefix must {told}"):
        StoreMail(prefix=prefix)
    with pytest.raises(ValueError, match=f"prefix must {told}"):
        make(stack).grant_read(iam.AccountRootPrincipal(), prefix=prefix)
    for taken in ("", "é" * 492, "$team/", "/", f"{Aws.REGION}/${Aws.STACK_NAME}/"):
        assert StoreMail(prefix=taken).prefix == taken


# Functions


def test_a_function_is_told_or_asked_by_the_rules_that_name_it(stack: Stack) -> None:
    rules, function = make(stack), own_function(stack)
    told = [InvokeFunction(function), AddHeader("X-Seen", "yes"), InvokeFunction(function, waits_for_decision=True)]
    made = [
        rules.add_rule(name, recipients=[f"{name}@example.com"], actions=actions)
        for name, actions in (("support", told), ("sales", [InvokeFunction(function)]))
    ]

    (function_id,) = (each for each in identified(stack, "AWS::Lambda::Function") if each.startswith("Function"))
    first, second = (each["Properties"]["Rule"]["Actions"] for each in receipt_rules(stack))
    kinds = [each["LambdaAction"] for each in first + second if "LambdaAction" in each]
    assert [each["InvocationType"] for each in kinds] == ["Event", "RequestResponse", "Event"]
    assert {str(each["FunctionArn"]) for each in kinds} == {str({"Fn::GetAtt": [function_id, "Arn"]})}
    permissions = service_statements(stack, SES)
    assert [conditions(each) for _, each in permissions] == [of_the_rule(each) for each in made]
    for each, (permission_id, statement) in zip(receipt_rules(stack), permissions, strict=True):
        assert statement["Action"] == "lambda:InvokeFunction"
        assert permission_id in each["DependsOn"]


def test_one_rule_may_invoke_two_functions(stack: Stack) -> None:
    alias = lambda_.Alias(
        stack, "Alias", alias_name="live", version=lambda_.Version(stack, "Version", lambda_=own_function(stack))
    )
    other = lambda_.Function.from_function_arn(
        stack, "Other", "arn:aws:lambda:eu-west-1:111122223333:function:classify"
    )
    rule(stack, InvokeFunction(alias), InvokeFunction(other))

    permissions = dict(service_statements(stack, SES))
    (alias_id,) = identified(stack, "AWS::Lambda::Alias")
    assert [written(each["Resource"]) for each in permissions.values()] == [f"<{alias_id}>", other.function_arn]
    assert set(permissions) <= depends_on(stack)


# Bounces


# https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-bounce.html
TEMPLATES = {
    "MAILBOX_DOES_NOT_EXIST": ("550", "5.1.1", "Mailbox does not exist"),
    "MESSAGE_TOO_LARGE": ("552", "5.3.4", "Message too large"),
    "MAILBOX_FULL": ("552", "5.2.2", "Mailbox full"),
    "CONTENT_REJECTED": ("500", "5.6.1", "Message content rejected"),
    "UNKNOWN_FAILURE": ("554", "5.0.0", "Unknown failure"),
    "TEMPORARY_FAILURE": ("450", "4.0.0", "Temporary failure"),
}


def test_the_templates_of_ses_have_names() -> None:
    replies = {name: getattr(BounceReply, name) for name in TEMPLATES}

    assert {name: (each.smtp_code, each.status_code, each.message) for name, each in replies.items()} == TEMPLATES


def test_a_bounce_says_that_there_is_no_such_mailbox_unless_told_otherwise(stack: Stack) -> None:
    own = BounceReply("451", "4.7.1", "Come back later")
    from_parameter = BounceMail(sender=CfnParameter(stack, "Sender").value_as_string, reply=own)
    rule(stack, BounceMail(sender="a@News.Example.com"), from_parameter)

    assert [tuple(each["BounceAction"].values()) for each in actions_of(stack)] == [
        ("Mailbox does not exist", "a@News.Example.com", "550", "5.1.1"),
        ("Come back later", {"Ref": "Sender"}, "451", "4.7.1"),
    ]


CODE = r"smtp_code must be a failure code of SMTP \(RFC 5321\), got '{}'; take '550'"
STATUS = (
    "status_code must be an enhanced status of the same class as smtp_code, with one digit a place, got '{}'; "
    r"take '5\.1\.1'"
)
LINE = "message must be one printable line, got '.*'; say why"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        *(((each, "5.1.1", "No"), CODE.format(each)) for each in ("250", "55", "5500", "abc", "")),
        *(
            (("550", each, "No"), STATUS.format(each))
            for each in ("4.1.1", "2.1.1", "5.1", "5.1.1.1", "511", "", "5.7.26", "5.10.1", "5.1.10")
        ),
        *((("550", "5.1.1", each), LINE) for each in ("", "  ", "two\nlines", "tab\t")),
        (("550", "5.1.1", "é" * 251), "message must be at most 500 bytes, got '.*'; shorten it"),
    ],
)
def test_a_reply_that_is_none_is_refused(reply: tuple[str, str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BounceReply(*reply)
    assert BounceReply("550", "5.1.1", "é" * 250).message


def test_a_bounce_from_another_domain_or_from_no_address_is_refused(stack: Stack) -> None:
    with pytest.raises(
        ValueError,
        match=r"sender must be an address of example\.com, got 'a@example\.org'; take 'postmaster@example",
    ):
        rule(stack, BounceMail(sender="a@example.org"))
    with pytest.raises(ValueError, match=r"sender must have one @, got 'postmaster'; write an address"):
        BounceMail(sender="postmaster")


# Headers, stopping, WorkMail


def test_work_mail_warns_because_it_ends(stack: Stack) -> None:
    rule(stack, DeliverToWorkMail(organization_arn=ORGANIZATION))

    (warning,) = warnings(stack)
    assert warning.startswith(
        "Amazon WorkMail ends on 31 March 2027, and mail for it has nowhere to go from then on; move"
    )
    assert warning.endswith("[ack: ses-constructs:workmail-ends]")


def test_headers_are_added_mail_goes_to_workmail_and_stopping_ends_the_whole_rule_set(stack: Stack) -> None:
    values = ["y" * 2048, CfnParameter(stack, "Stage").value_as_string]
    organizations = [ORGANIZATION, CfnParameter(stack, "Organization").value_as_string]
    rule(
        stack,
        *(AddHeader("x" * 50, each) for each in values),
        *(DeliverToWorkMail(organization_arn=each) for each in organizations),
        StopProcessing(),
    )

    assert actions_of(stack) == [
        {"AddHeaderAction": {"HeaderName": "x" * 50, "HeaderValue": "y" * 2048}},
        {"AddHeaderAction": {"HeaderName": "x" * 50, "HeaderValue": {"Ref": "Stage"}}},
        {"WorkmailAction": {"OrganizationArn": ORGANIZATION}},
        {"WorkmailAction": {"OrganizationArn": {"Ref": "Organization"}}},
        {"StopAction": {"Scope": "RuleSet"}},
    ]


@pytest.mark.parametrize("name", ["", "X Team", "X-Team:", "X_Team", "Größe", "x" * 51])
def test_a_header_name_that_ses_refuses_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"name must be 1-50 letters, digits and hyphens, got '{name}'; take a name"):
        AddHeader(name, "value")


@pytest.mark.parametrize("value", ["", "two\r\nlines", "x" * 2049])
def test_a_header_value_that_ses_refuses_is_refused(value: str) -> None:
    with pytest.raises(
        ValueError, match=r"value must be one printable line of 1-2048 characters, got '.*'; shorten it"
    ):
        AddHeader("X-Team", value)


@pytest.mark.parametrize(
    ("value", "positional"),
    [
        (AddHeader, ["name", "value"]),
        (BounceMail, []),
        (BounceReply, ["smtp_code", "status_code", "message"]),
        (DeliverToWorkMail, []),
        (ForwardMail, []),
        (InvokeFunction, ["function"]),
        (PublishToTopic, ["topic"]),
        (StopProcessing, []),
        (StoreMail, []),
    ],
)
def test_only_what_is_the_thing_itself_goes_without_its_name(value: Any, positional: list[str]) -> None:
    assert [each.name for each in fields(value) if not each.kw_only] == positional


@pytest.mark.parametrize("arn", ["m-0123456789abcdef", "arn:aws:sns:eu-west-1:111122223333:topic", ""])
def test_what_is_no_workmail_organization_is_refused(arn: str) -> None:
    with pytest.raises(
        ValueError,
        match=rf"organization_arn must be the ARN of a WorkMail organization, got '{arn}'; write 'arn:aws:workmail:",
    ):
        DeliverToWorkMail(organization_arn=arn)


# Actions of others


def test_actions_of_aws_ses_actions_stand_between_ours_and_the_rule_waits_for_what_they_add(stack: Stack) -> None:
    topic, bucket = sns.Topic(stack, "Topic"), s3.Bucket(stack, "Bucket")
    function, full = own_function(stack), ses_actions.BounceTemplate.MAILBOX_FULL
    asks = ses_actions.LambdaInvocationType.REQUEST_RESPONSE
    theirs: list[ses.IReceiptRuleAction] = [
        ses_actions.AddHeader(name="X-Team", value="support"),
        ses_actions.Bounce(sender="postmaster@example.com", template=full, topic=topic),
        ses_actions.Lambda(function=function, invocation_type=asks, topic=topic),
        ses_actions.S3(bucket=bucket, kms_key=kms.Key(stack, "Key"), object_key_prefix="in/", topic=topic),
        ses_actions.Sns(topic=topic, encoding=ses_actions.EmailEncoding.BASE64),
        ses_actions.WorkMail(organization_arn=ORGANIZATION, topic=topic),
        ses_actions.Stop(topic=topic),
    ]
    rule(stack, AddHeader("X-First", "1"), *theirs)

    told = {"TopicArn": "Topic"}
    bounce = {"Message": "Mailbox full", "Sender": "postmaster@example.com", "SmtpReplyCode": "552"}
    expected: list[tuple[str, dict[str, Any]]] = [
        ("AddHeaderAction", {"HeaderName": "X-First", "HeaderValue": "1"}),
        ("AddHeaderAction", {"HeaderName": "X-Team", "HeaderValue": "support"}),
        ("BounceAction", {**bounce, "StatusCode": "5.2.2", **told}),
        ("LambdaAction", {"FunctionArn": "Function", "InvocationType": "RequestResponse", **told}),
        ("S3Action", {"BucketName": "Bucket", "KmsKeyArn": "Key", "ObjectKeyPrefix": "in/", **told}),
        ("SNSAction", {"Encoding": "Base64", **told}),
        ("WorkmailAction", {"OrganizationArn": ORGANIZATION, **told}),
        ("StopAction", {"Scope": "RuleSet", **told}),
    ]
    found = [(kind, fields) for each in actions_of(stack) for kind, fields in each.items()]
    assert [(kind, {key: named(value) for key, value in fields.items()}) for kind, fields in found] == expected
    added = {**identified(stack, "AWS::S3::BucketPolicy"), **identified(stack, "AWS::Lambda::Permission")}
    assert len(added) == 2
    assert set(added) <= depends_on(stack)


def named(value: Any) -> str:
    """A field as text, with the construct's id in the place of its logical id."""
    found = re.match(r"<(Topic|Bucket|Key|Function)[0-9A-F]{8}(\.Arn)?>", written(value))
    return found[1] if found else written(value)


@pytest.mark.parametrize("stop", [StopProcessing(), ses_actions.Stop()])
def test_an_action_behind_a_stop_is_refused(stack: Stack, stop: InboundAction | ses.IReceiptRuleAction) -> None:
    name = type(stop).__name__
    with pytest.raises(
        ValueError,
        match=rf"actions must have the stop last, or SES refuses the rule, got \['{name}', 'AddHeader'\]; move it to",
    ):
        rule(stack, stop, AddHeader("X-First", "1"))


def test_ours_and_theirs_may_share_a_bucket_a_topic_and_a_function(stack: Stack) -> None:
    bucket, topic, function = s3.Bucket(stack, "Bucket"), sns.Topic(stack, "Topic"), own_function(stack)
    made = rule(
        stack,
        StoreMail(bucket=bucket, prefix="a/"),
        ses_actions.S3(bucket=bucket, object_key_prefix="b/"),
        PublishToTopic(topic),
        ses_actions.Sns(topic=topic),
        InvokeFunction(function),
        ses_actions.Lambda(function=function),
    )

    assert [list(each) for each in actions_of(stack)] == [
        [kind] for kind in ("S3Action", "S3Action", "SNSAction", "SNSAction", "LambdaAction", "LambdaAction")
    ]
    ours = [each for _, each in service_statements(stack, SES) if conditions(each) == of_the_rule(made)]
    assert sorted(each["Action"] for each in ours) == ["lambda:InvokeFunction", "s3:PutObject", "sns:Publish"]


class StoreForLater:
    """An action of an application that needs all that ours need: a bucket, a queue with an alarm, the domains."""

    def bind_to_rule(self, scope: Construct, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        rule_set = rule.rule_set
        bucket = rule_set.use_mailbox()
        rule.allow_ses_store(bucket, prefix="later/")
        queue = sqs.Queue(scope, "Late")
        alarm = queue.metric_approximate_number_of_messages_visible().create_alarm(
            scope, "LateAlarm", threshold=1, evaluation_periods=1
        )
        rule_set.add_alarm(alarm)
        rule_set.dead_letter_queues.append(queue)
        return ses.CfnReceiptRule.ActionProperty(
            s3_action=ses.CfnReceiptRule.S3ActionProperty(
                bucket_name=bucket.bucket_name, object_key_prefix=f"later/{rule_set.domains[0].domain_name}/"
            )
        )


def test_an_action_of_ones_own_can_do_what_ours_can(stack: Stack) -> None:
    inbound = make(stack, reactions=[EmailTeam("ops@example.net")])
    made = inbound.add_rule("Rule", actions=[StoreForLater()])

    (bucket_id,) = identified(stack, "AWS::S3::Bucket")
    (queue_id,) = identified(stack, "AWS::SQS::Queue")
    (topic_id,) = identified(stack, "AWS::SNS::Topic")
    ((_, statement),) = service_statements(stack, SES)
    assert written(statement["Resource"]) == f"<{bucket_id}.Arn>/later/*"
    assert conditions(statement) == of_the_rule(made)
    assert actions_of(stack) == [
        {"S3Action": {"BucketName": {"Ref": bucket_id}, "ObjectKeyPrefix": "later/example.com/"}}
    ]
    assert len(inbound.alarms) == 2
    assert len(inbound.dead_letter_queues) == 1
    late = next(each for each in resources(stack, "AWS::CloudWatch::Alarm") if queue_id in str(each))
    assert late["Properties"]["AlarmActions"] == [{"Ref": topic_id}]


def test_one_action_may_be_in_several_rules(stack: Stack) -> None:
    rules, store = make(stack), StoreMail(topic=sns.Topic(stack, "Topic"))
    made = [
        rules.add_rule(name, recipients=[f"{name}@example.com"], actions=[store, StopProcessing()])
        for name in ("support", "sales")
    ]

    found = [conditions(each) for _, each in service_statements(stack, SES)]
    assert sorted(each["aws:SourceArn"] for each in found) == sorted(
        of_the_rule(each)["aws:SourceArn"] for each in made for _ in range(2)
    )


def test_actions_work_where_account_and_region_are_unknown(agnostic_stack: Stack) -> None:
    made = rule(
        agnostic_stack,
        StoreMail(topic=sns.Topic(agnostic_stack, "Topic", master_key=kms.Key(agnostic_stack, "Key"))),
        InvokeFunction(own_function(agnostic_stack)),
    )

    sourced = [each for _, each in service_statements(agnostic_stack, SES) if not str(each["Action"]).count("kms:")]
    assert {conditions(each)["aws:SourceArn"] for each in sourced} == {
        "arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>:"
        f"receipt-rule-set/{made.rule_set.rule_set_name}:receipt-rule/{made.rule_name}"
    }
    assert "${Token" not in str(template(agnostic_stack))


def test_a_resource_in_a_known_region_goes_with_a_stack_in_an_unknown_one(agnostic_stack: Stack) -> None:
    topic = sns.Topic.from_topic_arn(agnostic_stack, "Topic", ELSEWHERE.format("sns", "mail"))
    rule(agnostic_stack, StopProcessing(topic=topic))

    assert actions_of(agnostic_stack)[0]["StopAction"]["TopicArn"] == ELSEWHERE.format("sns", "mail")


TOO_OFTEN = r"actions must store mail at most 1 times in a bucket, because its policy has 20 KB, got [23]; store once"


def test_mail_is_stored_so_often_that_the_policy_of_the_bucket_holds_it(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_rule_checks, "MAX_STORING_STATEMENTS", 1)
    archive = s3.Bucket(stack, "Archive")
    inbound = make(stack, mailbox=archive)
    inbound.add_rule("First", actions=[StoreMail()])
    domain = VerifiedDomain.from_domain_name(stack, "Other", "example.org")
    other = InboundRuleSet(stack, "Second", domain=domain, activation=LeaveInactive(), drop_spam=False)

    for each in (inbound, other):
        with pytest.raises(ValueError, match=TOO_OFTEN):
            each.add_rule("Second", actions=[StoreMail(bucket=archive)])


def test_every_bucket_has_room_of_its_own(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_rule_checks, "MAX_STORING_STATEMENTS", 1)
    elsewhere = s3.Bucket.from_bucket_name(stack, "Elsewhere", "archive")
    own = s3.Bucket(stack, "Archive")
    rule(stack, StoreMail(), *(StoreMail(bucket=each) for each in (own, elsewhere, elsewhere)))

    assert len(actions_of(stack)) == 4
