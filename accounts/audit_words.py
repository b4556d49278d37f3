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


def value_said(value: object) -> Phrase:
    """The value of a detail as people write it: no True, no None, no 2026-11-29."""
    if isinstance(value, bool):
        return Phrase("да", "yes") if value else Phrase("нет", "no")
    text = "—" if value in (None, "") else str(value)
    if _DAY.fullmatch(text):
        with suppress(ValueError):
            text = f"{date.fromisoformat(text):%d.%m.%Y}"
    return Phrase(text, text)
