"""What a document's file must look like, and the media type it is served with."""

from pathlib import PurePosixPath
from types import MappingProxyType

from storage.blobs import Readable
from storage.refusals import RefusedError

PDF = "application/pdf"

_ANYTHING = "application/octet-stream"
_PLAIN = "text/plain; charset=utf-8"
_PDF_START = b"%PDF-"
_OFFICE = "application/vnd.openxmlformats-officedocument."
#: What a browser would run (HTML, SVG) is not here: it goes out as bytes to save.
_TYPES = MappingProxyType(
    {
        ".pdf": PDF,
        ".txt": _PLAIN,
        ".mib": _PLAIN,
        ".my": _PLAIN,
        ".md": _PLAIN,
        ".csv": "text/csv; charset=utf-8",
        ".zip": "application/zip",
        ".docx": _OFFICE + "wordprocessingml.document",
        ".xlsx": _OFFICE + "spreadsheetml.sheet",
        ".odt": "application/vnd.oasis.opendocument.text",
        ".png": "image/png",
        ".jpg": "image/jpeg",
    }
)


class EmptyFileError(RefusedError):
    code = "empty-file"
    field = "file"
    ru = "Файл «{name}» пуст."
    en = "The file “{name}” is empty."


class NotPdfError(RefusedError):
    code = "not-a-pdf"
    field = "file"
    ru = "Файл «{name}» назван PDF, но это не PDF. Проверьте, тот ли файл выбран."
    en = "The file “{name}” is called a PDF, but it is not one. Check that it is the right file."


class CheckedStream:
    """A stream that refuses wrong first bytes when they are read, before any is stored."""

    def __init__(self, stream: Readable, file_name: str) -> None:
        self._stream = stream
        self._name = file_name
        self._begun = False

    def read(self, size: int, /) -> bytes:
        """The next bytes; the first call may give a few more than asked for."""
        if self._begun:
            return self._stream.read(size)
        self._begun = True
        start = b""
        while len(start) < len(_PDF_START) and (piece := self._stream.read(size)):
            start += piece
        self._check(start)
        return start

    def _check(self, start: bytes) -> None:
        if not start:
            raise EmptyFileError(name=self._name)
        if media_type(self._name) == PDF and not start.startswith(_PDF_START):
            raise NotPdfError(name=self._name)


def media_type(file_name: str) -> str:
    """The media type that the name's suffix stands for."""
    return _TYPES.get(PurePosixPath(file_name).suffix.lower(), _ANYTHING)
