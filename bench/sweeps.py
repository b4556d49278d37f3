"""SNMP: the lanes against pysnmp, gosnmp and onesixtyone, each reading the same phones on 127/8.

Phones answer from one process on a core of its own, clients run on the other, in turn, in
interleaved rounds. Reported: client CPU for each phone, phones a second of wall, and the ratios of
CPU; then a /16 of which one in a hundred lives, and v3 with signing and encryption.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import free_port
from bench.snmp_clients import FIRST, OIDS, addresses_from

HERE = Path(__file__).parent
ROUNDS = 3
SERVER_CORE, CLIENT_CORE = 0, 1
#: Enough of each that it runs for a second or more.
PHONES = {
    "lane sweep": 60_000,
    "lane gufo": 20_000,
    "lane pysnmp": 1_000,
    "pysnmp v1arch": 1_000,
    "gosnmp": 20_000,
}
V3_PHONES = {"lane gufo, v3": 5_000, "lane pysnmp, v3": 200, "pysnmp v3arch": 200}
RANGE, RANGE_RATE = 65_536, 20_000
_GO_SOURCES = "/usr/share/gocode"


@dataclass(frozen=True)
class Figure:
    wall_s: float
    cpu_s: float
    right: int
    rss_mb: float = 0.0
    #: Of that before the first packet; every engine compared here is loaded then.
    empty_mb: float = 0.0

    @property
    def cpu_us(self) -> float:
        return self.cpu_s / self.right * 1e6


@contextmanager
def phones(command: Sequence[str | Path], *, says_ready: bool = False) -> Iterator[None]:
    process = subprocess.Popen(
        ["taskset", "-c", str(SERVER_CORE), *map(str, command)], stdout=subprocess.PIPE
    )
    try:
        if says_ready:
            assert process.stdout is not None
            process.stdout.readline()
        else:
            time.sleep(0.3)
        yield
    finally:
        process.terminate()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


def python_client(name: str, port: int, count: int) -> Figure:
    command = ["taskset", "-c", str(CLIENT_CORE), sys.executable, "-m", "bench.snmp_clients"]
    told = subprocess.run(
        [*command, name, str(port), str(count)], check=True, capture_output=True, text=True
    )
    return Figure(**json.loads(told.stdout))


def profile(name: str, port: int, count: int) -> None:
    """Where the time of one of our lanes goes, in a run of its own."""
    command = [sys.executable, "-m", "bench.snmp_clients", name, str(port), str(count), "profile"]
    subprocess.run(["taskset", "-c", str(CLIENT_CORE), *command], check=True)


def program(command: Sequence[str | Path], right_in: str = "") -> Figure:
    """Another program's figures; it prints how many it read, or `right_in` for each."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    told = subprocess.run(
        ["taskset", "-c", str(CLIENT_CORE), *map(str, command)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "GOMAXPROCS": "1"},
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    right = told.stdout.count(right_in) if right_in else int(told.stdout)
    return Figure(wall, cpu, right)


def built_responder(folder: Path) -> Path:
    made = folder / "responder"
    subprocess.run(["cc", "-O2", "-o", made, HERE / "responder.c"], check=True)
    return made


def built_go_peer(folder: Path) -> Path | str:
    """The Go peer, or why there is none."""
    go = shutil.which("go")
    if go is None or not Path(_GO_SOURCES, "src/github.com/gosnmp").exists():
        return "not installed (Debian: golang-go golang-github-gosnmp-gosnmp-dev)"
    made = folder / "snmp_peer"
    environ = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": _GO_SOURCES,
        "GOCACHE": str(folder / "go-cache"),
        "GOFLAGS": "-p=1",
    }
    done = subprocess.run(
        [go, "build", "-o", made, HERE / "snmp_peer.go"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    return made if done.returncode == 0 else f"not built: {done.stderr.strip()[:200]}"


def measured(runs: dict[str, list[Figure]], counts: dict[str, int]) -> dict[str, float]:
    """Print each client's median; CPU microseconds for each phone by name."""
    found: dict[str, float] = {}
    for name, figures in runs.items():
        lost = counts[name] - min(one.right for one in figures)
        found[name] = statistics.median(one.cpu_us for one in figures)
        per_s = statistics.median(one.right / one.wall_s for one in figures)
        note = f"   {lost} not read" if lost else ""
        print(f"{name:<20} {found[name]:>8.1f} CPU us/phone   {per_s:>8.0f} /s{note}")
    return found


def all_alive(folder: Path, responder: Path) -> None:
    port, peer = free_port(), built_go_peer(folder)
    names = [name for name in PHONES if name != "gosnmp" or isinstance(peer, Path)]
    runs: dict[str, list[Figure]] = {name: [] for name in names}
    with phones([responder, str(port)]):
        for _ in range(ROUNDS):
            for name in names:
                if name == "gosnmp":
                    command = [peer, str(port), str(PHONES[name]), str(FIRST), *OIDS]
                    runs[name].append(program(command))
                else:
                    runs[name].append(python_client(name, port, PHONES[name]))
    print(f"\nSNMP v2c, {len(OIDS)} OIDs, all alive, one core each, {ROUNDS} rounds")
    cost = measured(runs, PHONES)
    lane = cost["lane sweep"]
    gosnmp = f"{cost['gosnmp'] / lane:.1f} x gosnmp" if "gosnmp" in cost else f"gosnmp {peer}"
    print(
        f"ratio: lane sweep {cost['pysnmp v1arch'] / lane:.0f} x pysnmp v1arch, {gosnmp};"
        f" lane gufo {cost['pysnmp v1arch'] / cost['lane gufo']:.0f} x pysnmp v1arch",
        flush=True,
    )
    with phones([responder, str(port)]):
        for name in ("lane sweep", "lane gufo"):
            profile(name, port, PHONES[name] // 4)


def one_in_a_hundred(folder: Path, responder: Path) -> None:
    port = free_port()
    with phones([responder, str(port), "1"]):
        lane = python_client("lane sweep, paced", port, RANGE)
        alive = _alive(RANGE)
        print(f"\nA /16 with {alive} of {RANGE} alive, {RANGE_RATE} packets/s, 1 s, 1 retry")
        print(
            f"{'lane sweep':<20} {lane.wall_s:>6.1f} s   {lane.right} found"
            f"   {lane.cpu_s:.1f} CPU s   {lane.rss_mb - lane.empty_mb:.0f} MB for the sweep beside"
            f" {lane.empty_mb:.0f} MB of the programs compared"
        )
        peer = shutil.which("onesixtyone")
        if peer is None:
            print("onesixtyone          not installed (Debian: onesixtyone)")
            return
        listed = folder / "addresses"
        listed.write_text("\n".join(addresses_from(FIRST, RANGE)))
        words = folder / "communities"
        words.write_text("public\n")
        command = [peer, "-p", str(port), "-c", words, "-i", listed, "-w", "0"]
        other = program(command, right_in="[public]")
        print(
            f"{'onesixtyone -w 0':<20} {other.wall_s:>6.1f} s   {other.right} found"
            f"   {other.cpu_s:.1f} CPU s   1 OID, no retry, unpaced"
        )


def _alive(count: int) -> int:
    """As responder.c decides it."""
    return sum(
        ((number * 2654435761 & 0xFFFFFFFF) >> 8) % 100 < 1
        for number in range(FIRST, FIRST + count)
    )


def version_three() -> None:
    port = free_port()
    runs: dict[str, list[Figure]] = {name: [] for name in V3_PHONES}
    command = [sys.executable, "-m", "bench.v3_phones", str(port)]
    with phones(command, says_ready=True):
        for _ in range(ROUNDS):
            for name, count in V3_PHONES.items():
                runs[name].append(python_client(name, port, count))
    print(f"\nSNMP v3, SHA-256 and AES, first contact, an engine each, {ROUNDS} rounds")
    cost = measured(runs, V3_PHONES)
    peer = cost["pysnmp v3arch"]
    print(
        f"ratio: lane gufo {peer / cost['lane gufo, v3']:.0f} x pysnmp v3arch with rotated engines,"
        f" lane pysnmp {peer / cost['lane pysnmp, v3']:.1f} x"
    )


def main() -> None:
    if shutil.which("cc") is None or (os.cpu_count() or 1) < 2:
        sys.exit("a C compiler and two cores are needed for this benchmark")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        responder = built_responder(folder)
        all_alive(folder, responder)
        one_in_a_hundred(folder, responder)
    version_three()


if __name__ == "__main__":
    main()
