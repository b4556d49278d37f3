"""Which column is what, by its Russian or English name (pure)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.refusals import RefusedError

#: Spellings that stand for a field; case, spaces, points and dashes do not count.
_SPELLINGS: Mapping[str, Sequence[str]] = {
    "mac": ("mac", "macaddress", "macадрес", "мак", "макадрес"),
    "serial": (
        "serial",
        "serialnumber",
        "sn",
        "серийныйномер",
        "серийный",
        "зав№",
        "заводскойномер",
    ),
    "product": ("product", "productcode", "model", "изделие", "модель", "кодизделия"),
    "hardware": ("hardware", "hw", "revision", "аппаратура", "ревизия", "аппаратнаяревизия"),
    "site": ("site", "площадка", "объект"),
    "organisation": ("organisation", "organization", "организация", "владелец"),
    "group": ("group", "группа"),
    "handover": ("handover", "handoverdate", "sold", "датапередачи", "датапродажи", "передан"),
    "contract": ("contract", "договор", "номердоговора"),
}
_FIELD_OF = {spelling: field for field, spellings in _SPELLINGS.items() for spelling in spellings}
REQUIRED = ("mac", "product")


class MissingColumnsError(RefusedError):
    code = "missing-columns"
    field = "file"
    ru = "В первой строке нужны названия столбцов, среди них «MAC» и «Изделие»."
    en = "The first row must name the columns, “mac” and “product” among them."


class RepeatedColumnError(RefusedError):
    code = "repeated-column"
    field = "file"
    ru = "Столбец «{name}» назван дважды."
    en = "The column “{name}” is named twice."


@dataclass(frozen=True)
class Entry:
    """One row as text; empty is not told."""

    row: int
    mac: str = ""
    serial: str = ""
    product: str = ""
    hardware: str = ""
    site: str = ""
    organisation: str = ""
    group: str = ""
    handover: str = ""
    contract: str = ""


@dataclass(frozen=True)
class Head:
    """Where each field stands, and the names nobody knows."""

    width: int
    places: Mapping[str, int]
    ignored: Sequence[str]

    def entry(self, row: int, cells: Sequence[str]) -> Entry:
        return Entry(row, **{field: cells[at].strip() for field, at in self.places.items()})


def read_head(cells: Sequence[str]) -> Head:
    """The first row understood; raises MissingColumnsError or RepeatedColumnError."""
    places: dict[str, int] = {}
    for at, cell in enumerate(cells):
        field = _field(cell)
        if field in places:
            raise RepeatedColumnError(name=cell.strip()[:40])
        if field:
            places[field] = at
    if any(field not in places for field in REQUIRED):
        raise MissingColumnsError
    ignored = [cell.strip()[:40] for cell in cells if cell.strip() and not _field(cell)]
    return Head(len(cells), places, ignored)


def known(cells: Sequence[str]) -> int:
    """How many cells are names of columns."""
    return sum(_field(cell) is not None for cell in cells)


def _field(cell: str) -> str | None:
    return _FIELD_OF.get(re.sub(r"[\s.\-_]", "", cell.lower()))
