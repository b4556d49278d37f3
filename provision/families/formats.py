"""The ways a configuration file is written, each with its escaping rule.

The rule is applied to every value a template prints, so no template can forget it. Only what
went through the filter `name` (names of sections and keys) is printed as it is.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jinja2 import StrictUndefined, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from storage.refusals import RefusedError

# Controls (a phone's parser may end the line at them), line separators, halves of surrogates.
_REFUSED_CATEGORIES = frozenset({"Cc", "Zl", "Zp", "Cs"})
_FLATPHONE_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[1-9][0-9]*)?", re.ASCII)


class UnwritableValueError(RefusedError):
    """Names the setting, never its value: that may be a password."""

    code = "bad-setting-value"
    ru = "Значение «{where}» нельзя записать в настройки: символ {character} на месте {at}."
    en = "The value of “{where}” cannot be written into settings: {character} at place {at}."


class UnwritableNameError(RefusedError):
    code = "bad-setting-name"
    ru = "{name} не годится как имя раздела или ключа настроек."
    en = "{name} cannot be the name of a section or key of settings."


@dataclass(frozen=True)
class OutputFormat:
    """`check(where, text)` refuses what cannot be written, `escape` writes one value.

    `name` writes the name of a section or key, or refuses it.
    """

    check: Callable[[str, str], None]
    escape: Callable[[object], str]
    name: Callable[[object], str]


class _Printed(str):
    """Text that already is in the output's form."""

    __slots__ = ()


def environment(output: OutputFormat) -> ImmutableSandboxedEnvironment:
    """A sandbox in which every printed value is escaped and an unknown name is an error."""
    sandbox = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        finalize=output.escape,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        newline_sequence="\n",
    )
    sandbox.filters["name"] = output.name
    return sandbox


def _name_flatphone(value: object) -> str:
    if not _FLATPHONE_NAME.fullmatch(str(value)):
        raise UnwritableNameError(name=ascii(str(value)[:40]))
    return _Printed(value)


def _check_flatphone(where: str, text: str) -> None:
    if text.isprintable():
        return
    for at, character in enumerate(text, start=1):
        if character != "\n" and unicodedata.category(character) in _REFUSED_CATEGORIES:
            raise UnwritableValueError(where=where, character=f"U+{ord(character):04X}", at=at)


def _escape_flatphone(value: object) -> str:
    r"""`"…"` with `\"`, `\\` and `\n`; numbers and yes/no are texts too."""
    if isinstance(value, _Printed):
        return value
    if isinstance(value, Undefined):
        str(value)  # StrictUndefined raises, and says which name is missing.
    if not isinstance(value, str | int):
        raise TypeError(f"a template printed a {type(value).__name__}")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    _check_flatphone("template", text)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _checked(category_of: Callable[[str], bool]) -> Callable[[str, str], None]:
    def check(where: str, text: str) -> None:
        # Nothing printable is of a refused kind, and nearly every text is printable.
        if text.isprintable():
            return
        for at, character in enumerate(text, start=1):
            if category_of(character):
                raise UnwritableValueError(where=where, character=f"U+{ord(character):04X}", at=at)

    return check


def _escaped(
    check: Callable[[str, str], None], write: Callable[[str], str]
) -> Callable[[object], str]:
    def escape(value: object) -> str:
        if isinstance(value, _Printed):
            return value
        if isinstance(value, Undefined):
            str(value)  # StrictUndefined raises, and says which name is missing.
        if not isinstance(value, str | int):
            raise TypeError(f"a template printed a {type(value).__name__}")
        # Yes and no are 1 and 0 in every vendor's files that are written so.
        text = str(int(value)) if isinstance(value, bool) else str(value)
        check("template", text)
        return write(text)

    return escape


def _named(pattern: re.Pattern[str]) -> Callable[[object], str]:
    def name(value: object) -> str:
        if not pattern.fullmatch(str(value)):
            raise UnwritableNameError(name=ascii(str(value)[:40]))
        return _Printed(value)

    return name


def _unwritable_in_line(character: str) -> bool:
    return unicodedata.category(character) in _REFUSED_CATEGORIES


def _unwritable_in_xml(character: str) -> bool:
    """XML 1.0 has no form for these at all; a line break is written as a character reference."""
    if character in "\n\t":
        return False
    return _unwritable_in_line(character) or character in "\ufffe\uffff"


_XML_FORMS = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
    | {"\n": "&#10;", "\t": "&#9;"}
)
_check_line = _checked(_unwritable_in_line)
_check_xml = _checked(_unwritable_in_xml)

FORMATS: Mapping[str, OutputFormat] = {
    "flatphone": OutputFormat(_check_flatphone, _escape_flatphone, _name_flatphone),
    # `key = value` to the end of the line: there is no escape, so a line break is refused.
    "lines": OutputFormat(
        _check_line,
        _escaped(_check_line, str),
        _named(re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}", re.ASCII)),
    ),
    "xml": OutputFormat(
        _check_xml,
        _escaped(_check_xml, lambda text: text.translate(_XML_FORMS)),
        _named(re.compile(r"(?![Xx][Mm][Ll])[A-Za-z_][A-Za-z0-9_.-]{0,63}", re.ASCII)),
    ),
}
