"""What a kind of work is given in the test of its death, and what of it may be seen twice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.portal.killed_jobs.stage import START, Stage


@dataclass(frozen=True)
class Case:
    """`arrange` fills the installation and returns the job's arguments; the job runs at `at`.

    `effects` are the tables that it must change, or the test shows nothing. Of the rows that it
    adds to a table of `twice` a kill may leave a second one each: they tell of what was done
    outside, which nobody can take back. `tries` are columns, as table.column, that count runs, so
    that a kill shows in them. The next run comes `later`.
    """

    arrange: Callable[[Stage], Mapping[str, object]]
    effects: tuple[str, ...]
    at: datetime = START + timedelta(hours=1)
    twice: frozenset[str] = frozenset()
    tries: frozenset[str] = frozenset()
    later: timedelta = timedelta()


@dataclass(frozen=True)
class Elsewhere:
    """Its death has a test of its own."""

    test: str
