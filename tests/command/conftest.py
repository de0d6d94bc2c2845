"""A small DNS with a domain that sends by SES, and the command run against it."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from ses_constructs.command.group import commands
from tests.command.name_servers_on_loopback import LoopbackServer, listening

if TYPE_CHECKING:
    from local_aws.aws import LocalAws

REGION = "eu-west-1"
HOSTS = ("ns1", "ns2", "ns3")
DELEGATION = "".join(f"@ IN NS {host}.example.com.\n" for host in HOSTS)
ADDRESSES = "".join(f"{host} IN A 127.0.1.{number}\n" for number, host in enumerate(HOSTS, 1))


def public_key(bits: int = 2048) -> str:
    """The public half of an RSA key of that length, as p= holds it; nobody has the other half."""

    def der(tag: int, content: bytes) -> bytes:
        size = len(content)
        length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2)
        return bytes([tag]) + length + content

    modulus = der(2, b"\0" + (1 << (bits - 1) | 1).to_bytes(bits // 8))
    key = der(0x30, modulus + der(2, b"\1\0\1"))
    algorithm = der(0x30, bytes.fromhex("06092a864886f70d0101010500"))
    return base64.b64encode(der(0x30, algorithm + der(3, b"\0" + key))).decode()


def txt(text: str) -> str:
    """A TXT value for a zone file."""
    return " ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255))


KEY = f"v=DKIM1; k=rsa; p={public_key()}"

# Each line is a record that a check looks at.
RIGHT = {
    "mx": "@ IN MX 10 inbound-smtp.eu-west-1.amazonaws.com.",
    "spf": '@ IN TXT "v=spf1 include:amazonses.com ~all"',
    "dmarc": '_dmarc IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.com"',
    "tls": '_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:tls@example.com"',
    "key": f"own._domainkey IN TXT {txt(KEY)}",
    "mail_from_mx": "mail IN MX 10 feedback-smtp.eu-west-1.amazonses.com.",
    "mail_from_spf": 'mail IN TXT "v=spf1 include:amazonses.com ~all"',
}


@dataclass
class World:
    """The servers of example.com and the resolver, which sees what is delegated."""

    servers: tuple[LoopbackServer, ...]
    registry: LoopbackServer
    resolver: LoopbackServer
    port: int

    def publish(self, instead: Mapping[str, str] = RIGHT, *, at: tuple[int, ...] = (0, 1, 2)) -> None:
        """Serve example.com with the right records, but those of *instead* in their place."""
        lines = {**RIGHT, **instead}
        self.zone("example.com", "\n".join([DELEGATION, ADDRESSES, *lines.values()]) + "\n", at=at)

    def zone(self, apex: str, text: str, *, at: tuple[int, ...] = (0, 1, 2)) -> None:
        """Serve a zone on some servers; the resolver sees that of the last call."""
        for number in at:
            self.servers[number].hold(apex, text)
        self.resolver.hold(apex, text)

    def delegate(self, records: str) -> None:
        """Serve the zone above, on a server of its own."""
        text = f"@ IN NS a.registry.com.\na.registry.com. IN A 127.0.1.4\n{records}"
        self.registry.hold("com", text)
        self.resolver.hold("com", text)

    def run(self, *arguments: str) -> Result:
        """Run the command."""
        return CliRunner().invoke(commands, [*arguments], obj=self.port, catch_exceptions=False)

    def check(self, *arguments: str, mail_from: str = "mail.example.com") -> "dict[str, dict[str, Any]]":
        """The findings of `check example.com` by id."""
        return {each["id"]: each for each in self.report(*arguments, mail_from=mail_from)["findings"]}

    def report(self, *arguments: str, mail_from: str = "mail.example.com") -> dict[str, Any]:
        """What `check example.com --json` prints."""
        options = ["--mail-from", mail_from] if mail_from else []
        fixed = ["--no-account", "--region", REGION, "--selector", "own", "--timeout", "5", "--json"]
        result = self.run("check", "example.com", *fixed, *options, *self.asking, *arguments)
        found: dict[str, Any] = json.loads(result.stdout)
        assert found["exit_code"] == result.exit_code
        return found

    @property
    def asking(self) -> tuple[str, str]:
        return "--resolver", f"{self.resolver.address}:{self.port}"


@pytest.fixture
def world() -> Iterator[World]:
    servers = tuple(LoopbackServer(address=f"127.0.1.{number}") for number in (1, 2, 3))
    registry = LoopbackServer(address="127.0.1.4")
    resolver = LoopbackServer(address="127.0.1.53", recursive=True)
    with listening([*servers, registry, resolver]) as port:
        made = World(servers=servers, registry=registry, resolver=resolver, port=port)
        made.delegate(DELEGATION.replace("@", "example"))
        made.zone("amazonses.com", '@ IN NS ns1.example.com.\n@ IN TXT "v=spf1 ip4:199.255.192.0/22 -all"\n')
        made.publish()
        yield made


@pytest.fixture
def found_aws(aws: "LocalAws", monkeypatch: pytest.MonkeyPatch) -> "LocalAws":
    """The local AWS, as the account that boto3 finds by itself."""
    for name, value in aws.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
    return aws
