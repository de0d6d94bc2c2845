"""Time that passes at once: what was measured, and what IAM was given, is that much older then."""

from ministack.services import cloudwatch

from local_aws.extensions import iam_lag
from local_aws.extensions.controls import Arguments, controls


def _pass(arguments: Arguments) -> float:
    seconds = float(arguments["seconds"])
    for points in cloudwatch._metrics.values():  # those of the account and region that ask
        for point in points:
            point["Timestamp"] -= seconds
    iam_lag.grow_older(seconds)
    return seconds


def install() -> None:
    controls["time-passes"] = _pass
