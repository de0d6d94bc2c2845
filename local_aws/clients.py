"""boto3 clients of a local AWS that heed nothing of the host's AWS settings and are all closed in the end."""

import os
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
    """One client per service and identity."""

    def __init__(
        self, endpoint: str, *, certificate: Path | None, account: str = ACCOUNT, region: str = REGION
    ) -> None:
        self._endpoint = endpoint
        self._root = {name.lower(): value for name, value in root_credentials(account).items()}
        self._region = region
        self._verify = str(certificate) if certificate else False
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
            root = {} if key[1] else self._root
            # The stubs know a client only by a literal name, the overloads above tell the same to our callers.
            make: Any = session().client
            self._made[key] = make(
                service,
                endpoint_url=self._endpoint,
                verify=self._verify,
                config=Config(proxies={}, retries={"total_max_attempts": 2}),
                **{"region_name": self._region, **root, **options},
            )
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
