"""R13, R14: slow and idle clients by the thousand in front of the shipped nginx."""

import contextlib
import socket
import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.nginx import Nginx, find_nginx
from tests.portal.test_slow_clients import (
    BODY,
    HEAD,
    Dripping,
    honest,
    more_files,
    open_line,
    port_of,
)
from tests.processes import Held, children_of, held_by
from tests.served import Served, serving
from tests.stocked import Stocked, stock
from tests.waiting import until

MIB = 1024 * 1024
IDLE, SLOW = 10_000, 1000
ASK = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

pytestmark = [
    pytest.mark.prove,
    pytest.mark.timeout(300),
    pytest.mark.skipif(find_nginx() is None, reason="not proven: nginx is not installed"),
]


@dataclass(frozen=True)
class Fronted:
    """The product with nginx in front of the pages; `served.public` is nginx's address."""

    served: Served
    stocked: Stocked
    nginx: Nginx
    pids: list[int]

    def held(self) -> list[Held]:
        return [held_by(pid) for pid in self.pids]


@pytest.fixture
def fronted(tmp_path: Path) -> Iterator[Fronted]:
    more_files()
    stocked = stock(tmp_path / "data")
    with serving(
        tmp_path / "data", FLATPRO_DEMO="0", FLATPRO_TRUSTED_PROXIES="127.0.0.1"
    ) as served:
        blobs = tmp_path / "data" / "blobs"
        behind = port_of(served.public)
        # Each of them may hold one to the program besides.
        nginx = Nginx.start(tmp_path / "nginx", behind, blobs, connections=16_000)
        with contextlib.closing(nginx):
            public = replace(served, public=f"http://127.0.0.1:{nginx.port}")
            yield Fronted(public, stocked, nginx, [served.pid, *children_of(served.pid)])


def test_proof_r13_slow_clients_of_nginx_keep_no_honest_one_waiting(fronted: Fronted) -> None:
    before = fronted.held()
    crowds = [
        Dripping(fronted.nginx.port, SLOW // 2, (HEAD,)),
        Dripping(fronted.nginx.port, SLOW // 2, (BODY,)),
    ]
    times, failed = honest(fronted.served, fronted.stocked, 40)
    grown = [one.bytes - was.bytes for one, was in zip(fronted.held(), before, strict=True)]
    left = [crowd.wait(30) for crowd in crowds]
    p99_s = statistics.quantiles(times, n=100)[98]
    lasted = max(took for crowd in crowds for took in crowd.lasted)
    print(  # noqa: T201
        f"R13: {SLOW} slow clients of nginx: {len(times)} honest answers, {failed} failed, p99 "
        f"{p99_s:.2f} s; the slow ones cut off within {lasted:.0f} s; {max(grown) / MIB:+.0f} MiB"
    )
    assert left == [0, 0]
    assert failed == 0
    assert p99_s <= 1
    assert lasted <= 32
    assert max(grown) < 100 * MIB


def test_proof_r14_ten_thousand_idle_connections_to_nginx_cost_the_program_nothing(
    fronted: Fronted,
) -> None:
    honest(fronted.served, fronted.stocked, 1)
    before, nginx_before = fronted.held(), held_by(fronted.nginx.process.pid)
    with contextlib.ExitStack() as lines, ThreadPoolExecutor(20) as people:

        def connect(_number: int) -> socket.socket:
            line = open_line(fronted.nginx.port, ASK)
            assert line.recv(4096).startswith(b"HTTP/1.1 200")
            return line

        refused = 0
        for done in [people.submit(connect, number) for number in range(IDLE)]:
            try:
                lines.enter_context(done.result())
            except (OSError, AssertionError):
                refused += 1
        times, failed = honest(fronted.served, fronted.stocked, 5)
        held, nginx_held = fronted.held(), held_by(fronted.nginx.process.pid)
    # nginx leaves no descriptor open.
    until(lambda: held_by(fronted.nginx.process.pid).files <= nginx_before.files + 32)
    after = fronted.held()
    memory = sum(one.bytes for one in held) / MIB
    print(  # noqa: T201
        f"R14: {IDLE} idle connections to nginx, {refused} refused: {len(times)} honest answers, "
        f"{failed} failed, slowest {max(times):.2f} s; the program {memory:.0f} MiB in all"
    )
    assert (refused, failed) == (0, 0)
    assert nginx_held.files >= IDLE
    assert max(one.bytes for one in held) < 300 * MIB
    for was, found in zip(before, after, strict=True):
        assert found.files <= was.files + 20, "the pages keep a few lines to nginx open"
