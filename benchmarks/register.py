"""What the register of the app costs beside 160 domains: ``python -m benchmarks.register``.

The same process builds the domains with every entry and look of the register timed, and then synthesizes the app.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any
from unittest import mock

os.environ.setdefault("CDK_VALIDATION", "false")

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_route53 as route53

from ses_constructs import Route53Zone, VerifiedDomain
from ses_constructs.dns import other_owners
from ses_constructs.identities import _domain_checks, verified_domain

_DOMAINS, _ROUNDS = 160, 7
_TIMED = (
    (_domain_checks, "enter_identity"),
    (_domain_checks, "enter_report_addresses"),
    (verified_domain, "register_records"),
    (other_owners._Review, "validate"),
)


@contextmanager
def timed() -> Iterator[list[float]]:
    """The seconds of each call to the register, which is all that another owner could meet."""
    seconds: list[float] = []

    def wrapped(call: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*arguments: Any, **keywords: Any) -> Any:
            start = time.perf_counter()
            try:
                return call(*arguments, **keywords)
            finally:
                seconds.append(time.perf_counter() - start)

        return measured

    patches = [mock.patch.object(owner, name, wrapped(getattr(owner, name))) for owner, name in _TIMED]
    for each in patches:
        each.start()
    try:
        yield seconds
    finally:
        for each in patches:
            each.stop()


def measure(domains: int) -> tuple[float, float, float]:
    """The seconds of the build, of the register in it, and of what it looks for when the app is synthesized."""
    app = App(analytics_reporting=False)
    stack = Stack(app, "Mail", env=Environment(account="111122223333", region="eu-west-1"))
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
    )
    dns = Route53Zone(zone)
    with timed() as seconds:
        start = time.perf_counter()
        for number in range(domains):
            VerifiedDomain(stack, f"Domain{number}", domain_name=f"customer{number}.example.com", dns=dns)
        build, entered = time.perf_counter() - start, sum(seconds)
        # CDK refuses more than 500 resources in a stack; these domains have 320.
        app.synth()
    return build, entered, sum(seconds) - entered


def main() -> None:
    """Print the medians of some rounds, the first of which starts Node and is left out."""
    rounds = [measure(_DOMAINS) for _ in range(_ROUNDS + 1)][1:]
    build, entered, looked = (1000 * median(each) for each in zip(*rounds, strict=True))
    print(f"{_DOMAINS} domains: build {build:.0f} ms, of which the register {entered:.1f} ms ({entered / build:.1%})")
    print(f"at synthesis it looks for {looked:.1f} ms ({looked / build:.1%} of the build)")


if __name__ == "__main__":
    main()
