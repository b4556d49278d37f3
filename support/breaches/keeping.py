"""A leak: registered, its two notices recorded, the team reminded in time, closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from storage.installation import Installation
from support.breaches import letters
from support.breaches.clock import BreachClock, Level, Notice, clocks_of
from support.breaches.models import Breach, BreachNotice
from support.breaches.refused import (
    BreachClosedError,
    BreachTextError,
    FoundAtError,
    NoticeTextError,
    NotToldYetError,
    PeopleCountError,
    ToldAtError,
    UnknownBreachError,
)
from support.mailroom import outbox
from support.mailroom.options import MailOptions

TEXT_MAX = 10_000
NUMBER_MAX = 120
PEOPLE_MAX = 10**9
OLDEST = timedelta(days=366)
#: What staff write of a leak; the first must be known, the rest may follow.
TEXTS = ("what", "data", "cause", "harm", "measures", "contact")
LOCK = "breaches"
_ID_MAX = 2**31


@dataclass(frozen=True)
class Watched:
    """A leak with its clocks."""

    breach: Breach
    clocks: Sequence[BreachClock]

    @property
    def next_clock(self) -> BreachClock | None:
        """The notice that is due first."""
        return next((one for one in self.clocks if one.told_at is None), None)

    @property
    def presses(self) -> bool:
        return any(one.told_at is None for one in self.clocks)


def register(
    session: Session, installation: Installation, texts: Mapping[str, str], found_at: datetime,
    form_key: str, *, actor: str, now: datetime,
) -> Breach:  # fmt: skip
    """Write a leak down; the same form twice is one. The clocks ran already."""
    installation.database.alone(session, LOCK)
    known = session.scalar(select(Breach).where(Breach.form_key == form_key))
    if known is not None:
        return known
    if not now - OLDEST <= found_at <= now:
        raise FoundAtError
    made = Breach(form_key=form_key, found_at=found_at, registered_by=actor, registered_at=now)
    _write(made, texts)
    session.add(made)
    session.flush()
    session.refresh(made)
    audit.record(session, actor, "breach.register", made.subject, now)
    remind(session, installation, now)
    return made


def describe(
    session: Session, breach_id: int, texts: Mapping[str, str], *, actor: str, now: datetime
) -> None:
    """Write what was learned since."""
    breach = _open(session, breach_id)
    _write(breach, texts)
    audit.record(session, actor, "breach.describe", breach.subject, now)


def told(
    session: Session, breach_id: int, notice: Notice, text: str, number: str, told_at: datetime, *,
    actor: str, now: datetime,
) -> BreachNotice:  # fmt: skip
    """Record what the authority was told; the first of its kind stops that clock."""
    breach = _open(session, breach_id)
    if not breach.found_at <= told_at <= now:
        raise ToldAtError
    row = BreachNotice(
        breach_id=breach.id,
        notice=notice,
        told_at=told_at,
        text=_text(text, NoticeTextError),
        number=" ".join(number.split())[:NUMBER_MAX],
        recorded_by=actor,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    session.refresh(breach, ["notices"])
    audit.record(session, actor, f"breach.told-{notice.value}", breach.subject, now)
    return row


def close(session: Session, breach_id: int, *, actor: str, now: datetime) -> None:
    """End it; raises NotToldYetError while the authority was not told of both."""
    breach = _open(session, breach_id)
    if any(one.told_at is None for one in watched(breach, now).clocks):
        raise NotToldYetError
    breach.closed_at, breach.closed_by = now, actor
    audit.record(session, actor, "breach.close", breach.subject, now)


def get(session: Session, breach_id: int) -> Breach:
    """One leak; raises UnknownBreachError."""
    found = session.get(Breach, breach_id) if 0 < breach_id < _ID_MAX else None
    if found is None:
        raise UnknownBreachError
    return found


def watched(breach: Breach, now: datetime) -> Watched:
    """A leak with its clocks as of `now`."""
    notices = [(one.kind, one.told_at) for one in breach.notices]
    return Watched(breach, clocks_of(breach.found_at, notices, now))


def every(session: Session, now: datetime, limit: int) -> Sequence[Watched]:
    """The latest leaks, the open ones first."""
    query = select(Breach).order_by(Breach.closed_at.is_not(None), Breach.found_at.desc())
    return [watched(one, now) for one in session.scalars(query.limit(limit))]


def open_ones(session: Session, now: datetime) -> Sequence[Watched]:
    """The leaks that are not closed, the oldest first."""
    query = select(Breach).where(Breach.closed_at.is_(None)).order_by(Breach.found_at)
    return [watched(one, now) for one in session.scalars(query)]


def remind(session: Session, installation: Installation, now: datetime) -> int:
    """Tell the team of each level of each clock once; how many were reached."""
    count, options = 0, installation.option(MailOptions)
    for one in open_ones(session, now):
        for clock in one.clocks:
            if not _reached(one.breach, clock):
                continue
            count += 1
            if options.team:
                link = f"{installation.public_url}/staff/breaches/{one.breach.id}"
                letter = letters.closing(one.breach, clock, options.team, link)
                outbox.post_or_record(session, letter, options, now=now)
    return count


def _reached(breach: Breach, clock: BreachClock) -> bool:
    """Whether a clock is at a level that was not told of; it is told of from now on."""
    name = f"reminded_{clock.notice.value}"
    level: Level | None = clock.level
    if level is None or level <= getattr(breach, name):
        return False
    setattr(breach, name, level)
    return True


def _open(session: Session, breach_id: int) -> Breach:
    get(session, breach_id)
    query = select(Breach).where(Breach.id == breach_id).with_for_update()
    found = session.scalars(query.execution_options(populate_existing=True)).one()
    if found.closed_at is not None:
        raise BreachClosedError
    return found


def _write(breach: Breach, texts: Mapping[str, str]) -> None:
    for name in TEXTS:
        typed = texts.get(name, "")
        setattr(breach, name, _text(typed, BreachTextError) if name == "what" or typed else "")
    count = texts.get("people", "").strip()
    if count and not (count.isascii() and count.isdigit() and int(count[:12]) <= PEOPLE_MAX):
        raise PeopleCountError
    breach.people = int(count[:12]) if count else None


def _text(typed: str, error: type[BreachTextError | NoticeTextError]) -> str:
    lines = typed.replace("\r\n", "\n").expandtabs(4).split("\n")
    plain = "\n".join("".join(c for c in line if c.isprintable()) for line in lines).strip()
    if not 0 < len(plain) <= TEXT_MAX:
        raise error(limit=TEXT_MAX)
    return plain
