"""Reads tables of support packages: the program's own, and what a site's own makes of it."""

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from storage.refusals import RefusedError
from support.packages.package import Package
from support.packages.table_form import PackageForm, TableForm, mistake, placed
from support.phrases import Phrase

#: How the library says where; it has no fields for it before Python 3.14.
_AT = re.compile(r"\(at line (\d+), column (\d+)\)", re.ASCII)
SHIPPED = Path(__file__).parent / "shipped.toml"
_TOO_LONG = Phrase("в нём слишком длинное число", "a number in it is too long")
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
    """`ours` with what the TOML `text` of `file` replaces, adds and takes off sale.

    A package takes the place of the one with its code, another comes last, as the strongest;
    `after` puts either behind a weaker one. Raises PackageFileError.
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
    return _on_sale(file, found, read.off_sale)


def _on_sale(
    file: str, packages: Sequence[Package], off_sale: Sequence[str]
) -> tuple[Package, ...]:
    codes = {one.code for one in packages}
    for code in off_sale:
        if code not in codes:
            wrong = Phrase(f"off_sale: пакета {code} нет", f"off_sale: there is no {code}")
            raise _broken(file, wrong)
    return tuple(one for one in packages if one.code not in off_sale)


def _tables(file: str, text: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise _broken(file, _TOO_DEEP) from error
    except tomllib.TOMLDecodeError as error:
        raise _broken(file, _no_toml(str(error))) from error
    except ValueError as error:
        raise _broken(file, _TOO_LONG) from error


def _no_toml(said: str) -> Phrase:
    """Where the file is no TOML, in the reader's words; the library's own come behind them."""
    at = _AT.search(said)
    if at is None:
        return Phrase(f"это не TOML ({said})", f"it is no TOML ({said})")
    line, column, said = at[1], at[2], said[: at.start()].rstrip()
    return Phrase(
        f"строка {line}, знак {column}: это не TOML ({said})",
        f"line {line}, character {column}: this is no TOML ({said})",
    )


def _place(found: Sequence[Package], form: PackageForm) -> int | None:
    """Where the package comes once one of its code is taken out; None behind an unknown one."""
    codes = [one.code for one in found]
    if form.after is None:
        return codes.index(form.code) if form.code in codes else len(codes)
    others = [code for code in codes if code != form.code]
    return others.index(form.after) + 1 if form.after in others else None


def _broken(file: str, what: Phrase) -> PackageFileError:
    return PackageFileError(file=file, ru=what.ru, en=what.en)
