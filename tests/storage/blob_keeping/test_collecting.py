"""Collection: what somebody needs is never removed, whoever publishes meanwhile; the rest goes."""

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from random import Random

import pytest
from sqlalchemy import func, select

from catalogue.models import Target
from storage.blob_keeping import collecting
from storage.blob_keeping.blob_models import Blob, BlobUse, record, release
from storage.blob_keeping.collecting import GRACE, Collected
from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.blobs import StoredBlob
from storage.installation import Installation

DAY = timedelta(days=1, seconds=1)


@pytest.fixture
def start() -> datetime:
    """A clock that begins now: the store's own is the file system's."""
    return datetime.now(UTC) + timedelta(seconds=5)


def put(place: Installation, data: bytes) -> StoredBlob:
    return place.blobs.put(BytesIO(data))


def publish(place: Installation, data: bytes, owner: str, now: datetime) -> StoredBlob:
    blob = put(place, data)
    with place.database.writing() as session:
        record(session, blob, owner, now)
    return blob


def give_up(place: Installation, owner: str) -> None:
    with place.database.writing() as session:
        release(session, owner)


def collect(place: Installation, now: datetime) -> Collected:
    return collecting.collect(place.database, place.blobs, now)


def rows(place: Installation) -> int:
    with place.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Blob)) or 0


def test_what_nobody_needs_goes_a_day_after_it_was_marked(
    installation: Installation, start: datetime
) -> None:
    blob = publish(installation, b"old", "t:1", start)
    give_up(installation, "t:1")
    assert collect(installation, start).marked == 1
    assert collect(installation, start + GRACE).removed == ()
    assert installation.blobs.exists(blob.sha256)
    done = collect(installation, start + DAY)
    assert (done.removed, done.freed_bytes) == ((blob.sha256,), 3)
    assert not installation.blobs.exists(blob.sha256)
    assert rows(installation) == 0


def test_what_one_of_two_owners_needs_stays(installation: Installation, start: datetime) -> None:
    blob = publish(installation, b"shared", "t:1", start)
    publish(installation, b"shared", "t:2", start)
    give_up(installation, "t:1")
    for days in range(4):
        assert collect(installation, start + days * DAY) == Collected(0, 0, (), 0)
    assert installation.blobs.exists(blob.sha256)


def test_what_any_table_names_stays_though_no_owner_says_so(
    installation: Installation, start: datetime
) -> None:
    blob = publish(installation, b"listed", "t:1", start)
    with installation.database.writing() as session:
        path = "fw/FP-B2/1.0/x.bin"
        session.add(
            Target(path=path, role="fw", sha256=blob.sha256, size=blob.size, added_at=start)
        )
    give_up(installation, "t:1")
    collect(installation, start)
    collect(installation, start + DAY)
    assert installation.blobs.exists(blob.sha256)


def test_bytes_whose_publisher_died_before_the_row_are_collected_too(
    installation: Installation, start: datetime
) -> None:
    blob = put(installation, b"orphan")
    assert collect(installation, start).marked == 1
    assert installation.blobs.exists(blob.sha256)
    assert collect(installation, start + DAY).removed == (blob.sha256,)


def test_a_record_between_the_phases_lifts_the_tombstone(
    installation: Installation, start: datetime
) -> None:
    blob = put(installation, b"late")
    collect(installation, start)
    with installation.database.writing() as session:
        record(session, blob, "t:1", start)
    with installation.database.reading() as session:
        assert session.get_one(Blob, blob.sha256).tombstoned_at is None
    assert collect(installation, start + DAY).removed == ()


def test_a_put_between_the_phases_saves_the_bytes_though_the_record_comes_later(
    installation: Installation, start: datetime
) -> None:
    """The sweep's day is over, the upload was a moment ago, its transaction is still to come."""
    assert isinstance(installation.blobs, LocalBlobStore)
    blob = publish(installation, b"again", "t:1", start - 3 * DAY)
    give_up(installation, "t:1")
    path = installation.blobs.path(blob.sha256)
    os.utime(path, (0, (start - 3 * DAY).timestamp()))
    collect(installation, start - 2 * DAY)
    again = put(installation, b"again")
    assert collect(installation, start).removed == ()
    with installation.database.writing() as session:
        record(session, again, "t:2", start)
    collect(installation, start + DAY)
    collect(installation, start + 2 * DAY)
    assert installation.blobs.exists(blob.sha256)


def test_a_tombstone_is_lifted_when_an_owner_came_without_record(
    installation: Installation, start: datetime
) -> None:
    blob = put(installation, b"by hand")
    collect(installation, start)
    with installation.database.writing() as session:
        session.add(BlobUse(sha256=blob.sha256, owner="t:1"))
    assert collect(installation, start + DAY) == Collected(0, 1, (), 0)


def test_what_would_be_removed_is_said_and_stays(
    installation: Installation, start: datetime
) -> None:
    blob = put(installation, b"x")
    collect(installation, start)
    with installation.database.reading() as session:
        assert collecting.marked_before(session, start) == []
        (one,) = collecting.marked_before(session, start + DAY)
    assert one.sha256 == blob.sha256
    assert installation.blobs.exists(blob.sha256)


def test_publishing_and_collecting_at_once_never_lists_what_has_no_bytes(
    installation: Installation,
) -> None:
    """Publishers store and give up the same few files while collectors sweep with a short grace.

    A publisher that was held up between its bytes and its row for longer than that is not counted.
    """
    store, grace = installation.blobs, timedelta(seconds=0.4)
    stop = threading.Event()
    wrong: list[str] = []
    removed: list[str] = []
    counted: list[str] = []
    contents = [b"%d" % n * 100 for n in range(3)]

    def publisher(number: int) -> None:
        chance, enough = Random(number), time.monotonic() + 3
        # A busy machine takes longer until something came of it.
        while time.monotonic() < enough or not (removed and len(counted) > 3):
            owner, began = f"t:{number}/{time.monotonic()}", time.monotonic()
            blob = put(installation, chance.choice(contents))
            time.sleep(chance.choice((0, 0.05)))
            with installation.database.writing() as session:
                record(session, blob, owner, datetime.now(UTC))
            if time.monotonic() - began < grace.total_seconds() / 2:
                counted.append(owner)
                wrong.extend([] if store.exists(blob.sha256) else [owner])
            give_up(installation, owner)
            time.sleep(chance.choice((0, 0.2, 1.2)))

    def collector() -> None:
        while not stop.is_set():
            now = datetime.now(UTC)
            done = collecting.collect(installation.database, store, now, grace=grace)
            removed.extend(done.removed)

    run_together([lambda n=n: publisher(n) for n in range(3)], [collector] * 2, stop, wrong)
    assert wrong == []
    assert removed, "the collectors came to remove something"
    assert len(counted) > 3, "publications kept within their grace"


def run_together(
    workers: list[Callable[[], None]],
    others: list[Callable[[], None]],
    stop: threading.Event,
    wrong: list[str],
) -> None:
    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever fails is the finding
            wrong.append(repr(error))

    working = [threading.Thread(target=guarded, args=(work,)) for work in workers]
    beside = [threading.Thread(target=guarded, args=(other,)) for other in others]
    for thread in (*working, *beside):
        thread.start()
    for thread in working:
        thread.join()
    stop.set()
    for thread in beside:
        thread.join()
