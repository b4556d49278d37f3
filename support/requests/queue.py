"""The queue of requests: whose turn it is in each, and which promise is due first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from storage.clock import moscow_date
from support.calendars import keeping
from support.packages.package import Promise
from support.phrases import Phrase
from support.requests import records
from support.requests.models import RequestDevice, SupportRequest
from support.sla.clocks import Clock, Standing
from support.sla.log import State

#: Open requests are sorted by their clocks, which no database knows; a desk has fewer than these.
OPEN_MAX = 2000
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_OURS = (State.NEW, State.OPEN)
_THEIRS = (State.WAITING_CUSTOMER, State.WAITING_RMA_INBOUND)


class Turn(StrEnum):
    """Who must act next."""

    OURS = "ours"
    CUSTOMER = "customer"
    PARCEL = "parcel"
    NOBODY = "nobody"

    @property
    def phrase(self) -> Phrase:
        return _TURNS[self]


_TURNS = {
    Turn.OURS: Phrase("мы", "we"),
    Turn.CUSTOMER: Phrase("пользователь", "the customer"),
    Turn.PARCEL: Phrase("ждём посылку", "a parcel is awaited"),
    Turn.NOBODY: Phrase("никто", "nobody"),
}


def turn_of(state: State) -> Turn:
    """Whose turn it is in a state."""
    if state in _OURS:
        return Turn.OURS
    if state is State.WAITING_CUSTOMER:
        return Turn.CUSTOMER
    return Turn.PARCEL if state is State.WAITING_RMA_INBOUND else Turn.NOBODY


class Shelf(StrEnum):
    """Which requests are looked at; each is a link."""

    OPEN = "open"
    OURS = "ours"
    THEIRS = "theirs"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REFUSED = "refused"

    @property
    def phrase(self) -> Phrase:
        return _SHELVES[self]

    @property
    def states(self) -> Sequence[State]:
        return _STATES[self]

    @property
    def is_alive(self) -> bool:
        """Whether clocks run there, so that what is due first stands first."""
        return self in {Shelf.OPEN, Shelf.OURS, Shelf.THEIRS}


_SHELVES = {
    Shelf.OPEN: Phrase("Открытые", "Open"),
    Shelf.OURS: Phrase("Наш ход", "Our turn"),
    Shelf.THEIRS: Phrase("Ждём", "Waiting"),
    Shelf.RESOLVED: Phrase("Решённые", "Resolved"),
    Shelf.CLOSED: Phrase("Закрытые", "Closed"),
    Shelf.REFUSED: Phrase("Не принятые", "Refused"),
}
_STATES: Mapping[Shelf, Sequence[State]] = {
    Shelf.OPEN: (*_OURS, *_THEIRS),
    Shelf.OURS: _OURS,
    Shelf.THEIRS: _THEIRS,
    Shelf.RESOLVED: (State.RESOLVED,),
    Shelf.CLOSED: (State.CLOSED,),
    Shelf.REFUSED: (State.REFUSED,),
}


@dataclass(frozen=True)
class Wanted:
    """What of the queue is asked for. `assigned` is a login, or "-" for what nobody has."""

    shelf: Shelf = Shelf.OPEN
    assigned: str = ""
    package: str = ""
    text: str = ""


@dataclass(frozen=True)
class Row:
    """One request of the queue; `clock` is its promise that is due first, if any runs or waits."""

    request: SupportRequest
    clock: Clock | None

    @property
    def turn(self) -> Turn:
        return turn_of(State(self.request.state))


def listed(
    session: Session, wanted: Wanted, now: datetime, *, limit: int, offset: int
) -> tuple[Sequence[Row], int]:
    """One page of the queue and how many there are: what is due first, or what came last."""
    query = select(SupportRequest).where(*_conditions(wanted))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    if not wanted.shelf.is_alive:
        page = query.order_by(SupportRequest.id.desc()).limit(limit).offset(offset)
        return [Row(one, None) for one in session.scalars(page)], total
    alive = session.scalars(query.order_by(SupportRequest.registered_at).limit(OPEN_MAX)).all()
    rows = _with_clocks(session, alive, now)
    return sorted(rows, key=_urgency)[offset : offset + limit], total


def counts(session: Session) -> Mapping[Shelf, int]:
    """How many requests stand on each shelf."""
    query = select(SupportRequest.state, func.count()).group_by(SupportRequest.state)
    by_state = {State(state): count for state, count in session.execute(query)}
    return {shelf: sum(by_state.get(one, 0) for one in shelf.states) for shelf in Shelf}


def due_on_our_turn(session: Session, last: date, now: datetime) -> int:
    """How many requests on our turn have a promise that ends by this day in Moscow, or ended."""
    ours = select(SupportRequest).where(SupportRequest.state.in_(_OURS))
    alive = session.scalars(ours.order_by(SupportRequest.registered_at).limit(OPEN_MAX)).all()
    clocks = [row.clock for row in _with_clocks(session, alive, now)]
    ends = [one.deadline for one in clocks if one is not None and one.deadline is not None]
    return sum(1 for end in ends if moscow_date(end) <= last)


def of_organisations(
    session: Session, organisations: Sequence[int], *, limit: int
) -> Sequence[SupportRequest]:
    """The requests of some organisations, the latest first."""
    query = select(SupportRequest).where(SupportRequest.organisation_id.in_(organisations))
    return session.scalars(query.order_by(SupportRequest.id.desc()).limit(limit)).all()


def _with_clocks(
    session: Session, requests: Sequence[SupportRequest], now: datetime
) -> Sequence[Row]:
    known = keeping.current(session)
    logs = records.logs(session, [request.id for request in requests])
    return [Row(one, nearest(records.clocks_of(one, logs[one.id], known, now))) for one in requests]


def first_due(state: State, clocks: Iterable[Clock]) -> Clock | None:
    """The promise that the queue shows of a request in this state: none once it is done with."""
    if state not in Shelf.OPEN.states:
        return None
    return nearest({clock.promise: clock for clock in clocks})


def nearest(found: Mapping[Promise, Clock]) -> Clock | None:
    """The promise that is due first; one that stands still only where none runs."""
    running = [one for one in found.values() if one.standing is Standing.RUNNING and one.deadline]
    if running:
        return min(running, key=lambda one: one.deadline or _NEVER)
    return next((one for one in found.values() if one.standing is Standing.PAUSED), None)


def _urgency(row: Row) -> tuple[datetime, datetime]:
    deadline = row.clock.deadline if row.clock else None
    return deadline or _NEVER, row.request.registered_at


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [SupportRequest.state.in_(wanted.shelf.states)]
    if wanted.assigned == "-":
        found.append(SupportRequest.assigned_to.is_(None))
    elif wanted.assigned:
        found.append(SupportRequest.assigned_to == wanted.assigned)
    if wanted.package:
        found.append(SupportRequest.package == wanted.package)
    if wanted.text:
        found.append(_matches(wanted.text))
    return found


def _matches(text: str) -> ColumnElement[bool]:
    """A number, a serial as it is written, or a part of a subject, a name or an address."""
    part = text.lower()
    serials = select(RequestDevice.request_id).where(RequestDevice.serial == text.upper())
    options = [
        SupportRequest.contact_email.contains(part, autoescape=True),
        SupportRequest.subject.icontains(text, autoescape=True),
        SupportRequest.contact_name.icontains(text, autoescape=True),
        SupportRequest.id.in_(serials),
    ]
    number = text.removeprefix("№").strip()
    if number.isascii() and number.isdigit() and len(number) < 10:
        options.append(SupportRequest.id == int(number))
    return or_(*options)
