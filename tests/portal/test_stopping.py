"""R18: a server that is told to stop finishes what it is sending, and ends without a fault."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from portal.page_listener.page_server import PageServer
from tests.conftest import ADMIN_PASSWORD
from tests.nginx import PROJECT, Nginx, find_nginx
from tests.ports import free_port
from tests.processes import children_of
from tests.served import Served, serving
from tests.stocked import Stocked, stock
from tests.waiting import until
from tests.whole_set import command_of

IMAGE_BYTES = 6_000_000


@pytest.fixture
def backend() -> str:
    return "sqlite"


#: How many of each plane are downloading, and how fast each reads.
READERS = 4
PIECE, EACH_S = 65_536, 0.04


@dataclass
class Download:
    """A reader who takes its time."""

    address: str
    stocked: Stocked
    got: bytearray = field(default_factory=bytearray)
    status: int = 0
    begun: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        place = urlsplit(self.address)
        with socket.create_connection((str(place.hostname), place.port or 80), timeout=30) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)
            head = (
                f"GET {place.path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {self.stocked.agent}\r\n\r\n"
            )
            line.sendall(head.encode())
            head_of_answer = b""
            while len(self.got) < IMAGE_BYTES and (piece := line.recv(PIECE)):
                if self.status:
                    self.got += piece
                else:
                    head_of_answer += piece
                    before, ended, after = head_of_answer.partition(b"\r\n\r\n")
                    if ended:
                        self.status = int(before.split()[1])
                        self.got += after
                        self.begun.set()
                time.sleep(EACH_S)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.prove)])
def test_proof_r18_what_is_being_sent_is_finished_and_the_end_is_clean(
    tmp_path: Path, rounds: int
) -> None:
    slowest = 0.0
    stocked = stock(tmp_path / "data", IMAGE_BYTES)
    for _ in range(rounds):
        with serving(tmp_path / "data", FLATPRO_DEMO="0") as served:
            addresses = [served.public + stocked.blob, served.phones + stocked.firmware]
            downloads = [
                Download(address, stocked) for address in addresses for _ in range(READERS)
            ]
            threads = [threading.Thread(target=one.run) for one in downloads]
            for thread in threads:
                thread.start()
            for one in downloads:
                assert one.begun.wait(40)
            began = time.monotonic()
            assert served.told_to_stop(within_s=35) == 0
            slowest = max(slowest, time.monotonic() - began)
            for thread in threads:
                thread.join(30)
            assert {one.status for one in downloads} == {200}
            whole = [one.got == stocked.image for one in downloads]
            assert all(whole), [len(one.got) for one in downloads]
    print(  # noqa: T201
        f"R18: {rounds * 2 * READERS} downloads under way at {rounds} stops, 0 cut, exit 0, "
        f"the slowest stop {slowest:.1f} s"
    )


def test_who_says_nothing_does_not_keep_it(app: Flask) -> None:
    server = PageServer(app, "127.0.0.1", free_port())
    serving_thread = threading.Thread(target=server.run)
    serving_thread.start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHo")
        time.sleep(0.2)
        server.stop()
        serving_thread.join(20)
        assert not serving_thread.is_alive()


@pytest.fixture
def gunicorn(tmp_path: Path) -> Iterator[tuple[Served, "subprocess.Popen[bytes]"]]:
    """Two web processes of deploy/gunicorn.py behind deploy/nginx/flatpro.conf."""
    if find_nginx() is None:
        pytest.skip("nginx is not installed")
    data, port = tmp_path / "data", free_port()
    environ = {
        **os.environ,
        "FLATPRO_DATA_DIR": str(data),
        "FLATPRO_DEMO": "0",
        "FLATPRO_ADMIN_PASSWORD": ADMIN_PASSWORD,
        "FLATPRO_BIND": f"127.0.0.1:{port}",
        "FLATPRO_LOG_FILE": str(tmp_path / "log"),
    }
    with contextlib.ExitStack() as parts:
        nginx = Nginx.start(tmp_path / "nginx", port, data / "blobs")
        parts.callback(nginx.close)
        public = f"http://127.0.0.1:{nginx.port}"
        served = Served(public, "", data, environ)
        stock(data)
        output = parts.enter_context((tmp_path / "gunicorn.out").open("ab"))
        process = subprocess.Popen(
            command_of("pages"), env=environ, cwd=PROJECT, stdout=output, stderr=output
        )
        parts.callback(process.wait, 40)
        parts.callback(process.terminate)

        def is_up() -> bool:
            with contextlib.suppress(OSError):
                return bool(served.get("/healthz"))
            return False

        until(is_up, within_s=60)
        yield served, process


@pytest.mark.prove
@pytest.mark.timeout(180)
def test_proof_r18_nobody_meets_a_502_while_web_processes_are_stopped_and_replaced(
    gunicorn: tuple[Served, "subprocess.Popen[bytes]"],
) -> None:
    served, process = gunicorn
    statuses: Counter[int] = Counter()
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            for path in ("/healthz", "/downloads/", "/manifest.json"):
                try:
                    with urllib.request.urlopen(served.public + path, timeout=20) as answer:
                        answer.read()
                        statuses[answer.status] += 1
                except urllib.error.HTTPError as error:
                    statuses[error.code] += 1
                    error.close()

    with ThreadPoolExecutor(4) as people:
        asking = [people.submit(ask) for _ in range(4)]
        time.sleep(0.5)
        os.kill(children_of(process.pid)[0], signal.SIGTERM)
        time.sleep(3)
        process.send_signal(signal.SIGHUP)
        time.sleep(4)
        over.set()
        for one in asking:
            one.result(30)
    print(  # noqa: T201
        f"R18: {statuses.total()} requests while web processes were stopped and replaced behind "
        f"nginx, {statuses.total() - statuses[200]} of them not 200"
    )
    assert set(statuses) == {200}, statuses
    process.terminate()
    assert process.wait(40) == 0


@pytest.mark.prove
def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """Whoever presses Ctrl-C twice does not want to wait for a slow reader."""
    stocked = stock(tmp_path / "data", IMAGE_BYTES)
    with serving(tmp_path / "data", FLATPRO_DEMO="0") as served:
        place = urlsplit(served.public)
        line = http.client.HTTPConnection(str(place.hostname), place.port, timeout=30)
        with contextlib.closing(line):
            line.connect()
            line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.request("GET", stocked.blob)
            time.sleep(0.5)
            began = time.monotonic()
            os.kill(served.pid, signal.SIGINT)
            time.sleep(1)
            assert served.process is not None
            assert served.process.poll() is None, "it waits for its reader"
            os.kill(served.pid, signal.SIGINT)
            served.process.wait(20)
            assert time.monotonic() - began < 15
