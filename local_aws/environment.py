"""Environments for the processes we start: clean of whatever would send them to a real AWS or break TLS."""

import os
from collections.abc import Mapping
from pathlib import Path

ACCOUNT = "000000000000"
REGION = "us-east-1"
ROOT = Path(__file__).resolve().parent.parent
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
IAM_LAG = "LOCAL_AWS_IAM_LAG"  # seconds, told to the server
CONTROLS = "/_ministack/local-aws/"  # paths of the server's own, see `extensions/controls.py`

HARMFUL_PREFIXES = ("AWS_", "CDK_", "MINISTACK_", "LOCALSTACK_", "BOTO_")
# Set by whoever wants quick apps; the CDK CLI takes every other CDK_ variable for one of its options.
HARMLESS = frozenset({"CDK_VALIDATION"})
# Certificate bundles of the host do not know our certificate; a proxy does not know our loopback address.
HARMFUL = frozenset(
    {
        "CURL_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "NODE_EXTRA_CA_CERTS",
        "NODE_OPTIONS",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
    }
)
# All that the server and, through it, the functions may see of the host.
SERVER_SEES = ("PATH", "LANG", "LC_ALL", "TZ")


def mail_certificate(folder: Path, *, tls: bool) -> Path:
    """What SMTP servers show and functions trust: that of a TLS server, else one that is made when it is needed."""
    return folder / "ministack-tls" / "server.crt" if tls else folder / "smtp.crt"


def smtp_hosts() -> list[str]:
    """The names of SES's SMTP endpoints, which the certificates are for: functions check them as any program does."""
    from botocore.session import get_session

    return [f"email-smtp.{region}.amazonaws.com" for region in get_session().get_available_regions("ses")]


def smtp_ports(folder: Path) -> Path:
    """Where the functions read on which ports SMTP endpoints listen, by region."""
    return folder / "smtp-ports.json"


def without_harm(host: Mapping[str, str]) -> dict[str, str]:
    """*host* without what leads to a real AWS, to a proxy or to another certificate bundle."""
    return {
        name: value
        for name, value in host.items()
        if name in HARMLESS or (name.upper() not in HARMFUL and not name.upper().startswith(HARMFUL_PREFIXES))
    }


def root_credentials(account: str) -> dict[str, str]:
    """Those of the root of *account*: ministack takes a key of 12 digits for that account's."""
    return CREDENTIALS if account == ACCOUNT else CREDENTIALS | {"AWS_ACCESS_KEY_ID": account}


def client_environment(
    endpoint: str,
    *,
    folder: Path,
    certificate: Path | None,
    account: str = ACCOUNT,
    region: str = REGION,
    host: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """For the CDK CLI, the app it runs, and any AWS tool: dummy credentials and *endpoint*, nothing of `~/.aws`."""
    nowhere = str(folder / "no-such-file")
    environment = without_harm(os.environ if host is None else host) | root_credentials(account)
    environment |= {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CDK_DEFAULT_ACCOUNT": account,
        "CDK_DEFAULT_REGION": region,
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_HOME": str(folder / "cdk-home"),
    }
    if certificate:
        environment |= {"AWS_CA_BUNDLE": str(certificate), "NODE_EXTRA_CA_CERTS": str(certificate)}
    return environment


def server_environment(
    port: int,
    *,
    folder: Path,
    enforce_iam: bool,
    tls: bool,
    iam_lag: float = 0,
    host: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """For the server: what it needs and little more, because the functions inherit it."""
    host = os.environ if host is None else host
    environment = {name: host[name] for name in SERVER_SEES if name in host} | CREDENTIALS
    if not tls:  # with TLS, ministack itself lets functions trust the one certificate that there is
        environment["SSL_CERT_FILE"] = str(mail_certificate(folder, tls=tls))
    return environment | {
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "GATEWAY_PORT": str(port),
        "LAMBDA_EXECUTOR": "local",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.1",  # the two retries come within a second, not within minutes
        "LOG_LEVEL": "INFO",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
        "SFTP_ENABLED": "0",
        "USE_SSL": "1" if tls else "0",
        "AUTH": "true" if enforce_iam else "false",
        IAM_LAG: str(iam_lag),
        "LOCAL_AWS_SMTP_PORTS": str(smtp_ports(folder)),
        "PYTHONPATH": str(ROOT / "local_aws" / "functions"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
