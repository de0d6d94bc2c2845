"""The actions of a receipt rule, done by boto3 on the local AWS."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.clients import Clients
from local_aws.inbound.bounces import bounce_message
from local_aws.inbound.message import EVENT_HEADERS, NOTIFIED_HEADERS, ReceivedMessage
from local_aws.inbound.records import ActionRun

MOST_FOR_TOPIC = 150 * 1024  # bytes of a message that SES publishes
NOTIFICATION_SUBJECT = "Amazon SES Email Receipt Notification"
STOP_RULE, STOP_RULE_SET = "STOP_RULE", "STOP_RULE_SET"

# What the event tells of each kind of action.
TOLD = {
    "S3": ("BucketName", "ObjectKeyPrefix"),
    "SNS": (),
    "Lambda": ("FunctionArn", "InvocationType"),
    "Bounce": ("SmtpReplyCode", "StatusCode", "Message", "Sender"),
    "Stop": (),
    "WorkMail": ("OrganizationArn",),
    "AddHeader": (),
    "Connect": (),
}


class ActionError(Exception):
    """An action that could not be done."""


@dataclass(kw_only=True, slots=True)
class Step:
    """One action at work: what it is given, and what comes out of it."""

    kind: str
    fields: dict[str, str]
    message: ReceivedMessage
    receipt: dict[str, Any]
    run: ActionRun = field(init=False)
    then: str = ""  # STOP_RULE or STOP_RULE_SET end more than this action

    def __post_init__(self) -> None:
        self.run = ActionRun(kind=self.kind, target=self._target())

    @property
    def object_key(self) -> str:
        return self.fields.get("ObjectKeyPrefix", "") + self.message.message_id

    @property
    def bounce_goes_to(self) -> str:
        return self.message.mail_from or "nobody, the sender is empty"

    def told(self) -> dict[str, Any]:
        """The `receipt` of the event, with this action in it."""
        action: dict[str, str] = {"type": self.kind}
        names = ("TopicArn", *TOLD[self.kind])
        action |= {name[0].lower() + name[1:]: self.fields[name] for name in names if name in self.fields}
        if self.kind == "S3":
            action["objectKey"] = self.object_key
        if self.kind == "SNS":
            action["encoding"] = "BASE64" if self.fields.get("Encoding") == "Base64" else "UTF8"
        if self.kind == "Lambda":
            action.setdefault("invocationType", "Event")
        return self.receipt | {"action": action}

    def _target(self) -> str:
        match self.kind:
            case "S3":
                return f"s3://{self.fields['BucketName']}/{self.object_key}"
            case "Lambda":
                return self.fields["FunctionArn"]
            case "SNS":
                return self.fields["TopicArn"]
            case "AddHeader":
                return f"{self.fields['HeaderName']}: {self.fields['HeaderValue']}"
            case "Bounce":
                return self.bounce_goes_to
            case "WorkMail":
                return self.fields["OrganizationArn"]
        return self.fields.get("Scope", "")


class Actions:
    """Does one action after the other; one that fails is recorded and does not keep the next from being done."""

    def __init__(self, clients: Clients, *, region: str, host: str) -> None:
        self._host = host
        self._s3 = clients.get("s3", region_name=region)
        self._sns = clients.get("sns", region_name=region)
        self._sesv2 = clients.get("sesv2", region_name=region)
        self._lambda: Any = clients.get("lambda", region_name=region)  # the stubs want a literal for the invocation

    def do(self, step: Step) -> None:
        """Do it, and tell the action's topic."""
        try:
            self._do(step)
            if step.kind != "SNS" and (topic := step.fields.get("TopicArn")):
                self._publish(topic, step)
        except (ClientError, BotoCoreError, ActionError) as error:
            step.run.problem = str(error)

    def _do(self, step: Step) -> None:
        match step.kind:
            case "S3":
                self._store(step)
            case "SNS":
                self._publish_content(step)
            case "Lambda":
                self._invoke(step)
            case "Bounce":
                fields = step.fields
                status = fields.get("StatusCode") or f"{fields['SmtpReplyCode'][0]}.0.0"
                self._bounce(step, fields["Sender"], fields["SmtpReplyCode"], status, fields["Message"])
            case "Stop":
                step.then = STOP_RULE_SET
            case "AddHeader":
                step.message = step.message.with_headers([(step.fields["HeaderName"], step.fields["HeaderValue"])])
            case "WorkMail":
                step.run.answer = "only recorded"
            case _:
                raise ActionError(f"the local AWS cannot do a {step.kind} action")

    def _store(self, step: Step) -> None:
        if step.fields.get("KmsKeyArn"):
            raise ActionError("the local AWS does not encrypt on the client's side, as KmsKeyArn wants it")
        self._s3.put_object(Bucket=step.fields["BucketName"], Key=step.object_key, Body=step.message.content)

    def _publish_content(self, step: Step) -> None:
        content = step.message.content
        if len(content) > MOST_FOR_TOPIC:
            sender = f"MAILER-DAEMON@{step.receipt['recipients'][0].rpartition('@')[2]}"
            self._bounce(step, sender, "552", "5.3.4", "Message too large")
            raise ActionError(f"{len(content)} bytes are too many for a topic, so it was bounced")
        encoded = step.fields.get("Encoding") == "Base64"
        text = base64.b64encode(content).decode() if encoded else content.decode("utf-8", "replace")
        self._publish(step.fields["TopicArn"], step, content=text)

    def _publish(self, topic: str, step: Step, **content: str) -> None:
        mail = step.message.mail(most_headers=NOTIFIED_HEADERS)
        notification = {"notificationType": "Received", "mail": mail, "receipt": step.told(), **content}
        self._sns.publish(TopicArn=topic, Subject=NOTIFICATION_SUBJECT, Message=json.dumps(notification))

    def _invoke(self, step: Step) -> None:
        described = {"mail": step.message.mail(most_headers=EVENT_HEADERS), "receipt": step.told()}
        event = {"Records": [{"eventSource": "aws:ses", "eventVersion": "1.0", "ses": described}]}
        kind = step.fields.get("InvocationType", "Event")
        answer = self._lambda.invoke(
            FunctionName=step.fields["FunctionArn"], InvocationType=kind, Payload=json.dumps(event).encode()
        )
        payload = answer["Payload"].read().decode("utf-8", "replace")
        if answer.get("FunctionError"):
            raise ActionError(f"the function failed: {payload}")
        if kind == "RequestResponse":
            step.run.answer = _disposition(payload)
            step.then = step.run.answer if step.run.answer in (STOP_RULE, STOP_RULE_SET) else ""

    def _bounce(self, step: Step, sender: str, reply: str, status: str, text: str) -> None:
        if not step.message.mail_from:  # a bounce is never bounced
            return
        message = bounce_message(
            sender=sender,
            to=step.message.mail_from,
            recipients=step.receipt["recipients"],
            raw=step.message.raw,
            host=self._host,
            reply=reply,
            status=status,
            text=text,
        )
        self._sesv2.send_email(
            FromEmailAddress=sender,
            Destination={"ToAddresses": [step.message.mail_from]},
            Content={"Raw": {"Data": message}},
        )


def _disposition(payload: str) -> str:
    """What a function decided; whatever SES does not understand means to go on."""
    try:
        answer = json.loads(payload or "null")
    except json.JSONDecodeError:
        answer = None
    disposition = answer.get("disposition") if isinstance(answer, dict) else None
    return disposition if disposition in (STOP_RULE, STOP_RULE_SET) else "CONTINUE"
