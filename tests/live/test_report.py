"""The names by which a run tells what it has seen are those of the page."""

import re

from live.report import PAGE, Line
from local_aws.environment import ROOT

# A line with its name, and below it what would settle it.
POINT = re.compile(r"^- `([a-z0-9-]+)` .+\n  \*To settle it:\* .+$", re.MULTILINE)


def test_each_line_of_the_page_has_a_name_of_its_own_and_says_what_would_settle_it() -> None:
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    names = POINT.findall(page)
    assert len(names) == len(re.findall("^- ", page, re.MULTILINE))
    assert len(names) == len(set(names))


def test_the_lines_that_a_run_can_see_are_those_that_the_page_leaves_to_it() -> None:
    points = POINT.finditer((ROOT / PAGE).read_text(encoding="utf-8"))
    left_to_a_run = {point[1] for point in points if "`make live`" in point[0]}
    # Its mere success in such a region is what settles this one.
    assert left_to_a_run - {"region-lists"} == set(Line)
