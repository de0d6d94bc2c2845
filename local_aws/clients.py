"""boto3 clients that are all closed in the end; those of a local AWS heed nothing of the host's AWS settings."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
import botocore.session
from botocore.config import Config

from local_aws.environment import ACCOUNT, REGION, root_credentials

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ses import SESClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sts import STSClient


class Clients:
    """One client per service and identity, each made by *make*, which is called as `boto3.client` is."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make
        self._made: dict[tuple[str, str, str], Any] = {}

    @overload
    def get(self, service: Literal["cloudformation"], **options: str) -> "CloudFormationClient": ...
    @overload
    def get(self, service: Literal["iam"], **options: str) -> "IAMClient": ...
    @overload
    def get(self, service: Literal["lambda"], **options: str) -> "LambdaClient": ...
    @overload
    def get(self, service: Literal["logs"], **options: str) -> "CloudWatchLogsClient": ...
    @overload
    def get(self, service: Literal["route53"], **options: str) -> "Route53Client": ...
    @overload
    def get(self, service: Literal["s3"], **options: str) -> "S3Client": ...
    @overload
    def get(self, service: Literal["ses"], **options: str) -> "SESClient": ...
    @overload
    def get(self, service: Literal["sesv2"], **options: str) -> "SESV2Client": ...
    @overload
    def get(self, service: Literal["sts"], **options: str) -> "STSClient": ...
    @overload
    def get(self, service: str, **options: str) -> Any: ...

    def get(self, service: str, **options: str) -> Any:
        """A client of *service*.

        `aws_access_key_id` and the like act as someone other than the account's root, `region_name` looks elsewhere.
        """
        key = (service, options.get("aws_access_key_id", ""), options.get("region_name", ""))
        if key not in self._made:
            self._made[key] = self._make(service, **options)
        return self._made[key]

    def close(self) -> None:
        while self._made:
            self._made.popitem()[1].close()


def session() -> boto3.Session:
    """A session that reads neither `AWS_PROFILE` nor `~/.aws`, both of which may be broken or real."""
    core = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
            "ca_bundle": (None, None, None, None),
        }
    )
    return boto3.Session(botocore_session=core)


def local_clients(endpoint: str, *, certificate: Path | None, account: str = ACCOUNT, region: str = REGION) -> Clients:
    """The clients of the local AWS at *endpoint*, as root of *account*."""
    credentials = {name.lower(): value for name, value in root_credentials(account).items()}

    def make(service: str, **options: str) -> Any:
        root = {} if "aws_access_key_id" in options else credentials
        # The stubs know a client only by a literal name, the overloads above tell the same to our callers.
        new_client: Any = session().client
        return new_client(
            service,
            endpoint_url=endpoint,
            verify=str(certificate) if certificate else False,
            config=Config(proxies={}, retries={"total_max_attempts": 2}),
            **{"region_name": region, **root, **options},
        )

    return Clients(make)
