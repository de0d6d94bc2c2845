"""`LocalAws`: start it, deploy to it with the real CDK CLI, read the result back with boto3.

    with LocalAws.start() as aws:
        aws.bootstrap()
        outputs = aws.deploy("python app.py", context={"domain": "example.com"})
        aws.client("sesv2").get_email_identity(EmailIdentity="example.com")

`docs/local-aws.md` says how far it is like AWS.
"""

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from local_aws.account import Account
from local_aws.clients import local_clients
from local_aws.environment import ACCOUNT, REGION, client_environment
from local_aws.inbound.records import Peer
from local_aws.process import ServerProcess
from local_aws.sent_mail import SentMessage, sent_messages

if TYPE_CHECKING:
    from local_aws.inbound.inbox import Inbox
    from local_aws.smtp.submission import Submission


class LocalAws(Account):
    """An AWS account on loopback, empty at the start and gone at the end of the `with` block."""

    def __init__(self, server: ServerProcess, *, account: str = ACCOUNT, region: str = REGION) -> None:
        self.server = server
        super().__init__(
            local_clients(server.endpoint, certificate=server.certificate, account=account, region=region),
            account=account,
            region=region,
            # Dummy credentials, and nothing that leads to a real AWS.
            environment=client_environment(
                server.endpoint, folder=server.folder, certificate=server.certificate, account=account, region=region
            ),
            folder=server.folder,
        )
        self._others: list[LocalAws] = []
        self._listeners: list[Inbox | Submission] = []

    @classmethod
    def start(cls, *, tls: bool = False, enforce_iam: bool = False, iam_lag: float = 0) -> Self:
        """Start a server of its own; as many as you like run at the same time.

        With *enforce_iam* each call needs its permission, and functions act as their own roles. That needs TLS,
        because the bootstrap bucket's policy denies anything else. What such a role was given less than *iam_lag*
        seconds ago is not in force yet.
        """
        if iam_lag and not enforce_iam:
            raise ValueError(f"iam_lag needs enforce_iam=True, got {iam_lag}")
        return cls(ServerProcess(tls=tls or enforce_iam, enforce_iam=enforce_iam, iam_lag=iam_lag))

    def in_account(self, account: str, region: str = REGION) -> Self:
        """The same server as root of another *account* sees it, which is there as soon as somebody looks."""
        other = type(self)(self.server, account=account, region=region)
        self._others.append(other)
        return other

    @property
    def endpoint(self) -> str:
        return self.server.endpoint

    def receive_mail(self, *, peer: Peer | None = None, region: str = REGION) -> "Inbox":
        """Listen for mail by SMTP and run the active receipt rule set of *region* on it, until the block ends."""
        from local_aws.inbound.inbox import Inbox  # it needs our constructs' matching, and they start Node

        inbox = Inbox(self._clients, certificate=self.server.mail_certificate, peer=peer or Peer(), region=region)
        self._listeners.append(inbox)
        return inbox

    def submit_mail(self, *, region: str = REGION) -> "Submission":
        """Listen for programs that log in by SMTP and send, as SES does in *region*, until the block ends."""
        from local_aws.smtp.submission import Submission

        submission = Submission(self.server, self._clients, region=region)
        self._listeners.append(submission)
        return submission

    def verification_mails(self, region: str = "") -> tuple[str, ...]:
        """The addresses that SES has sent verification mails to, the oldest first, one for each mail."""
        return tuple(mail["address"] for mail in self._control("verification-mails", region=region))

    def click_verification_link(self, address: str, region: str = "") -> None:
        """Follow the link in the mail to *address*; `LocalAwsError` without such a mail, or without the identity."""
        self._control("click-verification-link", address=address, region=region)

    def enter_sandbox(self, region: str = "") -> None:
        """Be as a new account in SES, which may send to verified recipients only."""
        self._control("enter-sandbox", region=region)

    def leave_sandbox(self, region: str = "") -> None:
        """Be in production again, as at the start, without asking for it."""
        self._control("leave-sandbox", region=region)

    def review(self, verdict: str, region: str = "") -> None:
        """Answer the pending request for production access: GRANTED, DENIED or FAILED; or grant it after a denial."""
        self._control("review", verdict=verdict, region=region)

    def set_ses_account(
        self,
        *,
        max_24_hour_send: float | None = None,
        max_send_rate: float | None = None,
        sent_last_24_hours: float | None = None,
        enforcement_status: str | None = None,
        region: str = "",
    ) -> None:
        """Set what only AWS decides, quotas and HEALTHY, PROBATION or SHUTDOWN; what is left out is as at the start."""
        decided = {
            "Max24HourSend": max_24_hour_send,
            "MaxSendRate": max_send_rate,
            "SentLast24Hours": sent_last_24_hours,
            "EnforcementStatus": enforcement_status,
        }
        given = {name: str(value) for name, value in decided.items() if value is not None}
        self._control("ses-account", region=region, **given)

    def impair_ses(self, *, impaired: bool, region: str = "") -> None:
        """Let SES v2 fail each call with a status of 503 and do nothing, or work again."""
        self._control("ses-impaired", impaired=str(impaired), region=region)

    def set_changed_after(self, *, moves_the_rule: bool, region: str = "") -> None:
        """Say what a stack update does with a receipt rule whose `After` has changed; at first the rule stays."""
        self._control("changed-after", moves=str(moves_the_rule), region=region)

    def set_iam_lag(self, seconds: float) -> None:
        """Let IAM take so long, as `start(iam_lag=...)`; what is older counts at once."""
        self._control("iam-lag", seconds=str(seconds))

    def let_time_pass(self, seconds: float) -> None:
        """Make what was measured here, and what IAM was given, so much older at once."""
        self._control("time-passes", seconds=str(seconds))

    def sent_messages(self) -> tuple[SentMessage, ...]:
        """What left through SES's send API of this account since the start, the oldest first."""
        return sent_messages(self.server, self.account)

    def _control(self, name: str, *, region: str = "", **arguments: str) -> Any:
        return self.server.control(name, account=self.account, region=region or self.region, **arguments)

    def stop(self) -> None:
        """Close the SMTP servers and the clients and end the server; twice is harmless."""
        for listener in self._listeners:
            listener.stop()
        for each in (*self._others, self):
            each._clients.close()
        self.server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
