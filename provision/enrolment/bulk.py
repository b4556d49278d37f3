"""Thousands of rows at once: made ready in the driver's own words first, stored without thought.

While rows are stored nobody else writes (SQLite has one writer), so what can be done before is done
before: sealing, JSON, instants. What is ready waits in a file without a name, not in memory.
"""

import contextlib
import pickle
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from sqlalchemy import Connection, Dialect, LargeBinary, Table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storage.db import Base

#: Rows of one statement.
_AT_ONCE = 2000
#: PostgreSQL's way for many rows.
_COPY = "COPY"


class ClashError(Exception):
    """What is stored already excludes one of the rows: somebody else was quicker."""


class Ready:
    """Rows that wait to be stored, in the order in which they came."""

    def __init__(self, folder: Path, dialect: Dialect) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed at exit
        self._dialect = dialect
        self._parts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, kind: type[Base], rows: Iterable[Mapping[str, Any]], *, of: str = "") -> None:
        """Rows by the names of their columns; all have the same.

        With `of`, one of their values names a device's MAC, and its number goes into `device_id`.
        """
        remaining = iter(rows)
        while part := list(islice(remaining, _AT_ONCE)):
            names = [name for name in part[0] if name != of]
            table = kind.__table__
            assert isinstance(table, Table)
            columns = [self._turned(table, name, [row[name] for row in part]) for name in names]
            if of:
                columns.append([row[of] for row in part])
            rowwise = list(zip(*columns, strict=True))
            pickle.dump((self._statement(table.name, names, of), rowwise), self._file, protocol=5)
            self._parts += 1

    def store(self, session: Session) -> None:
        """Store them all, in the caller's transaction; raises ClashError."""
        connection = session.connection()
        self._file.seek(0)
        # What is copied goes past SQLAlchemy, and so do the driver's errors.
        try:
            for _ in range(self._parts):
                self._store_part(connection)
        except (IntegrityError, connection.dialect.loaded_dbapi.IntegrityError) as error:
            raise ClashError from error

    def _store_part(self, connection: Connection) -> None:
        statement, values = pickle.load(self._file)  # noqa: S301 - written above, by us
        if not statement.startswith(_COPY):
            connection.exec_driver_sql(statement, values)
            return
        cursor: Any = connection.connection.cursor()
        with contextlib.closing(cursor), cursor.copy(statement) as copy:
            for row in values:
                copy.write_row(row)

    def _statement(self, table: str, names: Sequence[str], of: str) -> str:
        mark = "?" if self._dialect.name == "sqlite" else "%s"
        marks, columns = ", ".join([mark] * len(names)), ", ".join(names)
        if not of and self._dialect.name == "postgresql":
            return f"{_COPY} {table} ({columns}) FROM STDIN"
        if not of:
            return f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - our own names
        return (
            f"INSERT INTO {table} ({columns}, device_id)"  # noqa: S608 - our own names
            f" SELECT {marks}, id FROM device WHERE mac = {mark}"
        )

    def _turned(self, table: Table, name: str, values: Sequence[Any]) -> Sequence[Any]:
        """A column's values as the driver takes them."""
        own = table.c[name].type.dialect_impl(self._dialect)
        # Drivers take bytes as they are; what SQLAlchemy wraps them in cannot wait in a file.
        turn = None if isinstance(own, LargeBinary) else own.bind_processor(self._dialect)
        if turn is None:
            return [value.value if isinstance(value, Enum) else value for value in values]
        # One instant stands in thousands of rows: it is written once.
        first = values[0]
        if isinstance(first, datetime) and all(value is first for value in values):
            return [turn(first)] * len(values)
        return [turn(value) for value in values]
