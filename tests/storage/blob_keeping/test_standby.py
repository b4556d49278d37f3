"""A bucket that goes away in the middle: its copies take over, and everything comes back."""

import hashlib
import io
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from storage.blob_keeping import standby
from storage.blob_keeping.copies import Copies
from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.blob_keeping.standby import BucketAwayError, StandbyBlobStore
from storage.blobs import BlobMissingError, StorageFaultError, StorageFullError, StoredBlob
from tests.waiting import until

DATA = random.Random(5).randbytes(900_000)
BLOB = StoredBlob(hashlib.sha256(DATA).hexdigest(), len(DATA))


class Shaky(LocalBlobStore):
    """A store that can be cut off, also under a file that is being read."""

    away = False

    def _answer(self) -> None:
        if self.away:
            raise StorageFaultError(reason="ConnectError")

    def put(self, *arguments: object, **named: object) -> StoredBlob:
        self._answer()
        return super().put(*arguments, **named)  # type: ignore[arg-type]  # passed on

    def size(self, sha256: str) -> int:
        self._answer()
        return super().size(sha256)

    def open(self, sha256: str) -> BinaryIO:
        self._answer()
        return io.BufferedReader(_Cut(super().open(sha256), self._answer), 1000)


class _Cut(io.RawIOBase):
    def __init__(self, file: BinaryIO, answer: Callable[[], None]) -> None:
        self._file, self._answer = file, answer

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: object, /) -> int:
        self._answer()
        return self._file.readinto(buffer)  # type: ignore[attr-defined, no-any-return]  # a file

    def close(self) -> None:
        self._file.close()
        super().close()


@pytest.fixture
def main(tmp_path: Path) -> Shaky:
    (tmp_path / "main").mkdir()
    return Shaky(tmp_path / "main" / "blobs")


@pytest.fixture
def store(main: Shaky, tmp_path: Path) -> StandbyBlobStore:
    found = StandbyBlobStore(main, Copies(tmp_path / "copies", 10_000_000))
    found.put(io.BytesIO(DATA))
    assert found.copy(BLOB)
    return found


class Puzzling(Shaky):
    """Away with an answer that nobody expected."""

    def _answer(self) -> None:
        if self.away:
            raise StorageFullError


def test_it_comes_back_whatever_the_bucket_said_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standby, "PROBE_S", 0.05)
    (tmp_path / "main").mkdir()
    main = Puzzling(tmp_path / "main" / "blobs")
    store = StandbyBlobStore(main, Copies(tmp_path / "copies", 1_000_000))
    main.away = True
    store.went_away()
    time.sleep(0.3)
    assert store.away_s() is not None
    main.away = False
    wait_until_back(store)


def wait_until_back(store: StandbyBlobStore) -> None:
    until(lambda: store.away_s() is None, within_s=standby.PROBE_S + 20)


def test_reads_go_on_and_writes_are_refused_unread_and_both_come_back(
    store: StandbyBlobStore, main: Shaky
) -> None:
    assert store.away_s() is None
    main.away = True
    with store.open(BLOB.sha256) as file:
        assert file.read() == DATA
    assert store.size(BLOB.sha256) == len(DATA)
    age = store.away_s()
    assert age is not None
    assert 0 <= age < 60
    unread = io.BytesIO(b"new")
    with pytest.raises(BucketAwayError):
        store.put(unread)
    assert unread.tell() == 0
    with pytest.raises(BucketAwayError):
        store.open("0" * 64)
    main.away = False
    wait_until_back(store)
    assert store.put(io.BytesIO(b"new")).size == 3
    with pytest.raises(BlobMissingError):
        store.open("0" * 64)


def test_a_file_that_is_cut_off_in_the_middle_goes_on_in_its_copy(
    store: StandbyBlobStore, main: Shaky
) -> None:
    with store.open(BLOB.sha256) as file:
        first = file.read(300_000)
        main.away = True
        assert first + file.read() == DATA
    main.away = False
    wait_until_back(store)


def test_without_a_copy_the_cut_is_a_fault_and_never_a_short_file(
    store: StandbyBlobStore, main: Shaky
) -> None:
    store.copies.forget(BLOB.sha256)
    with store.open(BLOB.sha256) as file:
        file.read(300_000)
        main.away = True
        with pytest.raises(BucketAwayError):
            file.read()
    main.away = False
    wait_until_back(store)


def test_what_is_asked_for_is_noted_once_for_the_next_round(store: StandbyBlobStore) -> None:
    other = store.put(io.BytesIO(b"other"))
    for _ in range(3):
        store.want(other)
        store.want(BLOB)
    assert store.take_wanted() == [other]
    assert store.take_wanted() == []
    assert not store.copy(StoredBlob("0" * 64, 10))


def test_what_is_removed_takes_its_copy_along(store: StandbyBlobStore) -> None:
    assert store.remove(BLOB.sha256, datetime.now(UTC) + timedelta(hours=1))
    assert store.copies.size(BLOB.sha256) is None


def test_many_who_notice_start_one_that_looks(store: StandbyBlobStore, main: Shaky) -> None:
    # One of an earlier test may not quite have ended.
    before = set(threading.enumerate())
    main.away = True
    for _ in range(5):
        store.went_away()
    looking = {one for one in threading.enumerate() if one.name == "bucket"} - before
    assert len(looking) == 1
    main.away = False
    wait_until_back(store)
