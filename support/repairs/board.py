"""The repairs of staff: who waits for us, until when, filtered and ordered by what is due."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from storage.clock import moscow_date
from support.calendars import keeping
from support.cases.models import FaultReport, RepairUnit
from support.cases.vocabulary import Stage
from support.repair_term import RepairPolicy, repair_term
from support.repairs.clock import RepairClock, promised_clock

SHOWN = 200
_OVER = (Stage.RETURNED, Stage.CANCELLED)
_FAR = date.max


@dataclass(frozen=True)
class BoardRow:
    """One phone of the board."""

    unit: RepairUnit
    clock: RepairClock | None

    @property
    def stage(self) -> Stage:
        return Stage(self.unit.stage)

    @property
    def due(self) -> date:
        """What orders the board: the term's end, or nothing that presses."""
        running = self.clock is not None and self.clock.eliminated_on is None
        return self.clock.term.due if running and self.clock else _FAR


@dataclass(frozen=True)
class Board:
    """`counts` are of every stage that is not over; `rows` are those asked for."""

    counts: Mapping[Stage, int]
    rows: Sequence[BoardRow]
    late: int


def board(session: Session, now: datetime, stage: Stage | None = None, search: str = "") -> Board:
    """The repairs at a stage, or all that are not over; a search also finds those that are."""
    calendar, today = keeping.current(session).calendar, moscow_date(now)
    open_units = session.scalars(select(RepairUnit).where(RepairUnit.stage.not_in(_OVER))).all()
    found = [BoardRow(unit, promised_clock(unit, calendar, today)) for unit in open_units]
    counts = Counter(row.stage for row in found)
    late = sum(1 for row in found if row.clock and row.clock.is_late)
    if search.strip() or stage in _OVER:
        units = session.scalars(_matching(search.strip(), stage)).all()
        found = [BoardRow(unit, promised_clock(unit, calendar, today)) for unit in units]
    shown = [row for row in found if stage is None or row.stage is stage]
    shown.sort(key=lambda row: (row.due, row.unit.id))
    return Board({one: counts[one] for one in Stage if one not in _OVER}, shown[:SHOWN], late)


def due_by(session: Session, last: date, now: datetime) -> tuple[int, int]:
    """How many repairs are overdue, and how many more are due by this day; no refused ones."""
    calendar, today = keeping.current(session).calendar, moscow_date(now)
    running = select(RepairUnit.received_at, func.count()).where(
        RepairUnit.stage.not_in(_OVER),
        RepairUnit.received_at.is_not(None),
        RepairUnit.eliminated_at.is_(None),
        RepairUnit.covered.is_not(False),
    )
    late = soon = 0
    for received_at, count in session.execute(running.group_by(RepairUnit.received_at)):
        assert received_at is not None, "only those that were received are asked for"
        due = repair_term(moscow_date(received_at), calendar, RepairPolicy()).due
        late += count if due < today else 0
        soon += count if today <= due <= last else 0
    return late, soon


def _matching(search: str, stage: Stage | None) -> Select[RepairUnit]:
    words = search.upper()
    query = select(RepairUnit).join(FaultReport).order_by(RepairUnit.id.desc()).limit(SHOWN)
    if words:
        query = query.where(
            FaultReport.number.contains(words, autoescape=True)
            | RepairUnit.serial.contains(words, autoescape=True)
        )
    return query.where(RepairUnit.stage == stage) if stage else query
