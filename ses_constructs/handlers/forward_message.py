"""Forwards received mail. SES stores it in a bucket and notifies a topic, the topic invokes this, and SES sends it on.

Environment:

- ``FORWARD_ROUTES``: a JSON object from recipients to lists of destinations. Recipients are written as in receipt
  rules: ``user@example.com``, which stands for all its labels too, ``user+label@example.com``, ``example.com``,
  ``.example.com``. The most specific one counts; ``*`` stands for all others.
- ``FORWARD_FROM``: the address that we send from.
- ``FORWARD_CONFIGURATION_SET``: may be empty.
- ``FORWARD_RECEIVING_DOMAINS``: a JSON list of the domains in which no destination may lie; ``.example.com`` stands for
  all subdomains.
- ``FORWARD_LOOP_MARK``: a text of visible ASCII characters that no other forwarder has, sent as ``X-Forwarded-By``.

A message that must not be forwarded (spam, virus, DMARC reject, loop) is logged and that is all. One that cannot be
forwarded makes the invocation fail, so that Lambda tries again, and the event ends in the dead-letter queue; the stored
message stays. Trouble at AWS that may pass fails the invocation too, but is not logged as ``mail not forwarded``.

A destination that was sent to is noted beside the message, and not sent to again when the event comes again. The send
and the note are two steps: a message may arrive twice, but is never lost.

Give the function 256 MB, which is enough for the largest message, or 512 MB for speed, and a time-out of 5 minutes.

Permissions: ``s3:GetObject`` and ``s3:PutObject`` on the objects under the prefix of the rule; ``s3:ListBucket`` on the
bucket without conditions, or S3 answers "denied" for a note that is not there yet; with a KMS key on the bucket,
``kms:Decrypt`` and ``kms:GenerateDataKey`` on it; ``ses:SendEmail`` and ``ses:SendRawEmail`` on the identity of
``FORWARD_FROM`` and on the configuration set.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import boto3

from ._aws import RETRY_LONG
from ._lambda import Context
from .forwarding.errors import DroppedError, NotForwardedError, TryAgainError, unexpected
from .forwarding.headers import parse_headers, serialize_headers
from .forwarding.notification import Notification, parse_notification, sns_messages
from .forwarding.rewrite import check_loops, rewrite_headers
from .forwarding.send import MOST_BYTES, MOST_RECIPIENTS, RETRY_SEND, Parts, Sender
from .forwarding.settings import Settings
from .forwarding.store import StoredMessage

log = logging.getLogger(__name__)


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Forward every message in an event of SNS, then raise if any could not be forwarded."""
    failures = [failure for text in sns_messages(event) if (failure := _handle(text))]
    if failures:
        # Made here, outside the handling of any error, so that Lambda cannot log what AWS said.
        passing = all(isinstance(failure, TryAgainError) for failure in failures)
        raise (TryAgainError if passing else NotForwardedError)("; ".join(map(str, failures)))


def _handle(text: str) -> Exception | None:
    found = parse_notification(text)
    if not found:
        log.info("notification ignored")
        return None
    about = {"message_id": str(found[0].get("messageId", ""))}
    try:
        _forward(Notification.of(*found), Settings.of(os.environ))
    except TryAgainError as error:
        return error
    except DroppedError as error:
        log.warning("mail not forwarded", extra=about | {"reason": str(error)})
    except NotForwardedError as error:
        log.error("mail not forwarded", extra=about | {"reason": str(error)})
        return error
    except Exception as error:
        reason = unexpected(error)
        log.error("mail not forwarded", extra=about | {"reason": reason})
        return NotForwardedError(reason)
    return None


def _forward(notification: Notification, settings: Settings) -> None:
    notification.check()
    plan = settings.plan(notification.recipients)
    stored = StoredMessage(_s3(), notification.bucket, notification.key)
    problems = list(plan.problems)
    unsent = stored.unsent(plan.destinations)
    if unsent:
        parts = _prepared(stored.read(), settings)
        problems += _send(parts, unsent, stored, notification.message_id, settings)
    elif plan.destinations:
        log.info("mail was forwarded before", extra={"message_id": notification.message_id})
    if problems:
        raise NotForwardedError("; ".join(problems))


def _prepared(message: bytearray, settings: Settings) -> Parts:
    headers, body = parse_headers(message)
    check_loops(headers, settings.mark)
    parts = serialize_headers(rewrite_headers(headers, settings)), memoryview(message)[body:]
    if sum(map(len, parts)) > MOST_BYTES:
        raise NotForwardedError("the message is too large")
    return parts


def _send(parts: Parts, unsent: Sequence[str], stored: StoredMessage, message_id: str, settings: Settings) -> list[str]:
    """Send in batches, and return what SES refused for good; one batch does not keep the others back."""
    problems = []
    size = sum(map(len, parts))
    for start in range(0, len(unsent), MOST_RECIPIENTS):
        batch = unsent[start : start + MOST_RECIPIENTS]
        try:
            sent_as = _sender().send(
                parts, sender=settings.sender, recipients=batch, configuration_set=settings.configuration_set
            )
        except NotForwardedError as error:
            problems.append(str(error))
            continue
        log.info("mail forwarded", extra={"message_id": message_id, "destinations": len(batch), "bytes": size})
        try:
            stored.note(batch, sent_as)
        except (NotForwardedError, TryAgainError) as error:
            # To fail now would send the message again for sure; without a note, it is sent again if the event comes
            # again.
            log.warning("note not written", extra={"message_id": message_id, "reason": str(error)})
    return problems


# Made once for as long as the function is warm.


@cache
def _s3() -> Any:
    return boto3.client("s3", config=RETRY_LONG)


@cache
def _sender() -> Sender:
    return Sender(boto3.client("sesv2", config=RETRY_SEND))
