"""A configuration while 1,000 phones read firmware slowly and 1,000 say nothing; nginx too."""

import os
import selectors
import shutil
import socket
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench import downloads, kept_phones
from bench.configurations import Phone, fetch_all, fetched_files, phones_process
from bench.processes import cpu_seconds, free_port, needed_nginx, running
from portal.installing import open_installation
from portal.settings import Settings

READERS, SILENT, LASTS_S = 1_000, 1_000, 10.0
BYTES_PER_S = 100 * 1024
#: The views begin each download: they put it on record.
BEGUN_WITHIN_S = 120
EACH_S, PAUSE_S = 0.25, 0.1
SERVER_CORE, CLIENT_CORE = 0, 1


@dataclass
class Crowd:
    """Slow readers, each with a small buffer, and what they got."""

    port: int
    lines: list[socket.socket] = field(default_factory=list)
    silent: list[socket.socket] = field(default_factory=list)
    received: int = 0
    begun: set[int] = field(default_factory=set)

    def connect(self, address: str) -> None:
        request = f"GET {address} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
        for _ in range(READERS):
            line = socket.socket()
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            line.connect(("127.0.0.1", self.port))
            line.sendall(request)
            line.settimeout(0)
            self.lines.append(line)
        for _ in range(SILENT):
            self.silent.append(socket.create_connection(("127.0.0.1", self.port)))
        deadline = time.monotonic() + BEGUN_WITHIN_S
        while len(self.begun) < READERS and time.monotonic() < deadline:
            self.read()
            time.sleep(EACH_S)
        self.received = 0

    def read(self) -> None:
        """What each of them reads in EACH_S."""
        with selectors.DefaultSelector() as selector:
            for line in self.lines:
                selector.register(line, selectors.EVENT_READ)
            for key, _events in selector.select(0):
                line = key.fileobj
                assert isinstance(line, socket.socket)
                self.received += len(line.recv(int(BYTES_PER_S * EACH_S)))
                self.begun.add(key.fd)

    def leave(self) -> None:
        for line in (*self.lines, *self.silent):
            line.close()


def measure(pid: int, port: int, address: str, asked: list[tuple[bytes, bytes]]) -> None:
    """Read slowly for a while, asking for a configuration in between."""
    crowd, took, asks = Crowd(port), [], iter(asked * 100)
    crowd.connect(address)
    cpu, started = cpu_seconds(pid), time.perf_counter()
    reads_at = started
    while (now := time.perf_counter()) - started < LASTS_S:
        if now >= reads_at:
            crowd.read()
            reads_at += EACH_S
        took += fetch_all(port, [next(asks)])
        time.sleep(PAUSE_S / 2)
    wall = time.perf_counter() - started
    share = (cpu_seconds(pid) - cpu) / wall
    crowd.leave()
    p99 = statistics.quantiles(took, n=100)[98] * 1000
    print(
        f"  {crowd.received / wall / 2**20:.0f} MiB/s to {len(crowd.begun)} readers, {len(took)}"
        f" configurations: p50 {statistics.median(took) * 1000:.1f} ms, p99 {p99:.0f} ms,"
        f" longest {max(took) * 1000:.0f} ms; {share:.0%} of a core"
    )


def main() -> None:
    nginx = needed_nginx()
    os.sched_setaffinity(0, {CLIENT_CORE})
    with tempfile.TemporaryDirectory() as name, ExitStack() as started:
        folder, ours, theirs = Path(name), free_port(), free_port()
        address, stored = downloads.prepare(folder / "data")
        settings = Settings(data_dir=folder / "data", demo=False, phone_port=ours)
        place = open_installation(settings)
        phones: list[Phone] = kept_phones.fill(place, settings, 200, 200)
        place.database.dispose()
        (folder / "www").mkdir()
        shutil.copyfile(stored, folder / "www" / "bench.bin")
        environ = {
            "FLATPRO_DATA_DIR": str(folder / "data"),
            "FLATPRO_PHONE_PORT": str(ours),
            "FLATPRO_PORT": str(free_port()),
            "FLATPRO_DEMO": "0",
        }
        product = [sys.executable, "-m", "portal.cli", "serve"]
        pid = started.enter_context(running(product, ours, core=SERVER_CORE, environ=environ))
        peer = [nginx, "-c", str(downloads.nginx_configuration(folder, theirs, folder / "www"))]
        peer_pid = started.enter_context(running(peer, theirs, core=SERVER_CORE))
        fetched_files(ours, phones, folder / "www")
        macs = [phone.mac.encode() for phone in phones]
        static = [(b"GET /%b.cfg HTTP/1.0\r\n\r\n" % mac, mac) for mac in macs]
        print(
            f"\nConfigurations while {READERS} read firmware at 100 KiB/s and {SILENT} say nothing"
        )
        print("nginx static")
        measure(peer_pid, theirs, "/bench.bin", static)
        print("phones")
        asked = [(phone.request(), phone.mac.encode()) for phone in phones]
        measure(phones_process(pid), ours, address, asked)


if __name__ == "__main__":
    main()
