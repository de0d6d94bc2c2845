"""How many messages a second the receipt simulator delivers: ``python -m benchmarks.simulator``."""

import argparse
import time
from typing import Any

from ses_constructs.testing import ReceiptSimulator

_RULES = (1, 20, 200)
_SECONDS = 1.0


def messages_per_second(rules: int, *, seconds: float = _SECONDS) -> float:
    """Deliver to the last of so many rules for so long; every rule is matched, and its line is in the trace."""
    simulator = ReceiptSimulator.from_template(template(rules))
    recipients = [f"mailbox{rules}+label@example.com"]
    delivered = 0
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds or not delivered:
        receipt = simulator.deliver(recipients=recipients)
        delivered += 1
    assert receipt.rules == (f"rule{rules}",), receipt
    return delivered / elapsed


def template(rules: int) -> dict[str, Any]:
    """A chain of rules with one mailbox and one action each."""
    resources = {}
    for number in range(1, rules + 1):
        properties: dict[str, Any] = {
            "RuleSetName": "inbound",
            "Rule": {
                "Name": f"rule{number}",
                "Enabled": True,
                "Recipients": [f"mailbox{number}@example.com"],
                "Actions": [{"S3Action": {"BucketName": {"Ref": "Mailbox"}, "ObjectKeyPrefix": f"{number}/"}}],
            },
        }
        if number > 1:
            properties["After"] = {"Ref": f"Rule{number - 1}"}
        resources[f"Rule{number}"] = {"Type": "AWS::SES::ReceiptRule", "Properties": properties}
    return {"Resources": resources}


def main() -> None:
    """Print one line for each size of rule set."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulator", description="Time the receipt simulator.")
    parser.add_argument("--seconds", type=float, default=_SECONDS, help="how long to deliver to each rule set")
    seconds = parser.parse_args().seconds
    print(f"{'rules':>5}  {'messages per second':>19}")
    for rules in _RULES:
        print(f"{rules:>5}  {messages_per_second(rules, seconds=seconds):>19,.0f}")


if __name__ == "__main__":
    main()
