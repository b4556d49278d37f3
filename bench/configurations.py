"""Configuration fetches: the fast door against the views behind it and nginx with the same files.

One request a connection, as phones do; every phone is another device and every body is looked at.
Reported: server CPU per request, requests a second and the 99th percentile, medians of interleaved
rounds; then how many of the fetches are on record, and what recording them cost the other process.
"""

import contextlib
import os
import selectors
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from bench import profiling
from bench.downloads import nginx_configuration
from bench.fetching import Fetcher
from bench.processes import cpu_seconds, family, free_port, needed_nginx, running
from catalogue import products
from catalogue.products import NewProduct, ProductExistsError
from portal.installing import open_installation
from portal.settings import Settings
from provision import credentials, profiles
from provision.devices import registry
from provision.devices.identity import MacAddress
from provision.devices.registry import NewDevice
from provision.models import CheckIn
from storage.installation import Installation

PHONES = 1000
ROUNDS = 3
AT_ONCE = 16
SERVER_CORE, CLIENT_CORE = 0, 1
#: Makes a file of about 4 KiB, as phones with keys and directories have.
SETTINGS = 90


@dataclass(frozen=True)
class Phone:
    """One device as it asks: the name it must find in its file, and its request."""

    mac: str
    token: str

    @property
    def agent(self) -> str:
        return f"FlatPhone/2.3.1 (FP-BENCH; hw A; sn S{self.mac}; mac {self.mac})"

    @property
    def path(self) -> str:
        return f"/p/{self.token}/{self.mac}.cfg"

    def request(self, header: str = "") -> bytes:
        return f"GET {self.path} HTTP/1.0\r\nUser-Agent: {self.agent}\r\n{header}\r\n".encode()


@dataclass(frozen=True)
class Figure:
    """CPU and p99 in microseconds."""

    cpu_us: float
    per_s: float
    p99_us: float


def fetch_all(
    port: int, requests: Sequence[tuple[bytes, bytes]], at_once: int = AT_ONCE
) -> list[float]:
    """Send each request on a connection of its own; the seconds that each took.

    Every answer must be a 200 that holds the bytes beside its request.
    """
    selector = selectors.DefaultSelector()
    waiting = iter(requests)
    took: list[float] = []

    def begin() -> None:
        following = next(waiting, None)
        if following is None:
            return
        request, expected = following
        begun = time.perf_counter()
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(request)
        selector.register(connection, selectors.EVENT_READ, (begun, expected, bytearray()))

    for _ in range(at_once):
        begin()
    while selector.get_map():
        for key, _events in selector.select(timeout=30):
            connection, (begun, expected, received) = key.fileobj, key.data
            assert isinstance(connection, socket.socket)
            part = connection.recv(65536)
            received += part
            if part:
                continue
            took.append(time.perf_counter() - begun)
            selector.unregister(connection)
            connection.close()
            if b" 200 " not in received[:16] or expected not in received:
                raise RuntimeError(f"a wrong answer: {bytes(received[:200])!r}")
            begin()
    return took


def phones_process(pid: int) -> int:
    """The process under `pid` that serves phones."""
    for member in family(pid) - {pid}:
        if b"--as-child" in Path(f"/proc/{member}/cmdline").read_bytes():
            return member
    raise RuntimeError("no process serves phones")


def measure(pid: int, port: int, requests: Sequence[tuple[bytes, bytes]]) -> Figure:
    before, started = cpu_seconds(pid), time.perf_counter()
    took = fetch_all(port, requests)
    wall, cpu = time.perf_counter() - started, cpu_seconds(pid) - before
    p99 = statistics.quantiles(took, n=100)[98]
    return Figure(cpu / len(took) * 1e6, len(took) / wall, p99 * 1e6)


def folded(pid: int, phones_pid: int, port: int, requests: Sequence[tuple[bytes, bytes]]) -> float:
    """CPU microseconds for each fetch that the other process spends on taking it in."""
    others = cpu_seconds(pid) - cpu_seconds(phones_pid)
    fetch_all(port, requests)
    time.sleep(5)
    return (cpu_seconds(pid) - cpu_seconds(phones_pid) - others) / len(requests) * 1e6


def prepare(place: Installation, number: int = PHONES) -> list[Phone]:
    """Devices of one product, each with a token, and settings that fill their files."""
    at = datetime.now(UTC)
    phones: list[Phone] = []
    # The other benchmark's release may be here already.
    with contextlib.suppress(ProductExistsError), place.database.writing() as session:
        products.add(session, NewProduct("FP-BENCH", "Bench", "Bench"), actor="bench", now=at)
    with place.database.writing() as session:
        for index in range(SETTINGS):
            name, text = f"directory.entry_{index}", f"Направление {index:03}"
            profiles.put(session, place.seal, profiles.GLOBAL, name, text, actor="bench", now=at)
        for index in range(number):
            mac = MacAddress(f"02f1a8{index:06x}")
            device = registry.add_device(
                session, NewDevice(mac=mac, product="FP-BENCH", hardware="A"), actor="bench", now=at
            )
            token = credentials.issue_token(session, device, actor="bench", now=at)
            phones.append(Phone(mac.hex, token))
    return phones


def recorded(place: Installation) -> int:
    with place.database.reading() as session:
        return session.scalar(select(func.count(CheckIn.id))) or 0


def fetched_files(port: int, phones: Sequence[Phone], folder: Path) -> None:
    """The same files for nginx, by name."""
    for phone in phones:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(phone.request())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        (folder / f"{phone.mac}.cfg").write_bytes(answer.partition(b"\r\n\r\n")[2])


def wait_until_recorded(place: Installation, number: int) -> int:
    deadline = time.monotonic() + 60
    while (found := recorded(place)) < number and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def report(name: str, figures: list[Figure]) -> Figure:
    median = Figure(
        statistics.median(figure.cpu_us for figure in figures),
        statistics.median(figure.per_s for figure in figures),
        statistics.median(figure.p99_us for figure in figures),
    )
    print(
        f"{name:<22} {median.cpu_us:>8.0f} CPU us/request   {median.per_s:>7.0f} /s"
        f"   p99 {median.p99_us / 1000:.1f} ms"
    )
    return median


def main() -> None:
    nginx = needed_nginx()
    os.sched_setaffinity(0, {CLIENT_CORE})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(data_dir=folder / "data", demo=False)
        place = open_installation(settings)
        phones = prepare(place)
        (folder / "www").mkdir()
        ours, theirs = free_port(), free_port()
        environ = {
            "FLATPRO_DATA_DIR": str(folder / "data"),
            "FLATPRO_PHONE_PORT": str(ours),
            "FLATPRO_PORT": str(free_port()),
            "FLATPRO_DEMO": "0",
        }
        product = [sys.executable, "-m", "portal.cli", "serve"]
        peer = [nginx, "-c", str(nginx_configuration(folder, theirs, folder / "www"))]
        with (
            running(product, ours, core=SERVER_CORE, environ=environ) as product_pid,
            running(peer, theirs, core=SERVER_CORE) as peer_pid,
        ):
            phones_pid = phones_process(product_pid)
            fetched_files(ours, phones, folder / "www")
            # What a phone said at first is folded by now, and the second fetch is kept.
            time.sleep(3)
            by_door = [(phone.request(), phone.mac.encode()) for phone in phones]
            # A proof beside the path is for the views: the door passes it on.
            passed_on = "Authorization: none\r\n"
            by_views = [(phone.request(passed_on), phone.mac.encode()) for phone in phones]
            static = [
                (f"GET /{phone.mac}.cfg HTTP/1.0\r\n\r\n".encode(), phone.mac.encode())
                for phone in phones
            ]
            fetch_all(ours, by_door)
            time.sleep(3)
            folding = folded(product_pid, phones_pid, ours, by_door)
            rounds: dict[str, tuple[Callable[[], Figure], list[Figure]]] = {
                "nginx static": (lambda: measure(peer_pid, theirs, static), []),
                "fast door": (lambda: measure(phones_pid, ours, by_door), []),
                "views behind it": (lambda: measure(phones_pid, ours, by_views), []),
            }
            for _ in range(ROUNDS):
                for run, figures in rounds.values():
                    figures.append(run())
                    time.sleep(1.5)
            fetches = len(phones) * (3 + 2 * ROUNDS)
            found = wait_until_recorded(place, fetches)
        size = sum(path.stat().st_size for path in (folder / "www").iterdir()) / len(phones)
        profiling.fast_door(place, settings, Fetcher.built(folder, CLIENT_CORE), by_door)
        profiling.views(place, settings, [(phone.path, phone.agent) for phone in phones])
        place.database.dispose()
    print(
        f"\nConfiguration fetch, {size / 1024:.1f} KiB, {PHONES} phones, a connection each,"
        f" {AT_ONCE} at once, one server core, {ROUNDS} rounds"
    )
    base = report("nginx static", rounds["nginx static"][1])
    door = report("fast door", rounds["fast door"][1])
    views = report("views behind it", rounds["views behind it"][1])
    print(
        f"ratio: {base.cpu_us / door.cpu_us:.2f} x nginx static by CPU,"
        f" {views.cpu_us / door.cpu_us:.1f} x the views; {found} of {fetches} fetches on record,"
        f" {folding:.0f} CPU us each in the other process"
    )


if __name__ == "__main__":
    main()
