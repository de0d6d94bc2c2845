"""The part of the demo about SMTP: log in with the secret, send, change the password, log in again."""

import json
import smtplib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_aws.aws import LocalAws

if TYPE_CHECKING:
    from local_aws.smtp.submission import Submission

# In seconds; a new password takes a few, more on a busy machine.
TRIED_OUT_WITHIN = ROTATED_WITHIN = 120.0


@dataclass(frozen=True, slots=True)
class Login:
    """What a program reads from the secret."""

    username: str
    password: str

    @classmethod
    def read(cls, aws: LocalAws, secret: str) -> "Login":
        value = json.loads(aws.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
        return cls(value["username"], value["password"])

    def send(self, submission: "Submission", sender: str) -> str:
        """Send a message, and give the server's answer if it refuses."""
        try:
            with submission.connect() as smtp:
                smtp.login(self.username, self.password)
                smtp.sendmail(sender, ["you@example.org"], f"From: {sender}\r\nSubject: By SMTP\r\n\r\nHello.\r\n")
        except smtplib.SMTPException as error:
            return str(error)
        return ""


def secrets(aws: LocalAws) -> list[str]:
    """The secrets with SMTP credentials."""
    listed = aws.client("secretsmanager").list_secrets()["SecretList"]
    return [each["ARN"] for each in listed if each.get("Description", "").startswith("SMTP credentials")]


def rotate(aws: LocalAws, submission: "Submission", *, secret: str, domain: str) -> tuple[list[str], list[str]]:
    """Send before and after a rotation; give what was done and what went wrong."""
    before, sender = Login.read(aws, secret), f"orders@{domain}"
    problems = [f"the first login should send, got {refused}"] if (refused := before.send(submission, sender)) else []
    deadline = time.monotonic() + TRIED_OUT_WITHIN
    # A new schedule is tried out first, with a version of its own.
    while _is_being_rotated(aws, secret) and time.monotonic() < deadline:
        time.sleep(0.2)
    aws.client("secretsmanager").rotate_secret(SecretId=secret)
    deadline = time.monotonic() + ROTATED_WITHIN
    while (after := Login.read(aws, secret)) == before and time.monotonic() < deadline:
        time.sleep(0.2)
    if after == before:
        return [], [*problems, "the password should have changed"]
    for login, which in ((after, "new"), (before, "previous")):
        if refused := login.send(submission, sender):
            problems.append(f"the {which} password should send, got {refused}")
    done = [
        f"logged in as {before.username} and sent from {sender}",
        f"rotated: {after.username} sends, and {before.username} still does until its time of grace is over",
    ]
    return done, problems


def _is_being_rotated(aws: LocalAws, secret: str) -> bool:
    stages = aws.client("secretsmanager").describe_secret(SecretId=secret)["VersionIdsToStages"]
    return any("AWSPENDING" in labels for labels in stages.values())
