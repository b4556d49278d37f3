"""A table between being sent and being taken in: kept sealed, as it may hold passwords."""

import io

from storage.blobs import BlobMissingError, BlobQuarantinedError
from storage.installation import Installation
from storage.refusals import NotFoundError
from storage.sealed import Place, UnsealError

#: Whole bytes as text: each becomes the character of its number.
_BYTES = "latin-1"
_PLACE = Place("device_import", "table", "sealed")


class UnknownTableError(NotFoundError):
    code = "unknown-table"
    ru = "Этой таблицы уже нет: отправьте файл ещё раз."
    en = "This table is gone: send the file again."


def keep(place: Installation, content: bytes) -> str:
    """Keep a table for a day; the name by which it is opened again."""
    sealed = place.seal.close(content.decode(_BYTES), _PLACE)
    return place.blobs.put(io.BytesIO(sealed)).sha256


def opened(place: Installation, name: str) -> bytes:
    """The table kept under this name; raises UnknownTableError."""
    try:
        with place.blobs.open(name) as file:
            return place.seal.open(file.read(), _PLACE).encode(_BYTES)
    except (BlobMissingError, BlobQuarantinedError, UnsealError):
        raise UnknownTableError from None
