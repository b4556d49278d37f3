"""Numbers of acts: RMA-26-0007, without gaps within a year (F-5)."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from support.cases.models import FaultReport
from support.repairs import records

PREFIX = "RMA"


@dataclass(frozen=True)
class ActNumber:
    """A number that nobody else gets while this transaction is open."""

    year: int
    sequence: int

    @property
    def text(self) -> str:
        return f"{PREFIX}-{self.year % 100:02d}-{self.sequence:04d}"


def next_number(session: Session, year: int) -> ActNumber:
    """The next number of the year; a transaction that fails leaves no gap."""
    records.lock_numbers(session)
    last = select(func.max(FaultReport.sequence)).where(FaultReport.year == year)
    return ActNumber(year, (session.scalar(last) or 0) + 1)
