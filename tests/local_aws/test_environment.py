from pathlib import Path

import pytest

from local_aws.environment import client_environment, server_environment, without_harm

HARMFUL = {
    "AWS_PROFILE": "production",
    "AWS_SESSION_TOKEN": "real",
    "AWS_ENDPOINT_URL_S3": "https://s3.amazonaws.com",
    "SSL_CERT_FILE": "/etc/bundle.pem",
    "REQUESTS_CA_BUNDLE": "/etc/bundle.pem",
    "NODE_EXTRA_CA_CERTS": "/etc/bundle.pem",
    "https_proxy": "http://proxy.example.com",
    "CDK_DEFAULT_ACCOUNT": "123456789012",
}


def test_removes_what_leads_elsewhere_and_keeps_the_rest() -> None:
    kept = {"PATH": "/bin", "LANG": "C", "CDK_VALIDATION": "false"}
    assert without_harm(HARMFUL | kept) == kept


def test_clients_get_the_endpoint_dummy_credentials_and_nothing_of_the_host() -> None:
    folder = Path("/nowhere")
    made = client_environment("http://127.0.0.1:1", folder=folder, certificate=None, host=HARMFUL | {"PATH": "/bin"})
    assert made["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert made["AWS_SECRET_ACCESS_KEY"] == "test"
    assert made["CDK_DEFAULT_ACCOUNT"] == "000000000000"
    assert made["PATH"] == "/bin"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "https_proxy"} & made.keys()


def test_clients_trust_the_certificate_of_a_tls_server_alone() -> None:
    certificate = Path("/nowhere/server.crt")
    made = client_environment("https://127.0.0.1:1", folder=Path("/nowhere"), certificate=certificate, host=HARMFUL)
    assert made["AWS_CA_BUNDLE"] == made["NODE_EXTRA_CA_CERTS"] == str(certificate)


def test_the_server_sees_little_of_the_host() -> None:
    host = HARMFUL | {"PATH": "/bin", "HOME": "/home/someone", "TMPDIR": "/var/tmp", "SECRET": "x"}
    made = server_environment(4566, folder=Path("/own"), enforce_iam=True, tls=True, host=host)
    assert made["PATH"] == "/bin"
    assert made["HOME"] == made["TMPDIR"] == "/own"
    assert made["BIND_HOST"] == "127.0.0.1"
    assert (made["AUTH"], made["USE_SSL"]) == ("true", "1")
    assert not {"SECRET", "SSL_CERT_FILE", "AWS_PROFILE"} & made.keys()


def test_functions_trust_the_certificate_of_the_smtp_servers() -> None:
    made = server_environment(4566, folder=Path("/own"), enforce_iam=False, tls=False, host=HARMFUL)
    assert made["SSL_CERT_FILE"] == "/own/smtp.crt"


@pytest.mark.xdist_group("local-aws")
def test_a_group_of_tests_has_one_worker(request: pytest.FixtureRequest) -> None:
    """pytest-xdist goes by the end of the id; without it every worker starts every server and deploys every stack."""
    with_groups = request.config.getoption("loadgroup", False)
    assert not with_groups or request.node.nodeid.endswith("@local-aws")
