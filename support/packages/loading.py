"""Reads the table of support packages from its TOML file."""

import functools
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from storage.refusals import RefusedError
from support.packages.package import Package, Priority, Promise, Target
from support.phrases import Phrase

SHIPPED = Path(__file__).parent / "shipped.toml"
_Hours = Annotated[float, Field(gt=0, le=2000)]


class PackageFileError(RefusedError):
    code = "bad-packages"
    ru = "Таблица пакетов {file} не годится: {reason}"
    en = "The table of packages {file} is unusable: {reason}"


class _Shape(BaseModel, frozen=True, extra="forbid"):
    """A table of the file: an unknown or misspelt key is an error."""


class _Package(_Shape):
    code: str
    ru: str
    en: str
    around_the_clock: tuple[Priority, ...] = ()
    loaner: bool = False
    named_engineer: bool = False
    targets: dict[Priority, dict[Promise, _Hours]] = Field(default_factory=dict)


class _File(_Shape):
    package: Annotated[tuple[_Package, ...], Field(min_length=1)]


@functools.cache
def shipped() -> tuple[Package, ...]:
    """The packages that come with the product, the free one first."""
    return parse(SHIPPED.name, SHIPPED.read_text(encoding="utf-8"))


def parse(file: str, text: str) -> tuple[Package, ...]:
    """The packages in the TOML `text` of `file`; raises PackageFileError."""
    try:
        read = _File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PackageFileError(file=file, reason=str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise PackageFileError(file=file, reason=f"{where}: {first['msg']}") from error
    return tuple(_package(part) for part in read.package)


def _package(part: _Package) -> Package:
    return Package(
        code=part.code,
        name=Phrase(part.ru, part.en),
        targets={
            (priority, promise): Target(timedelta(hours=hours), priority in part.around_the_clock)
            for priority, promises in part.targets.items()
            for promise, hours in promises.items()
        },
        loaner=part.loaner,
        named_engineer=part.named_engineer,
    )
