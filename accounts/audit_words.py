"""What the actions of the audit trail are called in both languages: the words are data."""

import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path

from storage.phrases import Phrase

_FILE = Path(__file__).with_name("audit_words.toml")
_DETAILS_FILE = Path(__file__).with_name("audit_details.toml")
_VALUES_FILE = Path(__file__).with_name("audit_values.toml")
_NOTHING = Phrase("—", "—")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@cache
def words() -> Mapping[str, Phrase]:
    """The words of each action, by its code ("release.publish")."""
    found = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {
        f"{noun}.{deed}": Phrase(*said)
        for noun, deeds in found.items()
        for deed, said in deeds.items()
    }


def said(action: str) -> Phrase:
    """An action's words; one of another version of this program is called by its code."""
    return words().get(action) or Phrase(action, action)


@cache
def _details() -> Mapping[str, Phrase]:
    found = tomllib.loads(_DETAILS_FILE.read_text(encoding="utf-8"))
    return {name: Phrase(*said) for name, said in found.items()}


def detail_said(name: str) -> Phrase:
    """What a detail is called; one without words is called by its name."""
    return _details().get(name) or Phrase(name, name)


def details_said(action: str, details: Mapping[str, object]) -> Phrase:
    """All details of an entry in a line."""
    parts = [_part_said(action, name, value) for name, value in details.items()]
    return Phrase("; ".join(one.ru for one in parts), "; ".join(one.en for one in parts))


@cache
def values() -> Mapping[tuple[str, str], Mapping[str, Phrase]]:
    """The words of codes, by the first word of their action and the name of their detail."""
    found = tomllib.loads(_VALUES_FILE.read_text(encoding="utf-8"))
    return {
        (noun, name): {code: Phrase(*said) for code, said in codes.items()}
        for noun, names in found.items()
        for name, codes in names.items()
    }


def value_said(action: str, name: str, value: object) -> Phrase:
    """The value of a detail as people write it: no True, no None, no 2026-11-29, no codes.

    What people typed, names and numbers stand as they were recorded.
    """
    if isinstance(value, Mapping):
        return details_said(action, value)
    if isinstance(value, list | tuple):
        many = [value_said(action, name, one) for one in value] or [_NOTHING]
        return Phrase(", ".join(one.ru for one in many), ", ".join(one.en for one in many))
    if isinstance(value, bool):
        return Phrase("да", "yes") if value else Phrase("нет", "no")
    if value in (None, ""):
        return _NOTHING
    text = str(value)
    codes = values().get((action.partition(".")[0], name), {})
    return codes.get(text) or Phrase(_day_said(text), _day_said(text))


def _part_said(action: str, name: str, value: object) -> Phrase:
    called, said = detail_said(name), value_said(action, name, value)
    return Phrase(f"{called.ru}: {said.ru}", f"{called.en}: {said.en}")


def _day_said(text: str) -> str:
    if _DAY.fullmatch(text):
        with suppress(ValueError):
            return f"{date.fromisoformat(text):%d.%m.%Y}"
    return text
