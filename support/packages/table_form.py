"""The form of a table of packages in TOML, and what a mistake in one is called."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    StrictBool,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from support.packages.package import FREE, Package, Priority, Promise, Target
from support.phrases import Phrase

_NAME_MAX = 60


def _code(typed: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Z0-9-]{0,31}", typed):
        raise PydanticCustomError(
            "code-form", "a code has up to 32 of A-Z, 0-9 and -, a letter first"
        )
    return typed


def _name(typed: str) -> str:
    if not (0 < len(typed) <= _NAME_MAX and typed.isprintable() and typed == typed.strip()):
        told = {"limit": _NAME_MAX}
        raise PydanticCustomError("name-form", "a name is a line of 1 to {limit} characters", told)
    return typed


#: Below six minutes and past a year of working hours somebody mistyped.
_Hours = Annotated[float, Field(strict=True, ge=0.1, le=2000)]
_Code = Annotated[str, AfterValidator(_code)]
_Name = Annotated[str, AfterValidator(_name)]


class _Shape(BaseModel, frozen=True, extra="forbid"):
    """A table of the file: an unknown or misspelt key is an error."""


class PackageForm(_Shape):
    """One package; `after` is the code of the package that is next weaker."""

    code: _Code
    ru: _Name
    en: _Name
    after: str | None = None
    around_the_clock: tuple[Priority, ...] = ()
    loaner: StrictBool = False
    named_engineer: StrictBool = False
    targets: dict[Priority, dict[Promise, _Hours]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _promises_something(self) -> Self:
        """S-5: only the free package has no clock, and it never has one."""
        if self.code == FREE:
            if self.targets or self.around_the_clock or self.after is not None:
                raise PydanticCustomError(
                    "free-clock", "free support has no targets (S-5) and stands first"
                )
        elif not any(self.targets.values()):
            raise PydanticCustomError("no-target", "a paid package needs a target")
        return self

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        for priority in self.around_the_clock:
            if not self.targets.get(priority):
                told = {"priority": priority.value}
                raise PydanticCustomError(
                    "no-clock", "around_the_clock: {priority} has no target", told
                )
        for priority, promised in self.targets.items():
            hours = [promised[promise] for promise in Promise if promise in promised]
            if hours != sorted(hours):
                told = {"priority": priority.value}
                raise PydanticCustomError(
                    "order", "{priority}: response ≤ restore ≤ resolve does not hold", told
                )
        return self

    def package(self) -> Package:
        """The package itself; targets are kept to the minute."""
        return Package(
            code=self.code,
            name=Phrase(self.ru, self.en),
            targets={
                (priority, promise): Target(
                    timedelta(minutes=round(hours * 60)), priority in self.around_the_clock
                )
                for priority, promises in self.targets.items()
                for promise, hours in promises.items()
            },
            loaner=self.loaner,
            named_engineer=self.named_engineer,
        )


class TableForm(_Shape):
    """The whole file: packages that it replaces or adds, and codes that are sold no more."""

    package: tuple[PackageForm, ...] = ()
    off_sale: tuple[_Code, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.package or self.off_sale):
            raise PydanticCustomError("no-table", "it names no [[package]] and nothing off_sale")
        return self

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        codes = [*(one.code for one in self.package), *self.off_sale]
        for code in codes:
            if codes.count(code) > 1:
                raise PydanticCustomError("twice", "{code} is here twice", {"code": code})
        if FREE in self.off_sale:
            raise PydanticCustomError("free-sale", "free support is always there (S-5)")
        return self


def mistake(error: ValidationError, text: str, raw: Mapping[str, Any]) -> Phrase:
    """The first mistake: its line, its package, its field, and what is wrong there."""
    first = error.errors(include_url=False, include_input=False)[0]
    loc = [part for part in first["loc"] if part != "[key]"]
    of_package = len(loc) > 1 and loc[0] == "package"
    number = loc[1] if of_package and isinstance(loc[1], int) else None
    field = ".".join(map(str, loc if number is None else loc[2:]))
    # pydantic joins what it knows by an English word.
    told = {name: str(one).replace(" or ", " или ") for name, one in first.get("ctx", {}).items()}
    template = _RUSSIAN.get(first["type"])
    said = Phrase(template.format(**told) if template else first["msg"], first["msg"])
    return placed(said, text, raw, number, field)


def placed(
    said: Phrase, text: str, raw: Mapping[str, Any], number: int | None, field: str
) -> Phrase:
    """`said` of a field of the package `number` (from 0) of the TOML `text`, which reads `raw`."""
    if field:
        said = Phrase(f"{field}: {said.ru}", f"{field}: {said.en}")
    if number is None:
        return said
    part = raw["package"][number]
    name = part.get("code") if isinstance(part, dict) else None
    name = str(name or number + 1)[:32]
    # Written another way ([{…}, {…}]), packages have no lines of their own.
    heads = [at for at, line in enumerate(text.splitlines(), 1) if _is_head(line)]
    if number >= len(heads):
        return Phrase(f"пакет {name}: {said.ru}", f"package {name}: {said.en}")
    return Phrase(
        f"строка {heads[number]}, пакет {name}: {said.ru}",
        f"line {heads[number]}, package {name}: {said.en}",
    )


def _is_head(line: str) -> bool:
    return "".join(line.partition("#")[0].split()) == "[[package]]"


#: By pydantic's names of mistakes; its English sentence stands for itself.
_RUSSIAN = {
    "missing": "поля нет, а оно нужно",
    "extra_forbidden": "такого поля нет",
    "float_type": "нужно число",
    "bool_type": "нужно true или false",
    "string_type": "нужна строка в кавычках",
    "tuple_type": "нужен список",
    "dict_type": "нужна таблица",
    "model_type": "нужна таблица",
    "too_short": "пусто",
    "enum": "есть только {expected}",
    "greater_than_equal": "нужно не меньше {ge}",
    "less_than_equal": "нужно не больше {le}",
    "code-form": "код — до 32 знаков A-Z, 0-9 и -, первой буква",
    "name-form": "название — строка от 1 до {limit} знаков",
    "free-clock": "у бесплатной поддержки нет сроков (S-5), и стоит она первой",
    "no-target": "платному пакету нужен хотя бы один срок",
    "no-clock": "around_the_clock: у {priority} нет срока",
    "order": "{priority}: должно быть response ≤ restore ≤ resolve",
    "twice": "{code} записан дважды",
    "no-table": "в нём нет ни [[package]], ни off_sale",
    "free-sale": "бесплатная поддержка есть всегда (S-5)",
}
