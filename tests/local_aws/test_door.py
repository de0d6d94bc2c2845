"""No web page makes the local AWS do anything, over real HTTP and as its browser would ask."""

import base64
import http.client
import io
import json
import shutil
import socket
import ssl
import subprocess
import urllib.parse
import zipfile
from collections.abc import Iterator, Mapping

import pytest

from local_aws.aws import LocalAws
from local_aws.environment import CONTROLS
from local_aws.process import ServerProcess

CODE = "def handler(event, context): return 'ran'"
OURS = "127.0.0.1"


@pytest.fixture(scope="module")
def local() -> Iterator[LocalAws]:
    with LocalAws.start() as running:
        yield running


def ask(
    server: ServerProcess, headers: Mapping[str, str], method: str = "POST", path: str = "/", body: str = ""
) -> tuple[int, str, list[str]]:
    """Ask with exactly these headers beside those of the body; `{port}` stands for the server's."""
    connection = http.client.HTTPConnection(OURS, server.port, timeout=30)
    try:
        written = {"Host": f"{OURS}:{server.port}"} | dict(headers)
        if body:
            written["Content-Length"] = str(len(body))
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in written.items():
            connection.putheader(name, value.replace("{port}", str(server.port)))
        connection.endheaders(body.encode())
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), [name.lower() for name in answer.headers]
    finally:
        connection.close()


def function(name: str) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("code.py", CODE)
    zipped = base64.b64encode(archive.getvalue()).decode()
    role = "arn:aws:iam::000000000000:role/r"
    return json.dumps(
        {"FunctionName": name, "Runtime": "python3.11", "Handler": "code.handler", "Role": role}
        | {"Code": {"ZipFile": zipped}}
    )


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Host": "evil.example:{port}"}, id="DNS rebinding"),
        pytest.param({"Host": "127.0.0.1.evil.example:{port}"}, id="a name that begins like ours"),
        pytest.param({"Host": "evil.localhost:{port}"}, id="a name below localhost"),
        pytest.param({"Host": "0.0.0.0:{port}"}, id="the address that browsers do not count as loopback"),
        pytest.param({"Host": "localhost"}, id="rebinding to another port"),
        pytest.param({"Host": "localhost:{port}@evil.example"}, id="a host behind ours"),
        pytest.param({"Host": ""}, id="no host"),
        pytest.param({"Origin": "https://evil.example"}, id="a page"),
        pytest.param({"Origin": "null"}, id="a page in a sandbox"),
        pytest.param({"Origin": "http://127.0.0.1:{port}"}, id="a page that is stored here"),
        pytest.param({"origin": "https://evil.example"}, id="HTTP does not mind case"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="an image or a link of a page"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a page of another port"),
        pytest.param({"Sec-Fetch-Site": "same-origin"}, id="a stored page that reads"),
        pytest.param({"Sec-Fetch-Site": "none"}, id="a link of a mail program"),
    ],
)
def test_a_web_page_makes_no_function_and_reads_nothing(local: LocalAws, headers: dict[str, str]) -> None:
    page = {"Content-Type": "text/plain"} | headers

    status, told, names = ask(local.server, page, path="/2015-03-31/functions", body=function("from-a-page"))
    assert (status, told[:13]) == (403, "the local AWS")
    assert not [name for name in names if name.startswith("access-control-")]
    for method, path in (
        ("OPTIONS", "/2015-03-31/functions"),
        ("GET", "/?Action=ListIdentities&Version=2010-12-01"),
        ("GET", f"{CONTROLS}verification-mails"),
        ("GET", "/_ministack/ready"),
    ):
        assert ask(local.server, headers, method, path)[0] == 403

    assert local.client("lambda").list_functions()["Functions"] == []


def test_an_absolute_target_does_not_stand_for_the_host(local: LocalAws) -> None:
    target = f"http://{OURS}:{local.server.port}/_ministack/ready"
    assert ask(local.server, {"Host": "evil.example"}, "GET", target)[0] == 403


def test_a_page_opens_no_web_socket(local: LocalAws) -> None:
    api = local.client("apigatewayv2").create_api(Name="chat", ProtocolType="WEBSOCKET")["ApiId"]
    local.client("apigatewayv2").create_stage(ApiId=api, StageName="live")
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    headers |= {"Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode()}
    path = f"/_aws/execute-api/{api}/live"

    assert ask(local.server, headers | {"Origin": "https://evil.example"}, "GET", path)[0] == 403
    assert ask(local.server, headers, "GET", path)[0] == 101


@pytest.mark.skipif(not shutil.which("curl"), reason="the standard library speaks no HTTP/2")
def test_http_2_names_the_host_in_its_own_way_and_is_held_to_the_same() -> None:
    with ServerProcess(tls=True) as server:
        assert server.certificate

        def status(*options: str) -> str:
            url = f"https://localhost:{server.port}/_ministack/ready"
            command = ["curl", "-sS", "--http2", "--noproxy", "*", "--cacert", str(server.certificate), "-o", "-"]
            done = subprocess.run(
                [*command, "-w", "\n%{http_version} %{http_code}", *options, url],
                capture_output=True,
                check=True,
                text=True,
                timeout=60,
            )
            return done.stdout.rpartition("\n")[2]

        assert status() == "2 200"
        assert status("-H", f"Host: evil.example:{server.port}") == "2 403"
        assert status("-H", "Origin: https://evil.example") == "2 403"
        with socket.create_connection((OURS, server.port)) as plain:
            context = ssl.create_default_context(cafile=str(server.certificate))
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                secure.sendall(b"GET /_ministack/ready HTTP/1.0\r\n\r\n")
                assert b" 403 " in secure.recv(100)


@pytest.mark.parametrize("host", [OURS, "localhost", "LOCALHOST"])
def test_programs_of_this_machine_are_let_in(local: LocalAws, host: str) -> None:
    assert ask(local.server, {"Host": f"{host}:{{port}}"}, "GET", "/_ministack/ready")[0] == 200


def test_signed_urls_and_functions_still_work(local: LocalAws) -> None:
    s3 = local.client("s3")
    s3.create_bucket(Bucket="answers")
    url = urllib.parse.urlsplit(s3.generate_presigned_url("put_object", Params={"Bucket": "answers", "Key": "one"}))
    assert url.netloc == f"{OURS}:{local.server.port}"

    assert ask(local.server, {}, "PUT", f"{url.path}?{url.query}", body="done")[0] == 200
    assert s3.get_object(Bucket="answers", Key="one")["Body"].read() == b"done"

    lambda_ = local.client("lambda")
    assert ask(local.server, {}, "POST", "/2015-03-31/functions", function("of-a-program"))[0] == 201
    assert lambda_.invoke(FunctionName="of-a-program")["Payload"].read() == b'"ran"'
    lambda_.delete_function(FunctionName="of-a-program")
