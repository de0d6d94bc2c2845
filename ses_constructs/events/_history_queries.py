"""The saved queries of the event history, in the SQL of Athena (Trino) and, but for UNNEST, of DuckDB.

Every query reads its files once: an event has the recipients of its own kind and no others, so the joins below never
multiply. SES and Firehose may deliver an event twice, which is why rows are distinct and counts are of distinct copies.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedQuery:
    """A question: its construct id, its name in the console, what it answers, and the SQL."""

    construct_id: str
    name: str
    description: str
    sql: str


# The recipients of the message are not those of the event: one of ten may have bounced.
_PER_RECIPIENT = """\
WITH recent AS (
  SELECT *
  FROM events
  WHERE {days}
),
touched AS (
  SELECT
    eventtype AS event,
    mail.messageid AS message_id,
    mail.timestamp AS sent_at,
    mail.source AS sender,
    mail.commonheaders.subject AS subject,
    coalesce(
      bounce.timestamp, complaint.timestamp, delivery.timestamp, deliverydelay.timestamp,
      open.timestamp, click.timestamp, subscription.timestamp, mail.timestamp
    ) AS happened_at,
    coalesce(
      bounced.emailaddress, complained.emailaddress, delivered.address, delayed.emailaddress, other.address
    ) AS written,
    coalesce(
      bounce.bouncetype, complaint.complaintfeedbacktype, deliverydelay.delaytype,
      CASE coalesce(open.isbotevent, click.isbotevent) WHEN 'Likely' THEN 'machine' WHEN 'Unlikely' THEN 'person' END
    ) AS kind,
    coalesce(bounce.bouncesubtype, complaint.complaintsubtype) AS subtype,
    coalesce(
      bounced.diagnosticcode, delayed.diagnosticcode, delivery.smtpresponse, reject.reason, failure.errormessage,
      click.link
    ) AS detail
  FROM recent
  LEFT JOIN UNNEST(bounce.bouncedrecipients) AS bounced(emailaddress, action, status, diagnosticcode) ON TRUE
  LEFT JOIN UNNEST(complaint.complainedrecipients) AS complained(emailaddress) ON TRUE
  LEFT JOIN UNNEST(delivery.recipients) AS delivered(address) ON TRUE
  LEFT JOIN UNNEST(deliverydelay.delayedrecipients) AS delayed(emailaddress, status, diagnosticcode) ON TRUE
  LEFT JOIN UNNEST(
    CASE eventtype
      WHEN 'Bounce' THEN NULL
      WHEN 'Complaint' THEN NULL
      WHEN 'Delivery' THEN NULL
      WHEN 'DeliveryDelay' THEN NULL
      ELSE mail.destination
    END
  ) AS other(address) ON TRUE
),
addressed AS (
  SELECT
    *,
    lower(coalesce(nullif(regexp_extract(written, '([^<>\\s]+@[^<>\\s]+)>?\\s*$', 1), ''), written)) AS recipient
  FROM touched
),
per_recipient AS (
  SELECT
    *,
    split_part(recipient, '@', 2) AS domain,
    message_id || ' ' || recipient AS copy_id
  FROM addressed
)
"""
# SES did not try to deliver: no bounce and no complaint that counts against the sender.
_SUPPRESSED = """\
coalesce(subtype, '') IN (
      'Suppressed', 'OnAccountSuppressionList', 'OnTenantSuppressionList', 'EmailValidationSuppressed',
      'UnsubscribedRecipient'
    )"""

# Scanners of links and proxies that fetch images before anybody looks. Events of before August 2026 do not say.
_BY_MACHINE = "coalesce(kind, '') = 'machine'"


def _query(select: str, *, days: str) -> str:
    return _PER_RECIPIENT.format(days=days) + select


def _since(days_ago: int) -> str:
    return f"CAST(CAST(current_date - INTERVAL '{days_ago}' DAY AS date) AS varchar)"


def _last(days: int) -> str:
    """The partitions of the last days: only their files are read, and paid for."""
    return f"day >= {_since(days)}"


def _count(condition: str, name: str) -> str:
    return f"count(DISTINCT CASE WHEN {condition} THEN copy_id END) AS {name}"


QUERIES = (
    SavedQuery(
        construct_id="MailForAddress",
        name="What happened to mail for an address",
        description="Everything known of one recipient, oldest first; the parameter is the address in single quotes",
        sql=_query(
            """\
SELECT DISTINCT
  happened_at, event, kind, subtype, detail, subject, sender, sent_at, message_id
FROM per_recipient
WHERE recipient = lower(?)
ORDER BY happened_at, event
""",
            days="day IS NOT NULL",
        ),
    ),
    SavedQuery(
        construct_id="Bounces",
        name="Bounces by domain, last 7 days",
        description="Bounced messages by domain of the recipient, type and subtype, with one answer of the server each",
        sql=_query(
            """\
SELECT domain, kind, subtype, count(DISTINCT copy_id) AS bounces, max(detail) AS example
FROM per_recipient
WHERE event = 'Bounce' AND recipient IS NOT NULL
GROUP BY domain, kind, subtype
ORDER BY bounces DESC, domain, kind, subtype
""",
            days=_last(7),
        ),
    ),
    SavedQuery(
        construct_id="Complaints",
        name="Complaints, last 30 days",
        description="Who may have complained, newest first; providers hide addresses, so SES names who it may be",
        sql=_query(
            """\
SELECT DISTINCT
  happened_at, recipient, coalesce(kind, 'not stated') AS kind, subtype, subject, sender, sent_at, message_id
FROM per_recipient
WHERE event = 'Complaint'
ORDER BY happened_at DESC, recipient
""",
            days=_last(30),
        ),
    ),
    SavedQuery(
        construct_id="Deliverability",
        name="Deliverability by day, last 30 days",
        description="What became of the mail of each day (UTC), counted by message and recipient",
        sql=_query(
            f"""\
SELECT *, round(1e2 * delivered / nullif(sent, 0), 1) AS delivered_percent
FROM (
  SELECT
    substr(sent_at, 1, 10) AS sent_on,
    {_count("event = 'Send'", "sent")},
    {_count("event = 'Delivery'", "delivered")},
    {_count(f"event = 'Bounce' AND kind = 'Permanent' AND NOT {_SUPPRESSED}", "hard_bounced")},
    {_count("event = 'Bounce' AND kind <> 'Permanent'", "soft_bounced")},
    {_count(_SUPPRESSED, "suppressed")},
    {_count(f"event = 'Complaint' AND NOT {_SUPPRESSED}", "complained")},
    {_count("event = 'Reject'", "rejected")}
  FROM per_recipient
  WHERE substr(sent_at, 1, 10) >= {_since(30)}
  GROUP BY substr(sent_at, 1, 10)
) AS by_day
ORDER BY sent_on
""",
            days=_last(30),
        ),
    ),
    SavedQuery(
        construct_id="Engagement",
        name="Opens and clicks by day, last 30 days",
        description="Messages opened and clicked on each day (UTC); what SES takes for a machine is counted apart",
        sql=_query(
            f"""\
SELECT
  substr(happened_at, 1, 10) AS happened_on,
  {_count(f"event = 'Open' AND NOT {_BY_MACHINE}", "opened")},
  {_count(f"event = 'Open' AND {_BY_MACHINE}", "opened_by_machine")},
  {_count(f"event = 'Click' AND NOT {_BY_MACHINE}", "clicked")},
  {_count(f"event = 'Click' AND {_BY_MACHINE}", "clicked_by_machine")}
FROM per_recipient
WHERE event IN ('Open', 'Click')
GROUP BY substr(happened_at, 1, 10)
ORDER BY happened_on
""",
            days=_last(30),
        ),
    ),
    SavedQuery(
        construct_id="Delays",
        name="Delays by domain, last 7 days",
        description="Messages that a domain did not take at once, and the last answer of its server",
        sql=_query(
            """\
SELECT
  domain, kind, count(DISTINCT copy_id) AS delayed, max(happened_at) AS last_seen,
  max_by(detail, happened_at) AS last_answer
FROM per_recipient
WHERE event = 'DeliveryDelay' AND recipient IS NOT NULL
GROUP BY domain, kind
ORDER BY delayed DESC, domain, kind
""",
            days=_last(7),
        ),
    ),
)
"""In the order in which they are made."""
