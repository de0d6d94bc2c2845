"""What SES says, by the credentials and the region that boto3 finds; every call has a time-out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from .findings import Finding, could_not_look

_T = TypeVar("_T")
if TYPE_CHECKING:
    from mypy_boto3_sesv2.type_defs import GetEmailIdentityResponseTypeDef

# Most calls of SES are allowed once a second; adaptive is the mode that slows down by itself.
_CONFIG = Config(connect_timeout=5, read_timeout=15, retries={"mode": "adaptive", "total_max_attempts": 5})

# What asks and changes nothing; a query of Athena reads, though its name does not say so.
_READS = ("Get", "BatchGet", "Head", "List", "Describe", "StartQueryExecution", "StopQueryExecution")
_NOT_THERE = ("NotFoundException", "RuleSetDoesNotExist", "RuleSetDoesNotExistException")


class AccountError(Exception):
    """The account could not be asked; the sentence says why."""


class ReadingSession(boto3.Session):
    """A session whose clients refuse every call that is not known to read only."""

    def client(self, *arguments: Any, **options: Any) -> Any:
        """A client, as boto3 makes it."""
        make: Any = super().client
        made = make(*arguments, **options)
        made.meta.events.register("before-call", _refuse_unless_it_reads)
        return made


def _refuse_unless_it_reads(model: Any, **_: object) -> None:
    if not model.name.startswith(_READS):
        raise AccountError(f"{model.name} is no reading call, and this command changes nothing; please report this")


class SesAccount:
    """An account in a region.

    Args:
        region: The region; the one that boto3 finds unless given.
        profile: Of the AWS configuration; the one that boto3 finds unless given.
    """

    def __init__(self, region: str = "", profile: str = "") -> None:
        try:
            self._session = ReadingSession(region_name=region or None, profile_name=profile or None)
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

    @cached_property
    def account_id(self) -> str:
        """The account of the credentials."""
        try:
            return str(self.client("sts").get_caller_identity()["Account"])
        except (BotoCoreError, ClientError) as error:
            raise AccountError(in_a_sentence(error)) from error

    @contextmanager
    def is_default(self) -> Iterator[None]:
        """Have the clients that others make in the block be those of this account."""
        before, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, self._session
        try:
            yield
        finally:
            boto3.DEFAULT_SESSION = before

    def identity(self, domain: str) -> "GetEmailIdentityResponseTypeDef | None":
        """What SES says about *domain*; None if it does not know it in this region."""
        ses = self.client("sesv2")
        try:
            return if_there(ses.get_email_identity, EmailIdentity=domain)
        except (BotoCoreError, ClientError) as error:
            raise AccountError(in_a_sentence(error)) from error

    def known_identity(self, domain: str) -> "GetEmailIdentityResponseTypeDef":
        """The same; raise `AccountError` if SES does not know it."""
        identity = self.identity(domain)
        if identity is None:
            raise AccountError(f"SES in {self.region} does not know {domain}; say the --region where it is")
        return identity

    def stack_with(self, resource_type: str, name: str) -> str:
        """The stack that has the thing of that type and name; ``""`` if none has it."""
        try:
            answer = self.client("cloudformation").describe_stack_resources(PhysicalResourceId=name)
        except ClientError as error:
            if "does not exist" in str(error):
                return ""
            raise
        for each in answer["StackResources"]:
            # All resources of the stack, and the one of that name may be of another type: a bucket, for one.
            if (each["ResourceType"], each.get("PhysicalResourceId")) == (resource_type, name):
                return str(each["StackName"])
        return ""


def if_there(call: Callable[..., _T], **arguments: str) -> _T | None:
    """What *call* answers; None if there is no such thing."""
    try:
        return call(**arguments)
    except ClientError as error:
        if error_code(error) in _NOT_THERE:
            return None
        raise


def all_pages(call: Callable[..., Mapping[str, Any]], field: str) -> list[Any]:
    """What all pages of *call* hold as *field*, for calls of which boto3 makes no paginator."""
    listed: list[Any] = []
    token: dict[str, str] = {}
    while True:
        page = call(**token)
        listed += page.get(field, [])
        if not page.get("NextToken"):
            return listed
        token = {"NextToken": page["NextToken"]}


def each_look(
    looks: Iterable[tuple[str, Callable[[], Iterable[Finding]]]], tell: Callable[[str], None]
) -> list[Finding]:
    """The findings of all *looks*; a call that is refused leaves the others, and without credentials none is tried."""
    findings: list[Finding] = []
    for name, look in looks:
        tell(f"Looking at {name} ...")
        try:
            findings += look()
        except NoCredentialsError as error:
            raise AccountError(in_a_sentence(error)) from error
        except (BotoCoreError, ClientError) as error:
            findings.append(could_not_look(name, in_a_sentence(error)))
    return findings


def error_code(error: ClientError) -> str:
    """The code by which AWS names an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def in_a_sentence(error: Exception) -> str:
    """What went wrong with a call, and what to do where that is known."""
    if isinstance(error, NoCredentialsError):
        return "no AWS credentials were found; set AWS_PROFILE, or log in"
    if isinstance(error, NoRegionError):
        return "no AWS region is set; say --region eu-west-1, or set AWS_REGION"
    if isinstance(error, ClientError):
        message = error.response.get("Error", {}).get("Message", "")
        return f"{error.operation_name} was refused: {error_code(error)} {message}".rstrip()
    return str(error)
