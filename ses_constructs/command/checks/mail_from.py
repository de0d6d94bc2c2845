"""The domain of the envelope, to which bounces return (SES Developer Guide, "Using a custom MAIL FROM domain")."""

from collections.abc import Iterator

from ...common.ses_regions import feedback_host
from ..findings import Finding
from ..name_servers import DnsReply
from .checked_domain import CheckedDomain, shown, zone_line
from .mistakes import explain
from .spf import judge_spf

_PAGE = 'SES Developer Guide, "Using a custom MAIL FROM domain"'


def check_mail_from(domain: CheckedDomain) -> Iterator[Finding]:
    """Exactly one MX record, to SES in the region, and an SPF record that lets SES send."""
    name = domain.mail_from
    if name:
        yield domain.judge("mail-from.mx", name, "MX", lambda reply: _mx(domain, reply))
        yield domain.judge(
            "mail-from.spf", name, "TXT", lambda reply: judge_spf("mail-from.spf", domain, name, reply, ses=True)
        )


def _mx(domain: CheckedDomain, reply: DnsReply) -> Finding:
    name, hosts = domain.mail_from, [value.partition(" ")[2] for value in reply.values]
    right = feedback_host(domain.region or "eu-west-1")
    if hosts == [right] or (not domain.region and len(hosts) == 1 and _is_feedback(hosts[0])):
        return Finding(id="mail-from.mx", outcome="right", says=f"bounces of {name} return to {hosts[0]}")
    hint = explain(domain, name, "MX", reply, right)
    if not hosts:
        says = f"{name} has no MX record{hint}"
    elif len(hosts) > 1:
        says = f"{name} has {len(hosts)} MX records; SES wants exactly one, and no other mail may go there"
    elif hosts[0].startswith("feedback-smtp.") and not _is_feedback(hosts[0]):
        says = f"the MX record of {name} has a wrong suffix: SES takes bounces at amazonses.com{hint}"
    elif _is_feedback(hosts[0]):
        says = f"the MX record of {name} leads to another region than {domain.region}"
    else:
        says = f"the MX record of {name} does not lead to SES{hint}"
    return Finding(
        id="mail-from.mx",
        outcome="wrong",
        says=says,
        wanted=f"exactly one MX record, to {right if domain.region else 'feedback-smtp.<region>.amazonses.com'}",
        found=shown(reply),
        source=_PAGE,
        fix=zone_line(name, "MX", f"10 {right}") if domain.region else "say --region, and the fix is printed",
    )


def _is_feedback(host: str) -> bool:
    return host.startswith("feedback-smtp.") and host.endswith(".amazonses.com") and host.count(".") == 3
