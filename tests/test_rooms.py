"""The rooms stand in floors: a file imports from its own room or from a lower floor, and never in a circle."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import ses_constructs

PACKAGE = Path(ses_constructs.__file__).parent

# From the ground up. Rooms of one floor do not know each other.
FLOORS = (
    {"common", "handlers"},
    {"email_records", "functions", "testing"},
    {"dns"},
    {"identities"},
    {"alarms", "events"},
    {"receiving", "smtp", "account"},
    {"monitoring", "standby"},
    {"command"},
)
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def room_of(name: str) -> str:
    return name.partition(".")[0]


NAMES = {name_of(path) for path in MODULES}


def imports_of(path: Path) -> set[str]:
    """The modules of the package that *path* imports anywhere in it, in functions and for type checkers too."""
    parents = [*path.relative_to(PACKAGE).parts[:-1]]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = [*parents[: len(parents) - node.level + 1], *(node.module or "").split(".")]
        module = ".".join(filter(None, base))
        for alias in node.names:
            deeper = f"{module}.{alias.name}".removeprefix(".")
            found.add(deeper if deeper in NAMES else module)
    return found


def test_every_room_has_its_floor() -> None:
    assert {room_of(name) for name in NAMES} == set(FLOOR_OF)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_run_down(path: Path) -> None:
    name = name_of(path)
    room = room_of(name)
    wrong = {each for each in imports_of(path) if room_of(each) != room and FLOOR_OF[room_of(each)] >= FLOOR_OF[room]}

    assert not wrong, f"{name} imports {', '.join(sorted(wrong))}, which is not below it"


def test_no_two_files_need_each_other() -> None:
    graph = {name_of(path): imports_of(path) - {name_of(path)} for path in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"these files import each other: {' <- '.join(error.args[1])}")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_file_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
