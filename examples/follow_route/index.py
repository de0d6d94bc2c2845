"""A function that sends one message by the active route; its callers keep a message until it was sent."""

import os
from typing import Any

from route_sender import RouteSender

SENDER = RouteSender(route_seconds=float(os.environ.get("ROUTE_SECONDS", "30")))


def handler(event: dict[str, str], context: object) -> dict[str, str]:
    content: Any = {"Simple": {"Subject": {"Data": event["subject"]}, "Body": {"Text": {"Data": event["text"]}}}}
    sent = SENDER.send(
        FromEmailAddress=os.environ["FROM_ADDRESS"], Destination={"ToAddresses": [event["to"]]}, Content=content
    )
    return {"message_id": sent.message_id, "route": sent.route}
