"""What is past its term: shown before it goes, and taken away once a day."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, delete, func, select, update
from sqlalchemy.orm import Session

from accounts import audit
from portal import tables
from portal.personal_data import consent_ends, erasing, erasure_log, exporting, finding, sweeping
from portal.personal_data.bases import Basis
from storage.blob_keeping import collecting
from storage.installation import Installation
from storage.people import Held
from support.personal_data import terms
from support.personal_data.models import ErasureAct, SubjectExport
from support.personal_data.register import PersonalClass, shipped
from support.personal_data.terms import Terms

ACTOR = "schedule"
SOON = timedelta(days=30)
#: Rounds of one run: a room gives so many things at once, and the rest goes tomorrow.
ROUNDS = 50


@dataclass(frozen=True)
class Due:
    """What of a class is past its term now, and what will be within the next days."""

    about: PersonalClass
    days: int
    now: Sequence[Held] = ()
    soon: Sequence[Held] = ()
    #: Rows of which only columns are emptied, or which are deleted whole.
    rows_now: int = 0
    rows_soon: int = 0


@dataclass
class Expired:
    """What one run took away: lines of the act, and bytes to discard."""

    log: list[dict[str, object]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def look(session: Session, now: datetime) -> Sequence[Due]:
    """What would go now and soon, class by class; nothing changes."""
    known = terms.current(session)
    found = []
    for one in shipped().classes:
        days = known.days.get(one.code, 0)
        if not days:
            continue
        due = _over(session, one, known, now)
        later = _over(session, one, known, now + SOON)
        subjects = {held.subject for held in due}
        rows_now = _rows(session, one, now - timedelta(days=days))
        rows_later = _rows(session, one, now + SOON - timedelta(days=days))
        soon = [held for held in later if held.subject not in subjects]
        found.append(Due(one, days, due, soon, rows_now, rows_later - rows_now))
    return found


def run(installation: Installation, now: datetime, discarded_at: datetime) -> int:
    """Take away what is past its term, with an act; how many things. It may run again at once.

    `discarded_at` is the present of the store of bytes.
    """
    for _round in range(ROUNDS):
        with installation.database.writing() as session:
            if not consent_ends.end(session, now):
                break
    total = 0
    for _round in range(ROUNDS):
        done = Expired()
        with installation.database.writing() as session:
            installation.database.alone(session, erasing.LOCK)
            installation.database.overwrite_erased(session)
            _take_away(session, installation, done, now)
            if done.log:
                _record(session, done, now)
        if not done.log:
            break
        total += len(done.log)
        collecting.discard(installation.database, installation.blobs, done.files, discarded_at)
    if total:
        installation.database.empty_journal()
    erasure_log.write(installation)
    return total


def _take_away(session: Session, installation: Installation, done: Expired, now: datetime) -> None:
    known = terms.current(session)
    for one in shipped().classes:
        if one.code not in known.days:
            continue
        for held in _over(session, one, known, now):
            finding.holder_of(one.code).erase(session, installation, held, now)
            if held.category == "account":
                sweeping.forget_logins(session, {str(held.says["login"]): int(held.key)})
            done.files += [file.sha256 for file in held.files]
            line = {"class": one.code, "subject": held.subject, "files": len(held.files)}
            done.log.append({**line, "done": "erased"})
        count = _empty(session, one, now - timedelta(days=known.days[one.code]))
        if count:
            line = {"class": one.code, "subject": f"{one.code}:*", "files": 0, "count": count}
            done.log.append({**line, "done": "erased"})
    gone = session.scalars(select(SubjectExport).where(SubjectExport.expires_at <= now)).all()
    if gone:
        done.files += exporting.drop(session, gone)
        line = {"class": exporting.CLASS, "subject": "export:*", "files": len(gone)}
        done.log.append({**line, "count": len(gone), "done": "erased"})


def _record(session: Session, done: Expired, now: datetime) -> None:
    act = ErasureAct(
        person="", reason=Basis.TERM.value, erased_by=ACTOR, erased_at=now, log=done.log
    )
    session.add(act)
    session.flush()
    audit.record(session, ACTOR, "personal-data.expire", act.subject, now, things=len(done.log))


def _over(session: Session, one: PersonalClass, known: Terms, now: datetime) -> Sequence[Held]:
    """The things of a class whose term has ended by an instant."""
    holder = next((room for room in finding.HOLDERS if one.code in room.categories), None)
    if holder is None:
        return []
    before = one.over_before(now, known.days[one.code])
    found = holder.expired(session, one.code, before)
    ends = [(held, known.ends_at(held)) for held in found]
    return [held for held, end in ends if end is not None and end <= now]


def _rows(session: Session, one: PersonalClass, before: datetime) -> int:
    """Rows of which a column would be emptied, and rows that would be deleted."""
    count = 0
    for column, at in _emptied(one):
        query = select(func.count()).where(at < before, column != "")
        count += session.scalar(query) or 0
    for at in _deleted(one):
        count += session.scalar(select(func.count()).where(at < before)) or 0
    return count


def _empty(session: Session, one: PersonalClass, before: datetime) -> int:
    session.flush()
    count = _rows(session, one, before)
    for column, at in _emptied(one):
        where = (at < before, column != "")
        session.execute(update(column.table).where(*where).values({column.name: ""}))
    for at in _deleted(one):
        session.execute(delete(at.table).where(at < before))
    session.expire_all()
    return count


def _emptied(one: PersonalClass) -> list[tuple[Column[Any], Column[Any]]]:
    return [
        (_column(name), _column(f"{name.partition('.')[0]}.{at}"))
        for name, at in one.emptied.items()
    ]


def _deleted(one: PersonalClass) -> list[Column[Any]]:
    return [_column(f"{table}.{at}") for table, at in one.deleted.items()]


def _column(name: str) -> Column[Any]:
    table, _, column = name.partition(".")
    return tables.metadata.tables[table].c[column]
