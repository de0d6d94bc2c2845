"""What `check` says about each state that SES reports, as its API spells it."""

from typing import Any

import pytest

from ses_constructs.command.checks.checked_domain import CheckedDomain
from ses_constructs.command.checks.identity import check_identity
from ses_constructs.command.name_servers import DnsServer, NameServers
from tests.command.conftest import World

RIGHT: dict[str, Any] = {
    "VerifiedForSendingStatus": True,
    "VerificationStatus": "SUCCESS",
    "DkimAttributes": {"SigningEnabled": True, "Status": "SUCCESS"},
    "MailFromAttributes": {"MailFromDomain": "mail.example.com", "MailFromDomainStatus": "SUCCESS"},
}
OF_ELSEWHERE = {"ErrorType": "HOST_NOT_FOUND", "SOARecord": {"PrimaryNameServer": "ns.old.example."}}


def outcomes(world: World, account: dict[str, Any]) -> dict[str, tuple[str, str]]:
    resolver = DnsServer(name="resolver", address=world.resolver.address, port=world.port)
    dns = NameServers(resolver=resolver, port=world.port)
    found = check_identity(CheckedDomain(name="example.com", dns=dns, account=account))
    return {each.id: (each.outcome, each.says) for each in found}


def test_an_identity_that_is_right_passes(world: World) -> None:
    assert {outcome for outcome, _ in outcomes(world, RIGHT).values()} == {"right"}


@pytest.mark.parametrize(
    ("changed", "check", "outcome", "says"),
    [
        (
            {"VerifiedForSendingStatus": False, "VerificationStatus": "FAILED", "VerificationInfo": OF_ELSEWHERE},
            "identity.verified",
            "wrong",
            "SES saw the zone of ns.old.example, and the one that is served now is of ns1.example.com",
        ),
        ({"DkimAttributes": {"SigningEnabled": False}}, "identity.dkim", "wrong", "DKIM is switched off"),
        ({"DkimAttributes": {"SigningEnabled": True, "Status": "PENDING"}}, "identity.dkim", "wrong", "still looks"),
        ({"DkimAttributes": {"SigningEnabled": True, "Status": "FAILED"}}, "identity.dkim", "wrong", "says FAILED"),
        ({"MailFromAttributes": {}}, "identity.mail-from", "advice", "an envelope of amazonses.com"),
        (
            {
                "MailFromAttributes": {
                    "MailFromDomain": "mail.example.com",
                    "MailFromDomainStatus": "FAILED",
                    "BehaviorOnMxFailure": "REJECT_MESSAGE",
                }
            },
            "identity.mail-from",
            "wrong",
            "meanwhile mail is refused",
        ),
    ],
)
def test_what_ses_reports_is_said(world: World, changed: dict[str, Any], check: str, outcome: str, says: str) -> None:
    found = outcomes(world, RIGHT | changed)[check]

    assert found[0] == outcome
    assert says in found[1]
