"""A message goes from the notification to SES: who gets it, what is dropped, what fails."""

import json
import logging
from typing import Any

import pytest

from ses_constructs.handlers import forward_message
from ses_constructs.handlers.forwarding.errors import NotForwardedError

from ..in_memory_aws import AwsError, Fault
from ..world import Clock, Context
from .mail_aws import Sent
from .mail_world import BUCKET, KEY, MARK, MESSAGE_ID, MailWorld, logged, mail_world, notification, rules

SEND = "sesv2.SendEmail"
MESSAGE = (
    b"Return-Path: <author@author.example>\r\n"
    b"Received: from mx.author.example by inbound-smtp.eu-west-1.amazonaws.com; Tue, 24 Nov 2026 14:40:00 +0000\r\n"
    b"X-SES-Spam-Verdict: PASS\r\n"
    b"DKIM-Signature: v=1; a=rsa-sha256; d=author.example; b=abc\r\n"
    b'From: "Doe, John" <john@author.example>\r\n'
    b"To: support@example.com\r\n"
    b"Cc: somebody@elsewhere.example\r\n"
    b"Subject: not to be logged\r\n"
    b"Date: Tue, 24 Nov 2026 14:39:57 +0000\r\n"
    b"Message-ID: <1@author.example>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"\r\n"
    b"not to be logged\r\n"
)


def fails(mail: MailWorld, reason: str, *messages: Any) -> None:
    """The event ends in the dead-letter queue, and Lambda logs nothing but our own words about it."""
    with pytest.raises(NotForwardedError, match=f"^{reason}$") as caught:
        mail.invoke(*(messages or (notification(),)))
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)
    assert "@" not in str(caught.value)


def test_a_message_reaches_the_destination_of_its_recipient(mail: MailWorld, caplog: pytest.LogCaptureFixture) -> None:
    sent = mail.forward(MESSAGE)

    assert sent.recipients == ("team@corp.example",)
    assert sent.configuration_set == "mail-set"
    assert sent.body == b"not to be logged\r\n"
    assert logged(caplog.records) == [("mail forwarded",)]
    (record,) = [record for record in caplog.records if record.getMessage() == "mail forwarded"]
    fields = {name: record.__dict__[name] for name in ("message_id", "destinations", "bytes")}
    assert fields == {"message_id": MESSAGE_ID, "destinations": 1, "bytes": len(sent.raw)}


def test_the_headers_follow_the_recipe(mail: MailWorld) -> None:
    sent = mail.forward(MESSAGE)

    assert sent.head.decode().split("\r\n") == [
        "Received: from mx.author.example by inbound-smtp.eu-west-1.amazonaws.com; Tue, 24 Nov 2026 14:40:00 +0000",
        "To: support@example.com",
        "Cc: somebody@elsewhere.example",
        "Subject: not to be logged",
        "Date: Tue, 24 Nov 2026 14:39:57 +0000",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        'From: "Doe, John via example.com" <forwarder@example.com>',
        'Reply-To: "Doe, John" <john@author.example>',
        'X-Original-From: "Doe, John" <john@author.example>',
        "X-Original-Message-ID: <1@author.example>",
        "X-Original-Date: Tue, 24 Nov 2026 14:39:57 +0000",
        "References: <1@author.example>",
        f"X-Forwarded-By: {MARK}",
    ]


def test_every_recipient_is_routed_and_a_shared_destination_gets_one_copy() -> None:
    routes = {
        "a@example.com": ["x@corp.example", "y@corp.example"],
        "b@example.com": ["Y@Corp.example", "z@corp.example"],
    }
    with mail_world(FORWARD_RULES=rules(routes)) as mail:
        sent = mail.forward(MESSAGE, recipients=["a@example.com", "b@example.com"])

    assert sent.recipients == ("x@corp.example", "y@corp.example", "z@corp.example")


def test_only_the_recipients_of_the_rule_count(mail: MailWorld) -> None:
    mail.store(MESSAGE)

    fails(mail, "a recipient has no route", notification(recipients=["other@example.com"]))

    assert not mail.sent


def test_a_recipient_without_route_does_not_hold_up_the_others(
    mail: MailWorld, caplog: pytest.LogCaptureFixture
) -> None:
    mail.store(MESSAGE)

    fails(mail, "a recipient has no route", notification(recipients=["other@example.com", "support@example.com"]))

    assert [sent.recipients for sent in mail.sent] == [("team@corp.example",)]
    assert logged(caplog.records) == [
        ("mail forwarded",),
        ("mail not forwarded", "failed", "a recipient has no route"),
    ]


@pytest.mark.parametrize("inside", ["x@example.com", "x@EXAMPLE.com", "x@deep.in.example.com"])
def test_a_destination_in_our_own_domains_is_refused_and_the_others_are_served(inside: str) -> None:
    with mail_world(FORWARD_RULES=rules({"*": [inside, "team@corp.example"]})) as mail:
        mail.store(MESSAGE)
        fails(mail, "a destination is in a domain that we receive for")
        assert [sent.recipients for sent in mail.sent] == [("team@corp.example",)]


def test_a_subdomain_that_we_do_not_receive_for_is_no_loop() -> None:
    with mail_world(FORWARD_RULES=rules({"*": ["x@teams.example.com", "x@in.example.com"]})) as mail:
        assert len(mail.forward(MESSAGE).recipients) == 2


def test_more_than_fifty_destinations_are_sent_to_in_batches(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    everybody = [f"member{number}@corp.example" for number in range(120)]
    with mail_world(FORWARD_RULES=rules({"*": everybody})) as mail:
        mail.store(MESSAGE)
        mail.invoke(notification())

    assert [len(sent.recipients) for sent in mail.sent] == [50, 50, 20]
    assert [one for sent in mail.sent for one in sent.recipients] == everybody
    assert len({sent.raw for sent in mail.sent}) == 1
    assert logged(caplog.records) == [("mail forwarded",)] * 3


def test_a_batch_that_ses_refuses_does_not_hold_up_the_next() -> None:
    with mail_world(FORWARD_RULES=rules({"*": [f"m{number}@corp.example" for number in range(100)]})) as mail:
        mail.store(MESSAGE)
        mail.aws.faults.append(
            Fault(AwsError("MessageRejected", "Email address is not verified: m1@corp.example"), SEND)
        )
        fails(mail, "ses:SendEmail failed: MessageRejected")
        assert len(mail.sent) == 1

        mail.invoke(notification())  # the next try of Lambda

        assert sorted(one for sent in mail.sent for one in sent.recipients) == sorted(
            f"m{number}@corp.example" for number in range(100)
        )


def test_the_same_event_again_sends_nothing_again(mail: MailWorld, caplog: pytest.LogCaptureFixture) -> None:
    mail.forward(MESSAGE)
    mail.aws.calls.clear()

    mail.invoke(notification(), notification())

    assert len(mail.sent) == 1
    assert mail.aws.operations() == ["s3.GetObject", "s3.GetObject"]
    assert logged(caplog.records)[1:] == [("mail was forwarded before",)] * 2


def test_the_note_tells_what_was_sent_and_not_to_whom(mail: MailWorld) -> None:
    mail.forward(MESSAGE)

    assert list(mail.note(KEY).values()) == ["ses-1"]
    assert set(mail.objects) == {(BUCKET, KEY), (BUCKET, f"{KEY}.forwarded")}
    note = mail.objects[BUCKET, f"{KEY}.forwarded"]
    assert b"@" not in note
    assert b"corp" not in note


def test_a_destination_that_is_new_since_the_first_try_is_the_only_one_sent_to(
    mail: MailWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail.forward(MESSAGE)
    monkeypatch.setenv("FORWARD_RULES", json.dumps(rules({"*": ["TEAM@corp.example", "new@corp.example"]})))
    mail.invoke(notification())

    assert [sent.recipients for sent in mail.sent] == [("team@corp.example",), ("new@corp.example",)]
    assert len(mail.note(KEY)) == 2


@pytest.mark.parametrize("note", [b"", b"[]", b"{}", b'{"sent": 1}', b"\xff\xfe"])
def test_a_note_that_is_none_of_ours_does_not_lose_the_message(mail: MailWorld, note: bytes) -> None:
    mail.store(note, f"{KEY}.forwarded")

    assert mail.forward(MESSAGE)


@pytest.mark.parametrize(
    "code",
    ["MessageRejected", "BadRequestException", "MailFromDomainNotVerifiedException", "AccountSuspendedException"],
)
def test_what_ses_refuses_for_good_fails_with_its_code_alone(
    mail: MailWorld, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    mail.store(MESSAGE)
    mail.aws.faults.append(Fault(AwsError(code, "not to be logged: someone@example.com"), SEND))

    fails(mail, f"ses:SendEmail failed: {code}")

    assert logged(caplog.records) == [("mail not forwarded", "failed", f"ses:SendEmail failed: {code}")]
    assert mail.objects == {(BUCKET, KEY): MESSAGE}


def test_a_message_that_is_gone_fails(mail: MailWorld) -> None:
    fails(mail, "s3:GetObject failed: NoSuchKey")


def test_a_message_that_the_rule_encrypted_fails(mail: MailWorld) -> None:
    mail.store(MESSAGE)
    mail.world.s3.metadata["x-amz-key-v2"] = "wrapped"

    fails(mail, "the rule encrypted the message; encrypt the bucket instead")


def test_a_message_that_ses_cannot_take_fails_and_stays(mail: MailWorld) -> None:
    body = bytes(40 * 1024 * 1024)
    mail.store(b"From: a@author.example\r\n\r\n" + body)

    fails(mail, "the message is too large")

    assert not mail.sent
    assert (BUCKET, KEY) in mail.objects


def test_a_message_far_too_large_is_not_even_read(mail: MailWorld) -> None:
    mail.store(bytes(43 * 1024 * 1024))

    fails(mail, "the message is too large")


def test_the_largest_message_that_ses_takes_is_sent(mail: MailWorld) -> None:
    signature = b"DKIM-Signature: " + b"x" * 900 + b"\r\n"
    head = signature + b"From: a@author.example\r\n\r\n"
    spare = 40 * 1024 * 1024 - len(mail.forward(head).raw)

    sent = mail_of_size(mail, head + bytes(spare))

    assert len(sent.raw) == 40 * 1024 * 1024
    assert sent.body == bytes(spare)


def mail_of_size(mail: MailWorld, raw: bytes) -> Sent:
    mail.store(raw, "inbound/large")
    mail.invoke(notification(action={"type": "S3", "bucketName": BUCKET, "objectKey": "inbound/large"}))
    return mail.sent[-1]


@pytest.mark.parametrize(
    "told",
    [
        "Successfully validated SNS topic for Amazon SES event publishing.",
        "[]",
        "null",
        '"text"',
        "[" * 100_000,
        {"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have subscribed your topic"},
        {"notificationType": "Received", "mail": {"messageId": "1"}},
        {"mail": {}, "receipt": "no"},
        notification(action={"type": "S3", "bucketName": BUCKET, "objectKey": "in/AMAZON_SES_SETUP_NOTIFICATION"}),
        notification(action={"type": "Lambda", "functionArn": "arn"}),
    ],
)
def test_notifications_about_no_stored_message_are_ignored(
    mail: MailWorld, caplog: pytest.LogCaptureFixture, told: Any
) -> None:
    mail.invoke(told)

    assert not mail.aws.calls
    assert logged(caplog.records) == [("notification ignored",)]


@pytest.mark.parametrize(
    "told",
    [
        notification(action=None),
        notification(recipients=None),
        notification(recipients=7),
        notification(action={"type": "S3", "bucketName": BUCKET}),
        notification(action={"type": "S3", "objectKey": KEY}),
        notification(spamVerdict="PASS"),
        notification(spamVerdict={}),
        notification() | {"mail": {"source": "a@author.example"}},
    ],
)
def test_a_notification_that_lacks_something_fails(mail: MailWorld, told: Any) -> None:
    fails(mail, "the notification lacks what SES documents", told)


@pytest.mark.parametrize("recipients", [[], "support@example.com"])
def test_a_notification_without_recipients_fails(mail: MailWorld, recipients: Any) -> None:
    fails(mail, "the notification has no recipients", notification(recipients=recipients))


@pytest.mark.parametrize("wrong", [{}, {"Records": [{}]}, {"Records": None}, {"Records": [{"ses": {}}]}])
def test_an_event_that_is_not_from_sns_fails(wrong: dict[str, Any]) -> None:
    with pytest.raises(NotForwardedError, match=r"^the event does not come from SNS$"):
        forward_message.on_event(wrong, Context(Clock(), 0))


def test_one_message_that_fails_does_not_hold_up_the_others_of_an_event(mail: MailWorld) -> None:
    mail.store(MESSAGE)
    gone = notification(action={"type": "S3", "bucketName": BUCKET, "objectKey": "inbound/gone"})

    fails(mail, "s3:GetObject failed: NoSuchKey", gone, notification())

    assert len(mail.sent) == 1


def test_an_error_that_nobody_thought_of_tells_where_and_not_what(
    mail: MailWorld, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("about someone@example.com")

    monkeypatch.setattr(forward_message, "rewrite_headers", broken)
    mail.store(MESSAGE)

    fails(mail, r"unexpected ValueError at forward_message\.py:\d+")

    assert logged(caplog.records)[0][0] == "mail not forwarded"


BAD_RULE = (
    "a rule in FORWARD_RULES must have lists of addresses in to, an address in from, and refuse or mark in own_domain"
)


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ({"FORWARD_RULES": "{"}, "FORWARD_RULES must be a JSON object of rules"),
        ({"FORWARD_RULES": "[]"}, "FORWARD_RULES must be a JSON object of rules"),
        ({"FORWARD_RULES": {}}, "FORWARD_RULES has no rule for the folder of the object"),
        ({"FORWARD_RULES": {"inbound": []}}, BAD_RULE),
        ({"FORWARD_RULES": {"inbound": {"to": {"*": ["x@corp.example"]}}}}, BAD_RULE),
        ({"FORWARD_RULES": rules({"*": "x@corp.example"})}, BAD_RULE),
        ({"FORWARD_RULES": rules({"*": ["corp.example"]})}, BAD_RULE),
        ({"FORWARD_RULES": rules({"*": ["x@a\r\nBcc: y"]})}, BAD_RULE),
        ({"FORWARD_RULES": rules({"*": ["x@corp.example"]}, **{"from": "example.com"})}, BAD_RULE),
        ({"FORWARD_RULES": rules({"*": ["x@corp.example"]}, own_domain="other")}, BAD_RULE),
        ({"FORWARD_CONFIGURATION_SET": ""}, "FORWARD_CONFIGURATION_SET must be a name"),
        ({"FORWARD_REFUSED_QUEUE": ""}, "FORWARD_REFUSED_QUEUE must be a URL"),
        ({"FORWARD_DEAD_LETTER_QUEUE": ""}, "FORWARD_DEAD_LETTER_QUEUE must be a URL"),
        ({"FORWARD_RECEIVING_DOMAINS": ""}, "FORWARD_RECEIVING_DOMAINS must be a JSON list of domains"),
        ({"FORWARD_RECEIVING_DOMAINS": "{}"}, "FORWARD_RECEIVING_DOMAINS must be a JSON list of domains"),
        ({"FORWARD_RECEIVING_DOMAINS": [1]}, "FORWARD_RECEIVING_DOMAINS must be a JSON list of domains"),
        ({"FORWARD_NAME": ""}, "FORWARD_NAME must be a name"),
    ],
)
def test_a_setting_that_makes_no_sense_fails_and_names_itself(setting: dict[str, Any], reason: str) -> None:
    with mail_world(**setting) as mail:
        mail.store(MESSAGE)
        fails(mail, reason)


def test_a_rule_that_makes_no_sense_does_not_hold_up_another() -> None:
    with mail_world(FORWARD_RULES=rules({"*": ["team@corp.example"]}) | {"other": {}}) as mail:
        assert mail.forward(MESSAGE)


ROUTES = {
    "user@example.com": ["user@corp.example"],
    "user+label@example.com": ["label@corp.example"],
    "Example.com": ["domain@corp.example"],
    ".example.com": ["subdomains@corp.example"],
    ".deep.example.com": ["deep@corp.example"],
    "sub.example.com": ["sub@corp.example"],
    "*": ["all@corp.example"],
}


@pytest.mark.parametrize(
    ("recipient", "destination"),
    [
        ("user@example.com", "user"),
        ("USER@Example.COM", "user"),
        ("user+other@example.com", "user"),
        ("user+label@example.com", "label"),
        ("user+label+more@example.com", "user"),
        ("other@example.com", "domain"),
        ("user@sub.example.com", "sub"),
        ("user@x.sub.example.com", "subdomains"),
        ("user@deep.example.com", "subdomains"),
        ("user@a.b.deep.example.com", "deep"),
        ("user@notexample.com", "all"),
        ("postmaster", "all"),
        ("user@example.com.", "user"),
    ],
)
def test_the_most_specific_entry_decides(recipient: str, destination: str) -> None:
    with mail_world(FORWARD_RULES=rules(ROUTES)) as mail:
        assert mail.forward(MESSAGE, recipients=[recipient]).recipients == (f"{destination}@corp.example",)


def test_an_empty_entry_is_for_all_others() -> None:
    with mail_world(FORWARD_RULES=rules({"": ["all@corp.example"]})) as mail:
        assert mail.forward(MESSAGE).recipients == ("all@corp.example",)
