"""R13, R14: clients that send or read too slowly, and thousands that say nothing at all."""

import contextlib
import resource
import socket
import statistics
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from accounts.access import anyone
from portal.page_listener.page_server import Limits
from tests.paged import paged
from tests.processes import children_of, held_by
from tests.served import Served, serving
from tests.stocked import Stocked, stock
from tests.waiting import until

MIB = 1024 * 1024
HASTY = Limits(head_within_s=2.0, read_within_s=2.0, body_grace_s=2.0)
HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Drip: "
BODY = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nlogin="


@pytest.fixture
def backend() -> str:
    return "sqlite"


class Dripping:
    """Many who send one byte after the other, until they are cut off."""

    def __init__(self, port: int, count: int, starts: tuple[bytes, ...]) -> None:
        self.lasted: list[float] = []
        self._began = time.monotonic()
        self._lines = {open_line(port, starts[which % len(starts)]) for which in range(count)}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._drip)
        self._thread.start()

    def _drip(self) -> None:
        while self._lines and not self._over.wait(0.2):
            for line in list(self._lines):
                try:
                    line.send(b"x")
                except OSError:
                    self.lasted.append(time.monotonic() - self._began)
                    self._lines.discard(line)
                    line.close()

    def wait(self, within_s: float) -> int:
        """How many were not cut off by then."""
        self._thread.join(within_s)
        self._over.set()
        self._thread.join()
        left = len(self._lines)
        for line in self._lines:
            line.close()
        return left


def open_line(port: int, start: bytes) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=30)
    line.sendall(start)
    return line


def test_who_sends_drop_by_drop_is_cut_off_and_who_uploads_steadily_is_not(app: Flask) -> None:
    with paged(app, HASTY) as port:
        slow = Dripping(port, 40, (HEAD, BODY, b"G"))
        steady = open_line(
            port, b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 24000\r\n\r\n"
        )
        with steady:
            for _ in range(24):
                steady.sendall(b"x" * 1000)
                time.sleep(0.2)
            assert steady.recv(100).startswith(b"HTTP/1.1 ")
        assert slow.wait(20) == 0


def test_who_takes_nothing_of_what_was_asked_is_cut_off_and_frees_its_thread(
    app: Flask, leeway: float
) -> None:
    def long() -> Iterator[bytes]:
        return (bytes(MIB) for _ in range(64))

    app.add_url_rule("/long", "long", anyone(long))
    with paged(app, HASTY) as port, contextlib.ExitStack() as lines:
        for _ in range(20):
            line = lines.enter_context(open_line(port, b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n"))
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        began = time.monotonic()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60) as answer:
            assert answer.status == 200
        assert time.monotonic() - began < 8 * leeway


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_proof_r13_a_thousand_slow_clients_keep_no_honest_one_waiting(tmp_path: Path) -> None:
    more_files()
    stocked = stock(tmp_path / "data")
    with serving(tmp_path / "data", FLATPRO_DEMO="0") as served:
        pids = [served.pid, *children_of(served.pid)]
        before = [held_by(pid) for pid in pids]
        pages, phones = port_of(served.public), port_of(served.phones)
        crowds = [Dripping(pages, 500, (HEAD, BODY)), Dripping(phones, 500, (HEAD, b"PUT /p/x"))]
        times, failed = honest(served, stocked, 40)
        grown = [held_by(pid).bytes - was.bytes for pid, was in zip(pids, before, strict=True)]
        left = [one.wait(20) for one in crowds]
    p99_s = statistics.quantiles(times, n=100)[98]
    lasted = max(took for one in crowds for took in one.lasted)
    print(  # noqa: T201
        f"R13: 1000 slow clients: {len(times)} honest answers, {failed} failed, p99 {p99_s:.2f} s; "
        f"the slow ones cut off within {lasted:.0f} s; {max(grown) / MIB:+.0f} MiB"
    )
    assert left == [0, 0]
    assert failed == 0
    assert p99_s <= 3
    assert lasted <= 32
    assert max(grown) < 100 * MIB


@pytest.mark.prove
@pytest.mark.timeout(120)
def test_proof_r14_a_thousand_idle_connections_cost_little_and_leave_nothing(
    tmp_path: Path,
) -> None:
    more_files()
    stocked = stock(tmp_path / "data")
    with serving(tmp_path / "data", FLATPRO_DEMO="0") as served:
        pids = [served.pid, *children_of(served.pid)]
        honest(served, stocked, 1)
        before = [held_by(pid) for pid in pids]
        with contextlib.ExitStack() as lines:
            for address in (served.public, served.phones):
                for _ in range(1000):
                    lines.enter_context(open_line(port_of(address), b""))
            times, failed = honest(served, stocked, 3)
            held = [held_by(pid) for pid in pids]
        # No descriptor is left open.
        until(
            lambda: all(
                held_by(pid).files <= was.files + 5 for pid, was in zip(pids, before, strict=True)
            )
        )
    memory = sum(one.bytes for one in held) / MIB
    print(  # noqa: T201
        f"R14: 1000 idle connections to each plane: {len(times)} honest answers, {failed} failed, "
        f"slowest {max(times):.2f} s, {memory:.0f} MiB in all, 0 descriptors left"
    )
    assert failed == 0
    # Those that have said nothing are the kernel's on the plane of phones.
    assert max(one.files for one in held) >= 1000
    assert memory < 2 * 300


def more_files() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def port_of(address: str) -> int:
    return urlsplit(address).port or 80


def honest(served: Served, stocked: Stocked, for_s: float) -> tuple[list[float], int]:
    """How long those waited who asked as they should, and how many got nothing."""
    addresses = [
        served.public + "/downloads/",
        served.phones + stocked.configuration,
        served.public + "/healthz",
        served.phones + stocked.configuration,
    ]
    over = time.monotonic() + for_s

    def ask(which: int) -> tuple[list[float], int]:
        times, failed = [], 0
        while time.monotonic() < over:
            began = time.monotonic()
            headers = {"User-Agent": stocked.agent}
            asked = urllib.request.Request(addresses[which % len(addresses)], headers=headers)
            try:
                with urllib.request.urlopen(asked, timeout=20) as answer:
                    answer.read()
            except OSError:
                failed += 1
            times.append(time.monotonic() - began)
            # It is one phone that they all pretend to be, and one may fetch four times a second.
            time.sleep(2.5 if which % 2 else 0.5)
        return times, failed

    with ThreadPoolExecutor(20) as people:
        found = list(people.map(ask, range(20)))
    return [took for times, _ in found for took in times], sum(failed for _, failed in found)
