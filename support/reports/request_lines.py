"""The lines of a report of requests: how many, their promises, their refusals (pure)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from support.reports.question import Key
from support.requests.vocabulary import RefusalCode
from support.sla.log import State


@dataclass(frozen=True)
class Asked:
    """So many requests in one state; `kept` is None where nothing was promised or closed."""

    key: Key
    state: State
    kept: bool | None
    count: int


@dataclass(frozen=True)
class Refused:
    """So many refusals in force with one code."""

    key: Key
    code: RefusalCode
    count: int


@dataclass(frozen=True)
class RequestFigures:
    """What was counted in the database, before anything is made of it."""

    asked: Sequence[Asked] = ()
    refused: Sequence[Refused] = ()
    phones: Mapping[Key, int] = field(default_factory=dict)
    in_service: int = 0


@dataclass(frozen=True)
class RequestLine:
    """One line of the report. `promised` are closed requests to which a time was promised."""

    key: Key
    phones: int
    requests: int
    opened: int
    promised: int
    kept: int
    refusals: Mapping[RefusalCode, int]

    @property
    def refused(self) -> int:
        return sum(self.refusals.values())

    @property
    def rate(self) -> float | None:
        """Requests for each phone in service."""
        return self.requests / self.phones if self.phones else None

    @property
    def share_kept(self) -> float | None:
        return self.kept / self.promised if self.promised else None


def lines(found: RequestFigures) -> list[RequestLine]:
    """A line for each key that has requests, the most requests first."""
    asked: dict[Key, list[Asked]] = {}
    refused: dict[Key, list[Refused]] = {}
    for one in found.asked:
        asked.setdefault(one.key, []).append(one)
    for row in found.refused:
        refused.setdefault(row.key, []).append(row)
    made = [_line(key, asked[key], refused.get(key, ()), found.phones.get(key, 0)) for key in asked]
    return sorted(made, key=lambda line: (-line.requests, line.key))


def together(found: RequestFigures) -> RequestLine:
    """Everything in one line."""
    return _line((), found.asked, found.refused, found.in_service)


def _line(key: Key, asked: Iterable[Asked], refused: Iterable[Refused], phones: int) -> RequestLine:
    rows, codes = list(asked), Counter[RefusalCode]()
    for one in refused:
        codes[one.code] += one.count
    return RequestLine(
        key=key,
        phones=phones,
        requests=sum(one.count for one in rows),
        opened=sum(one.count for one in rows if not one.state.is_over),
        promised=sum(one.count for one in rows if one.kept is not None),
        kept=sum(one.count for one in rows if one.kept),
        refusals=dict(codes.most_common()),
    )
