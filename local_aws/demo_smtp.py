"""The part of the demo about SMTP: log in with the secret, send, change the password, log in again."""

import json
import smtplib
import time
from dataclasses import dataclass
from typing import Protocol

from local_aws.account import Account

# In seconds; a new password takes a few, more on a busy machine.
TRIED_OUT_WITHIN = ROTATED_WITHIN = 120.0
RECIPIENT = "success@simulator.amazonses.com"  # SES's mailbox simulator, to which a sandbox may send too


class Submission(Protocol):
    """Where programs send by SMTP."""

    def connect(self) -> smtplib.SMTP:
        """A connection over TLS."""
        ...


@dataclass(frozen=True, slots=True)
class Login:
    """What a program reads from the secret."""

    username: str
    password: str

    @classmethod
    def read(cls, aws: Account, secret: str) -> "Login":
        value = json.loads(aws.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
        return cls(value["username"], value["password"])

    def send(self, submission: Submission, sender: str) -> str:
        """Send a message, and give the server's answer if it refuses."""
        try:
            with submission.connect() as smtp:
                smtp.login(self.username, self.password)
                smtp.sendmail(sender, [RECIPIENT], f"From: {sender}\r\nSubject: By SMTP\r\n\r\nHello.\r\n")
        except smtplib.SMTPException as error:
            return str(error)
        return ""


def secrets(aws: Account) -> list[str]:
    """The secrets with SMTP credentials."""
    listed = aws.client("secretsmanager").list_secrets()["SecretList"]
    return [each["ARN"] for each in listed if each.get("Description", "").startswith("SMTP credentials")]


def rotate(
    aws: Account, submission: Submission, *, secret: str, domain: str, patience: float = 1.0
) -> tuple[list[str], list[str]]:
    """Send before and after a rotation; give what was done and what went wrong.

    Everything may take *patience* times as long as on a local AWS.
    """
    before, sender = Login.read(aws, secret), f"orders@{domain}"
    problems = [f"the first login should send, got {refused}"] if (refused := before.send(submission, sender)) else []
    deadline = time.monotonic() + TRIED_OUT_WITHIN * patience
    # A new schedule is tried out first, with a version of its own.
    while _is_being_rotated(aws, secret) and time.monotonic() < deadline:
        time.sleep(0.2 * patience)
    aws.client("secretsmanager").rotate_secret(SecretId=secret)
    deadline = time.monotonic() + ROTATED_WITHIN * patience
    while (after := Login.read(aws, secret)) == before and time.monotonic() < deadline:
        time.sleep(0.2 * patience)
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


def _is_being_rotated(aws: Account, secret: str) -> bool:
    stages = aws.client("secretsmanager").describe_secret(SecretId=secret)["VersionIdsToStages"]
    return any("AWSPENDING" in labels for labels in stages.values())
