import hashlib
import io
import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import resumable
from storage.blobs import TooLargeError
from storage.installation import Installation
from storage.refusals import RefusedError
from storage.resumable import Announced, Upload, UploadLimits

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
BODY = bytes(range(256)) * 40
LIMIT = 20_000
LIMITS = UploadLimits(per_owner=3, owner_bytes=50_000, total_bytes=60_000)


def begin(
    installation: Installation,
    owner: str = "anna",
    announced: Announced | None = None,
    limits: UploadLimits = LIMITS,
) -> Upload:
    with installation.database.writing() as session:
        return resumable.begin(
            session,
            installation.data_dir,
            announced or Announced("b2.bin", len(BODY)),
            owner=owner,
            limit=LIMIT,
            limits=limits,
            now=NOW,
        )


def append(installation: Installation, upload: Upload, at: int, body: bytes) -> int:
    return resumable.append(installation.data_dir, upload, at, io.BytesIO(body))


def test_parts_make_the_whole(installation: Installation) -> None:
    upload = begin(installation)
    assert append(installation, upload, 0, BODY[:1000]) == 1000
    assert resumable.offset(installation.data_dir, upload) == 1000
    with (
        pytest.raises(resumable.UploadIncompleteError),
        resumable.whole(installation.data_dir, upload),
    ):
        pass
    assert append(installation, upload, 1000, BODY[1000:]) == len(BODY)
    with resumable.whole(installation.data_dir, upload) as file:
        assert file.read() == BODY


@given(cuts=st.lists(st.integers(0, len(BODY)), max_size=6))
def test_any_cuts_make_the_whole(tmp_path_factory: pytest.TempPathFactory, cuts: list[int]) -> None:
    folder = tmp_path_factory.mktemp("cuts")
    upload = Upload(id="ab" * 16, size=len(BODY))
    (folder / resumable.FOLDER).mkdir()
    (folder / resumable.FOLDER / upload.id).touch()
    edges = [0, *sorted(cuts), len(BODY)]
    for start, end in itertools.pairwise(edges):
        assert resumable.append(folder, upload, start, io.BytesIO(BODY[start:end])) == end
    with resumable.whole(folder, upload) as file:
        assert file.read() == BODY


@pytest.mark.parametrize("at", [0, 999, 1001, 10**14])
def test_a_wrong_byte_is_told_and_changes_nothing(installation: Installation, at: int) -> None:
    upload = begin(installation)
    append(installation, upload, 0, BODY[:1000])
    with pytest.raises(resumable.WrongOffsetError) as refused:
        append(installation, upload, at, BODY[:10])
    assert refused.value.details == {"offset": 1000}
    assert resumable.offset(installation.data_dir, upload) == 1000


def test_more_than_was_announced_is_refused_and_taken_off(installation: Installation) -> None:
    upload = begin(installation)
    append(installation, upload, 0, BODY[:1000])
    with pytest.raises(resumable.TooManyBytesError):
        append(installation, upload, 1000, BODY)
    assert resumable.offset(installation.data_dir, upload) == 1000


class Breaking:
    """A sender who goes away after two pieces."""

    def __init__(self) -> None:
        self.pieces: Iterator[bytes] = iter([BODY[:500], BODY[500:900]])

    def read(self, _size: int, /) -> bytes:
        piece = next(self.pieces, None)
        if piece is None:
            raise ConnectionResetError
        return piece


def test_what_came_before_a_break_is_kept(installation: Installation) -> None:
    upload = begin(installation)
    assert resumable.append(installation.data_dir, upload, 0, Breaking()) == 900
    assert append(installation, upload, 900, BODY[900:]) == len(BODY)


class Waiting:
    """A sender who is slow, until the test lets it go on."""

    def __init__(self) -> None:
        self.asked, self.free = threading.Event(), threading.Event()

    def read(self, _size: int, /) -> bytes:
        self.asked.set()
        self.free.wait(10)
        return b""


def test_two_parts_at_once_do_not_mix(installation: Installation) -> None:
    upload, slow = begin(installation), Waiting()
    thread = threading.Thread(
        target=resumable.append, args=(installation.data_dir, upload, 0, slow)
    )
    thread.start()
    slow.asked.wait(10)
    with pytest.raises(resumable.UploadBusyError):
        append(installation, upload, 0, BODY)
    slow.free.set()
    thread.join(10)
    assert append(installation, upload, 0, BODY) == len(BODY)


@pytest.mark.parametrize(
    ("announced", "error"),
    [
        (Announced("b2.bin", 0), resumable.BadUploadError),
        (Announced("b2.bin", -1), resumable.BadUploadError),
        (Announced(" ", 5), resumable.BadUploadError),
        (Announced("b2.bin", 5, "A" * 64), resumable.BadUploadError),
        (Announced("b2.bin", 5, hashlib.md5(b"").hexdigest()), resumable.BadUploadError),
        (Announced("b2.bin", LIMIT + 1), TooLargeError),
    ],
)
def test_nonsense_is_refused_before_a_byte(
    installation: Installation, announced: Announced, error: type[RefusedError]
) -> None:
    with pytest.raises(error):
        begin(installation, announced=announced)
    assert not list((installation.data_dir / resumable.FOLDER).glob("*"))


@pytest.mark.parametrize(
    "limits",
    [
        replace(LIMITS, per_owner=1),
        replace(LIMITS, owner_bytes=len(BODY) * 2 - 1),
        replace(LIMITS, total_bytes=len(BODY) * 2 - 1),
    ],
)
def test_what_lies_begun_is_bounded(installation: Installation, limits: UploadLimits) -> None:
    begin(installation, limits=limits)
    with pytest.raises(resumable.TooManyUploadsError):
        begin(installation, limits=limits)


def test_an_upload_is_its_owners_and_ends_after_a_day(installation: Installation) -> None:
    upload = begin(installation)
    with installation.database.reading() as session:
        found = resumable.get(session, upload.id, owner="anna", now=NOW)
        assert found.size == len(BODY)
        for name, owner, at in (
            (upload.id, "boris", NOW),
            (upload.id, "anna", NOW + timedelta(hours=24)),
            ("../secrets.key", "anna", NOW),
            ("0" * 32, "anna", NOW),
        ):
            with pytest.raises(resumable.UnknownUploadError):
                resumable.get(session, name, owner=owner, now=at)


def test_the_sweep_leaves_nothing_of_what_expired(installation: Installation) -> None:
    old = begin(installation)
    append(installation, old, 0, BODY[:10])
    folder: Path = installation.data_dir / resumable.FOLDER
    (folder / ("f" * 32)).touch()
    with installation.database.writing() as session:
        assert resumable.sweep(session, installation.data_dir, LIMITS, NOW) == 0
    assert (folder / old.id).exists()
    later = datetime.now(UTC) + timedelta(days=2)
    with installation.database.writing() as session:
        assert resumable.sweep(session, installation.data_dir, LIMITS, later) == 1
    assert list(folder.iterdir()) == []
