"""All that a job may have changed: every row, every file's name, every job that waits.

Two runs that nobody killed tell what is chance or the clock: a column whose values differ between
them is compared by whether it is empty, and nothing else of it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pysqlite3.dbapi2 as sqlite

from portal import tables

Row = tuple[object, ...]
Column = tuple[str, int]

#: Of the jobs only those that wait count, and how often a kind is due is no effect.
_SKIPPED = frozenset({"job", "periodic_run"})
#: What a dead process leaves there is removed when it is half an hour old.
_LEFTOVERS = ("flatpro.sqlite", "locks/", "blobs/incoming/", "mirror/incoming/")


@dataclass(frozen=True)
class State:
    """Rows by table; `files` and `jobs` are tables as well."""

    rows: Mapping[str, Sequence[Row]]

    @classmethod
    def of(cls, data: Path, kind: str) -> "State":
        """What lies in a data folder, but for the jobs of this kind."""
        found: dict[str, Sequence[Row]] = {"files": list(_files(data))}
        connection = sqlite.connect(data / "flatpro.sqlite")
        try:
            for table in tables.metadata.sorted_tables:
                if table.name not in _SKIPPED:
                    names = ", ".join(f'"{column.name}"' for column in table.columns)
                    query = f'SELECT {names} FROM "{table.name}"'
                    found[table.name] = connection.execute(query).fetchall()
            waiting = "SELECT kind, arguments FROM job WHERE state = 'queued' AND kind <> ?"
            found["jobs"] = connection.execute(waiting, (kind,)).fetchall()
        finally:
            connection.close()
        return cls(found)

    def counted(self, table: str, vague: frozenset[Column] = frozenset()) -> Counter[str]:
        """The rows of a table, each as often as it is there; what is vague only by being there."""
        return Counter(
            json.dumps(
                [
                    value is not None if (table, number) in vague else repr(value)
                    for number, value in enumerate(row)
                ]
            )
            for row in self.rows[table]
        )


def vague(one: State, other: State) -> frozenset[Column]:
    """The columns that two runs alike filled differently."""
    return frozenset(
        (table, number)
        for table, rows in one.rows.items()
        for number in range(len(rows[0]) if rows else 0)
        if _values(rows, number) != _values(other.rows[table], number)
    )


def columns(names: Iterable[str]) -> frozenset[Column]:
    """Columns by their names, as table.column."""
    pairs = [name.split(".") for name in names]
    return frozenset(
        (table, tables.metadata.tables[table].columns.keys().index(column))
        for table, column in pairs
    )


def _values(rows: Sequence[Row], number: int) -> Counter[str]:
    return Counter(repr(row[number]) for row in rows)


def _files(data: Path) -> Iterator[Row]:
    for path in sorted(data.rglob("*")):
        name = path.relative_to(data).as_posix()
        if path.is_file() and not name.startswith(_LEFTOVERS):
            yield (name,)
