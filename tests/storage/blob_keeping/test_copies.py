"""Local copies of a bucket's files: bounded, right, and those in use stay."""

import hashlib
import os
import random
import time
from io import BytesIO
from pathlib import Path

import pytest

from storage.blob_keeping.copies import Copies, Held

PIECES = [random.Random(number).randbytes(1000) for number in range(5)]
NAMES = [hashlib.sha256(piece).hexdigest() for piece in PIECES]


@pytest.fixture
def copies(tmp_path: Path) -> Copies:
    return Copies(tmp_path / "copies", most_bytes=3000)


def keep(copies: Copies, which: int) -> bool:
    kept = copies.keep(NAMES[which], 1000, BytesIO(PIECES[which]))
    time.sleep(0.03)
    return kept


def test_what_was_kept_is_given_out_and_the_least_used_makes_room(copies: Copies) -> None:
    assert [keep(copies, number) for number in range(3)] == [True] * 3
    assert copies.want(NAMES[0])
    time.sleep(0.03)
    assert keep(copies, 3)
    assert [copies.size(name) for name in NAMES] == [1000, None, 1000, 1000, None]
    assert copies.held() == Held(3, 3000)
    file = copies.open(NAMES[0])
    assert file is not None
    with file:
        assert file.read() == PIECES[0]


def test_what_is_too_large_or_not_what_was_said_is_not_kept(copies: Copies) -> None:
    large = bytes(3001)
    assert not copies.keep(hashlib.sha256(large).hexdigest(), len(large), BytesIO(large))
    assert not copies.keep(NAMES[0], 1000, BytesIO(PIECES[1]))
    assert not copies.keep(NAMES[0], 999, BytesIO(PIECES[0]))
    assert copies.held() == Held(0, 0)
    assert list((copies.folder / "unfinished").iterdir()) == []


def test_a_damaged_copy_is_never_given_out_and_goes(copies: Copies) -> None:
    keep(copies, 0)
    path = copies.folder / NAMES[0]
    path.chmod(0o600)
    path.write_bytes(b"x" + PIECES[0][1:])
    assert copies.open(NAMES[0]) is None
    assert copies.size(NAMES[0]) is None


def test_a_copy_that_was_right_is_compared_again_when_its_file_has_changed(copies: Copies) -> None:
    keep(copies, 0)
    file = copies.open(NAMES[0])
    assert file is not None
    file.close()
    path = copies.folder / NAMES[0]
    path.chmod(0o600)
    path.write_bytes(b"x" + PIECES[0][1:])
    os.utime(path, (1, 1))
    assert copies.open(NAMES[0]) is None


def test_a_name_that_is_no_hash_leads_nowhere(copies: Copies) -> None:
    (copies.folder.parent / "secret").write_text("x")
    for name in ("../secret", "", "unfinished", NAMES[0].upper()):
        assert copies.open(name) is None
        assert copies.size(name) is None


def test_only_one_makes_copies_at_a_time(copies: Copies) -> None:
    with copies.alone() as first, Copies(copies.folder, 3000).alone() as second:
        assert (first, second) == (True, False)
    with copies.alone() as again:
        assert again
