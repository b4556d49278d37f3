"""Texts of 64 KiB that make a careless pattern try without end, or a careless parser nest."""

from collections.abc import Mapping

SIZE = 65_536
PIECES: Mapping[str, str] = {
    "letters": "a",
    "digits": "1",
    "spaces": " ",
    "blanks": " \t",
    "line ends": "\n> ",
    "numbers": "1.0-",
    "addresses": "a@b.",
    "tags": "<a href='",
    "brackets": "((((",
    "escapes": "%2e&amp;",
    "marks": "**__``",
    "joined": "и\u0306",
    "commas": "1, ",
    "colons": "0a:",
    "slashes": "/..",
}
ONE_AT = "one @"


def text_of(kind: str) -> str:
    """Its last character is another one, so that what matched so far has to be given up."""
    if kind == ONE_AT:
        half = "a" * (SIZE // 2 - 1)
        return f"{half}@{half}!"
    piece = PIECES[kind]
    return (piece * (SIZE // len(piece)))[: SIZE - 1] + "!"


KINDS = (*PIECES, ONE_AT)
