"""N-5: overdue debts, as the accounts told them on a day. An old figure refuses nobody."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from accounts.models import Organisation
from storage.clock import moscow_date
from storage.refusals import RefusedError
from support.agreements.models import Receivable
from support.work_calendar import WorkCalendar

#: What the column holds: 14 digits, two of them after the point.
_LIMIT = 10**12
_KOPECK = Decimal("0.01")
COLUMNS = ("organisation", "overdue", "as_of")


class DebtTableError(RefusedError):
    code = "debt-table"
    ru = "Строка {row}: {reason_ru}. Ничего не принято."
    en = "Row {row}: {reason}. Nothing was taken."


@dataclass(frozen=True)
class Debt:
    """What is owed, and on which day that was so."""

    overdue: Decimal
    as_of: date

    def may_refuse(self, calendar: WorkCalendar, today: date) -> bool:
        """Whether there is a debt and the figure is at most one working day old."""
        return self.overdue > 0 and not self.is_stale(calendar, today)

    def is_stale(self, calendar: WorkCalendar, today: date) -> bool:
        """Older than the last working day before today."""
        return self.as_of < calendar.last_working(today - timedelta(days=1))


def of(session: Session, organisation_id: int | None) -> Debt | None:
    """The debt of an organisation, if the accounts ever told one."""
    found = session.get(Receivable, organisation_id) if organisation_id else None
    return Debt(found.overdue, found.as_of) if found else None


def take_in(session: Session, table: str, *, actor: str, now: datetime) -> int:
    """Take in the accounts' table (organisation, overdue, as_of), all or nothing; how many rows.

    Raises DebtTableError naming the row.
    """
    rows = _rows(table)
    if not rows or any(column not in rows[0] for column in COLUMNS):
        columns = ", ".join(COLUMNS)
        raise DebtTableError(
            row=1, reason=f"the columns are {columns}", reason_ru=f"нужны столбцы {columns}"
        )
    for number, row in enumerate(rows, 2):
        _take_row(session, number, row, actor=actor, now=now)
    audit.record(session, actor, "debts.import", "debts", now, rows=len(rows))
    return len(rows)


def every(session: Session) -> Sequence[tuple[str, Receivable]]:
    """Every figure told, with the organisation's name; the largest first."""
    query = (
        select(Organisation.name, Receivable)
        .join(Organisation, Organisation.id == Receivable.organisation_id)
        .order_by(Receivable.overdue.desc(), Organisation.name)
    )
    return [(name, row) for name, row in session.execute(query)]


def _rows(table: str) -> Sequence[dict[str, str]]:
    dialect = ";" if table.partition("\n")[0].count(";") else ","
    rows = csv.DictReader(io.StringIO(table, newline=""), delimiter=dialect)
    try:
        return list(rows)
    except csv.Error as error:
        raise DebtTableError(
            row=rows.line_num,
            reason="this is not a row of a table",
            reason_ru="это не строка таблицы",
        ) from error


def _take_row(
    session: Session, number: int, row: dict[str, str], *, actor: str, now: datetime
) -> None:
    name = (row["organisation"] or "").strip()
    organisation = session.scalar(select(Organisation).where(Organisation.name == name))
    if organisation is None:
        raise DebtTableError(
            row=number,
            reason=f"no organisation “{name[:64]}”",
            reason_ru=f"нет организации «{name[:64]}»",
        )
    debt = _debt(row)
    if debt is None or debt.as_of > moscow_date(now):
        raise DebtTableError(
            row=number,
            reason="an amount like 1200.50 and a past day like 2026-11-20 are needed",
            reason_ru="нужны сумма вида 1200.50 и прошедший день вида 2026-11-20",
        )
    known = session.get(Receivable, organisation.id)
    if known is None:
        known = Receivable(organisation_id=organisation.id)
        session.add(known)
    elif debt.as_of < known.as_of:
        raise DebtTableError(
            row=number,
            reason=f"a newer figure of {known.as_of} is known",
            reason_ru=f"уже известны более новые данные, от {known.as_of}",
        )
    known.overdue, known.as_of = debt.overdue, debt.as_of
    known.imported_by, known.imported_at = actor, now


def _debt(row: dict[str, str]) -> Debt | None:
    amount = "".join((row["overdue"] or "").split()).replace(",", ".")
    try:
        debt = Debt(Decimal(amount), date.fromisoformat((row["as_of"] or "").strip()))
    except (InvalidOperation, ValueError):
        return None
    # What would be rounded up to it does not fit either.
    fits = debt.overdue.is_finite() and 0 <= debt.overdue <= _LIMIT - _KOPECK
    return debt if fits else None
