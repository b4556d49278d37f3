"""A little work that a browser does before it asks: nothing for a person, much for a guesser.

The work is bound to what is asked, so that each guess needs its own and a solution sent again gives
the same answer again: nothing has to be remembered, in however many processes we run. Pure.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

#: A form may lie open for so long.
LIFETIME = timedelta(minutes=30)
#: About 65,000 hashes: a fifth of a second in a browser.
BITS = 16
_ANSWER_LENGTH_MAX = 20


@dataclass(frozen=True)
class Puzzles:
    """Makes puzzles and judges solutions with a key that only the server knows."""

    key: bytes
    bits: int = BITS

    def new(self, now: datetime) -> str:
        """A puzzle for a form: until when it holds, and our seal on that."""
        until = int((now + LIFETIME).timestamp())
        return f"{until}.{self._seal(str(until))}"

    def is_solved(self, puzzle: str, words: str, answer: str, now: datetime) -> bool:
        """Whether `answer` is the work for this puzzle and these words, and still in time."""
        until, _dot, seal = puzzle[:200].partition(".")
        if not (until.isascii() and until.isdigit() and len(until) < 12):
            return False
        if not hmac.compare_digest(seal.encode(), self._seal(until).encode()):
            return False
        if datetime.fromtimestamp(int(until), UTC) < now:
            return False
        return len(answer) <= _ANSWER_LENGTH_MAX and is_work(puzzle, words, answer, self.bits)

    def _seal(self, until: str) -> str:
        text = f"puzzle {until} {self.bits}"
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()[:32]


def is_work(puzzle: str, words: str, answer: str, bits: int) -> bool:
    """Whether the hash of puzzle, words and answer begins with so many zero bits."""
    digest = hashlib.sha256(f"{puzzle}\n{words}\n{answer}".encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - bits) == 0


def solved(puzzle: str, words: str, bits: int = BITS) -> str:
    """The work itself, for programs; a browser does it in static/puzzle.js."""
    return next(str(n) for n in count() if is_work(puzzle, words, str(n), bits))
