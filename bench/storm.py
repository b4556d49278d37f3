"""A boot storm: 10,000 phones, 5,000 a second whatever becomes of them, against nginx.

Reported: wrong answers, p99 and the longest wait, and how many of the fetches are on record. Then
the same phones, 64 at once as fast as they are served: what one fetch costs a busy server.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench import kept_phones, profiling
from bench.configurations import (
    Phone,
    fetched_files,
    phones_process,
    recorded,
    wait_until_recorded,
)
from bench.downloads import nginx_configuration
from bench.fetching import Fetched, Fetcher
from bench.processes import cpu_seconds, free_port, needed_nginx, running
from portal.installing import open_installation
from portal.settings import Settings

PHONES, RATE, ROUNDS = 10_000, 5_000, 3
SERVER_CORE, CLIENT_CORE = 0, 1
Asked = list[tuple[bytes, bytes]]


def asked(phones: list[Phone]) -> Asked:
    return [(phone.request(), phone.mac.encode()) for phone in phones]


def static(phones: list[Phone]) -> Asked:
    return [
        (f"GET /{phone.mac}.cfg HTTP/1.0\r\n\r\n".encode(), phone.mac.encode()) for phone in phones
    ]


def cpu_us(fetcher: Fetcher, pid: int, port: int, requests: Asked) -> float:
    """CPU of one fetch at 64 at once."""
    before = cpu_seconds(pid)
    done = fetcher.fetch(port, requests)
    if done.wrong:
        raise RuntimeError(f"{done.wrong} of {done.number} answers were wrong")
    return (cpu_seconds(pid) - before) / done.number * 1e6


def told(name: str, found: list[Fetched]) -> float:
    p99 = statistics.median(one.p99_us for one in found) / 1000
    longest = max(one.longest_us for one in found) / 1000
    wrong, took = sum(one.wrong for one in found), statistics.median(one.seconds for one in found)
    print(
        f"{name:<14} {wrong} wrong   all in {took:.2f} s   p99 {p99:.1f} ms"
        f"   longest {longest:.0f} ms"
    )
    return p99


def main() -> None:
    nginx = needed_nginx()
    os.sched_setaffinity(0, {CLIENT_CORE})
    with tempfile.TemporaryDirectory() as name:
        folder, ours, theirs = Path(name), free_port(), free_port()
        settings = Settings(data_dir=folder / "data", demo=False, phone_port=ours)
        place = open_installation(settings)
        phones = kept_phones.fill(place, settings, PHONES, PHONES)
        # The phone that the others are like fetched until nothing was new.
        sampled = recorded(place)
        fetcher = Fetcher.built(folder, CLIENT_CORE)
        environ = {
            "FLATPRO_DATA_DIR": str(folder / "data"),
            "FLATPRO_PHONE_PORT": str(ours),
            "FLATPRO_PORT": str(free_port()),
            "FLATPRO_DEMO": "0",
        }
        (folder / "www").mkdir()
        product = [sys.executable, "-m", "portal.cli", "serve"]
        peer = [nginx, "-c", str(nginx_configuration(folder, theirs, folder / "www"))]
        with (
            running(product, ours, core=SERVER_CORE, environ=environ) as product_pid,
            running(peer, theirs, core=SERVER_CORE) as peer_pid,
        ):
            pid = phones_process(product_pid)
            fetched_files(ours, phones, folder / "www")
            storms: dict[str, list[Fetched]] = {"nginx static": [], "phones": []}
            costs: dict[str, list[float]] = {"nginx static": [], "phones": []}
            time.sleep(3)
            for _ in range(ROUNDS):
                storms["nginx static"].append(fetcher.fetch(theirs, static(phones), rate=RATE))
                storms["phones"].append(fetcher.fetch(ours, asked(phones), rate=RATE))
                # What they left in the journal is not what is measured.
                time.sleep(4)
                costs["nginx static"].append(cpu_us(fetcher, peer_pid, theirs, static(phones)))
                costs["phones"].append(cpu_us(fetcher, pid, ours, asked(phones)))
                time.sleep(4)
            fetches = PHONES * (1 + 2 * ROUNDS)
            found = wait_until_recorded(place, sampled + fetches) - sampled
        profiling.fast_door(place, settings, fetcher, asked(phones))
        place.database.dispose()
    print(f"\nBoot storm: {PHONES:,} phones, {RATE:,} a second, {ROUNDS} rounds, one server core")
    for who, rounds in storms.items():
        told(who, rounds)
    base, own = (statistics.median(costs[who]) for who in ("nginx static", "phones"))
    print(
        f"{found} of {fetches} fetches on record\nat 64 at once: nginx static {base:.0f} CPU us,"
        f" phones {own:.0f} CPU us a fetch\nratio: {base / own:.2f} x nginx static by CPU"
    )


if __name__ == "__main__":
    main()
