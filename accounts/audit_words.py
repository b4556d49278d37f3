"""What the actions of the audit trail are called in both languages: the words are data."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from storage.phrases import Phrase

_FILE = Path(__file__).with_name("audit_words.toml")


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
