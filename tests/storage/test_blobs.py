"""The local blob store: what is stored is whole, named by its hash, and found again."""

import hashlib
import os
import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.blobs import (
    BlobMissingError,
    BlobStore,
    HashMismatchError,
    SizeMismatchError,
    StorageFaultError,
    StoredBlob,
    TooLargeError,
    UploadBrokenError,
)
from storage.durable_files import CHUNK_BYTES

DATA = b"firmware"
SHA256 = hashlib.sha256(DATA).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()
NO_NAMES = ["", "abc", SHA256.upper(), SHA256 + "\n", "../" + SHA256, "../../etc/passwd", "ы" * 64]


class Trickle:
    """A stream that gives a few bytes at a time, then ends or breaks as told."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = list(pieces)

    def read(self, _size: int, /) -> bytes:
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return piece


def temporaries(store: LocalBlobStore) -> list[Path]:
    return list((store.root / "incoming").iterdir())


def finals(store: LocalBlobStore) -> list[Path]:
    return sorted(store.root.glob("[0-9a-f][0-9a-f]/*"))


@pytest.fixture
def untouched(store: LocalBlobStore) -> Iterator[LocalBlobStore]:
    """A store in which nothing may remain, not even a temporary file."""
    yield store
    assert (temporaries(store), finals(store)) == ([], [])


def test_stored_bytes_are_found_under_their_hash(store: LocalBlobStore) -> None:
    stored = store.put(BytesIO(DATA))
    assert stored == StoredBlob(SHA256, len(DATA))
    assert store.path(SHA256) == store.root / SHA256[:2] / SHA256[2:]
    assert store.exists(SHA256)
    assert store.size(SHA256) == len(DATA)
    with store.open(SHA256) as file:
        assert file.read() == DATA
        assert file.seek(2) == 2
    assert temporaries(store) == []


def test_a_stored_file_is_read_only_and_has_one_name(store: LocalBlobStore) -> None:
    store.put(BytesIO(DATA))
    status = store.path(SHA256).stat()
    assert (status.st_mode & 0o777, status.st_nlink) == (0o444, 1)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 1])
def test_any_size_comes_back_byte_for_byte(store: LocalBlobStore, size: int) -> None:
    data = random.Random(size).randbytes(size)
    stored = store.put(BytesIO(data), expected_size=size)
    with store.open(stored.sha256) as file:
        assert file.read() == data


def test_a_stream_may_give_less_than_asked(store: LocalBlobStore) -> None:
    assert store.put(Trickle(b"firm", b"w", b"are")) == StoredBlob(SHA256, len(DATA))


def test_the_same_bytes_twice_are_one_file(store: LocalBlobStore) -> None:
    store.put(BytesIO(DATA))
    first = store.path(SHA256).stat()
    assert store.put(BytesIO(DATA)) == StoredBlob(SHA256, len(DATA))
    again = store.path(SHA256).stat()
    assert again.st_ino == first.st_ino
    assert again.st_mtime_ns >= first.st_mtime_ns, "the time says when they were put last"
    assert (len(finals(store)), temporaries(store)) == (1, [])


def test_publishers_of_the_same_bytes_do_not_collide(store: LocalBlobStore) -> None:
    data = random.Random(5).randbytes(3 * CHUNK_BYTES)
    found: list[StoredBlob] = []
    threads = [
        threading.Thread(target=lambda: found.append(store.put(BytesIO(data)))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [StoredBlob(hashlib.sha256(data).hexdigest(), len(data))] * 8
    assert (len(finals(store)), temporaries(store)) == (1, [])


def test_a_rotten_copy_is_healed_by_the_same_bytes_sent_again(store: LocalBlobStore) -> None:
    store.put(BytesIO(DATA))
    path = store.path(SHA256)
    path.unlink()
    path.write_bytes(b"fIrmware")
    store.put(BytesIO(DATA))
    assert path.read_bytes() == DATA
    assert temporaries(store) == []


def test_an_unreadable_copy_is_healed_too(store: LocalBlobStore) -> None:
    path = store.path(SHA256)
    path.parent.mkdir()
    path.symlink_to("nowhere")
    store.put(BytesIO(DATA))
    assert path.read_bytes() == DATA


def test_another_hash_than_promised_keeps_nothing(untouched: LocalBlobStore) -> None:
    with pytest.raises(HashMismatchError) as refused:
        untouched.put(BytesIO(DATA), expected_sha256=OTHER)
    assert refused.value.details == {"expected": OTHER, "found": SHA256}


def test_the_promised_hash_and_size_are_taken(store: LocalBlobStore) -> None:
    store.put(BytesIO(DATA), expected_sha256=SHA256, expected_size=len(DATA), limit=len(DATA))
    assert store.exists(SHA256)


def test_a_short_file_keeps_nothing(untouched: LocalBlobStore) -> None:
    with pytest.raises(SizeMismatchError):
        untouched.put(BytesIO(DATA), expected_size=len(DATA) + 1)


@pytest.mark.parametrize(
    ("bounds", "error"), [({"expected_size": 5}, SizeMismatchError), ({"limit": 5}, TooLargeError)]
)
def test_too_many_bytes_are_refused_at_once_and_keep_nothing(
    bounds: dict[str, int], error: type[Exception], untouched: LocalBlobStore
) -> None:
    endless = Trickle(*[b"abc"] * 1000)
    with pytest.raises(error, match="5"):
        untouched.put(endless, **bounds)
    assert len(endless.pieces) == 998


def test_an_upload_cut_off_keeps_nothing(untouched: LocalBlobStore) -> None:
    with pytest.raises(UploadBrokenError, match="Connection reset"):
        untouched.put(Trickle(b"half", ConnectionResetError(104, "Connection reset by peer")))
    with pytest.raises(UploadBrokenError, match="TimeoutError"):
        untouched.put(Trickle(b"half", TimeoutError()))


def test_what_the_stream_itself_raises_passes_and_keeps_nothing(untouched: LocalBlobStore) -> None:
    with pytest.raises(KeyError):
        untouched.put(Trickle(b"half", KeyError()))


@pytest.mark.parametrize("name", [OTHER, *NO_NAMES])
def test_a_name_that_is_not_stored_is_missing(store: LocalBlobStore, name: str) -> None:
    assert not store.exists(name)
    for ask in (store.open, store.size):
        with pytest.raises(BlobMissingError):
            ask(name)


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_is_no_hash_never_becomes_a_path(store: LocalBlobStore, name: str) -> None:
    with pytest.raises(BlobMissingError):
        store.path(name)


def test_a_folder_that_cannot_be_used_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageFaultError, match="Not a directory"):
        LocalBlobStore(tmp_path / "file" / "blobs")


def test_a_folder_taken_away_under_way_is_a_fault_of_the_storage(store: LocalBlobStore) -> None:
    (store.root / "incoming").rmdir()
    with pytest.raises(StorageFaultError, match="No such file or directory"):
        store.put(BytesIO(DATA))
    with pytest.raises(StorageFaultError):
        store.remove_stale_temporaries(0, datetime.now(UTC))


def test_only_stale_leftovers_are_removed(store: LocalBlobStore) -> None:
    now = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    store.put(BytesIO(DATA))
    for name, age_s in (("old", 3601), ("young", 3599)):
        leftover = store.root / "incoming" / name
        leftover.write_bytes(b"half")
        written = (now - timedelta(seconds=age_s)).timestamp()
        os.utime(leftover, (written, written))
    assert store.remove_stale_temporaries(3600, now) == 1
    assert [path.name for path in temporaries(store)] == ["young"]
    assert store.exists(SHA256)


def test_a_second_store_on_the_same_folder_sees_the_same_blobs(store: LocalBlobStore) -> None:
    store.put(BytesIO(DATA))
    again: BlobStore = LocalBlobStore(store.root)
    assert again.exists(SHA256)
