"""One app with one stack of many domains, built and synthesized once in this process; run it in a fresh one.

``python -m benchmarks.application plain 40`` prints one measurement as JSON.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_route53 as route53
from jsii._kernel.providers.process import ProcessProvider

# Everything by which Python asks Node for something while constructs are built; each is one round trip.
_REQUESTS = ("create", "get", "set", "invoke", "sget", "sset", "sinvoke")


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What one run of one side gave."""

    build_seconds: float
    synth_seconds: float
    jsii_calls: int
    resources: int
    template_bytes: int


def measure(side: str, domains: int) -> tuple[Figures, dict[str, Any]]:
    """The figures of *side* (``ours``, ``plain``, ``legacy``) with so many domains, and the template they made."""
    match side:
        case "plain":
            from .plain import add_domains as add
        case "ours":
            from .ours import add_domains as add
        case "legacy":
            from .ours import add_domains

            add = partial(add_domains, legacy_verification_token=True)
        case _:
            raise ValueError(f"side must be 'ours', 'plain' or 'legacy', got {side!r}")
    app = App(
        analytics_reporting=False,
        # 160 domains of the plain side have three times the resources that one stack may hold.
        context={"@aws-cdk/core:stackResourceLimit": 0},
    )
    stack = Stack(app, "Mail", env=Environment(account="111122223333", region="eu-west-1"))
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
    )
    names = [f"d{number}.example.com" for number in range(1, domains + 1)]

    with _counted_calls() as calls:
        start = time.perf_counter()
        add(stack, zone, names)
        built = time.perf_counter()
    assembly = app.synth()
    synthesized = time.perf_counter()
    template: dict[str, Any] = assembly.get_stack_by_name("Mail").template
    figures = Figures(
        build_seconds=built - start,
        synth_seconds=synthesized - built,
        jsii_calls=len(calls),
        resources=len(template["Resources"]),
        template_bytes=len(json.dumps(template, separators=(",", ":")).encode()),
    )
    return figures, template


@contextmanager
def _counted_calls() -> Iterator[list[str]]:
    calls: list[str] = []
    originals = {name: getattr(ProcessProvider, name) for name in _REQUESTS}

    def counted(name: str) -> Any:
        def request(self: ProcessProvider, *args: Any) -> Any:
            calls.append(name)
            return originals[name](self, *args)

        return request

    for name in _REQUESTS:
        setattr(ProcessProvider, name, counted(name))
    try:
        yield calls
    finally:
        for name, original in originals.items():
            setattr(ProcessProvider, name, original)


if __name__ == "__main__":
    print(json.dumps(asdict(measure(sys.argv[1], int(sys.argv[2]))[0])))
