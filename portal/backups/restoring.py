"""Putting a backup into a new installation: checked whole before anything is changed.

What was published after the backup is lost, and clients of the TUF repository have seen newer
files than those restored; so everything is signed again, with versions that rise with time.
Personal data that were erased since are erased again.
"""

import base64
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection

from catalogue import keys, repository
from catalogue.mirrors import mode as mirror_state
from portal import migrations, tables
from portal.backups import rows
from portal.backups.archive import BLOBS, PRIVATE, ROWS, Head, Reader, key_check
from portal.backups.refusals import (
    BadBackupError,
    NotEmptyError,
    OtherKeyError,
    OtherRevisionError,
)
from portal.backups.saving import PRIVATE_PLACE, private_folders, saved_tables
from portal.personal_data import erasure_log
from storage import clock
from storage.blob_keeping import collecting
from storage.installation import Installation
from storage.sealed import Place

#: A row in one of these means that somebody uses the installation.
_IN_USE = ("user_account", "product", "device", "blob")


@dataclass(frozen=True)
class Restored:
    """What came back, and as of when."""

    made_at: datetime
    rows: int
    files: int
    erased_again: int


def restore(
    installation: Installation,
    file: BinaryIO,
    key_file: Path,
    now: datetime,
    begin: Callable[[int], Callable[[], None]] = lambda _total: lambda: None,
    erasures: Sequence[Mapping[str, Any]] = (),
) -> Restored:
    """Fill a new installation from a backup; `key_file` is named where it is the wrong one.

    `erasures` are the lines of the log of erasures: people whom it tells of are erased again.

    Raises BadBackupError, OtherRevisionError, OtherKeyError or NotEmptyError, and has changed
    nothing then. Killed in between, it can be run again.
    """
    reader = Reader(file)
    _check_head(reader.head, installation, key_file)
    with installation.database.engine.connect() as connection:
        _check_empty(connection)
    counts = reader.verify(installation.secret_key, begin(len(reader) - 2))
    files = _restore_blobs(installation, reader)
    _restore_private(installation, reader)
    with installation.database.writing() as session:
        # Checking a large file takes minutes, in which somebody may have started to use it.
        _check_empty(session.connection())
        _restore_rows(session.connection(), reader, counts)
        session.flush()
        if mirror_state.of(session) is None and repository.is_set_up(session):
            repository.sign_restored(session, keys.of(installation), now)
        again, gone = erasure_log.replay(session, installation, erasures, reader.head.made_at, now)
    collecting.discard(installation.database, installation.blobs, gone, clock.now())
    installation.database.empty_journal()
    return Restored(reader.head.made_at, sum(counts.values()), files, again)


def _check_head(head: Head, installation: Installation, key_file: Path) -> None:
    if head.revision != migrations.head():
        raise OtherRevisionError(program=head.program, revision=head.revision)
    if head.key_check != key_check(installation.secret_key):
        raise OtherKeyError(path=key_file)


def _check_empty(connection: Connection) -> None:
    for name in _IN_USE:
        found = rows.count(connection, tables.metadata.tables[name])
        if found:
            raise NotEmptyError(what=f"{name}: {found}")


def _restore_blobs(installation: Installation, reader: Reader) -> int:
    count = 0
    for sha256 in reader.names(BLOBS):
        name = f"{BLOBS}/{sha256}"
        stream = _Stream(reader.pieces(name))
        installation.blobs.put(stream, expected_sha256=sha256, expected_size=reader.size(name))
        count += 1
    return count


def _restore_private(installation: Installation, reader: Reader) -> None:
    folders = private_folders(installation)
    for number in reader.names(PRIVATE):
        place = Place(PRIVATE_PLACE, number, PRIVATE)
        told = json.loads(installation.seal.open(reader.body(f"{PRIVATE}/{number}"), place))
        _put_private(folders[told["folder"]] / told["path"], told)


def _put_private(path: Path, told: Mapping[str, object]) -> None:
    """By rename, so that a restore that was killed can be run again."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f"{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64decode(str(told["body"])))
        os.fchmod(file.fileno(), int(str(told["mode"])))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _restore_rows(connection: Connection, reader: Reader, counts: Mapping[str, int]) -> None:
    for table in reversed(tables.metadata.sorted_tables):
        # The rows that a migration puts into a new database are in the backup as well.
        connection.execute(table.delete())
    for table in saved_tables():
        lines = rows.lines_of(reader.pieces(f"{ROWS}/{table.name}.jsonl"))
        rows.write(connection, table, lines)
        rows.continue_numbering(connection, table)
        if rows.count(connection, table) != counts.get(table.name):
            raise BadBackupError(reason=f"the rows of {table.name} are not complete")


class _Stream:
    """Pieces as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def read(self, size: int, /) -> bytes:
        while len(self._left) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._left += piece
        found, self._left = self._left[:size], self._left[size:]
        return found
