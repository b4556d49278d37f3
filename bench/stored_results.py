"""A million results of a sweep into the database as a sweep stores them: judged, then upserted.

Half of them are phones on record. Then the first hundred thousand once more, as a chunk that is
asked again after a crash. The database runs beside the product on the same machine.
"""

import itertools
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

from sqlalchemy import insert

from bench.processes import cpu_seconds
from bench.profiling import profiled
from catalogue import products
from catalogue.products import NewProduct
from portal.installing import open_installation
from portal.settings import Settings
from provision.devices.bulk_readings import record_many
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.models import Device
from provision.devices.readings import Attempt
from provision.readers.facts import DeviceFacts
from provision.sweeps import results
from provision.sweeps.models import Sweep
from provision.sweeps.scanning import Swept
from storage.installation import Installation
from tests.postgres import Postgres, fast_folder, find_pg_ctl

RESULTS = int(os.environ.get("BENCH_RESULTS", "1_000_000"))
AGAIN = RESULTS // 10
BUNCH = 500
READINGS = min(2_000, RESULTS // 2)
_FIRST = int(IPv4Address("10.0.0.0"))
_AT = datetime(2026, 11, 22, tzinfo=UTC)


def mac_of(number: int) -> str:
    return f"02f1{number:08x}"


def phones(first: int, count: int) -> Iterator[Swept]:
    for number in range(first, first + count):
        serial = SerialNumber(f"FPB{number:09d}")
        facts = DeviceFacts(
            vendor="FLAT-PRO",
            product="FP-B2",
            hardware="A",
            serial=serial,
            mac=MacAddress(mac_of(number)),
            firmware="2.4.1",
            description="Flat Phone FP-B2, hardware A, firmware 2.4.1",
        )
        yield Swept(str(IPv4Address(_FIRST + number)), "sweep", facts)


def prepared(place: Installation) -> int:
    """The phones on record, and a sweep to put results into."""
    with place.database.writing() as session:
        new = NewProduct("FP-B2", "B2", "B2")
        product = products.add(session, new, actor="bench", now=_AT)
        session.flush()
        for start in range(0, RESULTS, 2 * BUNCH):
            rows = [
                {
                    "mac": mac_of(number),
                    "serial": f"FPB{number:09d}",
                    "product_id": product.id,
                    "created_at": _AT,
                }
                for number in range(start, min(start + 2 * BUNCH, RESULTS), 2)
            ]
            session.execute(insert(Device), rows)
    return begun(place)


def begun(place: Installation) -> int:
    """A sweep that has found nothing yet."""
    with place.database.writing() as session:
        sweep = Sweep(
            networks=["10.0.0.0/8"],
            addresses=1 << 24,
            seed=0,
            rate=1000,
            port=161,
            timeout_s=1.0,
            retries=1,
            community=b"",
            started_by="bench",
            started_at=_AT,
        )
        session.add(sweep)
        session.flush()
        return sweep.id


def store(place: Installation, sweep: int, bunch: list[Swept]) -> None:
    with place.database.writing(lasting=False) as session:
        results.store(session, sweep, bunch, _AT)


@dataclass(frozen=True)
class Cost:
    """Seconds that storing takes, without making up the phones; CPU here and of the server."""

    wall_s: float
    cpu_s: float
    server_cpu_s: float


def stored(
    place: Installation, sweep: int, first: int, count: int, server: Callable[[], float]
) -> Cost:
    before = server()
    wall = cpu = 0.0
    made = phones(first, count)
    while bunch := list(itertools.islice(made, BUNCH)):
        began, used = time.perf_counter(), time.process_time()
        store(place, sweep, bunch)
        wall += time.perf_counter() - began
        cpu += time.process_time() - used
    return Cost(wall, cpu, server() - before)


def readings_of_known(place: Installation, count: int) -> float:
    """CPU microseconds for each reading of a phone on record, stored as a bulk read stores it."""
    known = [one for one in phones(0, 2 * count) if int(one.address.rpartition(".")[2]) % 2 == 0]
    attempts = [(Attempt(one.address, "snmp", "bench", one.facts), _mac(one)) for one in known]
    spent = [0.0, 0.0]
    for turn in (0, 1):  # the first one also notes what a phone that never spoke runs
        before = time.process_time()
        for start in range(0, count, 100):
            with place.database.writing() as session:
                record_many(session, attempts[start : start + 100], _AT)
        spent[turn] = time.process_time() - before
    return spent[1] / count * 1e6


def _mac(one: Swept) -> str:
    assert one.facts is not None
    assert one.facts.mac is not None
    return one.facts.mac.hex


def measure(name: str, place: Installation, server: Callable[[], float] = lambda: 0.0) -> None:
    sweep = prepared(place)
    fresh = stored(place, sweep, 0, RESULTS, server)
    again = stored(place, sweep, 0, AGAIN, server)
    with place.database.reading() as session:
        kept, verdicts = results.found(session, sweep), results.verdicts(session, sweep)
    known = verdicts["matched"]
    here, there = (cpu_s / RESULTS * 1e6 for cpu_s in (fresh.cpu_s, fresh.server_cpu_s))
    print(
        f"{name:<12} {RESULTS / fresh.wall_s:>8.0f} /s   {here:.0f} CPU us each and {there:.0f} in"
        f" the server ({1e6 / (here + there):.0f} /s of one core), again"
        f" {AGAIN / again.wall_s:.0f} /s   {kept} kept, {known} known"
    )
    print(f"{'':<12} a known phone's reading {readings_of_known(place, READINGS):.0f} CPU us")
    bunches, sweep = (
        [list(phones(first, BUNCH)) for first in range(0, READINGS, BUNCH)],
        begun(place),
    )
    with profiled(f"storing on {name}"):
        for bunch in bunches:
            store(place, sweep, bunch)
    place.database.dispose()


def main() -> None:
    print(f"\nResults of a sweep stored by upsert, {RESULTS} in bunches of {BUNCH}")
    with tempfile.TemporaryDirectory() as name:
        measure("SQLite", open_installation(Settings(data_dir=Path(name), demo=False)))
    if find_pg_ctl() is None:
        print("PostgreSQL   not installed (Debian: postgresql)")
        return
    with (
        tempfile.TemporaryDirectory(dir=fast_folder()) as folder,
        tempfile.TemporaryDirectory() as name,
    ):
        server = Postgres.start(Path(folder) / "postgres")
        try:
            url = server.url(server.create_database())
            settings = Settings(data_dir=Path(name), demo=False, database_url=url)
            postmaster = int((server.folder / "postmaster.pid").read_text().splitlines()[0])
            measure("PostgreSQL", open_installation(settings), lambda: cpu_seconds(postmaster))
        finally:
            server.close()


if __name__ == "__main__":
    main()
