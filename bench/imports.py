"""A table of 100,000 phones with settings taken in as the job does it, on SQLite and PostgreSQL.

Reported: the whole time and its processor time, how often the page would have told of progress, and
the longest that another writer waited meanwhile.
"""

import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select, text

from accounts.models import Organisation, OrganisationKind, Site
from catalogue import products
from catalogue.products import NewProduct
from jobs import queue
from jobs.models import Job
from jobs.runner import Runner, Workbook
from portal.installing import open_installation
from portal.settings import Settings
from provision.devices.models import Device
from provision.enrolment import kept, work
from storage.clock import now
from storage.installation import Installation
from tests.postgres import Postgres, find_pg_ctl

ROWS, SITES = 100_000, 50
HEAD = "mac,product,serial,hardware,site,sip.1.number,sip.1.password,network.vlan,screen.language"


@dataclass
class Watch:
    """Another writer, and a reader of the job's progress, while the table is taken in."""

    place: Installation
    longest_s: float = 0.0
    told: set[int] = field(default_factory=set)
    _done: threading.Event = field(default_factory=threading.Event)

    def write(self) -> None:
        while not self._done.wait(0.05):
            begun = time.perf_counter()
            with self.place.database.writing(lasting=False) as session:
                session.execute(text("UPDATE site SET name = name WHERE id = 1"))
            self.longest_s = max(self.longest_s, time.perf_counter() - begun)

    def read(self) -> None:
        while not self._done.wait(0.5):
            with self.place.database.reading() as session:
                self.told |= set(session.scalars(select(Job.progress_done)))

    def stop(self) -> None:
        self._done.set()


def table(rows: int) -> bytes:
    lines = (
        f"02f1a8{at:06x},FP-BENCH,S-{at:07},A,Site {1 + at % SITES},{10_000 + at},sip-{at:08},"
        f"{at % 4000 + 1},ru\n"
        for at in range(rows)
    )
    return (HEAD + "\n" + "".join(lines)).encode()


def fill(place: Installation) -> None:
    at = datetime.now(UTC)
    with place.database.writing() as session:
        products.add(
            session, NewProduct("FP-BENCH", "Bench", "Bench", hardware=("A",)), actor="b", now=at
        )
        session.add(Organisation(id=1, name="Bench", kind=OrganisationKind.CUSTOMER))
        session.flush()
        for number in range(1, SITES + 1):
            session.add(Site(id=number, name=f"Site {number}", organisation_id=1))


def measure(settings: Settings, rows: int) -> None:
    place = open_installation(settings)
    fill(place)
    told = {"sha256": kept.keep(place, table(rows)), "name": "bench.csv"}
    with place.database.writing() as session:
        queue.submit(session, work.IMPORT, told, actor="bench", now=now(), max_attempts=1)
    watch = Watch(place)
    threads = [threading.Thread(target=one) for one in (watch.write, watch.read)]
    for thread in threads:
        thread.start()
    begun, cpu = time.perf_counter(), time.process_time()
    Runner(place, Workbook(work.HANDLERS)).run_due("bench")
    took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    watch.stop()
    for thread in threads:
        thread.join()
    with place.database.reading() as session:
        number = session.scalar(select(func.count(Device.id)))
        error = session.scalar(select(Job.error).where(Job.kind == work.IMPORT))
    kind = place.database.url.get_backend_name()
    print(
        f"{kind:<12} {number:,} phones in {took:.1f} s, {cpu:.1f} s"
        f" of the processor; another writer waited {watch.longest_s:.1f} s at most; progress told"
        f" {len(watch.told)} times{f' FAILED: {error}' if error else ''}",
        flush=True,
    )
    place.database.dispose()


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder = Path(name)
        print(f"\nImport of {rows:,} phones with 4 settings each")
        settings = Settings(data_dir=folder / "data", demo=False)
        measure(settings, rows)
        if find_pg_ctl() is None:
            return
        server = running.enter_context(closing(Postgres.start(folder / "postgresql")))
        measure(
            settings.model_copy(update={"database_url": server.url(server.create_database())}), rows
        )


if __name__ == "__main__":
    main()
