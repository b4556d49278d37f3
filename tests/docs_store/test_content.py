import io
from collections.abc import Callable

import pytest

from docs_store import content
from docs_store.content import CheckedStream, EmptyFileError, NotPdfError
from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.blobs import StoredBlob


class Dripping:
    """A stream that gives one byte at a time, as a slow connection may."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, _size: int, /) -> bytes:
        return self._file.read(1)


@pytest.mark.parametrize("kind", [io.BytesIO, Dripping])
def test_every_byte_comes_through(kind: Callable[[bytes], io.BytesIO]) -> None:
    stream = CheckedStream(kind(b"%PDF-1.7 and more"), "a.pdf")
    assert b"".join(iter(lambda: stream.read(4), b"")) == b"%PDF-1.7 and more"


@pytest.mark.parametrize("start", [b"MZ\x90 a program", b"%PDF", b"\n%PDF-1.7", b"<!doctype html>"])
@pytest.mark.parametrize("name", ["a.pdf", "A.PDF"])
def test_pdf_that_is_none_is_refused_and_nothing_stored(
    empty_store: LocalBlobStore, start: bytes, name: str
) -> None:
    with pytest.raises(NotPdfError):
        empty_store.put(CheckedStream(io.BytesIO(start), name))
    assert not [path for path in empty_store.root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["a.pdf", "a.txt"])
def test_empty_file_is_refused(name: str) -> None:
    with pytest.raises(EmptyFileError):
        CheckedStream(io.BytesIO(b""), name).read(100)


def test_other_files_may_hold_anything(store: Callable[[bytes, str], StoredBlob]) -> None:
    assert store(b"M", "phone.mib").size == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Руководство.PDF", "application/pdf"),
        ("phone.mib", "text/plain; charset=utf-8"),
        ("page.html", "application/octet-stream"),
        ("picture.svg", "application/octet-stream"),
        ("README", "application/octet-stream"),
    ],
)
def test_media_type_is_of_the_suffix_and_never_one_that_a_browser_runs(
    name: str, expected: str
) -> None:
    assert content.media_type(name) == expected
