"""A loan: reserved, handed out with the phone's own settings, back, wiped (C-3, C-8, C-9)."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from provision.phone_fetches import stand_ins
from storage.clock import moscow_date
from storage.installation import Installation
from support.calendars import keeping
from support.cases.models import RepairUnit
from support.cases.vocabulary import EventKind
from support.civil_dates import add_days
from support.loaners import letters, pool, rights
from support.loaners.models import Loan
from support.loaners.refused import (
    LoanedAlreadyError,
    LoanerTakenError,
    LoanStepError,
    NotEntitledError,
    RepairOverError,
    UnknownLoanError,
)
from support.loaners.standing import DUE_DAYS, PoolState
from support.mailroom import outbox
from support.mailroom.models import OutgoingMail
from support.mailroom.options import MailOptions
from support.repairs import filing, records

_ID_MAX = 2**31
#: Days before the due day on which the customer is reminded; then once it is over.
REMIND_BEFORE = 3


def ship_by(session: Session, unit: RepairUnit) -> date:
    """C-3: the loaner leaves on the working day after the report was taken."""
    calendar = keeping.current(session).calendar
    return calendar.next_working(add_days(moscow_date(unit.report.filed_at), 1))


def loan_of(session: Session, unit: RepairUnit) -> Loan | None:
    """The running loan for this repair, or the last one."""
    query = select(Loan).where(Loan.unit_id == unit.id).order_by(Loan.id.desc()).limit(1)
    return session.scalar(query)


def reserve(
    session: Session, unit: RepairUnit, loaner_id: int, why: str, *, actor: str, now: datetime
) -> Loan:
    """Set a phone of the pool aside; without a right to one it needs a reason."""
    if unit.stage_now.is_over:
        raise RepairOverError
    right = rights.right_to(session, unit)
    if right is None and not why.strip():
        raise NotEntitledError
    known = loan_of(session, unit)
    if known is not None and known.ended_at is None:
        raise LoanedAlreadyError(serial=known.loaner.device.serial)
    loaner = pool.get(session, loaner_id)
    row = pool.row_of(loaner, pool.running_loan(session, loaner), moscow_date(now))
    if row.state is not PoolState.AVAILABLE:
        raise LoanerTakenError(serial=loaner.device.serial)
    loan = Loan(
        loaner_id=loaner.id,
        unit_id=unit.id,
        right=right.number if right else why.strip()[:500],
        reserved_by=actor,
        reserved_at=now,
    )
    session.add(loan)
    session.flush()
    audit.record(
        session, actor, "loan.reserve", loan.subject, now,
        serial=loaner.device.serial, repair=unit.name,
    )  # fmt: skip
    return loan


def hand_out(
    session: Session, installation: Installation, loan_id: int, *, actor: str, now: datetime
) -> str:
    """Send the loaner with the phone's settings on it; its token, which is shown once.

    For a phone that is not on record there are no settings to take: only the token is new.
    """
    loan = get(session, loan_id)
    if loan.handed_out_at is not None or loan.ended_at is not None:
        raise LoanStepError
    own = loan.unit.device or loan.loaner.device
    token = stand_ins.take_over(
        session, installation.seal, own, loan.loaner.device, actor=actor, now=now
    )
    loan.handed_out_at = now
    audit.record(session, actor, "loan.hand-out", loan.subject, now, repair=loan.unit.name)
    serial = loan.loaner.device.serial or ""
    records.record(
        session, loan.unit, EventKind.LOANER_OUT, actor, now,
        text_ru=f"{serial}: верните его в течение {DUE_DAYS} дней после того, как получите свой.",
        text_en=f"{serial}: return it within {DUE_DAYS} days of getting your own back.",
    )  # fmt: skip
    to = filing.addressed(installation, loan.unit.report)
    letter = letters.handed_out(to, loan.unit.serial, serial)
    outbox.post(session, letter, installation.option(MailOptions), now=now)
    return token


def cancel(session: Session, loan_id: int, *, actor: str, now: datetime) -> None:
    """Give a reserved phone back to the pool."""
    loan = get(session, loan_id)
    if loan.handed_out_at is not None or loan.ended_at is not None:
        raise LoanStepError
    loan.ended_at = now
    audit.record(session, actor, "loan.cancel", loan.subject, now)


def came_back(
    session: Session, installation: Installation, loan_id: int, *, actor: str, now: datetime
) -> None:
    """The loaner is here. The customer is told to change what it knew: the lines' passwords."""
    loan = get(session, loan_id)
    if loan.handed_out_at is None or loan.returned_at is not None or loan.ended_at is not None:
        raise LoanStepError
    loan.returned_at = now
    audit.record(session, actor, "loan.back", loan.subject, now)
    serial = loan.loaner.device.serial or ""
    records.record(session, loan.unit, EventKind.LOANER_BACK, actor, now, text=serial)
    to = filing.addressed(installation, loan.unit.report)
    letter = letters.came_back(to, serial)
    outbox.post(session, letter, installation.option(MailOptions), now=now)


def wipe(session: Session, loan_id: int, *, actor: str, now: datetime) -> None:
    """C-9: nothing of the customer's is left, no secret of the loan opens anything."""
    loan = get(session, loan_id)
    if loan.returned_at is None or loan.wiped_at is not None:
        raise LoanStepError
    stand_ins.forget(session, loan.loaner.device, actor=actor, now=now)
    loan.wiped_at = loan.ended_at = now
    audit.record(session, actor, "loan.wipe", loan.subject, now)


def lost(session: Session, loan_id: int, *, actor: str, now: datetime) -> None:
    """It will not come back: its secrets end at once, and its value is owed."""
    loan = get(session, loan_id)
    if loan.handed_out_at is None or loan.returned_at is not None or loan.ended_at is not None:
        raise LoanStepError
    stand_ins.forget(session, loan.loaner.device, actor=actor, now=now)
    loan.ended_at = loan.loaner.lost_at = now
    audit.record(session, actor, "loan.lost", loan.subject, now, owed=str(loan.loaner.value))


def get(session: Session, loan_id: int) -> Loan:
    """A loan, locked; raises UnknownLoanError."""
    query = select(Loan).where(Loan.id == loan_id).with_for_update(of=Loan)
    found = session.scalar(query) if 0 < loan_id < _ID_MAX else None
    if found is None:
        raise UnknownLoanError
    return found


def remind(session: Session, installation: Installation, now: datetime) -> int:
    """Write to who has a loaner that is nearly or past due, once for each; how many letters."""
    today, count = moscow_date(now), 0
    query = select(Loan).where(Loan.handed_out_at.is_not(None), Loan.returned_at.is_(None))
    for loan in session.scalars(query.where(Loan.ended_at.is_(None))).all():
        due = pool.due_of(loan)
        if due is None or today < add_days(due, -REMIND_BEFORE):
            continue
        to = filing.addressed(installation, loan.unit.report)
        serial, late = loan.loaner.device.serial or "", today > due
        letter = letters.due_back(to, serial, due, loan.loaner.value, about=loan.subject, late=late)
        told = select(OutgoingMail.id).where(
            OutgoingMail.purpose == letter.purpose, OutgoingMail.about == letter.about
        )
        if session.scalar(told) is None:
            options = installation.option(MailOptions)
            count += outbox.post_or_record(session, letter, options, now=now)
    return count
