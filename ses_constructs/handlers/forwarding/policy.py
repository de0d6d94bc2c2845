"""Decides which messages are forwarded, and which of them only with a mark: "unverified" and what SES found."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .addresses import author_domains
from .domains import spellings
from .errors import Reason, RefusedError, UncheckedError
from .headers import Header, Headers
from .notification import Notification
from .settings import Rule, Settings

LOOP_HEADER = "X-Forwarded-By"
# RFC 5321, section 6.3: fewer would stop mail that makes its way.
MOST_HOPS = 100

_VERDICT = re.compile(r"[A-Z_]{1,30}")


@dataclass(frozen=True, slots=True)
class Policy:
    """The checks of one message; the reason in *waived* is none, for a person wants the message in spite of it."""

    notification: Notification
    rule: Rule
    settings: Settings
    waived: Reason | None = None

    def check_scans(self) -> None:
        """Refuse what SES takes for harmful, before the message is read. If the rule does not scan, it says nothing."""
        for name, reason in (("virus", Reason.VIRUS), ("spam", Reason.SPAM)):
            if self.notification.verdict(name) == "FAIL":
                self._refuse(reason, "SES found it")

    def check_headers(self, headers: Headers) -> str:
        """Refuse what comes round again, what is forged, and answers of programs; return the mark of the others.

        Returns:
            What SES found about the author, if that is not good; else nothing.
        """
        self._check_loop(headers)
        mark = self._checked_author(headers)
        self._check_answer(headers)
        return mark

    def _refuse(self, reason: Reason, detail: str) -> None:
        if reason is not self.waived:
            raise RefusedError(reason, detail)

    def _check_loop(self, headers: Headers) -> None:
        if any(one.unfolded == self.settings.loop_mark for one in headers.named(LOOP_HEADER)):
            self._refuse(Reason.LOOP, "forwarded by us before")
        if len(headers.named("Received")) > MOST_HOPS:
            self._refuse(Reason.LOOP, f"more than {MOST_HOPS} hops")

    def _checked_author(self, headers: Headers) -> str:
        verdict = self.notification.verdict("dmarc")
        written = {name for one in headers.named("From") for name in author_domains(one.unfolded)}
        domains = set(map(spellings, written))
        is_ours = any(self.settings.owns(spelling) for name in domains for spelling in name)
        if is_ours and not self.rule.marks_own_domain:
            if verdict == "FAIL":
                self._refuse(Reason.OWN_DOMAIN, "From is a domain of ours, and DMARC fails")
            if verdict == "PROCESSING_FAILED" and self.waived is not Reason.UNCHECKED:
                raise UncheckedError("From is a domain of ours, and SES could not check it")
        elif verdict == "FAIL" and self.notification.dmarc_policy == "REJECT" and not is_ours:
            self._refuse(Reason.DMARC, "DMARC fails, and the domain's policy is reject")
        # Of several domains, nobody says which one passed.
        if verdict == "PASS" and len(domains) == 1:
            return ""
        verdicts = ((name, self.notification.verdict(name)) for name in ("spf", "dkim", "dmarc"))
        return ", ".join(f"{name}={_shown(value)}" for name, value in verdicts)

    def _check_answer(self, headers: Headers) -> None:
        null = not self.notification.has_return_path or headers.first("Return-Path").replace(" ", "") == "<>"
        if null:
            self._refuse(Reason.AUTO_REPLY, "null return path")
        # auto-generated and auto-notified are notices, which answer nothing (RFC 3834, section 5).
        if "auto-replied" in _keywords(headers.named("Auto-Submitted")):
            self._refuse(Reason.AUTO_REPLY, "auto-replied")


def _keywords(headers: Iterable[Header]) -> list[str]:
    return [one.unfolded.partition(";")[0].partition("(")[0].strip().lower() for one in headers]


def _shown(verdict: str) -> str:
    return verdict.lower() if _VERDICT.fullmatch(verdict) else "unknown"
