"""Making a backup while everything goes on: the database as of one instant, then its files.

A stored file is whole before a row names it and stays for a day after the last row is gone, so
what one instant's rows name can be read afterwards at leisure.
"""

import base64
import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, Table, select

from catalogue import keys
from portal import migrations, tables
from portal.backups import rows
from portal.backups.archive import (
    BLOBS,
    HEAD,
    PRIVATE,
    ROWS,
    Head,
    Writer,
    key_check,
    pieces_of,
    private_files,
)
from portal.backups.refusals import BackupPlaceError
from provision.dialects import OWN_FOLDER
from storage.blob_keeping.blob_models import Blob, BlobUse
from storage.blobs import BlobMissingError, BlobQuarantinedError
from storage.db import Database
from storage.installation import Installation
from storage.sealed import Place
from support.packages.own import OWN_FILE

PRIVATE_PLACE = "backup"
SITE, SITE_FILES = "site", (OWN_FILE,)
#: What belongs to files of this machine (the phones' journal, unfinished uploads), and what is
#: made again from the other rows, some of it by triggers.
LEFT_OUT = frozenset(
    {"journal_place", "upload", "rendered", "rendering_revision", "repair_tally", "repair_change"}
)


@dataclass(frozen=True)
class Made:
    """What a backup holds; `lost` are stored files that could not be read."""

    path: Path
    size: int
    rows: int
    files: int
    lost: Sequence[str]


def save(
    installation: Installation,
    path: Path,
    now: datetime,
    begin: Callable[[int], Callable[[], None]] = lambda _total: lambda: None,
) -> Made:
    """Write the backup to `path`, whole or not at all; `begin` gets the number of files.

    Raises BackupPlaceError where no file can be made there.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise BackupPlaceError(path=path, reason=error.strerror) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            writer = Writer(file)
            head = _head(installation, now).as_bytes()
            writer.add(HEAD, len(head), [head])
            counts, blobs = _save_rows(installation.database, writer, path.parent)
            lost = _save_blobs(installation, writer, blobs, begin(len(blobs)))
            _save_private(installation, writer)
            writer.finish(counts, installation.secret_key)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    size = path.stat().st_size
    return Made(path, size, sum(counts.values()), len(blobs) - len(lost), lost)


def saved_tables() -> Sequence[Table]:
    """The tables of a backup, those that others point at first."""
    return [table for table in tables.metadata.sorted_tables if table.name not in LEFT_OUT]


def private_folders(installation: Installation) -> Mapping[str, Path]:
    """What lies in the data folder beside database and blobs, and cannot be made again.

    Of the data folder itself only SITE_FILES are taken.
    """
    return {
        "keys": keys.folder_of(installation),
        "families": installation.data_dir / OWN_FOLDER,
        SITE: installation.data_dir,
    }


def _head(installation: Installation, now: datetime) -> Head:
    return Head(
        program=version("flatpro"),
        revision=migrations.head(),
        engine=installation.database.url.get_backend_name(),
        made_at=now,
        key_check=key_check(installation.secret_key),
    )


@contextlib.contextmanager
def _one_instant(database: Database) -> Iterator[Connection]:
    """Reads that all see the same moment: SQLite's do within one transaction."""
    with database.engine.connect() as connection:
        if not database.is_sqlite:
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


def _save_rows(
    database: Database, writer: Writer, folder: Path
) -> tuple[Mapping[str, int], Sequence[tuple[str, int]]]:
    counts: dict[str, int] = {}
    with _one_instant(database) as connection:
        for table in saved_tables():
            # A member's size stands before it, and is known once its rows are written.
            with tempfile.TemporaryFile(dir=folder) as spool:
                counts[table.name] = rows.copy(rows.read(connection, table), spool)
                size = spool.tell()
                spool.seek(0)
                writer.add(f"{ROWS}/{table.name}.jsonl", size, pieces_of(spool))
        needed = select(Blob.sha256, Blob.size).where(
            Blob.sha256.in_(select(BlobUse.sha256)), Blob.fault.is_(None)
        )
        found = [
            (sha256, size) for sha256, size in connection.execute(needed.order_by(Blob.sha256))
        ]
    return counts, found


def _save_blobs(
    installation: Installation,
    writer: Writer,
    blobs: Sequence[tuple[str, int]],
    advance: Callable[[], None],
) -> Sequence[str]:
    lost = []
    for sha256, size in blobs:
        try:
            stored: BinaryIO = installation.blobs.open(sha256)
        except (BlobMissingError, BlobQuarantinedError):
            lost.append(sha256)
        else:
            with stored:
                writer.add(f"{BLOBS}/{sha256}", size, pieces_of(stored))
        advance()
    return lost


def _save_private(installation: Installation, writer: Writer) -> None:
    number = 0
    for folder, root in private_folders(installation).items():
        for inside, path in _site_files(root) if folder == SITE else private_files(root):
            told = json.dumps(
                {
                    "folder": folder,
                    "path": inside,
                    "mode": path.stat().st_mode & 0o777,
                    "body": base64.b64encode(path.read_bytes()).decode(),
                }
            )
            place = Place(PRIVATE_PLACE, str(number), PRIVATE)
            sealed = installation.seal.close(told, place)
            writer.add(f"{PRIVATE}/{number}", len(sealed), [sealed])
            number += 1


def _site_files(root: Path) -> Iterator[tuple[str, Path]]:
    for name in SITE_FILES:
        if (root / name).is_file():
            yield name, root / name


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
