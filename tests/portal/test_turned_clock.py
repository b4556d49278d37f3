"""R16: the clock of a running server jumps a day, back, by ten years and past 2038; it goes on."""

import json
import struct
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from jobs.models import Job
from storage.db import Database, sqlite_url
from tests.processes import children_of
from tests.served import Served, serving
from tests.stocked import Stocked, stock
from tests.storage.test_publish_faults import needs_cc
from tests.waiting import until

DAY = timedelta(days=1)
TURNS = (DAY, timedelta(0), -DAY, timedelta(days=3653), timedelta(days=12 * 366), timedelta(0))


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C library's looks at the time of day, which we can turn."""
    made = tmp_path_factory.mktemp("shim") / "clock.so"
    source = Path(__file__).with_name("turned_clock.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl"], check=True)
    return made


class Clock:
    """What the server's processes take for the time."""

    def __init__(self, shim: Path, folder: Path) -> None:
        self._file = folder / "offset"
        self._file.write_bytes(bytes(8))
        self.turned = timedelta(0)
        self.environ = {"LD_PRELOAD": str(shim), "CLOCK_OFFSET": str(self._file)}

    def turn(self, by: timedelta) -> None:
        with self._file.open("r+b") as file:
            file.write(struct.pack("q", int(by.total_seconds())))
        self.turned = by

    def now(self) -> datetime:
        return datetime.now(UTC) + self.turned


@pytest.fixture
def clock(shim: Path, tmp_path: Path) -> Clock:
    return Clock(shim, tmp_path)


@pytest.fixture
def stocked(tmp_path: Path) -> Stocked:
    return stock(tmp_path / "data")


@pytest.fixture
def served(clock: Clock, stocked: Stocked, tmp_path: Path) -> Iterator[Served]:
    assert stocked.token
    with serving(tmp_path / "data", FLATPRO_DEMO="0", **clock.environ) as found:
        yield found


def get(address: str, agent: str) -> tuple[int, bytes]:
    asked = urllib.request.Request(address, headers={"User-Agent": agent})
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def ends_at(served: Served, name: str) -> datetime:
    """When a signed list of the server runs out."""
    signed = json.loads(served.get(f"/metadata/{name}.json"))["signed"]
    return datetime.fromisoformat(signed["expires"])


def runs(served: Served) -> Counter[str]:
    database = Database(sqlite_url(served.data_dir / "flatpro.sqlite"))
    with database.reading() as session:
        found = Counter(session.scalars(select(Job.kind)))
    database.dispose()
    return found


@needs_cc
@pytest.mark.prove
@pytest.mark.timeout(300)
def test_proof_r16_a_running_server_bears_a_clock_that_jumps(
    clock: Clock, served: Served, stocked: Stocked
) -> None:
    pids = [served.pid, *children_of(served.pid)]
    configuration = served.phones + stocked.configuration
    known = get(configuration, stocked.agent)
    assert known[0] == 200
    asked, before = 0, runs(served)
    for turn in TURNS:
        clock.turn(turn)
        for _ in range(5):
            assert get(configuration, stocked.agent) == known, turn
            assert get(served.phones + stocked.firmware, stocked.agent) == (200, stocked.image)
            assert get(served.public + "/downloads/", stocked.agent)[0] == 200
            assert get(served.public + "/healthz", stocked.agent) == (200, b"ok\n")
            asked += 4
            time.sleep(0.2)
        # A list that ran out is signed again by itself: the job comes round within its hour,
        # which a jump ends at once.
        until(lambda: ends_at(served, "timestamp") > clock.now(), within_s=30, each_s=0.5)
    assert [served.pid, *children_of(served.pid)] == pids, "no process died"
    more = runs(served) - before
    print(  # noqa: T201
        f"R16: the clock turned {len(TURNS)} times between -1 day and 12 years: {asked} answers "
        f"right, lists in force after each, {max(more.values(), default=0)} runs of one job at most"
    )
    assert max(more.values(), default=0) <= len(TURNS) + 1, "a jump is no storm of jobs"
    log = (served.data_dir / "flatpro.log").read_text()
    assert '"level": "error"' not in log, log[-3000:]
