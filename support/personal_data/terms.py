"""For how long each class is kept: as the register says, or as staff have set it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from storage.people import Held
from storage.refusals import NotFoundError, RefusedError
from support.personal_data.models import RetentionTerm
from support.personal_data.register import PersonalClass, shipped

DAYS_MAX = 36_500


class TermDaysError(RefusedError):
    code = "retention-days"
    field = "days"
    ru = "Срок — целое число дней от 1 до {limit}; для этого класса не меньше {least}."
    en = "The term is a whole number of days from 1 to {limit}, and at least {least} here."


class UnknownClassError(NotFoundError):
    code = "unknown-personal-class"
    ru = "Такого класса данных со своим сроком нет."
    en = "There is no such class of data with a term of its own."


@dataclass(frozen=True)
class Terms:
    """Days by class; a class without a term is not among them."""

    days: Mapping[str, int]

    def ends_at(self, held: Held) -> datetime | None:
        """When a thing is to go; None while it is in use, and where its class has no term."""
        days = self.days.get(held.category)
        if days is None or held.over_at is None:
            return None
        return shipped().get(held.category).ends_at(held.over_at, days)


def current(session: Session) -> Terms:
    """The terms that hold now."""
    days = {one.code: one.days for one in shipped().classes if one.days}
    days.update({row.category: row.days for row in session.scalars(select(RetentionTerm))})
    return Terms(days)


def every(session: Session) -> Sequence[tuple[PersonalClass, int]]:
    """The classes with their days, zero for those without a term."""
    found = current(session)
    return [(one, found.days.get(one.code, 0)) for one in shipped().classes]


def checked(code: str, typed: str) -> int:
    """The days of a class as typed; what a law asks for is not kept for fewer than it says.

    Raises UnknownClassError or TermDaysError.
    """
    known = shipped().find(code)
    if known is None or not known.days:
        raise UnknownClassError
    least = known.days if known.legal else 1
    plain = typed.strip()
    days = int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 7 else 0
    if not least <= days <= DAYS_MAX:
        raise TermDaysError(limit=DAYS_MAX, least=least)
    return days


def change(session: Session, code: str, typed: str, *, actor: str, now: datetime) -> None:
    """Keep a class for so many days; raises what `checked` raises."""
    days = checked(code, typed)
    row = session.get(RetentionTerm, code) or RetentionTerm(category=code)
    row.days, row.set_by, row.set_at = days, actor, now
    session.add(row)
    audit.record(session, actor, "personal-data.term", f"personal-data:{code}", now, days=days)
