"""One app with one stack of many domains or configuration sets, built and synthesized once; run it in a fresh process.

``python -m benchmarks.application domains plain 40`` prints one measurement as JSON.
"""

import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
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
    build_cpu_seconds: float
    synth_seconds: float
    jsii_calls: int
    resources: int
    template_bytes: int


def measure(subject: str, side: str, count: int) -> tuple[Figures, dict[str, Any]]:
    """The figures of *side* with so many of *subject*, and the template they made.

    *subject*: ``domains`` or ``monitoring``. *side*: ``ours`` or ``plain``, and for domains ``cheapest``; ``more`` is
    ours with what plain CDK cannot do, the legacy token or ``PauseSending``.
    """
    app = App(
        analytics_reporting=False,
        # 160 domains of the plain side have three times the resources that one stack may hold.
        context={"@aws-cdk/core:stackResourceLimit": 0},
    )
    stack = Stack(app, "Mail", env=Environment(account="111122223333", region="eu-west-1"))
    add = _domains(side, stack) if subject == "domains" else _monitoring(side, stack)

    # What was imported is not looked through again: that takes 20 ms, and may fall on either side.
    gc.collect()
    gc.freeze()
    with counted_calls() as calls:
        start, start_cpu = time.perf_counter(), time.process_time()
        add(count)
        built, built_cpu = time.perf_counter(), time.process_time()
    assembly = app.synth()
    synthesized = time.perf_counter()
    template: dict[str, Any] = assembly.get_stack_by_name("Mail").template
    figures = Figures(
        build_seconds=built - start,
        build_cpu_seconds=built_cpu - start_cpu,
        synth_seconds=synthesized - built,
        jsii_calls=len(calls),
        resources=len(template["Resources"]),
        template_bytes=len(json.dumps(template, separators=(",", ":")).encode()),
    )
    return figures, template


def _domains(side: str, stack: Stack) -> Callable[[int], None]:
    match side:
        case "plain":
            from .plain import add_domains as add
        case "cheapest":
            from .cheapest import add_domains as add
        case "ours":
            from .ours import add_domains as add
        case "more":
            from .ours import add_domains

            add = partial(add_domains, legacy_verification_token=True)
        case _:
            raise _unknown(side)
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
    )
    return lambda count: add(stack, zone, [f"d{number}.example.com" for number in range(1, count + 1)])


def _monitoring(side: str, stack: Stack) -> Callable[[int], None]:
    match side:
        case "plain":
            from .monitoring_plain import add_monitoring as add
        case "ours":
            from .monitoring_ours import add_monitoring as add
        case "more":
            from .monitoring_ours import add_monitoring

            add = partial(add_monitoring, pause=True)
        case _:
            raise _unknown(side)
    return partial(add, stack)


def _unknown(side: str) -> ValueError:
    return ValueError(f"side must be 'ours', 'plain' or 'more', got {side!r}")


@contextmanager
def counted_calls() -> Iterator[list[str]]:
    """What Python asks Node for meanwhile."""
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
    print(json.dumps(asdict(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))[0])))
