"""What becomes of sent mail, told to CloudWatch and to the event destinations of its configuration set."""

import base64
import json
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import cloudwatch, eventbridge, firehose, ses, ses_v2, sns

from local_aws.extensions.alarms import evaluate_alarms_on
from local_aws.extensions.event_destinations import destination_problem, set_arn
from local_aws.extensions.event_documents import (
    DETAIL_TYPES,
    MailEvent,
    OutgoingMail,
    dimensions,
    document,
    event_type,
    events_of,
    utc_now,
)
from local_aws.extensions.outgoing_mail import mail_of_query, mail_of_rest
from local_aws.extensions.registry import Params, Response, after_query_call, after_rest_call

NAMESPACE = "AWS/SES"
ACCOUNT_METRICS = ("Send", "Delivery", "Bounce", "Complaint")
SENDING_CALLS = ("SendEmail", "SendRawEmail", "SendTemplatedEmail")


def _publish(event: MailEvent, mail: OutgoingMail, message_id: str) -> None:
    if event.kind in ACCOUNT_METRICS:
        cloudwatch.record_metric(NAMESPACE, event.kind, 1, "Count")
    destinations = (ses_v2._config_sets.get(mail.configuration_set) or {}).get("EventDestinations") or {}
    told = document(event, mail, message_id=message_id, account=get_account_id(), region=get_region(), now=utc_now())
    for name, destination in list(destinations.items()):
        if not destination["Enabled"] or event.kind not in map(event_type, destination["MatchingEventTypes"]):
            continue
        if problem := destination_problem(mail.configuration_set, destination):
            ses.logger.warning("SES: no event for destination %s: %s", name, problem)
            continue
        _deliver(destination, event, mail, told)


def _deliver(destination: dict[str, Any], event: MailEvent, mail: OutgoingMail, told: dict[str, Any]) -> None:
    if topic := destination.get("SnsDestination"):
        sns.publish_internal(topic["TopicArn"], json.dumps(told), "Amazon SES Email Event Notification")
    elif configured := destination.get("CloudWatchDestination"):
        chosen = dimensions(mail, configured["DimensionConfigurations"])
        cloudwatch.record_metric(NAMESPACE, event.kind, 1, "Count", chosen)
    elif stream := destination.get("KinesisFirehoseDestination"):
        line = base64.b64encode(json.dumps(told).encode() + b"\n").decode()
        name = stream["DeliveryStreamArn"].rpartition("/")[2]
        firehose._put_record({"DeliveryStreamName": name, "Record": {"Data": line}})
    else:
        entry = {
            "Source": "aws.ses",
            "DetailType": DETAIL_TYPES[event.kind],
            "Detail": json.dumps(told),
            "Resources": [set_arn(mail.configuration_set)],
        }
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _publish_all(mail: OutgoingMail) -> None:
    record = ses._sent_emails_list()[-1]
    record["ConfigurationSetName"] = mail.configuration_set
    for event in events_of(mail, now=utc_now(), feedback_id=f"{new_uuid()}-000000"):
        _publish(event, mail, record["MessageId"])
    evaluate_alarms_on(NAMESPACE)


def _after_query(action: str, params: Params, response: Response) -> None:
    if action in SENDING_CALLS and response[0] == 200:
        _publish_all(mail_of_query(action, params))


def _after_rest(method: str, route: str, data: Any, response: Response) -> Response:
    if (method, route, response[0]) == ("POST", "/outbound-emails", 200):
        _publish_all(mail_of_rest(data))
    return response


def install() -> None:
    after_query_call.append(_after_query)
    after_rest_call.append(_after_rest)
