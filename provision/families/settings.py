"""A setting as data describes it: its type, its limits, and how people call it (pure).

What every family shares is in provision/settings.toml; a family's file adds its own. Forms,
commands and validation all come from these.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Value = str | int | bool

TEXT_LENGTH_MAX = 1000
_SECRET = re.compile(r"(^|[._])(password|pass|secret|token|community|key|pin)$")
_LINE = re.compile(r"^sip\.[1-9][0-9]?\.")
_TRUE, _FALSE = ("1", "true", "yes", "on", "да"), ("0", "false", "no", "off", "нет")


_WANTED_RU = {
    "text": "печатный текст до {length} знаков",
    "pattern": "текст такого вида: {shape}",
    "integer": "целое число от {least} до {most}",
    "choice": "одно из: {choices}",
    "switch": "да или нет",
}
_WANTED_EN = {
    "text": "printable text of at most {length} characters",
    "pattern": "text of this kind: {shape}",
    "integer": "a whole number from {least} to {most}",
    "choice": "one of: {choices}",
    "switch": "yes or no",
}


class SettingType(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    CHOICE = "choice"
    SWITCH = "switch"


def is_secret(name: str) -> bool:
    """Whether a setting of this name is always sealed and never shown."""
    return _SECRET.search(name) is not None


@dataclass(frozen=True)
class SettingSpec:
    """One setting; `name` has N for the number of a SIP line. `least` and `most` are inclusive."""

    name: str
    type: SettingType
    label_ru: str
    label_en: str
    help_ru: str = ""
    help_en: str = ""
    least: int = 0
    most: int = 999_999_999
    choices: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None

    @property
    def is_secret(self) -> bool:
        return is_secret(self.name)

    def label(self, language: str) -> str:
        return self.label_ru if language == "ru" else self.label_en

    def help(self, language: str) -> str:
        return self.help_ru if language == "ru" else self.help_en

    def read(self, text: str) -> Value | None:
        """The typed value of a text, None for one that is none."""
        match self.type:
            case SettingType.INTEGER:
                if not re.fullmatch(r"[0-9]{1,9}", text):
                    return None
                return int(text) if self.least <= int(text) <= self.most else None
            case SettingType.CHOICE:
                return text if text in self.choices else None
            case SettingType.SWITCH:
                if text.lower() in _TRUE:
                    return True
                return False if text.lower() in _FALSE else None
            case SettingType.TEXT:
                return text if self._is_text(text) else None

    def wanted(self, language: str) -> str:
        """What it takes, as a clause."""
        words = _WANTED_RU if language == "ru" else _WANTED_EN
        kind = "pattern" if self.pattern is not None else str(self.type)
        return words[kind].format(
            least=self.least,
            most=self.most,
            choices=", ".join(self.choices),
            length=TEXT_LENGTH_MAX,
            shape=self.help(language) or (self.pattern.pattern if self.pattern else ""),
        )

    def _is_text(self, text: str) -> bool:
        printable = text.isprintable() and 0 < len(text) <= TEXT_LENGTH_MAX
        return printable and (self.pattern is None or self.pattern.fullmatch(text) is not None)


@dataclass(frozen=True)
class Schema:
    """The settings that are described, by name.

    `families` are the sections in which a foreign family has names of its own form; None where
    the families are not known.
    """

    specs: Mapping[str, SettingSpec] = field(default_factory=dict)
    families: frozenset[str] | None = None

    def __iter__(self) -> Iterator[SettingSpec]:
        return iter(self.specs.values())

    def find(self, name: str) -> SettingSpec | None:
        """What describes a setting; every SIP line is described alike."""
        return self.specs.get(_LINE.sub("sip.N.", name))

    def joined(self, more: Iterable[SettingSpec], families: Iterable[str]) -> "Schema":
        """With more settings and the families' names; what is described here already stays."""
        new = {spec.name: spec for spec in more if spec.name not in self.specs}
        return Schema({**self.specs, **new}, frozenset(families))
