"""Events of a configuration set for its enabled SNS destinations, in simplified JSON.

Send always, then Delivery, Bounce or Complaint after the mailbox simulator's addresses.
"""

import json
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import ses, ses_v2, sns

from local_aws.extensions.registry import Params, Response, after_query_call, after_rest_call

SIMULATOR = "simulator.amazonses.com"
SIMULATED = {
    "bounce": ("Bounce",),
    "suppressionlist": ("Bounce",),
    "complaint": ("Delivery", "Complaint"),
}


def outcomes(recipient: str) -> tuple[str, ...]:
    """The events that a message to *recipient* causes after Send."""
    local, _, domain = parseaddr(recipient)[1].partition("@")
    if domain.lower() != SIMULATOR:
        return ("Delivery",)
    return SIMULATED.get(local.split("+")[0].lower(), ("Delivery",))


def event(kind: str, configuration_set: str, message: dict[str, Any], recipients: list[str]) -> dict[str, Any]:
    """The document that SES publishes, with the members that our readers use."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    addresses = [{"emailAddress": recipient} for recipient in recipients]
    details: dict[str, dict[str, Any]] = {
        "Bounce": {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": addresses},
        "Complaint": {"complainedRecipients": addresses},
        "Delivery": {"recipients": recipients},
    }
    return {
        "eventType": kind,
        "mail": {
            "timestamp": now,
            "source": message["Source"],
            "sendingAccountId": get_account_id(),
            "messageId": message["MessageId"],
            "destination": recipients,
            "tags": {"ses:configuration-set": [configuration_set]},
        },
        kind.lower(): {"timestamp": now, **details.get(kind, {})},
    }


def _publish(kind: str, configuration_set: str, message: dict[str, Any], recipients: list[str]) -> None:
    destinations = (ses_v2._config_sets.get(configuration_set) or {}).get("EventDestinations") or {}
    for destination in destinations.values():
        topic = (destination.get("SnsDestination") or {}).get("TopicArn")
        if topic and destination["Enabled"] and kind.upper() in destination["MatchingEventTypes"]:
            body = json.dumps(event(kind, configuration_set, message, recipients))
            sns.publish_internal(topic, body, "Amazon SES Email Event Notification")


def _publish_all(configuration_set: str) -> None:
    if configuration_set not in ses_v2._config_sets:
        return
    message = ses._sent_emails_list()[-1]
    message["ConfigurationSetName"] = configuration_set
    recipients = [*message["To"], *message.get("CC", []), *message.get("BCC", [])]
    _publish("Send", configuration_set, message, recipients)
    for recipient in recipients:
        for kind in outcomes(recipient):
            _publish(kind, configuration_set, message, [recipient])


def _after_query(action: str, params: Params, response: Response) -> None:
    if action in ("SendEmail", "SendRawEmail", "SendTemplatedEmail") and response[0] == 200:
        _publish_all(ses._p(params, "ConfigurationSetName"))


def _after_rest(method: str, route: str, data: Any, response: Response) -> Response:
    if (method, route, response[0]) == ("POST", "/outbound-emails", 200):
        _publish_all(data.get("ConfigurationSetName") or "")
    return response


def install() -> None:
    after_query_call.append(_after_query)
    after_rest_call.append(_after_rest)
