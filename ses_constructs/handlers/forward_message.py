"""Forwards received mail. SES stores it in a bucket and notifies a topic, the topic invokes this, and SES sends it on.

Environment:

- ``FORWARD_RULES``: a JSON object from the key of a rule, which is the last folder in the keys of the objects that it
  stores, to ``{"to": {<recipient>: [<destination>]}, "from": <address that we send from>, "own_domain": "refuse" or
  "mark"}``. Recipients are written as in receipt rules: ``user@example.com``, which stands for all its labels too,
  ``user+label@example.com``, ``example.com``, ``.example.com``. The most specific one counts; ``*`` stands for all
  others.
- ``FORWARD_CONFIGURATION_SET``: through which we send.
- ``FORWARD_RECEIVING_DOMAINS``: a JSON list of the domains in which no destination may lie, and for which nobody else
  may speak; ``.example.com`` stands for all subdomains.
- ``FORWARD_NAME``: a name that no other rule set has, in any account; a dimension of the metric, and hashed the mark
  by which a message is known that comes round again (``X-Forwarded-By``).
- ``FORWARD_REFUSED_QUEUE``, ``FORWARD_DEAD_LETTER_QUEUE``: the URLs of the queues for what is not forwarded.

A message that policy refuses (virus, spam, forged, an answer of a program, a loop) is logged as ``mail not forwarded``
and counted, and but for viruses and loops its notification is put into the refused queue. One that cannot be forwarded
makes the invocation fail, so that Lambda tries again, and the event ends in the dead-letter queue; the stored message
stays. Trouble at AWS that may pass fails the invocation too, but is not logged as ``mail not forwarded``. The event
``{"redrive": <reason>}`` forwards what is in the queues.

A destination that was sent to is noted beside the message, and not sent to again when the event comes again. The send
and the note are two steps: a message may arrive twice, but is never lost.

Give the function 256 MB, which is enough for the largest message, or 512 MB for speed, and a time-out of 5 minutes.

Permissions: ``s3:GetObject`` and ``s3:PutObject`` on the objects under the prefixes of the rules; ``s3:ListBucket`` on
the bucket without conditions, or S3 answers "denied" for a note that is not there yet; with a KMS key on the bucket,
``kms:Decrypt`` and ``kms:GenerateDataKey`` on it; ``ses:SendEmail`` and ``ses:SendRawEmail`` on the identity of each
``from`` and on the configuration set; ``sqs:SendMessage`` on the refused queue, and ``sqs:ReceiveMessage``,
``sqs:ChangeMessageVisibility`` and ``sqs:DeleteMessage`` on both queues.
"""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import boto3

from ._aws import RETRY_LONG
from ._lambda import Context
from .forwarding.errors import NotForwardedError, Reason, RefusedError, TryAgainError, UncheckedError, unexpected
from .forwarding.headers import parse_headers, serialize_headers
from .forwarding.notification import Notification, parse_notification, sns_messages
from .forwarding.policy import Policy
from .forwarding.redrive import redrive
from .forwarding.refusals import count_refusal, keep_refusal
from .forwarding.rewrite import rewrite_headers
from .forwarding.send import MOST_BYTES, MOST_RECIPIENTS, RETRY_SEND, Parts, Sender
from .forwarding.settings import Settings
from .forwarding.store import StoredMessage

log = logging.getLogger(__name__)


def on_event(event: Mapping[str, Any], context: Context) -> dict[str, Any] | None:
    """Forward every message in an event of SNS, then raise if any could not be forwarded; or redrive."""
    if "redrive" in event:
        settings = Settings.of(os.environ)
        queues = (settings.refused_queue, settings.dead_letter_queue)
        return redrive(event["redrive"], queues, _forward_again, _sqs(), context)
    failures = [failure for text in sns_messages(event) if (failure := _handle(text))]
    if failures:
        # Made here, outside the handling of any error, so that Lambda cannot log what AWS said. The dead-letter queue
        # knows what is unchecked by the beginning of the text, so all of it has to be.
        failures.sort(key=lambda failure: isinstance(failure, UncheckedError))
        passing = all(isinstance(failure, TryAgainError) for failure in failures)
        raise (TryAgainError if passing else NotForwardedError)("; ".join(map(str, failures)))
    return None


def _handle(text: str) -> Exception | None:
    found = parse_notification(text)
    if not found:
        log.info("notification ignored")
        return None
    about = {"message_id": str(found[0].get("messageId", ""))}
    try:
        with _only_our_errors():
            notification, settings = Notification.of(*found), Settings.of(os.environ)
            stored = StoredMessage(_s3(), notification.bucket, notification.key)
            try:
                _forward(notification, settings, stored)
            except RefusedError as refusal:
                _refuse(refusal, text, notification, settings, stored)
    except TryAgainError as error:
        return error
    except NotForwardedError as error:
        log.error("mail not forwarded", extra=about | {"reason": error.reason, "detail": str(error)})
        return error
    return None


def _forward_again(text: str, waived: Reason) -> None:
    found = parse_notification(text)
    if not found:
        raise NotForwardedError("the notification is not about a stored message")
    with _only_our_errors():
        notification = Notification.of(*found)
        stored = StoredMessage(_s3(), notification.bucket, notification.key)
        _forward(notification, Settings.of(os.environ), stored, waived)


@contextmanager
def _only_our_errors() -> Iterator[None]:
    try:
        yield
    except (RefusedError, NotForwardedError, TryAgainError):
        raise
    except Exception as error:
        raise NotForwardedError(unexpected(error)) from None


def _refuse(
    refusal: RefusedError, text: str, notification: Notification, settings: Settings, stored: StoredMessage
) -> None:
    """Keep, log and count the message, once however often its event comes."""
    about: dict[str, object] = {"message_id": notification.message_id}
    if stored.is_refused(refusal.reason):
        log.info("mail was refused before", extra=about)
        return
    keep_refusal(_sqs(), settings.refused_queue, text, refusal.reason)
    log.warning("mail not forwarded", extra=about | {"reason": refusal.reason, "detail": str(refusal)})
    count_refusal(settings.name, refusal.reason)
    _note(partial(stored.note_refused, refusal.reason), about)


def _forward(
    notification: Notification, settings: Settings, stored: StoredMessage, waived: Reason | None = None
) -> None:
    rule = settings.rule(notification.key)
    policy = Policy(notification, rule, settings, waived)
    policy.check_scans()
    plan = settings.plan(rule, notification.recipients)
    problems = list(plan.problems)
    unsent = stored.unsent(plan.destinations)
    if unsent:
        parts = _prepared(stored.read(), policy)
        problems += _send(parts, unsent, stored, policy)
    elif plan.destinations:
        log.info("mail was forwarded before", extra={"message_id": notification.message_id})
    if problems:
        raise NotForwardedError("; ".join(problems))


def _prepared(message: bytearray, policy: Policy) -> Parts:
    headers, body = parse_headers(message)
    verdicts = policy.check_headers(headers)
    rewritten = rewrite_headers(
        headers, sender=policy.rule.sender, loop_mark=policy.settings.loop_mark, verdicts=verdicts
    )
    parts = serialize_headers(rewritten), memoryview(message)[body:]
    if sum(map(len, parts)) > MOST_BYTES:
        raise NotForwardedError("the message is too large")
    return parts


def _send(parts: Parts, unsent: Sequence[str], stored: StoredMessage, policy: Policy) -> list[str]:
    """Send in batches, and return what SES refused for good; one batch does not keep the others back."""
    problems = []
    about: dict[str, object] = {"message_id": policy.notification.message_id}
    size = sum(map(len, parts))
    for start in range(0, len(unsent), MOST_RECIPIENTS):
        batch = unsent[start : start + MOST_RECIPIENTS]
        try:
            sent_as = _sender().send(
                parts,
                sender=policy.rule.sender,
                recipients=batch,
                configuration_set=policy.settings.configuration_set,
            )
        except NotForwardedError as error:
            problems.append(str(error))
            continue
        log.info("mail forwarded", extra=about | {"destinations": len(batch), "bytes": size})
        _note(partial(stored.note_sent, batch, sent_as), about)
    return problems


def _note(write: Callable[[], None], about: dict[str, object]) -> None:
    try:
        write()
    except (NotForwardedError, TryAgainError) as error:
        # To fail now would do everything again for sure; without a note, it is done again if the event comes again.
        log.warning("note not written", extra=about | {"reason": str(error)})


# Made once for as long as the function is warm.


@cache
def _s3() -> Any:
    return boto3.client("s3", config=RETRY_LONG)


@cache
def _sqs() -> Any:
    return boto3.client("sqs", config=RETRY_LONG)


@cache
def _sender() -> Sender:
    return Sender(boto3.client("sesv2", config=RETRY_SEND))
