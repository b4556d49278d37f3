"""What rots is found, never served, and healed by the same bytes; what is young stays."""

import hashlib
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.blobs import BlobMissingError, BlobQuarantinedError, Health

DATA = random.Random(3).randbytes(300_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@contextmanager
def writable(path: Path) -> Iterator[Path]:
    path.chmod(0o644)
    yield path
    path.chmod(0o444)


def flip(path: Path, at: int) -> None:
    """One bit of a stored file goes over."""
    with writable(path), path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1]))


def cut(path: Path, at: int) -> None:
    with writable(path), path.open("r+b") as file:
        file.truncate(at)


def lose(path: Path, _at: int) -> None:
    path.unlink()


@pytest.fixture
def stored(store: LocalBlobStore) -> LocalBlobStore:
    store.put(BytesIO(DATA))
    return store


def test_whole_bytes_are_good_and_unknown_ones_missing(stored: LocalBlobStore) -> None:
    assert stored.check(SHA256) is Health.GOOD
    assert stored.check("0" * 64) is Health.MISSING
    assert list(stored.names()) == [SHA256]


@pytest.mark.parametrize("at", [0, 1, 65_535, len(DATA) - 1])
def test_a_bit_that_went_over_is_found_wherever_it_is(stored: LocalBlobStore, at: int) -> None:
    flip(stored.path(SHA256), at)
    assert stored.check(SHA256) is Health.DAMAGED


@pytest.mark.parametrize(("harm", "at"), [(flip, 7), (cut, 100), (cut, 0), (lose, 0)])
def test_what_is_in_quarantine_is_refused_until_it_is_put_again(
    stored: LocalBlobStore, harm: object, at: int
) -> None:
    harm(stored.path(SHA256), at)  # type: ignore[operator]  # one of the functions above
    assert stored.quarantine(SHA256)
    with pytest.raises(BlobQuarantinedError):
        stored.open(SHA256)
    with pytest.raises(BlobQuarantinedError):
        stored.size(SHA256)
    assert not stored.exists(SHA256)
    assert list(stored.names()) == []
    stored.put(BytesIO(DATA))
    with stored.open(SHA256) as file:
        assert file.read() == DATA
    assert list((stored.root / "quarantine").iterdir()) == []


def test_what_is_good_after_all_is_not_put_into_quarantine(stored: LocalBlobStore) -> None:
    assert not stored.quarantine(SHA256)
    assert stored.exists(SHA256)


def test_the_damaged_bytes_are_kept_for_whoever_looks_into_it(stored: LocalBlobStore) -> None:
    flip(stored.path(SHA256), 7)
    stored.quarantine(SHA256)
    assert (stored.root / "quarantine" / SHA256).stat().st_size == len(DATA)


def test_what_was_put_again_is_not_removed(stored: LocalBlobStore) -> None:
    now = datetime.now(UTC)
    assert not stored.remove(SHA256, put_before=now - timedelta(hours=24))
    assert stored.exists(SHA256)


def test_a_put_of_stored_bytes_makes_them_young_again(stored: LocalBlobStore) -> None:

    os.utime(stored.path(SHA256), (LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    stored.put(BytesIO(DATA))
    assert not stored.remove(SHA256, put_before=datetime.now(UTC) - timedelta(hours=24))


def test_what_nobody_put_since_is_removed_with_its_quarantine(stored: LocalBlobStore) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    assert stored.remove(SHA256, put_before=later)
    assert stored.remove(SHA256, put_before=later), "removing twice changes nothing"
    with pytest.raises(BlobMissingError):
        stored.open(SHA256)


def test_the_free_room_is_the_file_systems(stored: LocalBlobStore) -> None:
    assert stored.free_bytes() > 0  # type: ignore[operator]  # a local disk always knows
