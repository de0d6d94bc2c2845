"""What SES says, by the credentials and the region that boto3 finds; every call has a time-out."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from .findings import Finding, could_not_look

if TYPE_CHECKING:
    from mypy_boto3_sesv2.type_defs import GetEmailIdentityResponseTypeDef

# Most calls of SES are allowed once a second; adaptive is the mode that slows down by itself.
_CONFIG = Config(connect_timeout=5, read_timeout=15, retries={"mode": "adaptive", "total_max_attempts": 5})


class AccountError(Exception):
    """The account could not be asked; the sentence says why."""


class SesAccount:
    """An account in a region.

    Args:
        region: The region; the one that boto3 finds unless given.
        profile: Of the AWS configuration; the one that boto3 finds unless given.
    """

    def __init__(self, region: str = "", profile: str = "") -> None:
        try:
            self._session = boto3.Session(region_name=region or None, profile_name=profile or None)
        except BotoCoreError as error:
            raise AccountError(in_a_sentence(error)) from error
        self.region: str = self._session.region_name or ""

    def require_region(self) -> None:
        """Raise `AccountError` if nobody says where to look."""
        if not self.region:
            raise AccountError(in_a_sentence(NoRegionError()))

    def client(self, service: str) -> Any:
        """A client of *service*."""
        make: Any = self._session.client
        try:
            return make(service, config=_CONFIG)
        except (BotoCoreError, ValueError) as error:
            raise AccountError(in_a_sentence(error)) from error

    def identity(self, domain: str) -> "GetEmailIdentityResponseTypeDef | None":
        """What SES says about *domain*; None if it does not know it in this region."""
        ses = self.client("sesv2")
        try:
            found: GetEmailIdentityResponseTypeDef = ses.get_email_identity(EmailIdentity=domain)
        except ses.exceptions.NotFoundException:
            return None
        except (BotoCoreError, ClientError) as error:
            raise AccountError(in_a_sentence(error)) from error
        return found


def each_look(looks: Iterable[tuple[str, Callable[[], Iterable[Finding]]]]) -> list[Finding]:
    """The findings of all *looks*; a call that is refused leaves the others, and without credentials none is tried."""
    findings: list[Finding] = []
    for name, look in looks:
        try:
            findings += look()
        except NoCredentialsError as error:
            raise AccountError(in_a_sentence(error)) from error
        except (BotoCoreError, ClientError) as error:
            findings.append(could_not_look(name, in_a_sentence(error)))
    return findings


def in_a_sentence(error: Exception) -> str:
    """What went wrong with a call, and what to do where that is known."""
    if isinstance(error, NoCredentialsError):
        return "no AWS credentials were found; set AWS_PROFILE, or log in"
    if isinstance(error, NoRegionError):
        return "no AWS region is set; say --region eu-west-1, or set AWS_REGION"
    if isinstance(error, ClientError):
        details = error.response.get("Error", {})
        return f"{error.operation_name} was refused: {details.get('Code', '')} {details.get('Message', '')}".rstrip()
    return str(error)
