"""Firmware downloads: the embedded server against nginx with the same file on the same core.

Every client has a connection of its own, on loopback; a round ends when each has the whole file.
Reported: MiB/s and server CPU seconds per GiB, medians of interleaved rounds, the ratio, and in
what the time of one download goes: the program's own work, and the kernel's copying.
"""

import os
import selectors
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from bench import profiling
from bench.processes import Spent, free_port, needed_nginx, running, spent
from catalogue import keys, products
from firmware import publishing
from portal import logs
from portal.installing import open_installation
from portal.settings import Settings
from storage.clock import now

SIZE = 25 * 1024 * 1024
ROUNDS = 3
CLIENTS = 200
#: A round that takes longer is broken, and not slow.
ROUND_WITHIN_S = 120.0
SERVER_CORE, CLIENT_CORE = 0, 1


@dataclass(frozen=True)
class Figure:
    """One round: its speed, and what one download took of the processes under measure."""

    mib_per_s: float
    each: Spent

    @property
    def cpu_s_per_gib(self) -> float:
        return self.each.all * 2**30 / SIZE


def fetch_many(port: int, path: str, count: int, at_once: int) -> int:
    """Fetch `path` `count` times, a new connection each, `at_once` in flight; bytes received."""
    request = f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode()
    buffer = bytearray(1 << 20)
    selector = selectors.DefaultSelector()
    left, received, over = count, 0, time.monotonic() + ROUND_WITHIN_S

    def begin() -> None:
        connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        connection.sendall(request)
        selector.register(connection, selectors.EVENT_READ)

    for _ in range(min(at_once, count)):
        begin()
        left -= 1
    while waiting := len(selector.get_map()):
        if time.monotonic() > over:
            raise RuntimeError(f"{waiting} downloads are not at their end")
        for key, _events in selector.select(timeout=30):
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            size = connection.recv_into(buffer)
            received += size
            if size == 0:
                selector.unregister(connection)
                connection.close()
                if left:
                    left -= 1
                    begin()
    return received


def measure(pids: Sequence[int], port: int, path: str, at_once: int = CLIENTS) -> Figure:
    """One round of CLIENTS downloads, with what these processes took for it."""
    before, started = spent(*pids), time.perf_counter()
    received = fetch_many(port, path, CLIENTS, at_once)
    wall, taken = time.perf_counter() - started, spent(*pids) - before
    if received < CLIENTS * SIZE:
        raise RuntimeError(f"short: {received} bytes of {CLIENTS * SIZE}")
    return Figure(received / wall / 2**20, taken.each(CLIENTS))


def prepare(folder: Path) -> tuple[str, Path]:
    """Publish one image of 25 MiB; its address and the stored file."""
    settings = Settings(data_dir=folder, demo=False)
    installation = open_installation(settings)
    new = publishing.NewRelease("FP-BENCH", "1.0.0", "bench.bin")
    with installation.database.writing() as session:
        product = products.NewProduct("FP-BENCH", "Bench", "Bench")
        products.add(session, product, actor="bench", now=now())
    image = publishing.store_image(installation.blobs, BytesIO(os.urandom(SIZE)))
    with installation.database.writing() as session:
        ring = keys.of(installation)
        publishing.publish(session, new, image, ring, actor="bench", now=now())
    sha256 = image.blob.sha256
    installation.database.dispose()
    return "/firmware/FP-BENCH/1.0.0/bench.bin", folder / "blobs" / sha256[:2] / sha256[2:]


def nginx_configuration(folder: Path, port: int, root: Path) -> Path:
    path = folder / "nginx.conf"
    path.write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr crit;\n"
        "worker_rlimit_nofile 20000; events { worker_connections 16384; }\n"
        f"http {{ access_log off; sendfile on; tcp_nopush on; client_body_temp_path {folder}/b;\n"
        f"proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;\n"
        f"scgi_temp_path {folder}/s;\n"
        f"server {{ listen 127.0.0.1:{port} backlog=4096; root {root}; }} }}\n"
    )
    return path


def median(figures: Sequence[Figure]) -> Figure:
    """Of each figure the median by itself."""
    return Figure(
        statistics.median(figure.mib_per_s for figure in figures),
        Spent(
            statistics.median(figure.each.program for figure in figures),
            statistics.median(figure.each.kernel for figure in figures),
        ),
    )


def row(name: str, figure: Figure) -> None:
    print(f"{name:<22} {figure.mib_per_s:>8.0f} MiB/s   {figure.cpu_s_per_gib:.3f} CPU s/GiB")


def compare(own: Figure, base: Figure) -> None:
    """The ratio, and where the rest of the time goes."""
    print(
        f"ratio: {own.mib_per_s / base.mib_per_s:.2f} x nginx by throughput, "
        f"{base.each.all / own.each.all:.2f} x by CPU"
    )
    print(
        f"of {own.each.all * 1000:.2f} ms a download the kernel takes"
        f" {own.each.kernel * 1000:.2f} (nginx {base.each.kernel * 1000:.2f}),"
        f" the programs {own.each.program * 1000:.2f} (nginx {base.each.program * 1000:.2f})"
    )


def main() -> None:
    nginx = needed_nginx()
    os.sched_setaffinity(0, {CLIENT_CORE})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        address, stored = prepare(folder / "data")
        (folder / "www").mkdir()
        shutil.copyfile(stored, folder / "www" / "bench.bin")
        ours, theirs = free_port(), free_port()
        environ = {
            "FLATPRO_DATA_DIR": str(folder / "data"),
            "FLATPRO_PHONE_PORT": str(ours),
            "FLATPRO_DEMO": "0",
        }
        product = [sys.executable, "-m", "portal.cli", "serve", "--planes", "phones"]
        peer = [nginx, "-c", str(nginx_configuration(folder, theirs, folder / "www"))]
        with (
            running(product, ours, core=SERVER_CORE, environ=environ) as product_pid,
            running(peer, theirs, core=SERVER_CORE) as peer_pid,
        ):
            theirs_of, ours_of = [], []
            for _ in range(ROUNDS):
                theirs_of.append(measure([peer_pid], theirs, "/bench.bin"))
                ours_of.append(measure([product_pid], ours, address))
        print(f"\nFirmware, {CLIENTS} clients x 25 MiB, one server core, {ROUNDS} rounds")
        base, own = median(theirs_of), median(ours_of)
        row("nginx static", base)
        row("embedded server", own)
        compare(own, base)
        profile(folder / "data", address)


def profile(data: Path, address: str) -> None:
    """Print what the thread that sends images does meanwhile."""
    settings = Settings(data_dir=data, demo=False)
    place = open_installation(settings)
    logs.configure(data / "profile.log")
    profiling.watching(
        place, settings, "sending images", lambda port: fetch_many(port, address, 50, 50)
    )
    place.database.dispose()


if __name__ == "__main__":
    main()
