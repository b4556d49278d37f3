"""Rows of any table as lines of JSON, alike for both databases."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from sqlalchemy import JSON, Column, Connection, Select, Table, func, insert, select, text
from sqlalchemy.types import TypeDecorator

_AT_ONCE = 500


def read(connection: Connection, table: Table) -> Iterator[bytes]:
    """Each row as one line, in the order of the primary key."""
    query: Select[Any] = select(*table.c).order_by(*table.primary_key.columns)
    rows = connection.execution_options(yield_per=_AT_ONCE).execute(query)
    for row in rows:
        told = {
            column.name: _told(column, value) for column, value in zip(table.c, row, strict=True)
        }
        yield json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def write(connection: Connection, table: Table, lines: Iterable[bytes]) -> int:
    """Insert the rows; how many. A row that points at another of its table may come before it."""
    inward = [key.parent.name for key in table.foreign_keys if key.column.table is table]
    later: list[tuple[dict[str, Any], dict[str, Any]]] = []
    count = 0
    for batch in _batches(lines):
        rows = [_row(table, json.loads(line)) for line in batch]
        for row in rows:
            pointing = {name: row[name] for name in inward if row[name] is not None}
            if pointing:
                key = {column.name: row[column.name] for column in table.primary_key.columns}
                later.append((key, pointing))
                row.update(dict.fromkeys(pointing))
        connection.execute(insert(table), rows)
        count += len(rows)
    for key, pointing in later:
        found = [table.c[name] == value for name, value in key.items()]
        connection.execute(table.update().where(*found).values(pointing))
    return count


def count(connection: Connection, table: Table) -> int:
    """How many rows a table has."""
    return connection.scalar(select(func.count()).select_from(table)) or 0


def continue_numbering(connection: Connection, table: Table) -> None:
    """On PostgreSQL, let the next row's number follow the restored ones'."""
    column = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return
    connection.execute(
        text(
            f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', '{column.name}'), "  # noqa: S608 - names of our own tables
            f'coalesce((SELECT max("{column.name}") FROM "{table.name}"), 1), '
            f'EXISTS (SELECT 1 FROM "{table.name}"))'
        )
    )


def _batches(lines: Iterable[bytes]) -> Iterator[Sequence[bytes]]:
    batch: list[bytes] = []
    for line in lines:
        batch.append(line)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def lines_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a file that comes in pieces."""
    left = b""
    for piece in pieces:
        *whole, left = (left + piece).split(b"\n")
        yield from whole
    if left:
        yield left


def copy(lines: Iterable[bytes], file: BinaryIO) -> int:
    """Write lines into a file; how many."""
    count = 0
    for line in lines:
        file.write(line)
        count += 1
    return count


def _told(column: Column[Any], value: Any) -> Any:
    if value is None or isinstance(column.type, JSON):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _row(table: Table, told: Mapping[str, Any]) -> dict[str, Any]:
    return {column.name: _value(column, told[column.name]) for column in table.c}


def _value(column: Column[Any], told: Any) -> Any:
    if told is None or isinstance(column.type, JSON):
        return told
    bare = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    kind = bare.python_type
    if kind is bytes:
        return base64.b64decode(told)
    if kind in {datetime, date}:
        return kind.fromisoformat(told)
    return Decimal(told) if kind is Decimal else told
