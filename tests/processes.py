"""What a running process holds, as /proc tells it."""

import resource
from dataclasses import dataclass
from pathlib import Path

KIB = 1024


@dataclass(frozen=True)
class Held:
    """Memory in use, open files and threads."""

    bytes: int
    files: int
    threads: int


def held_by(pid: int) -> Held:
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return Held(
        bytes=int(status["VmRSS"].split()[0]) * KIB,
        files=len(list(Path(f"/proc/{pid}/fd").iterdir())),
        threads=int(status["Threads"]),
    )


def children_of(pid: int) -> list[int]:
    """Its child processes, the youngest last."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    found = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    return sorted(found)


def leave_files(pid: int, most: int) -> None:
    """Let a running process have no file above this number; it can be given more again."""
    _soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (min(most, hard), hard))
