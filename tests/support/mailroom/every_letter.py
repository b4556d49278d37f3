"""Every letter that the product can write, found by what its functions give, filled with a word."""

import dataclasses
import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum

from sqlalchemy.orm import Mapped

import support
from storage.db import Base
from support.breaches.clock import BreachClock, Notice
from support.certificate_orders.models import CertificateOrder, OrderLine
from support.mailroom.letters import Letter
from support.subject_requests.clock import SubjectClock
from support.warranty_terms.entitlements import EntitlementKind

AT = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)
#: What neither a phone nor a person ever says: where a letter goes, and what we call its thread.
OURS = {
    "recipient": "anna@romashka.example",
    "email": "anna@romashka.example",
    "team": "team@flat-pro.example",
    "thread": "abcdefghjkmn",
    "about": "thing:1",
}
PLAIN = {bool: True, int: 7, Decimal: Decimal(3500), date: AT.date(), datetime: AT}
#: Clocks whose values hang together: they run, and are nearly over.
CLOCKS = {
    BreachClock: BreachClock(Notice.FIRST, AT, None, AT),
    SubjectClock: SubjectClock(AT.date(), 10, 9, 1, None, is_late=False, provisional=False),
}


def every_letter() -> Iterator[Callable[..., Letter]]:
    """The public functions of support that give a letter, by their return types."""
    for found in pkgutil.walk_packages(support.__path__, "support."):
        if found.name.rpartition(".")[2] != "letters" or found.name == "support.mailroom.letters":
            continue
        module = importlib.import_module(found.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            gives = typing.get_type_hints(function).get("return")
            if function.__module__ == found.name and not name.startswith("_") and gives is Letter:
                yield function


def written(write: Callable[..., Letter], word: str, language: str) -> Letter:
    """The letter, with the word wherever a text goes."""
    hints = typing.get_type_hints(write)
    del hints["return"]
    return write(**{name: _value(name, kind, word, language) for name, kind in hints.items()})


def _value(name: str, kind: object, word: str, language: str) -> object:
    if kind in PLAIN:
        return PLAIN[kind]  # type: ignore[index]  # it is there
    if kind is str:
        return language if name == "language" else OURS.get(name, word)
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in {types.UnionType, typing.Union}:
        return _value(name, next(part for part in parts if part is not type(None)), word, language)
    if origin is tuple:
        return tuple(_value(name, part, word, language) for part in parts if part is not Ellipsis)
    if origin in {Sequence, list}:
        # What is missing is looked up by our own words for it.
        return ["serial"] if name == "missing" else [_value(name, parts[0], word, language)]
    if isinstance(kind, type):
        return _made(kind, word, language)
    raise TypeError(f"{name}: {kind}")


def _made(kind: type, word: str, language: str) -> object:
    if kind in CLOCKS:
        return CLOCKS[kind]
    if kind is CertificateOrder:
        return CertificateOrder(
            id=7, kind=EntitlementKind.EXTENDED, months=12, buyer=word, email=OURS["email"],
            language=language, pay_by=AT.date(),
            lines=[OrderLine(serial=word, price=Decimal(1000))],
        )  # fmt: skip
    if issubclass(kind, Enum):
        return next(iter(kind))
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        names = [one.name for one in dataclasses.fields(kind) if one.init]
        return kind(**{name: _value(name, hints[name], word, language) for name in names})
    if issubclass(kind, Base):
        return kind(**_columns(kind, word, language))
    raise TypeError(str(kind))


def _columns(kind: type[Base], word: str, language: str) -> Mapping[str, object]:
    hints = {
        name: typing.get_args(hint)[0]
        for name, hint in typing.get_type_hints(kind).items()
        if typing.get_origin(hint) is Mapped and name in kind.__table__.columns
    }
    return {name: _value(name, one, word, language) for name, one in hints.items()}
