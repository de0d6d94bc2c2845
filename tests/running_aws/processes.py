"""What the tests ask of Linux about a process: its listening sockets, and who of its group is alive."""

import time
from collections.abc import Callable
from pathlib import Path

LISTEN = "0A"

# No time limit of a test: what is not there by then never comes, however busy the machine is.
HANGS_AFTER = 180.0  # seconds


def wait_until(true: Callable[[], bool]) -> bool:
    """Whether *true* becomes so before we have to believe that it never will."""
    deadline = time.monotonic() + HANGS_AFTER
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_alive(pid: int) -> bool:
    """Whether the process still runs; one that nobody has waited for yet is dead all the same."""
    return _state_and_group(Path(f"/proc/{pid}/stat"))[0] not in ("gone", "Z")


def listening_addresses(pid: int) -> set[str]:
    """The addresses on which process *pid* listens, `host:port` in the kernel's hexadecimal form."""
    targets = (_target(link) for link in Path(f"/proc/{pid}/fd").iterdir())
    inodes = {name.removeprefix("socket:[").removesuffix("]") for name in targets if name.startswith("socket:[")}
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]
    ]
    return {line[1] for line in lines if line[3] == LISTEN and line[9] in inodes}


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:  # of our own process, the one that the listing needed
        return ""


def loopback(port: int) -> str:
    """127.0.0.1:*port* as `listening_addresses` gives it."""
    return f"0100007F:{port:04X}"


def living_members(group: int) -> set[int]:
    """The processes of a group that still run."""
    found = {int(stat.parent.name): _state_and_group(stat) for stat in Path("/proc").glob("[0-9]*/stat")}
    return {pid for pid, (state, its_group) in found.items() if its_group == group and state != "Z"}


def _state_and_group(stat: Path) -> tuple[str, int]:
    try:
        # The command stands in brackets and may contain blanks.
        state, _, group = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[:3]
    except (FileNotFoundError, ProcessLookupError):
        return "gone", 0
    return state, int(group)
