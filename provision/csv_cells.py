"""A cell of a CSV file that people open in a spreadsheet (pure)."""

from collections.abc import Iterable

#: Spreadsheets take these for the start of a formula, the wide forms too.
_FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_SHOWN_ANYWAY = "·"


def cell(value: object) -> str:
    """A value that no spreadsheet computes and no terminal obeys; None is empty."""
    text = "" if value is None else str(value)
    safe = "'" + text if text.lstrip(" ")[:1] in _FORMULA else text
    safe = "".join(one if one.isprintable() else _SHOWN_ANYWAY for one in safe)
    return '"' + safe.replace('"', '""') + '"' if set(safe) & set(',";') else safe


def line(values: Iterable[object]) -> str:
    """A row of such cells."""
    return ",".join(map(cell, values)) + "\r\n"
