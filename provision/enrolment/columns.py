"""Which column is what: a field by its Russian or English name, a setting by its own (pure)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from provision.vocabulary import BadSettingNameError, check_name
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
    # A group's settings are a profile: who has one of that name writes it here.
    "group": ("group", "группа", "profile", "профиль"),
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
    #: Settings of the phone itself by name, passwords among them: never shown.
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Head:
    """Where each field and setting stands, and the names nobody knows."""

    width: int
    places: Mapping[str, int]
    settings: Mapping[str, int]
    ignored: Sequence[str]

    def entry(self, row: int, cells: Sequence[str]) -> Entry:
        told = {name: cells[at].strip() for name, at in self.places.items()}
        settings = {name: text for name, at in self.settings.items() if (text := cells[at].strip())}
        return Entry(row, **told, settings=settings)


def read_head(cells: Sequence[str]) -> Head:
    """The first row understood; raises MissingColumnsError or RepeatedColumnError."""
    places: dict[str, int] = {}
    settings: dict[str, int] = {}
    ignored: list[str] = []
    for at, cell in enumerate(cells):
        name, setting = _field(cell), _setting(cell)
        if name in places or setting in settings:
            raise RepeatedColumnError(name=cell.strip()[:40])
        if name:
            places[name] = at
        elif setting:
            settings[setting] = at
        elif cell.strip():
            ignored.append(cell.strip()[:40])
    if any(name not in places for name in REQUIRED):
        raise MissingColumnsError
    return Head(len(cells), places, settings, ignored)


def known(cells: Sequence[str]) -> int:
    """How many cells are names of columns."""
    return sum(bool(_field(cell) or _setting(cell)) for cell in cells)


def _setting(cell: str) -> str | None:
    """The setting that a column is named after, as in sip.1.number."""
    name = cell.strip().lower()
    try:
        return check_name(name)
    except BadSettingNameError:
        return None


def _field(cell: str) -> str | None:
    return _FIELD_OF.get(re.sub(r"[\s.\-_]", "", cell.lower()))
