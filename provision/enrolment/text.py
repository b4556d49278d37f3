"""What bytes of a table say (pure): UTF-8, UTF-16 or CP1251, or a refusal that names the row.

Other Russian encodings pass for CP1251 and give wrong letters. Names of sites and groups would be
stored wrong and nobody would notice, so text that does not look like Russian is refused.
"""

import codecs
import re

from storage.refusals import RefusedError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_RUSSIAN = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ")
_SIGNS = frozenset("№«»–—…‘’“”„·°±§©®\xa0")
_COMMON = frozenset("оеаинтсрОЕАИНТСР")
#: KOI8-R read as CP1251 turns capitals over: «Офис» becomes «нТХУ».
_TURNED_OVER = re.compile("[а-яё][А-ЯЁ]")


class UnreadableTextError(RefusedError):
    code = "table-encoding"
    field = "file"
    ru = "Строка {row}: текст не читается. Сохраните таблицу как «CSV UTF-8» или XLSX."
    en = "Row {row}: the text cannot be read. Save the table as “CSV UTF-8” or XLSX."


def decoded(content: bytes) -> str:
    """The text of a file; raises UnreadableTextError rather than guess."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _strict(content[len(mark) :], name)
    if b"\0" in content:
        return _strict(content, _unmarked(content))
    try:
        return content.decode()
    except UnicodeDecodeError:
        return _cyrillic(content)


def _strict(content: bytes, name: str) -> str:
    try:
        text = content.decode(name)
    except UnicodeDecodeError as error:
        row = content[: error.start].decode(name, "replace").count("\n") + 1
        raise UnreadableTextError(row=row) from None
    if "\0" in text:
        raise UnreadableTextError(row=text[: text.index("\0")].count("\n") + 1)
    return text


def _unmarked(content: bytes) -> str:
    """UTF-16 without its mark: Latin letters have their zero on the one side or on the other."""
    even, odd = content[::2].count(0), content[1::2].count(0)
    return "utf-16-le" if odd > even else "utf-16-be"


def _cyrillic(content: bytes) -> str:
    text = _strict(content, "cp1251")
    for row, line in enumerate(text.split("\n"), 1):
        strange = set(line) - _RUSSIAN - _SIGNS
        if not all(one.isascii() for one in strange) or _TURNED_OVER.search(line):
            raise UnreadableTextError(row=row)
    other = content.decode("koi8-r")
    if _commonness(other) > _commonness(text):
        first = next(at for at, line in enumerate(text.split("\n"), 1) if not line.isascii())
        raise UnreadableTextError(row=first)
    return text


def _commonness(text: str) -> int:
    """How many of the letters are among the eight that make up half of a Russian text."""
    return sum(text.count(letter) for letter in _COMMON)
