"""What a blob store refuses, and what a sender may say of the bytes beforehand."""

from dataclasses import dataclass
from typing import Protocol

from storage.refusals import NotFoundError, RefusedError, UnavailableError


class BlobMissingError(NotFoundError):
    code = "blob-missing"
    ru = "Файла с такой суммой SHA-256 нет: {sha256}"
    en = "No file with this SHA-256 is stored: {sha256}"


class BlobQuarantinedError(UnavailableError):
    code = "blob-quarantined"
    ru = "Сохранённая копия файла повреждена и не выдаётся, пока её не восстановят: {sha256}"
    en = "The stored copy is damaged and is not served until it is restored: {sha256}"


class HashMismatchError(RefusedError):
    code = "hash-mismatch"
    ru = "Сумма SHA-256 не сошлась: ожидалась {expected}, получена {found}."
    en = "The SHA-256 differs: expected {expected}, got {found}."


class SizeMismatchError(RefusedError):
    code = "size-mismatch"
    ru = "Размер не сошёлся: ожидалось байт: {expected}, получено: {found}."
    en = "The size differs: expected {expected} bytes, got {found}."


class TooLargeError(RefusedError):
    code = "too-large"
    ru = "Файл больше допустимого: не более {limit} байт."
    en = "The file is too large: at most {limit} bytes are allowed."


class UploadBrokenError(RefusedError):
    code = "upload-broken"
    ru = "Передача файла оборвалась ({reason}). Отправьте его ещё раз."
    en = "The upload broke off ({reason}). Send the file again."


class StorageFullError(UnavailableError):
    code = "storage-full"
    ru = "На диске хранилища нет места. Ничего не сохранено."
    en = "The storage disk is full. Nothing was stored."


class StorageFaultError(UnavailableError):
    code = "storage-fault"
    ru = "Хранилище не работает: {reason}"
    en = "The storage does not work: {reason}"


class Readable(Protocol):
    """Anything read piece by piece: a file, a request body."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class StoredBlob:
    """Bytes that are safe on disk: `sha256` in lower-case hex, `size` in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Expected:
    """What the sender said beforehand; None = not said. `limit` is the most bytes we take."""

    sha256: str | None = None
    size: int | None = None
    limit: int | None = None

    def check_growing(self, size: int) -> None:
        """Refuse as soon as too many bytes came; the rest is not read."""
        if self.limit is not None and size > self.limit:
            raise TooLargeError(limit=self.limit)
        if self.size is not None and size > self.size:
            raise SizeMismatchError(expected=self.size, found=f"> {self.size}")

    def check_whole(self, received: StoredBlob) -> None:
        """Refuse what differs from the sender's word."""
        if self.size is not None and received.size != self.size:
            raise SizeMismatchError(expected=self.size, found=received.size)
        if self.sha256 is not None and received.sha256 != self.sha256:
            raise HashMismatchError(expected=self.sha256, found=received.sha256)
