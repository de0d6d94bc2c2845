"""What SES's scans would say: spam and viruses by the markers that scanners agreed on for tests."""

from email import message_from_bytes

from local_aws.inbound.records import Peer

# The second one is written in two parts: a scanner that finds it whole would take this file away.
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + b"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

Verdicts = dict[str, dict[str, str]]

# https://github.com/awslabs/swift-aws-lambda-events/pull/111
NOT_SCANNED: Verdicts = {"spamVerdict": {"status": "DISABLED"}, "virusVerdict": {"status": "DISABLED"}}


def contains(raw: bytes, marker: bytes) -> bool:
    """Whether *marker* stands in the message, in the open or in an encoded part."""
    if marker in raw:
        return True
    parts = message_from_bytes(raw).walk()  # with the oldest policy, which no header makes raise
    payloads = (part.get_payload(decode=True) for part in parts)
    return any(isinstance(payload, bytes) and marker in payload for payload in payloads)


def scan_verdicts(raw: bytes) -> Verdicts:
    """The verdicts of a scan."""
    return {
        "spamVerdict": {"status": "FAIL" if contains(raw, GTUBE) else "PASS"},
        "virusVerdict": {"status": "FAIL" if contains(raw, EICAR) else "PASS"},
    }


def authentication_verdicts(peer: Peer) -> Verdicts:
    """The verdicts that need no scan."""
    return {
        "spfVerdict": {"status": peer.spf},
        "dkimVerdict": {"status": peer.dkim},
        "dmarcVerdict": {"status": peer.dmarc},
    }


def scan_headers(verdicts: Verdicts) -> list[tuple[str, str]]:
    """What a scan leaves in the message; one that did not happen leaves nothing."""
    if verdicts == NOT_SCANNED:
        return []
    return [
        ("X-SES-Spam-Verdict", verdicts["spamVerdict"]["status"]),
        ("X-SES-Virus-Verdict", verdicts["virusVerdict"]["status"]),
    ]
