"""Firmware downloads: the embedded server against nginx with the same file on the same core.

Reported: MiB/s and server CPU seconds per GiB, medians of interleaved rounds, and the ratio.
"""

import os
import selectors
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from bench.processes import cpu_seconds, free_port, needed_nginx, running
from catalogue import keys, products
from firmware import publishing
from portal.installing import open_installation
from portal.settings import Settings
from storage.clock import now

SIZE = 25 * 1024 * 1024
ROUNDS = 3
DOWNLOADS = 120
AT_ONCE = 16
SERVER_CORE, CLIENT_CORE = 0, 1


@dataclass(frozen=True)
class Figure:
    mib_per_s: float
    cpu_s_per_gib: float


def fetch_many(port: int, path: str, count: int, at_once: int) -> int:
    """Fetch `path` `count` times, a new connection each, `at_once` in flight; bytes received."""
    request = f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode()
    buffer = bytearray(1 << 20)
    selector = selectors.DefaultSelector()
    left, received = count, 0

    def begin() -> None:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(request)
        selector.register(connection, selectors.EVENT_READ)

    for _ in range(min(at_once, count)):
        begin()
        left -= 1
    while selector.get_map():
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


def measure(pid: int, port: int, path: str) -> Figure:
    before, started = cpu_seconds(pid), time.perf_counter()
    received = fetch_many(port, path, DOWNLOADS, AT_ONCE)
    wall, cpu = time.perf_counter() - started, cpu_seconds(pid) - before
    if received < DOWNLOADS * SIZE:
        raise RuntimeError(f"short: {received} bytes of {DOWNLOADS * SIZE}")
    return Figure(received / wall / 2**20, cpu / (received / 2**30))


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


def report(name: str, figures: list[Figure]) -> Figure:
    median = Figure(
        statistics.median(figure.mib_per_s for figure in figures),
        statistics.median(figure.cpu_s_per_gib for figure in figures),
    )
    print(f"{name:<22} {median.mib_per_s:>8.0f} MiB/s   {median.cpu_s_per_gib:.3f} CPU s/GiB")
    return median


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
            rounds: dict[str, tuple[Callable[[], Figure], list[Figure]]] = {
                "nginx static": (lambda: measure(peer_pid, theirs, "/bench.bin"), []),
                "embedded server": (lambda: measure(product_pid, ours, address), []),
            }
            for _ in range(ROUNDS):
                for run, figures in rounds.values():
                    figures.append(run())
    print(f"\nFirmware download, 25 MiB, {AT_ONCE} at once, one server core, {ROUNDS} rounds")
    base = report("nginx static", rounds["nginx static"][1])
    own = report("embedded server", rounds["embedded server"][1])
    print(
        f"ratio: {own.mib_per_s / base.mib_per_s:.2f} x nginx by throughput, "
        f"{base.cpu_s_per_gib / own.cpu_s_per_gib:.2f} x by CPU"
    )


if __name__ == "__main__":
    main()
