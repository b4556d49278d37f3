"""Where a loaner stands, and by when it is due back: rules C-3 and C-8 (pure)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from support.civil_dates import add_days
from support.phrases import Phrase

#: C-3: days after the repaired phone was delivered.
DUE_DAYS = 14


class PoolState(StrEnum):
    """C-8: what the pool is counted by."""

    AVAILABLE = "available"
    RESERVED = "reserved"
    OUT = "out"
    OVERDUE = "overdue"
    TO_WIPE = "to-wipe"
    IN_SERVICE = "in-service"
    LOST = "lost"

    @property
    def phrase(self) -> Phrase:
        return _STATES[self]


_STATES = {
    PoolState.AVAILABLE: Phrase("свободен", "available"),
    PoolState.RESERVED: Phrase("выделен", "reserved"),
    PoolState.OUT: Phrase("выдан", "out"),
    PoolState.OVERDUE: Phrase("не возвращён в срок", "overdue"),
    PoolState.TO_WIPE: Phrase("вернулся, ждёт стирания", "back, to be wiped"),
    PoolState.IN_SERVICE: Phrase("в обслуживании", "in service"),
    PoolState.LOST: Phrase("утерян", "lost"),
}


@dataclass(frozen=True)
class LoanFacts:
    """What of a running loan decides; `due_on` is empty until the customer's own phone is back."""

    handed_out: bool
    returned: bool
    due_on: date | None


def due_day(agreed: date | None, own_phone_back_on: date | None) -> date | None:
    """C-3: 14 calendar days after the repaired phone was delivered, or the day agreed on."""
    if agreed is not None:
        return agreed
    return add_days(own_phone_back_on, DUE_DAYS) if own_phone_back_on else None


def pool_state(loan: LoanFacts | None, today: date, *, in_service: bool, lost: bool) -> PoolState:
    """Where a phone of the pool stands on a day."""
    if lost:
        return PoolState.LOST
    if loan is None:
        return PoolState.IN_SERVICE if in_service else PoolState.AVAILABLE
    if loan.returned:
        return PoolState.TO_WIPE
    if not loan.handed_out:
        return PoolState.RESERVED
    late = loan.due_on is not None and today > loan.due_on
    return PoolState.OVERDUE if late else PoolState.OUT
