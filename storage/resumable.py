"""Uploads in parts: a large file comes piece by piece, survives a crash, and goes on where it was.

The row says what was announced; the file in the data folder holds what came, synced before each
part is acknowledged. How much came is the file's length: nothing else can be out of step with it.
"""

import contextlib
import errno
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import BigInteger, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from storage.blobs import Readable, StorageFaultError, StorageFullError, TooLargeError
from storage.db import Base, UtcDateTime
from storage.durable_files import CHUNK_BYTES
from storage.refusals import ConflictError, NotFoundError, RefusedError

FOLDER = "uploads"
#: One part is one request.
MAX_PART_BYTES = 64 * 1024**2
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{32}")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class UnknownUploadError(NotFoundError):
    code = "unknown-upload"
    field = "file"
    ru = "Такой загрузки нет: она закончена, устарела или не ваша. Начните заново."
    en = "There is no such upload: it is finished, expired or not yours. Begin anew."


class BadUploadError(RefusedError):
    code = "bad-upload"
    field = "file"
    ru = "Так загрузку не начать: нужны имя файла, размер от 1 байта и SHA-256 строчными цифрами."
    en = "An upload takes a file name, a size from 1 byte and a SHA-256 in lower-case hex."


class TooManyUploadsError(ConflictError):
    code = "too-many-uploads"
    field = "file"
    ru = "Начато слишком много загрузок (всего байт: {announced}). Закончите или отмените их."
    en = "Too many uploads are begun ({announced} bytes). Finish or cancel them."


class WrongOffsetError(ConflictError):
    code = "wrong-offset"
    ru = "Эта часть не отсюда: продолжайте с байта {offset}."
    en = "This part does not belong here: go on from byte {offset}."


class UploadBusyError(ConflictError):
    code = "upload-busy"
    ru = "Часть этой загрузки как раз принимается. Спросите, с какого байта продолжать."
    en = "A part of this upload is being received. Ask from which byte to go on."


class TooManyBytesError(RefusedError):
    code = "too-many-bytes"
    ru = "Часть длиннее объявленного размера: {size} байт."
    en = "The part goes beyond the announced size of {size} bytes."


class UploadIncompleteError(ConflictError):
    code = "upload-incomplete"
    field = "file"
    ru = "Загрузка не закончена: есть {offset} из {size} байт."
    en = "The upload is not finished: {offset} of {size} bytes came."


@dataclass(frozen=True)
class UploadLimits:
    """How much may lie begun: for one person, and in all."""

    life: timedelta = timedelta(hours=24)
    per_owner: int = 8
    owner_bytes: int = 8 * 1024**3
    total_bytes: int = 32 * 1024**3


class Upload(Base):
    """A file that comes in parts, as it was announced; `sha256` if the sender knew it."""

    __tablename__ = "upload"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(Text, index=True)
    file_name: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True)
class Announced:
    """What a sender says before the first byte; `size` in bytes."""

    file_name: str
    size: int
    sha256: str | None = None


def begin(
    session: Session,
    data_dir: Path,
    announced: Announced,
    *,
    owner: str,
    limit: int,
    limits: UploadLimits,
    now: datetime,
) -> Upload:
    """Make room for a file of up to `limit` bytes.

    Raises BadUploadError, TooLargeError or TooManyUploadsError.
    """
    if announced.size < 1 or not announced.file_name.strip():
        raise BadUploadError
    if announced.sha256 is not None and not _SHA256.fullmatch(announced.sha256):
        raise BadUploadError
    if announced.size > limit:
        raise TooLargeError(limit=limit)
    _check_room(session, announced, owner, limits)
    upload = Upload(
        id=secrets.token_hex(16),
        owner=owner,
        file_name=announced.file_name,
        size=announced.size,
        sha256=announced.sha256,
        created_at=now,
        expires_at=now + limits.life,
    )
    with _disk_faults():
        folder = data_dir / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / upload.id).touch(mode=0o600, exist_ok=False)
        _sync_directory(folder)
        # The folder's own name, too: the first upload of all makes it.
        _sync_directory(data_dir)
    session.add(upload)
    session.flush()
    return upload


def get(session: Session, upload_id: str, *, owner: str, now: datetime) -> Upload:
    """The upload of this person; raises UnknownUploadError."""
    found = session.get(Upload, upload_id) if _ID.fullmatch(upload_id) else None
    if found is None or found.owner != owner or found.expires_at <= now:
        raise UnknownUploadError
    return found


def offset(data_dir: Path, upload: Upload) -> int:
    """How many bytes came so far."""
    try:
        return _path(data_dir, upload).stat().st_size
    except FileNotFoundError as error:
        raise UnknownUploadError from error


def append(data_dir: Path, upload: Upload, at: int, stream: Readable) -> int:
    """Write a part that begins at byte `at`; durable when this returns. The new offset.

    Raises WrongOffsetError, UploadBusyError or TooManyBytesError, which keep what was there. A
    stream that breaks off leaves what came of it.
    """
    with _disk_faults(), _locked(_path(data_dir, upload)) as descriptor:
        came = os.fstat(descriptor).st_size
        if at != came:
            raise WrongOffsetError(offset=came)
        try:
            came = _write(descriptor, stream, came, upload.size)
        except TooManyBytesError:
            os.ftruncate(descriptor, at)
            raise
        finally:
            os.fsync(descriptor)
    return came


@contextlib.contextmanager
def whole(data_dir: Path, upload: Upload) -> Iterator[BinaryIO]:
    """All bytes of a finished upload; raises UploadIncompleteError."""
    came = offset(data_dir, upload)
    if came != upload.size:
        raise UploadIncompleteError(offset=came, size=upload.size)
    with _disk_faults(), _path(data_dir, upload).open("rb") as file:
        yield file


def forget(session: Session, upload_id: str) -> None:
    """Delete the row: the upload is used up or given up. Remove its file after the commit."""
    found = session.get(Upload, upload_id)
    if found is not None:
        session.delete(found)
        session.flush()


def remove_file(data_dir: Path, upload_id: str) -> None:
    """Delete the bytes of an upload whose row is gone; what stays is swept later."""
    if _ID.fullmatch(upload_id):
        with contextlib.suppress(OSError):
            (data_dir / FOLDER / upload_id).unlink(missing_ok=True)


def sweep(session: Session, data_dir: Path, limits: UploadLimits, now: datetime) -> int:
    """Forget what has expired and remove files that no row names; how many uploads went."""
    expired = session.scalars(select(Upload).where(Upload.expires_at <= now)).all()
    for upload in expired:
        session.delete(upload)
    session.flush()
    known = set(session.scalars(select(Upload.id)))
    oldest = (now - limits.life).timestamp()
    gone = {upload.id for upload in expired}
    folder = data_dir / FOLDER
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name in gone or (path.name not in known and path.stat().st_mtime < oldest):
            path.unlink(missing_ok=True)
    return len(expired)


def _check_room(session: Session, announced: Announced, owner: str, limits: UploadLimits) -> None:
    own, mine = session.execute(
        select(func.count(), func.coalesce(func.sum(Upload.size), 0)).where(Upload.owner == owner)
    ).one()
    total = session.scalar(select(func.coalesce(func.sum(Upload.size), 0))) or 0
    if (
        own >= limits.per_owner
        or mine + announced.size > limits.owner_bytes
        or total + announced.size > limits.total_bytes
    ):
        raise TooManyUploadsError(announced=int(mine))


def _path(data_dir: Path, upload: Upload) -> Path:
    return data_dir / FOLDER / upload.id


def _write(descriptor: int, stream: Readable, came: int, size: int) -> int:
    with contextlib.suppress(ConnectionError, TimeoutError):
        while chunk := stream.read(CHUNK_BYTES):
            if came + len(chunk) > size:
                raise TooManyBytesError(size=size)
            view = memoryview(chunk)
            while view:
                written = os.pwrite(descriptor, view, came)
                came, view = came + written, view[written:]
    return came


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file for writing, for one part at a time."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise UnknownUploadError from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UploadBusyError from error
        yield descriptor
    finally:
        os.close(descriptor)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _disk_faults() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFullError from error
        raise StorageFaultError(reason=error.strerror or type(error).__name__) from error
