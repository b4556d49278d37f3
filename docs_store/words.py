"""Words as a search sees them: case, «ё» and endings do not matter. Pure.

One stemmer for both databases and for the marks in snippets, so that what is found is what is
marked. A word of letters and digits between other characters is one word: 2.4.1 is three.
"""

import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

MAX_WORD = 64  # characters; the rest of a longer one is not indexed
#: A query of nothing but these asks nothing of the texts.
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """а без бы в во вот для до если же за и из или их к ко как ли на над не но о об от по под
        при про с со так также то тоже у что чтобы это
        a an and are as at be by for from how in is it of on or that the this to was with""",
    )
)

_WORD = re.compile(r"[^\W_]+")
_CYRILLIC = re.compile(r"[а-я]")
_AFTER_VOWEL = re.compile(r"(?<=[аеиоуыэюя])ек$")
_AFTER_CONSONANT = re.compile(r"(?<=[бвгджзйклмнпрстфхцчшщ])ь?[ое]к$")
_UNSTORED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_PLAIN = re.compile(r"[a-z]+|[а-я]+")


@dataclass(frozen=True)
class Word:
    """A word's stem and where the word stands in its text, in characters."""

    stem: str
    start: int
    end: int


@dataclass(frozen=True)
class Phrase:
    """Words that must stand side by side: one piece of a query, as a person typed it."""

    stems: tuple[str, ...]


def folded(text: str) -> str:
    """The text without what a person who searches does not mind: case and «ё»."""
    return text.casefold().replace("ё", "е")


def words(text: str) -> list[Word]:
    """The words of a text in their order."""
    return [
        Word(stem(found[0][:MAX_WORD]), found.start(), found.end())
        for found in _WORD.finditer(text)
    ]


def stems(text: str) -> str:
    """The text as the index holds it: its stems with spaces between."""
    return " ".join(word.stem for word in words(text))


def phrases(query: str) -> list[Phrase]:
    """What a query asks of the texts; empty when it asks nothing but stop words."""
    typed = (found for piece in composed(query).split() if (found := _phrase(piece)) is not None)
    return list(dict.fromkeys(typed))


def composed(text: str) -> str:
    """The text with its characters composed and without what no database stores."""
    return _UNSTORED.sub(" ", unicodedata.normalize("NFC", text))


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The word without its ending; Cyrillic words as Russian, Latin ones as English."""
    plain = folded(word)
    if not _PLAIN.fullmatch(plain):
        return plain
    language = "russian" if _CYRILLIC.match(plain) else "english"
    found: str = _STEMMERS.of(language).stemWord(plain)
    return _without_fleeting_vowel(found)


def _without_fleeting_vowel(russian: str) -> str:
    """«прошивок» as «прошивк», «настроек» as «настройк», «список» as «списк».

    Snowball leaves these apart from the other forms of their words, and manuals are full of them.
    """
    return _AFTER_VOWEL.sub("йк", _AFTER_CONSONANT.sub("к", russian))


class _Stemmers(threading.local):
    """A stemmer keeps the word it works on, so that every thread needs its own."""

    def __init__(self) -> None:
        self._made: dict[str, snowballstemmer.stemmer] = {}

    def of(self, language: str) -> "snowballstemmer.stemmer":
        if language not in self._made:
            self._made[language] = snowballstemmer.stemmer(language)
        return self._made[language]


_STEMMERS = _Stemmers()


def _phrase(piece: str) -> Phrase | None:
    found = words(piece)
    alone = len(found) == 1 and folded(piece[found[0].start : found[0].end]) in STOP_WORDS
    return Phrase(tuple(word.stem for word in found)) if found and not alone else None
