"""A made-up day: quiet until a newsletter goes to an old list in the early afternoon.

The rates come from the counts, so that the numbers of the picture agree with one another.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]

STEP = 300
"""The seconds between two values."""
_STEPS = 24 * 60 * 60 // STEP
_HOURS = np.arange(_STEPS) * STEP / 3600
# What SES takes for representative reaches further back than the day.
_EARLIER_SENDS, _EARLIER_BOUNCES, _EARLIER_COMPLAINTS = 12_000, 130, 3
_QUOTA = 50_000


def values_of(namespace: str, name: str, dimensions: Mapping[str, str]) -> Series:
    """One value for each five minutes of the day; NaN where CloudWatch would have no data."""
    if "RuleName" in dimensions:
        return (
            _action_failures() if (name, "Support" in dimensions["RuleName"]) == ("PublishFailure", True) else _none()
        )
    if "DroppedSpam" in name:
        return _whole(_working_day() * 3 + 1)
    if "ses:configuration-set" in dimensions:
        return _SENDING.get((namespace, name), _none())
    return _ACCOUNT.get((namespace, name), _none())


def _none() -> Series:
    return np.full(_STEPS, np.nan)


def _steady(value: float) -> Series:
    return np.full(_STEPS, float(value))


def _hump(hour: float, width: float) -> Series:
    """1 at *hour*, and next to nothing a few times *width* away."""
    return np.exp(-(((_HOURS - hour) / width) ** 2))


def _working_day() -> Series:
    """The share of a busy hour: low at night, two peaks, and some noise that is the same each time."""
    wobble = 1 + 0.08 * np.sin(_HOURS * 9.1) + 0.06 * np.sin(_HOURS * 23.7)
    return (0.12 + 0.8 * _hump(10.5, 2.6) + 0.7 * _hump(16.5, 2.8)) * wobble


def _whole(rate: Series) -> Series:
    """Whole messages, of which the sum is that of *rate*."""
    return np.diff(np.floor(np.cumsum(rate)), prepend=0)


def _seen(counts: Series) -> Series:
    """*counts* as SES writes them: nothing where nothing happened."""
    return np.where(counts > 0, counts, np.nan)


def _action_failures() -> Series:
    return np.where((_HOURS > 11.1) & (_HOURS < 11.6), 1.0, np.nan)


_newsletter = 260 * _hump(13.6, 0.5)
_sends = _whole(_working_day() * 70 + _newsletter)
_bounces = _whole(_working_day() * 0.8 + 0.4 * _newsletter)
_complaints = _whole(_working_day() * 0.012 + 0.004 * _newsletter)
_other_sends = _whole(_working_day() * 60)
_other_bounces = _whole(_working_day() * 0.4)


def _rate(earlier: float, earlier_sends: float, counts: Series, sends: Series) -> Series:
    # SES writes a rate now and then, so only some values are there.
    rate = (earlier + np.cumsum(counts)) / (earlier_sends + np.cumsum(sends))
    return np.where(np.arange(_STEPS) % 4 == 0, rate, np.nan)


_SENDING = {
    ("AWS/SES", "Send"): _sends,
    ("AWS/SES", "Delivery"): _sends - _bounces,
    ("AWS/SES", "Bounce"): _seen(_bounces),
    ("AWS/SES", "Complaint"): _seen(_complaints),
    ("AWS/SES", "DeliveryDelay"): _seen(_whole(_working_day() * 0.5 + 4 * _hump(7.5, 0.4))),
    ("AWS/SES", "Reject"): np.where(np.arange(_STEPS) == 200, 1.0, np.nan),
    ("AWS/SES", "Reputation.BounceRate"): _rate(_EARLIER_BOUNCES, _EARLIER_SENDS, _bounces, _sends),
    ("AWS/SES", "Reputation.ComplaintRate"): _rate(_EARLIER_COMPLAINTS, _EARLIER_SENDS, _complaints, _sends),
}
_account_sends = _sends + _other_sends
_sent_last_24_hours = np.round(22_000 + np.cumsum(_account_sends) - np.linspace(0, 20_000, _STEPS))
_ACCOUNT = {
    ("AWS/SES", "Reputation.BounceRate"): _rate(
        _EARLIER_BOUNCES * 1.5, _EARLIER_SENDS * 2, _bounces + _other_bounces, _account_sends
    ),
    ("AWS/SES", "Reputation.ComplaintRate"): _rate(
        _EARLIER_COMPLAINTS * 1.6, _EARLIER_SENDS * 2, _complaints, _account_sends
    ),
    ("SesConstructs/Account", "QuotaUsed"): _sent_last_24_hours / _QUOTA,
    ("SesConstructs/Account", "SentLast24Hours"): _sent_last_24_hours,
    ("SesConstructs/Account", "Max24HourSend"): _steady(_QUOTA),
    ("SesConstructs/Account", "MaxSendRate"): _steady(14),
    ("SesConstructs/Account", "SendingEnabled"): _steady(1),
    ("SesConstructs/Account", "ProductionAccess"): _steady(1),
    ("SesConstructs/Account", "EnforcementLevel"): _steady(0),
    ("AWS/Lambda", "Invocations"): _whole(_working_day() * 9 + 1.5),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): np.where(_HOURS > 18.3, 2.0, 0.0),
}
