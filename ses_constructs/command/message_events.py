"""What became of one message to one address, from the events that SES or an event history kept."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .bounce_causes import cause_of_bounce
from .findings import Finding


def explain_events(check: str, address: str, events: Sequence[Mapping[str, Any]], *, source: str) -> Iterator[Finding]:
    """What *events*, as ``GetMessageInsights`` has them, mean for mail to *address*."""
    types = [event.get("Type", "") for event in events]
    history = ", ".join(f"{event['Timestamp']:%Y-%m-%d %H:%M} {event.get('Type', '')}" for event in events)

    def wrong(says: str, fix: str, found: str = "") -> Finding:
        told = "; ".join(filter(None, (history, found)))
        return Finding(id=check, outcome="wrong", says=says, found=told, source=source, fix=fix)

    bounces = [event.get("Details", {}).get("Bounce", {}) for event in events if event.get("Type") == "BOUNCE"]
    for bounce in bounces:
        kind, sub, reply = (bounce.get(f, "") for f in ("BounceType", "BounceSubType", "DiagnosticCode"))
        cause = cause_of_bounce(kind, sub, reply)
        yield wrong(f"it bounced ({kind.lower()}, {sub}): {cause.means}", cause.fix.replace("ADDRESS", address), reply)
    if "COMPLAINT" in types:
        yield wrong("the person marked it as spam", "do not mail them again")
    if "REJECT" in types:
        yield wrong("SES did not send it, for it found a virus", "look at the attachments")
    if "RENDERING_FAILURE" in types:
        yield wrong("the template could not be filled", "give every variable of the template a value")
    if bounces or {"COMPLAINT", "REJECT", "RENDERING_FAILURE"} & {*types}:
        return
    if "DELIVERY" in types:
        yield Finding(
            id=check, outcome="right", says=f"the receiver took it ({history}): look into the spam folder and its rules"
        )
    elif "DELIVERY_DELAY" in types:
        yield Finding(
            id=check,
            outcome="advice",
            says="the receiver puts it off, and SES goes on trying",
            found=history,
            source=source,
            fix="wait; it becomes a bounce at the end of max_delivery_time, or when SES gives up",
        )
    else:
        yield Finding(id=check, outcome="right", says=f"it is on its way ({history or 'no event yet'})")
