"""By what a person is known in other people's words: a name in any case, a number, an address.

What is found is a candidate and no more: two people have one name. Pure.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from storage.people import Person, phone_key

#: Shorter parts of a name stand in too many other words.
SHORTEST = 3
_NUMBER = re.compile(r"(?<!\d)\+?\d(?:[\s().-]*\d){9,13}(?!\d)")
_PART = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
#: Around what is found, so that a person can judge it.
AROUND = 60


@dataclass(frozen=True)
class Trace:
    """What stands in a text: as it is written, with the words around it."""

    written: str
    before: str
    after: str


@dataclass(frozen=True)
class Traces:
    """What is looked for: stems of names, the last ten digits of numbers, addresses."""

    stems: Sequence[str] = ()
    phones: frozenset[str] = frozenset()
    emails: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.stems or self.phones or self.emails)

    def found_in(self, text: str) -> Sequence[Trace]:
        """Each spelling once, in the order of the text."""
        spans = sorted(self._spans(text))
        seen: dict[str, Trace] = {}
        for start, end in spans:
            written = text[start:end]
            before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
            seen.setdefault(written, Trace(written, before, after))
        return list(seen.values())

    def is_likely(self, text: str) -> bool:
        """Whether more than one part of the name, a number or an address stands there."""
        parts = {stem for stem in self.stems if next(_stems(text, stem), None) is not None}
        return len(parts) > 1 or any(True for _ in self._sure(text))

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        yield from self._sure(text)
        for stem in self.stems:
            yield from _stems(text, stem)

    def _sure(self, text: str) -> Iterator[tuple[int, int]]:
        for found in _NUMBER.finditer(text):
            if phone_key(found[0]) in self.phones:
                yield found.span()
        for email in self.emails:
            pattern = rf"(?<![\w.+-]){re.escape(email)}(?![\w-]|\.\w)"
            yield from (found.span() for found in re.finditer(pattern, text, re.IGNORECASE))


def traces_of(who: Person, names: Iterable[str], phones: Iterable[str], typed: str) -> Traces:
    """What to look for: what the person is known by, and what somebody has typed besides."""
    words = [*names, *(line for line in typed.splitlines() if "@" not in line)]
    numbers = {phone_key(one) for one in (*phones, *typed.splitlines())} | who.phones
    typed_mails = [word.lower() for word in typed.split() if "@" in word]
    return Traces(
        stems=sorted({stem_of(part) for word in words for part in _PART.findall(word)
                      if len(part) >= SHORTEST}),
        phones=frozenset(numbers - {""}),
        emails=sorted({*who.emails, *typed_mails}),
    )  # fmt: skip


def stem_of(part: str) -> str:
    """The part of a name that stays in its Russian cases: Петрова, Петровой, Петрову."""
    lower = part.lower()
    if not re.fullmatch(r"[а-яё-]+", lower) or len(lower) < 4:
        return lower
    bare = re.sub(r"(?:[аеёиоуыэюяйь]|ая|яя|ий|ый|ой)$", "", lower)
    return bare if len(bare) >= SHORTEST else lower


def _stems(text: str, stem: str) -> Iterator[tuple[int, int]]:
    """Words that begin with a stem and go on with an ending, not with another word."""
    pattern = rf"(?<!\w){re.escape(stem)}[^\W\d_]{{0,3}}(?!\w)"
    return (found.span() for found in re.finditer(pattern, text, re.IGNORECASE))
