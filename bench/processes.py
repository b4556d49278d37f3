"""Processes under measure: pinned to one core, their CPU time read from the kernel."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def needed_nginx() -> str:
    """The peer's program; ends us where it or a second core is missing."""
    found = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(found).exists() or (os.cpu_count() or 1) < 2:
        sys.exit("nginx and two cores are needed for this benchmark")
    return found


def family(pid: int) -> set[int]:
    """A process and all its descendants."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int(_stat(int(entry.name))[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


@dataclass(frozen=True)
class Spent:
    """Processor time in seconds: in the program itself, and in the kernel on its behalf."""

    program: float = 0.0
    kernel: float = 0.0

    @property
    def all(self) -> float:
        return self.program + self.kernel

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.program + other.program, self.kernel + other.kernel)

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(self.program - other.program, self.kernel - other.kernel)

    def each(self, number: float) -> "Spent":
        """The share of one of so many."""
        return Spent(self.program / number, self.kernel / number)


def spent(*pids: int) -> Spent:
    """What processes and their descendants took so far."""
    total = Spent()
    for member in {member for pid in pids for member in family(pid)}:
        with contextlib.suppress(OSError):
            fields = _stat(member)
            total += Spent(int(fields[11]) / _TICK, int(fields[12]) / _TICK)
    return total


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its descendants so far."""
    return spent(pid).all


@contextlib.contextmanager
def running(
    command: Sequence[str], port: int, *, core: int, environ: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Start a server on one core and wait for its port; ends it by its own process group."""
    process = subprocess.Popen(
        ["taskset", "-c", str(core), *command],
        env={**os.environ, **(environ or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port, process)
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    raise RuntimeError("the server does not listen")


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat behind the command's name."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
