"""R5: without free inodes or descriptors it says so, serves the others, and goes on after."""

import contextlib
import http.client
import itertools
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.processes import Held, children_of, held_by, leave_files
from tests.served import Served, serving
from tests.stocked import Stocked, stock
from tests.storage.test_publish_faults import needs_root, upload
from tests.waiting import until

BACK_WITHIN_S = 5.0
TOLD_WITHIN_S = 2.0
#: As many as a process may have open; what waits beyond them is more than either listener takes.
FILES, WAITING = 300, 400
#: A release in testing must be newer than the one before, whichever case runs first.
MAJORS = itertools.count(2)


@pytest.fixture(scope="module")
def few_inodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file system that has room for bytes, and for 500 files."""
    place = tmp_path_factory.mktemp("few") / "disk"
    place.mkdir()
    options = "size=512m,nr_inodes=500"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


@dataclass(frozen=True)
class Place:
    """What runs on the small file system, and its processes."""

    served: Served
    stocked: Stocked
    pids: list[int]


@pytest.fixture(scope="module")
def running(few_inodes: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    stocked = stock(few_inodes / "data")
    log = str(tmp_path_factory.mktemp("log") / "log")
    with serving(few_inodes / "data", FLATPRO_DEMO="0", FLATPRO_LOG_FILE=log) as served:
        yield Place(served, stocked, [served.pid, *children_of(served.pid)])


def phones_get(served: Served, stocked: Stocked, path: str) -> tuple[int, bytes]:
    asked = urllib.request.Request(served.phones + path, headers={"User-Agent": stocked.agent})
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@needs_root
@pytest.mark.timeout(120)
@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.prove)])
def test_proof_r5_without_free_inodes_it_refuses_and_goes_on_after(
    running: Place, few_inodes: Path, tmp_path: Path, rounds: int, leeway: float
) -> None:
    served, stocked, data = running.served, running.stocked, few_inodes / "data"
    known = phones_get(served, stocked, stocked.configuration)
    assert known[0] == 200
    image = tmp_path / "new.bin"
    slowest = back = 0.0
    for rising in itertools.islice(MAJORS, rounds):
        ballast = few_inodes / "ballast"
        ballast.mkdir()
        with contextlib.suppress(OSError):
            for name in range(1000):
                (ballast / str(name)).touch()
        for attempt in range(5):
            image.write_bytes(os.urandom(100_000))
            status, took_s = upload(served, image, f"{rising}.0.{attempt}", tmp_path, "FP-B2")
            assert status in {503, 507}
            slowest = max(slowest, took_s)
            assert phones_get(served, stocked, stocked.configuration) == known
            assert phones_get(served, stocked, stocked.firmware) == (200, stocked.image)
            assert served.get(stocked.blob) == stocked.image
            assert served.get("/downloads/")
        assert list((data / "blobs/incoming").iterdir()) == []
        shutil.rmtree(ballast)
        began = time.monotonic()
        assert upload(served, image, f"{rising}.1.0", tmp_path, "FP-B2")[0] == 302
        back = max(back, time.monotonic() - began)
    assert [served.pid, *children_of(served.pid)] == running.pids, "none was started again"
    print(  # noqa: T201
        f"R5: {rounds * 5} uploads without an inode refused, the slowest after {slowest:.2f} s, "
        f"all asked for meanwhile served; with inodes again one was taken in {back:.2f} s"
    )
    assert slowest < TOLD_WITHIN_S * leeway
    assert back < BACK_WITHIN_S * leeway


def same(served: Served, stocked: Stocked, known: tuple[int, bytes]) -> bool:
    """Whether both planes answer who comes anew."""
    again = phones_get(served, stocked, stocked.configuration)
    return again == known and served.get("/healthz") == b"ok\n"


def no_more_files(pids: list[int], before: list[Held]) -> bool:
    found = [held_by(pid) for pid in pids]
    return all(now.files <= was.files + 5 for now, was in zip(found, before, strict=True))


class Kept:
    """A connection that was there before: its answers, one after the other."""

    def __init__(self, address: str, stocked: Stocked) -> None:
        self._agent = stocked.agent
        place = urlsplit(address)
        self._line = http.client.HTTPConnection(str(place.hostname), place.port, timeout=20)

    def get(self, path: str) -> tuple[int, bytes]:
        self._line.request("GET", path, headers={"User-Agent": self._agent})
        answer = self._line.getresponse()
        return answer.status, answer.read()

    def close(self) -> None:
        self._line.close()


@pytest.mark.prove
@pytest.mark.timeout(300)
@pytest.mark.parametrize("rounds", [10])
def test_proof_r5_without_free_descriptors_who_is_connected_is_served(
    tmp_path: Path, rounds: int
) -> None:
    stocked = stock(tmp_path / "data")
    with serving(tmp_path / "data", files=FILES, FLATPRO_DEMO="0") as served:
        pids = [served.pid, *children_of(served.pid)]
        paths = [stocked.blob, "/downloads/", "/healthz"]
        asked = 0
        for _ in range(rounds):
            pages, phone = Kept(served.public, stocked), Kept(served.phones, stocked)
            assert {pages.get(path)[0] for path in paths} == {200}
            known = phone.get(stocked.configuration)
            before = [held_by(pid) for pid in pids]
            with crowd(served.public), crowd(served.phones):
                for _ in range(5):
                    assert {pages.get(path)[0] for path in paths} == {200}
                    assert phone.get(stocked.configuration) == known
                    assert phone.get(stocked.firmware) == (200, stocked.image)
                    asked += 5
                most = max(held_by(pid).files for pid in pids)
                assert most < FILES - 20, "some are left for the database and stored files"
            until(partial(same, served, stocked, known), within_s=BACK_WITHIN_S)
            pages.close()
            phone.close()
            until(partial(no_more_files, pids, before))
        assert [served.pid, *children_of(served.pid)] == pids
    print(  # noqa: T201
        f"R5: {asked} requests of those connected served beside {WAITING} silent connections "
        f"to each plane, {most} of {FILES} files open at most"
    )


@contextlib.contextmanager
def crowd(address: str) -> Iterator[None]:
    """Connections that say nothing, more than the process may have files."""
    place = urlsplit(address)
    with contextlib.ExitStack() as lines:
        for _ in range(WAITING):
            line = socket.socket()
            lines.enter_context(line)
            line.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                line.connect((str(place.hostname), place.port or 80))
        time.sleep(1)
        yield


@needs_root
@pytest.mark.timeout(120)
def test_proof_r5_not_one_descriptor_more_is_an_answer_and_no_crash(
    running: Place, request: pytest.FixtureRequest, leeway: float
) -> None:
    served, stocked, pids = running.served, running.stocked, running.pids
    pages, phone = Kept(served.public, stocked), Kept(served.phones, stocked)
    for line in (pages, phone):
        request.addfinalizer(line.close)
    statuses: Counter[int] = Counter()
    failed: list[str] = []
    paths = [
        stocked.blob,
        "/downloads/",
        "/firmware/FP-B2/manifest.json",
        "/readyz",
    ]
    phone_paths = [stocked.configuration, stocked.firmware, "/p/02f1a7009999.cfg"]
    assert {pages.get(path)[0] for path in paths} == {200}
    assert {phone.get(path)[0] for path in phone_paths} == {200}
    before = [held_by(pid) for pid in pids]
    for pid in pids:
        # Each has many more open; fewer than it waits on at once and poll itself would fail.
        leave_files(pid, 16)
    for _ in range(3):
        for line, asked in ((pages, paths), (phone, phone_paths)):
            found = [(path, line.get(path)[0]) for path in asked]
            statuses.update(status for _, status in found)
            failed += [path for path, status in found if status not in {200, 503}]
    for pid in pids:
        leave_files(pid, 4096)
    back_s = BACK_WITHIN_S * leeway
    until(lambda: {pages.get(path)[0] for path in paths} == {200}, within_s=back_s)
    until(lambda: {phone.get(path)[0] for path in phone_paths} == {200}, within_s=back_s)
    after = [held_by(pid) for pid in pids]
    assert [served.pid, *children_of(served.pid)] == pids, "no process died"
    for was, found in zip(before, after, strict=True):
        assert abs(found.files - was.files) <= 5
    print(f"R5: without one free descriptor: {dict(sorted(statuses.items()))}, no process ended")  # noqa: T201
    assert failed == []
