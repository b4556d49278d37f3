"""Reads tables of support packages: the program's own, and what a site's own makes of it."""

import functools
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from storage.refusals import RefusedError
from support.packages.package import Package
from support.packages.table_form import PackageForm, TableForm, mistake, placed
from support.phrases import Phrase

SHIPPED = Path(__file__).parent / "shipped.toml"
_TOO_DEEP = Phrase("слишком много вложенных скобок", "its brackets are nested too deep")


class PackageFileError(RefusedError):
    """`ru` and `en` among the details say where in the file, and what is wrong there."""

    code = "bad-packages"
    ru = "Таблица пакетов {file} не годится: {ru}"
    en = "The table of packages {file} is unusable: {en}"


@functools.cache
def shipped() -> tuple[Package, ...]:
    """The packages that come with the product, the free one first."""
    return parse(SHIPPED.name, SHIPPED.read_text(encoding="utf-8"))


def parse(file: str, text: str, ours: Sequence[Package] = ()) -> tuple[Package, ...]:
    """`ours` with what the TOML `text` of `file` replaces and adds; raises PackageFileError.

    A package takes the place of the one with its code, another comes last, as the strongest;
    `after` puts either behind a weaker one.
    """
    raw = _tables(file, text)
    try:
        read = TableForm.model_validate(raw)
    except ValidationError as error:
        raise _broken(file, mistake(error, text, raw)) from error
    found = list(ours)
    for number, form in enumerate(read.package):
        place = _place(found, form)
        if place is None:
            wrong = Phrase(f"пакета {form.after} ещё нет", f"there is no {form.after} yet")
            raise _broken(file, placed(wrong, text, raw, number, "after"))
        found = [one for one in found if one.code != form.code]
        found.insert(place, form.package())
    return tuple(found)


def _tables(file: str, text: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise _broken(file, _TOO_DEEP) from error
    except ValueError as error:  # not TOML, or a number past any bound
        raise _broken(file, Phrase(str(error), str(error))) from error


def _place(found: Sequence[Package], form: PackageForm) -> int | None:
    """Where the package comes once one of its code is taken out; None behind an unknown one."""
    codes = [one.code for one in found]
    if form.after is None:
        return codes.index(form.code) if form.code in codes else len(codes)
    others = [code for code in codes if code != form.code]
    return others.index(form.after) + 1 if form.after in others else None


def _broken(file: str, what: Phrase) -> PackageFileError:
    return PackageFileError(file=file, ru=what.ru, en=what.en)
