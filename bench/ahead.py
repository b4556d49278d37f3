"""After a change of a setting of all phones: 10,000 configurations made ahead, against on demand.

Reported: the processor's time for one made ahead by the job and for one that the views make when
its phone asks first; how long the job takes with its rests, and the longest wait of another writer.
"""

import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from bench import kept_phones
from bench.configurations import Phone
from bench.imports import Watch
from jobs.runner import Runner, Workbook
from portal import health
from portal.app import Plane, create_app
from portal.installing import open_installation
from portal.settings import Settings
from provision import profiles
from provision.rendered import stale, work
from provision.rendered.press_mark import press_mark
from storage.clock import now
from storage.installation import Installation

PHONES, ON_DEMAND = 10_000, 300


def change(place: Installation, vlan: int) -> None:
    with place.database.writing() as session:
        profiles.put(
            session,
            place.seal,
            profiles.GLOBAL,
            "network.vlan",
            str(vlan),
            actor="bench",
            now=datetime.now(UTC),
        )
        work.ask(session, actor="bench", now=now())


def left(place: Installation) -> int:
    with place.database.reading() as session:
        return stale.count(session, press_mark(place))


def by_views(place: Installation, settings: Settings, phones: list[Phone]) -> float:
    """Processor milliseconds for each fetch of a phone whose configuration is stale."""
    app = create_app(place, settings, {Plane.PHONES})
    health.started(app).set()
    client = app.test_client()
    begun = time.process_time()
    for phone in phones:
        answer = client.get(phone.path, headers={"User-Agent": phone.agent})
        if answer.status_code != 200:
            raise RuntimeError(answer.status)
    return (time.process_time() - begun) / len(phones) * 1000


def ahead(place: Installation) -> str:
    """How the job does all of them; its turns follow one another at once."""
    total, watch = left(place), Watch(place)
    thread = threading.Thread(target=watch.write)
    thread.start()
    wall, cpu = time.perf_counter(), time.process_time()
    runner = Runner(place, Workbook(work.HANDLERS))
    while left(place) and runner.run_due("bench"):
        continue
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    watch.stop()
    thread.join()
    return (
        f"made ahead: {total - left(place):,} in {wall:.0f} s, {cpu / total * 1000:.1f} ms of the"
        f" processor each; another writer waited {watch.longest_s:.2f} s at most"
    )


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else PHONES
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(data_dir=Path(name) / "data", demo=False)
        place = open_installation(settings)
        phones = kept_phones.fill(place, settings, number, number)
        with place.database.writing() as session:
            session.execute(text("UPDATE device SET last_check_in_at = created_at"))
        print(f"\nA setting of all {number:,} phones changes, SQLite")
        change(place, 101)
        views = by_views(place, settings, phones[:ON_DEMAND])
        print(f"on demand by the views: {views:.1f} ms of the processor each")
        change(place, 102)
        print(ahead(place), flush=True)
        place.database.dispose()


if __name__ == "__main__":
    main()
