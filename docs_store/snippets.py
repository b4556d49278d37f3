"""The place in a page that answers a query, with its words marked. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from docs_store.words import Phrase, Word, words

LENGTH = 220  # characters, about three lines
_BEFORE = 60


@dataclass(frozen=True)
class Piece:
    """A run of a snippet's text; `marked` when it is a word that was asked for."""

    text: str
    marked: bool = False


def snippet(text: str, phrases: Sequence[Phrase]) -> tuple[Piece, ...]:
    """The part of a page where most of the phrases stand close together, in one line.

    Where none stands, the page's beginning. « … » tells that the page goes on.
    """
    text = " ".join(text.split())
    marks = _marks(words(text), phrases)
    start = _word_start(text, max(0, _densest(marks) - _BEFORE))
    end = _word_end(text, start + LENGTH)
    pieces = list(_pieces(text, start, end, marks))
    if start:
        pieces.insert(0, Piece("… "))
    if end < len(text):
        pieces.append(Piece(" …"))
    return tuple(pieces)


def _marks(found: Sequence[Word], phrases: Sequence[Phrase]) -> list[tuple[int, int, int]]:
    """Where each phrase stands: start, end and the phrase's number."""
    stems = [word.stem for word in found]
    marks = []
    for number, phrase in enumerate(phrases):
        length = len(phrase.stems)
        first = phrase.stems[0]
        for at, stem in enumerate(stems):
            if stem == first and tuple(stems[at : at + length]) == phrase.stems:
                marks.append((found[at].start, found[at + length - 1].end, number))
    return sorted(marks)


def _densest(marks: Sequence[tuple[int, int, int]]) -> int:
    """The start of the mark after which most different phrases come within a snippet."""
    best, most = 0, 0
    for at, (start, _, _) in enumerate(marks):
        near = set()
        for begun, ended, number in marks[at:]:
            if begun > start + LENGTH - _BEFORE:
                break
            if ended <= start + LENGTH - _BEFORE:
                near.add(number)
        if len(near) > most:
            best, most = start, len(near)
    return best


def _pieces(
    text: str, start: int, end: int, marks: Iterable[tuple[int, int, int]]
) -> Iterable[Piece]:
    at = start
    for begun, ended, _ in marks:
        if begun < at or ended > end:
            continue
        if begun > at:
            yield Piece(text[at:begun])
        yield Piece(text[begun:ended], marked=True)
        at = ended
    if at < end:
        yield Piece(text[at:end])


def _word_start(text: str, at: int) -> int:
    """The beginning of a word at `at` or soon after it, so that no word is cut."""
    if at == 0:
        return 0
    space = text.find(" ", at - 1, at + _BEFORE)
    return at if space < 0 else space + 1


def _word_end(text: str, at: int) -> int:
    if at >= len(text):
        return len(text)
    space = text.rfind(" ", at - _BEFORE, at + 1)
    return at if space < 0 else space
