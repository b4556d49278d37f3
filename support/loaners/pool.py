"""The pool: its phones, where each stands, how many there are of which (C-8)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from provision.devices import registry
from provision.devices.identity import SerialNumber
from provision.devices.models import HandoverKind
from storage.clock import moscow_date
from support import roubles
from support.coverage import UnknownSerialError
from support.loaners.models import Loan, LoanerUnit
from support.loaners.refused import (
    LoanerExistsError,
    LoanerOwnedError,
    LoanerTakenError,
    LoanerValueError,
    UnknownLoanerError,
)
from support.loaners.standing import LoanFacts, PoolState, due_day, pool_state

_OWNED = frozenset({HandoverKind.CONTRACT, HandoverKind.USER_DOCUMENT, HandoverKind.PARTNER_REPORT})
_ID_MAX = 2**31


@dataclass(frozen=True)
class PoolRow:
    """One phone of the pool with its running loan, if it has one."""

    loaner: LoanerUnit
    loan: Loan | None
    state: PoolState
    due_on: date | None


@dataclass(frozen=True)
class Pool:
    rows: Sequence[PoolRow]
    counts: Mapping[PoolState, int]


def value_of(text: str) -> Decimal:
    """What a phone of the pool is worth as a person types it; raises LoanerValueError."""
    found = roubles.typed(text)
    if found is None:
        raise LoanerValueError
    return found


def add(session: Session, serial: str, value: Decimal, *, actor: str, now: datetime) -> LoanerUnit:
    """Put a phone from stock into the pool; raises LoanerOwnedError for one of a User (C-9)."""
    number = SerialNumber.parse(serial)
    device = registry.by_serial(session, number)
    if device is None:
        raise UnknownSerialError(serial=number.text)
    if value < 0:
        raise LoanerValueError
    if session.scalar(select(LoanerUnit.id).where(LoanerUnit.device_id == device.id)):
        raise LoanerExistsError(serial=device.serial)
    if any(proof.kind in _OWNED for proof in registry.handovers(session, device.mac)):
        raise LoanerOwnedError(serial=device.serial)
    row = LoanerUnit(device_id=device.id, value=value, added_by=actor, added_at=now)
    session.add(row)
    session.flush()
    audit.record(session, actor, "loaner.add", f"loaner:{device.serial}", now, value=str(value))
    return row


def look(session: Session, now: datetime) -> Pool:
    """The pool as it stands: what is overdue first, then by serial."""
    running = {
        loan.loaner_id: loan
        for loan in session.scalars(select(Loan).where(Loan.ended_at.is_(None)))
    }
    today = moscow_date(now)
    rows = [
        row_of(loaner, running.get(loaner.id), today)
        for loaner in session.scalars(select(LoanerUnit).order_by(LoanerUnit.id))
    ]
    rows.sort(key=lambda row: (row.state is not PoolState.OVERDUE, row.loaner.id))
    counts = Counter(row.state for row in rows)
    return Pool(rows, {state: counts[state] for state in PoolState})


def row_of(loaner: LoanerUnit, loan: Loan | None, today: date) -> PoolRow:
    """Where one phone stands."""
    due = due_of(loan) if loan else None
    facts = (
        LoanFacts(loan.handed_out_at is not None, loan.returned_at is not None, due)
        if loan
        else None
    )
    lost = loaner.lost_at is not None
    state = pool_state(facts, today, in_service=loaner.in_service, lost=lost)
    return PoolRow(loaner, loan, state, due)


def due_of(loan: Loan) -> date | None:
    """By when a loan is due back."""
    back = loan.unit.returned_at
    return due_day(loan.due_on, moscow_date(back) if back else None)


def get(session: Session, loaner_id: int) -> LoanerUnit:
    """A phone of the pool, locked; raises UnknownLoanerError."""
    query = select(LoanerUnit).where(LoanerUnit.id == loaner_id).with_for_update(of=LoanerUnit)
    found = session.scalar(query) if 0 < loaner_id < _ID_MAX else None
    if found is None:
        raise UnknownLoanerError
    return found


def running_loan(session: Session, loaner: LoanerUnit) -> Loan | None:
    """The loan that a phone is in."""
    query = select(Loan).where(Loan.loaner_id == loaner.id, Loan.ended_at.is_(None))
    return session.scalar(query)


def set_service(
    session: Session, loaner_id: int, *, in_service: bool, actor: str, now: datetime
) -> None:
    """Take a phone out of the pool for service, or back into it; raises LoanerTakenError."""
    loaner = get(session, loaner_id)
    if running_loan(session, loaner) is not None or loaner.lost_at is not None:
        raise LoanerTakenError(serial=loaner.device.serial)
    loaner.in_service = in_service
    subject = f"loaner:{loaner.device.serial}"
    audit.record(session, actor, "loaner.service", subject, now, in_service=in_service)
