"""What left through SES, whole: raw bytes, envelope and region, added to ministack's `/_ministack/ses/messages`."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.core.responses import get_region
from ministack.services import ses

from local_aws.extensions.registry import Params, Response, after_query_call, after_rest_call

MESSAGES = "/_ministack/ses/messages"
Endpoint = Callable[[str, str, dict[str, str], Params], Awaitable[Response | None]]


def _remember(**more: Any) -> None:
    ses._sent_emails_list()[-1].update({"Region": get_region()} | {key: value for key, value in more.items() if value})


def _after_query(action: str, params: Params, response: Response) -> None:
    if response[0] != 200 or action not in ("SendEmail", "SendRawEmail", "SendTemplatedEmail"):
        return
    _remember(
        RawData=ses._p(params, "RawMessage.Data"),
        Destinations=ses._collect_list(params, "Destinations.member"),
        ConfigurationSetName=ses._p(params, "ConfigurationSetName"),
    )


def _after_rest(method: str, route: str, data: Any, response: Response) -> Response:
    if (method, route, response[0]) == ("POST", "/outbound-emails", 200):
        _remember(
            RawData=((data.get("Content") or {}).get("Raw") or {}).get("Data", ""),
            ConfigurationSetName=data.get("ConfigurationSetName"),
        )
    return response


def install() -> None:
    after_query_call.append(_after_query)
    after_rest_call.append(_after_rest)
    original: Endpoint = app._handle_ses_messages_request

    async def messages(method: str, path: str, headers: dict[str, str], query_params: Params) -> Response | None:
        response = await original(method, path, headers, query_params)
        if response is None or response[0] != 200 or path != MESSAGES:
            return response
        body = json.loads(response[2])
        ours = {
            record["MessageId"]: {
                key: record[key]
                for key in ("RawData", "Destinations", "ConfigurationSetName", "Region")
                if key in record
            }
            for records in ses._sent_emails.to_dict().values()
            for record in records
        }
        for records in body["messages"].values():
            for record in records:
                record.update(ours.get(record["MessageId"], {}))
        return 200, response[1], json.dumps(body).encode()

    app._handle_ses_messages_request = messages
