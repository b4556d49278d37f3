"""Behind nginx: configurations over TLS 1.3, and images by X-Accel-Redirect, against nginx alone.

The front is deploy/nginx as it is shipped, with ports and folders of its own. Each configuration
has a connection and a handshake of its own; ours counts the CPU of nginx and the phones' process.
"""

import contextlib
import http.client
import os
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench import configurations, downloads, profiling
from bench.configurations import Phone, phones_process
from bench.processes import cpu_seconds, free_port, needed_nginx, running
from firmware.image_door import ImageDoor
from portal import logs
from portal.installing import open_installation
from portal.phone_listener.image_desk import FOR_PAGES
from portal.settings import Settings

SHIPPED = Path(__file__).parent.parent / "deploy" / "nginx" / "snippets"
HANDSHAKES = 1500
ROUNDS = 3
AT_ONCE = 16
SERVER_CORE, CLIENT_CORE = 0, 1

_MAIN = """
daemon off; master_process off; pid {folder}/{name}.pid; error_log stderr crit;
events {{ worker_connections 2048; }}
http {{
  access_log off; types {{ }} default_type application/octet-stream;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  {servers}
}}
"""
_STATIC = """
  server {{ listen 127.0.0.1:{tls} ssl; include {folder}/snippets/flatpro-tls.conf; root {www}; }}
  server {{ listen 127.0.0.1:{plain}; sendfile on; tcp_nopush on; root {www}; }}
"""
_FRONT = """
  upstream flatpro_pages {{ server 127.0.0.1:{pages}; keepalive 16; }}
  upstream flatpro_phones {{ server 127.0.0.1:{product}; keepalive 64; keepalive_requests 100000; }}
  server {{ listen 127.0.0.1:{front_tls} ssl; include snippets/flatpro-tls.conf;
            include snippets/flatpro-phones.conf; }}
  server {{ listen 127.0.0.1:{front}; include snippets/flatpro-pages.conf; }}
"""


def certificate(folder: Path) -> None:
    """An ECDSA certificate of our own."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", folder / "ecdsa.key", "-out", folder / "ecdsa.crt"],
        check=True, capture_output=True,
    )  # fmt: skip


def snippets(folder: Path, blobs: Path) -> None:
    """The shipped snippets with our folders in them."""
    (folder / "snippets").mkdir()
    for source in SHIPPED.glob("*.conf"):
        text = source.read_text().replace("/etc/flatpro/tls", str(folder))
        text = text.replace("/var/lib/flatpro/blobs", str(blobs))
        (folder / "snippets" / source.name).write_text(text)


def configured(folder: Path, name: str, servers: str) -> list[str]:
    """The command of an nginx with these servers."""
    nginx = needed_nginx()
    path = folder / f"{name}.conf"
    path.write_text(_MAIN.format(folder=folder, name=name, servers=servers))
    return [nginx, "-p", str(folder), "-c", str(path)]


def handshakes(port: int, requests: Sequence[tuple[bytes, bytes]]) -> None:
    """Send each request over TLS on a connection of its own; the right bytes must come back."""
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.minimum_version = ssl.TLSVersion.TLSv1_3
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE

    def fetch(one: tuple[bytes, bytes]) -> None:
        request, expected = one
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            trust.wrap_socket(plain) as connection,
        ):
            connection.sendall(request)
            received = b"".join(iter(lambda: connection.recv(65536), b""))
        if b" 200 " not in received[:16] or expected not in received:
            raise RuntimeError(f"a wrong answer: {received[:200]!r}")

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(fetch, requests))


def cpu_us(pids: Sequence[int], port: int, requests: Sequence[tuple[bytes, bytes]]) -> float:
    before = sum(cpu_seconds(pid) for pid in pids)
    handshakes(port, requests)
    return (sum(cpu_seconds(pid) for pid in pids) - before) / len(requests) * 1e6


def asked(phones: Sequence[Phone], *, static: bool) -> list[tuple[bytes, bytes]]:
    found = []
    for number in range(HANDSHAKES):
        phone = phones[number % len(phones)]
        request = f"GET /{phone.mac}.cfg HTTP/1.0\r\n\r\n".encode() if static else phone.request()
        found.append((request, phone.mac.encode()))
    return found


@dataclass(frozen=True)
class Ports:
    """Where each listens; nginx alone has `tls` and `plain`, the front has the other two."""

    product: int = field(default_factory=free_port)
    pages: int = field(default_factory=free_port)
    tls: int = field(default_factory=free_port)
    plain: int = field(default_factory=free_port)
    front_tls: int = field(default_factory=free_port)
    front: int = field(default_factory=free_port)


@dataclass(frozen=True)
class Stage:
    """What runs: the product, the shipped front, and nginx with the same bytes as files."""

    ports: Ports
    phones: Sequence[Phone]
    image: str
    product_pid: int
    front_pid: int
    static_pid: int


@contextlib.contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Everything started, its files in `folder`."""
    ports = Ports()
    address, stored = downloads.prepare(folder / "data")
    place = open_installation(Settings(data_dir=folder / "data", demo=False))
    phones = configurations.prepare(place, 500)
    place.database.dispose()
    (folder / "www").mkdir()
    shutil.copyfile(stored, folder / "www" / "bench.bin")
    certificate(folder)
    snippets(folder, folder / "data" / "blobs")
    environ = {
        "FLATPRO_DATA_DIR": str(folder / "data"),
        "FLATPRO_PHONE_PORT": str(ports.product),
        "FLATPRO_PORT": str(ports.pages),
        "FLATPRO_DEMO": "0",
        "FLATPRO_ACCEL_PREFIX": "/stored",
        "FLATPRO_TRUSTED_PROXIES": "127.0.0.1",
    }
    named = {**asdict(ports), "folder": folder, "www": folder / "www"}
    serve = [sys.executable, "-m", "portal.cli", "serve"]
    static = configured(folder, "static", _STATIC.format(**named))
    shipped = configured(folder, "front", _FRONT.format(**named))
    with (
        running(serve, ports.product, core=SERVER_CORE, environ=environ) as product_pid,
        running(static, ports.plain, core=SERVER_CORE) as static_pid,
        running(shipped, ports.front, core=SERVER_CORE) as front_pid,
    ):
        yield Stage(ports, phones, address, product_pid, front_pid, static_pid)


def over_tls(stage: Stage, www: Path) -> None:
    """Measure configurations, a handshake each, and print the ratio."""
    ports = stage.ports
    phones_pid = phones_process(stage.product_pid)
    configurations.fetched_files(ports.product, stage.phones, www)
    time.sleep(3)
    ours, theirs = asked(stage.phones, static=False), asked(stage.phones, static=True)
    handshakes(ports.front_tls, ours)
    time.sleep(3)
    base, own = [], []
    for _ in range(ROUNDS):
        base.append(cpu_us([stage.static_pid], ports.tls, theirs))
        own.append(cpu_us([stage.front_pid, phones_pid], ports.front_tls, ours))
    peer, passed = statistics.median(base), statistics.median(own)
    print(
        f"\nConfiguration over TLS 1.3, ECDSA, {HANDSHAKES} handshakes, {AT_ONCE} at once,"
        f" {ROUNDS} rounds\nnginx static {peer:.0f} CPU us, nginx and the phones' process"
        f" {passed:.0f} CPU us\nratio: {peer / passed:.2f} x nginx static TLS"
    )


def files(stage: Stage) -> None:
    """Measure images and print the ratio, and where the rest of the time goes."""
    ports, base, own = stage.ports, [], []
    # The pages' process answers none of these; what it does by the clock is not theirs.
    pids = [stage.front_pid, phones_process(stage.product_pid)]
    downloads.measure(pids, ports.front, stage.image, AT_ONCE)
    for _ in range(ROUNDS):
        base.append(downloads.measure([stage.static_pid], ports.plain, "/bench.bin", AT_ONCE))
        own.append(downloads.measure(pids, ports.front, stage.image, AT_ONCE))
    print(
        f"\nFirmware of the download centre behind nginx (X-Accel), {downloads.CLIENTS} x 25 MiB,"
        f" {AT_ONCE} at once, {ROUNDS} rounds"
    )
    peer, passed = downloads.median(base), downloads.median(own)
    downloads.row("nginx static", peer)
    downloads.row("behind nginx", passed)
    downloads.compare(passed, peer)
    print(f"the answer itself takes {answer_us(stage):.0f} CPU us of the phones' process")


def answer_us(stage: Stage) -> float:
    """What the program takes to say which file it is, nothing being copied meanwhile."""
    pid, number = phones_process(stage.product_pid), 2000
    before = cpu_seconds(pid)
    ask_for_pages(stage.ports.product, stage.image, number)
    return (cpu_seconds(pid) - before) / number * 1e6


def ask_for_pages(port: int, image: str, number: int) -> None:
    """Ask as nginx does, on one connection; nginx must be told a file each time."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as line:
        for _ in range(number):
            line.request("GET", image, headers={FOR_PAGES: "yes"})
            answer = line.getresponse()
            answer.read()
            if answer.getheader("X-Accel-Redirect") is None:
                raise RuntimeError(f"nginx is told nothing: {answer.status}")


def profile(data: Path, image: str) -> None:
    """Print what the phones' listener does to say which file it is."""
    settings = Settings(data_dir=data, demo=False, trusted_proxies="127.0.0.1")  # type: ignore[arg-type]  # as the variable says it
    place = open_installation(settings)
    logs.configure(data / "profile.log")
    door = ImageDoor(place.database, place.blobs, "/stored", lambda *_: None)
    profiling.watching(
        place, settings, "the answer", lambda port: ask_for_pages(port, image, 2000), door
    )
    place.database.dispose()


def main() -> None:
    os.sched_setaffinity(0, {CLIENT_CORE})
    with tempfile.TemporaryDirectory() as name, staged(Path(name)) as stage:
        over_tls(stage, Path(name) / "www")
        files(stage)
        profile(Path(name) / "data", stage.image)


if __name__ == "__main__":
    main()
