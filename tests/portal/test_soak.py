"""R23: load with a tenth of it faulty leaves memory, descriptors and threads where they were."""

import contextlib
import http.client
import os
import socket
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from portal import simulated_phones_cli
from portal.installing import open_installation
from portal.settings import Settings
from simulator.crowd import CrowdPhone
from tests.processes import Held, children_of, held_by
from tests.served import Served, serving
from tests.stocked import Stocked, stock
from tests.waiting import until

MIB = 1024 * 1024
PATIENCE_S = 15.0
#: The full run's pace and length; FLATPRO_SOAK_A_SECOND and FLATPRO_SOAK_MINUTES make them others.
A_SECOND = int(os.environ.get("FLATPRO_SOAK_A_SECOND", "50"))
MINUTES = float(os.environ.get("FLATPRO_SOAK_MINUTES", "120"))
WARM_UP_SHARE = 0.25
#: More than either process has threads.
AT_ONCE = 64
#: What is open for the moment in which it is counted: a job's lock, a segment, a line that ends.
PASSING = 5


@dataclass
class Crowd:
    """Phones and people who ask, a tenth of them badly; `answers` by status or kind of fault."""

    served: Served
    stocked: Stocked
    others: Sequence[CrowdPhone]
    answers: Counter[str] = field(default_factory=Counter)

    @property
    def agent(self) -> str:
        return self.stocked.agent

    def good(self, number: int) -> None:
        """A request that must be answered with 200 or 206."""
        public, phones = self.served.public, self.served.phones
        # One phone that asks 240 times a minute is told to come again; many are not.
        other = self.others[number // 8 % len(self.others)]
        configuration = f"{phones}/p/{other.token}/{other.identity.mac}.cfg"
        addresses = (
            configuration,
            f"{phones}/p/02f1a7{number % 0xFFFFFF:06x}.cfg",
            f"{public}/downloads/",
            configuration,
            f"{public}/firmware/FP-B2/manifest.json",
            f"{phones}{self.stocked.firmware}",
            f"{public}{self.stocked.blob}",
            configuration,
        )
        address = addresses[number % len(addresses)]
        agent = other.identity.user_agent("1.0.0") if address == configuration else self.agent
        headers = {"User-Agent": agent, "Range": "bytes=0-99999"}
        place = urlsplit(address)
        line = http.client.HTTPConnection(
            str(place.hostname), place.port, PATIENCE_S, source_address=source_of(number)
        )
        with contextlib.closing(line):
            line.request("GET", place.path, headers=headers)
            answer = line.getresponse()
            answer.read()
            self.answers[str(answer.status)] += 1

    def bad(self, number: int) -> None:
        """Something that goes wrong on its way; whatever comes back, it must come."""
        public, phones = self.served.public, self.served.phones
        kinds: tuple[tuple[str, bytes], ...] = (
            (public, f"GET {self.stocked.blob} HTTP/1.1\r\nHost: x\r\n\r\n".encode()),
            (phones, f"GET {self.stocked.firmware} HTTP/1.1\r\nHost: x\r\n\r\n".encode()),
            (phones, f"GET /p/{'x' * 43}/02f1a7000001.cfg HTTP/1.1\r\nHost: x\r\n\r\n".encode()),
            (public, b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nlogin="),
            (public, b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
            (phones, bytes(200) + b"\r\n\r\n"),
            (public, b"GET /downloads/\xff\xfe%00 HTTP/1.1\r\nHost: x\r\n\r\n"),
            (phones, b"GET /p/"),
        )
        address, raw = kinds[number % len(kinds)]
        place = urlsplit(address)
        there = (str(place.hostname), place.port or 80)
        with socket.create_connection(there, PATIENCE_S, source_of(number)) as line:
            line.sendall(raw)
            if number % 2:
                line.settimeout(0.2)
                with contextlib.suppress(OSError):
                    line.recv(1000)
        self.answers["cut or spoiled"] += 1

    def ask(self, number: int) -> None:
        kind: Callable[[int], None] = self.bad if number % 10 == 9 else self.good
        try:
            # Each fault in turn, and not the tenth of them alone.
            kind(number // 10 if number % 10 == 9 else number + number // 10)
        except TimeoutError:
            self.answers["stuck"] += 1


def source_of(number: int) -> tuple[str, int]:
    """Many phones and people."""
    return f"127.9.{number % 97}.{number % 89 + 1}", 0


def run(crowd: Crowd, requests: int, a_second: int | None = None) -> None:
    """So many requests, at a pace or as fast as four ask one after the other."""
    began = time.monotonic()
    with ThreadPoolExecutor(4) as people:
        for number in range(requests):
            if a_second is not None:
                time.sleep(max(0.0, began + number / a_second - time.monotonic()))
            people.submit(crowd.ask, number)


def rush(crowd: Crowd) -> None:
    """As many at once as a process can serve: its threads, and their connections, are there then.

    Neither is let go of. Without it each would come when so many happened to ask at once.
    """
    with ThreadPoolExecutor(AT_ONCE) as people:
        for number in range(4 * AT_ONCE):
            people.submit(crowd.ask, number)


def crowd_at(served: Served, stocked: Stocked, folder: Path) -> Crowd:
    """Thirty phones more, in the register like the first."""
    place = open_installation(Settings(data_dir=folder, demo=False))
    tokens = simulated_phones_cli.enrolled(place, 30)
    place.database.dispose()
    network = IPv4Network("127.20.0.0/16")
    return Crowd(served, stocked, simulated_phones_cli.phones(tokens, served.phones, network))


def looks(pids: list[int]) -> list[Held]:
    return [held_by(pid) for pid in pids]


def settled(pids: list[int], before: list[Held], within_s: float = 20) -> list[Held]:
    """What they hold when what was cut has been noticed."""

    def calm() -> bool:
        return all(a.files <= b.files + PASSING for a, b in zip(looks(pids), before, strict=True))

    until(calm, within_s=within_s, each_s=0.5)
    return looks(pids)


def judge(crowd: Crowd, before: list[Held], after: list[Held]) -> None:
    assert set(crowd.answers) <= {"200", "206", "cut or spoiled"}, crowd.answers
    for was, found in zip(before, after, strict=True):
        assert found.files <= was.files + PASSING, "descriptors stay open"
        assert found.threads <= was.threads, "threads are left"


@pytest.mark.timeout(120)
def test_proof_r23_a_thousand_requests_and_their_faults_leave_nothing_behind(
    tmp_path: Path,
) -> None:
    stocked = stock(tmp_path / "data")
    with serving(tmp_path / "data", FLATPRO_DEMO="0") as served:
        crowd = crowd_at(served, stocked, tmp_path / "data")
        pids = [served.pid, *children_of(served.pid)]
        rush(crowd)
        run(crowd, 600)
        before = settled(pids, looks(pids))
        run(crowd, 1000)
        after = settled(pids, before)
        assert [served.pid, *children_of(served.pid)] == pids
    grown = sum(a.bytes - b.bytes for a, b in zip(after, before, strict=True)) / MIB
    print(  # noqa: T201
        f"R23: 1000 requests, a tenth faulty: {grown:+.1f} MiB, "
        f"{sum(a.files - b.files for a, b in zip(after, before, strict=True)):+} files, 0 stuck"
    )
    judge(crowd, before, after)
    assert grown < 12, "a kilobyte a request would be one MiB, and noise is some"


@pytest.mark.prove
@pytest.mark.timeout(0)
def test_proof_r23_two_hours_at_fifty_a_second_do_not_make_it_grow(tmp_path: Path) -> None:
    stocked = stock(tmp_path / "data")
    with serving(tmp_path / "data", FLATPRO_DEMO="0") as served:
        crowd = crowd_at(served, stocked, tmp_path / "data")
        pids = [served.pid, *children_of(served.pid)]
        # The sweep of a generation, the folding and the hourly jobs all come by in the warm-up.
        rush(crowd)
        run(crowd, int(MINUTES * WARM_UP_SHARE * 60 * A_SECOND), A_SECOND)
        before = settled(pids, looks(pids))
        samples: list[tuple[float, list[int]]] = []
        left = MINUTES * (1 - WARM_UP_SHARE)
        pieces = max(int(left), 4)
        for _ in range(pieces):
            run(crowd, int(left / pieces * 60 * A_SECOND), A_SECOND)
            samples.append((time.monotonic() / 3600, [held_by(pid).bytes for pid in pids]))
        after = settled(pids, before)
        assert [served.pid, *children_of(served.pid)] == pids
    hours = [at for at, _ in samples]
    slopes = [
        statistics.linear_regression(hours, [held[which] / MIB for _, held in samples]).slope
        for which in range(len(pids))
    ]
    shown = ", ".join(f"{slope:+.2f}" for slope in slopes)
    print(  # noqa: T201
        f"R23: {MINUTES:.0f} min at {A_SECOND} a second, {crowd.answers.total()} requests, "
        f"{crowd.answers['cut or spoiled']} faulty, {crowd.answers['stuck']} stuck; pages and "
        f"phones {shown} MiB an hour after the warm-up"
    )
    judge(crowd, before, after)
    assert max(slopes) < 1.0
