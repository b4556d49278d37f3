"""A table as rows of text (pure but for spreadsheets, which a process of their own opens)."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from provision.enrolment import columns, spreadsheet
from provision.enrolment.columns import Entry
from provision.enrolment.text import decoded
from storage.refusals import RefusedError

ROWS_MAX = 100_000
BYTES_MAX = 32 * 1024**2
CELLS_MAX = 64
CELL_MAX = 512
_DELIMITERS = (",", ";", "\t")
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class TableTooLargeError(RefusedError):
    code = "table-too-large"
    field = "file"
    ru = "Таблица больше допустимого: до {rows} строк, {mib} МиБ, {cells} столбцов. Разделите её."
    en = "The table is too large: at most {rows} rows, {mib} MiB, {cells} columns. Split it."


class BrokenTableError(RefusedError):
    code = "broken-table"
    field = "file"
    ru = "Строка {row}: таблица не разбирается (кавычки, число ячеек или слишком длинная ячейка)."
    en = "Row {row}: the table cannot be taken apart (quotes, number of cells, or a cell too long)."


@dataclass(frozen=True)
class DeviceTable:
    """The rows of a file, and the columns of it that nothing is taken from."""

    entries: Sequence[Entry]
    ignored: Sequence[str] = ()
    #: The names of settings that have columns.
    settings: Sequence[str] = ()


def read(content: bytes) -> DeviceTable:
    """The table in a CSV or XLSX file; raises a RefusedError that names the row."""
    if len(content) > BYTES_MAX:
        raise _too_large()
    if content.startswith(_SPREADSHEETS):
        return _understood(spreadsheet.rows(content))
    text = decoded(content)
    delimiter = _delimiter(text)
    return _understood(_records(text, delimiter))


def _understood(rows: Iterable[Sequence[str]]) -> DeviceTable:
    numbered = ((at, row) for at, row in enumerate(rows, 1) if any(cell.strip() for cell in row))
    first = next(numbered, None)
    if first is None:
        raise columns.MissingColumnsError
    if len(first[1]) > CELLS_MAX:
        raise _too_large()
    head = columns.read_head(first[1])
    entries: list[Entry] = []
    for at, row in numbered:
        if len(entries) == ROWS_MAX:
            raise _too_large()
        if len(row) != head.width or any(len(cell) > CELL_MAX for cell in row):
            raise BrokenTableError(row=at)
        entries.append(head.entry(at, row))
    return DeviceTable(entries, head.ignored, sorted(head.settings))


def _records(text: str, delimiter: str) -> Iterator[Sequence[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    at = 0
    try:
        for at, row in enumerate(reader, 1):  # noqa: B007 - the error below names the row
            yield row
    except csv.Error:
        raise BrokenTableError(row=at + 1) from None


def _delimiter(text: str) -> str:
    """The one by which the first line holds the most columns that we know."""
    line = next((one for one in text[:65536].splitlines() if one.strip()), "")
    return max(_DELIMITERS, key=lambda one: columns.known(_first_record(line, one)))


def _first_record(line: str, delimiter: str) -> Sequence[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _too_large() -> TableTooLargeError:
    return TableTooLargeError(rows=ROWS_MAX, mib=BYTES_MAX // 1024**2, cells=CELLS_MAX)
