"""A person's request for their data: registered, prolonged once, answered, reminded of in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import column, select, table
from sqlalchemy.orm import Session

from accounts import audit
from storage.clock import MOSCOW, moscow_date
from storage.installation import Installation
from support.calendars import keeping as calendars
from support.civil_dates import add_days
from support.mailroom import outbox
from support.mailroom.letters import Letter
from support.mailroom.options import MailOptions
from support.mailroom.threads import bare_address
from support.subject_requests import letters
from support.subject_requests.clock import Level, SubjectClock, clock_of
from support.subject_requests.models import SubjectRequest
from support.subject_requests.refused import (
    AnsweredAlreadyError,
    CameAtError,
    CorrectionTermError,
    ExtendedAlreadyError,
    SubjectMailError,
    SubjectTextError,
    TooLateToExtendError,
    UnknownSubjectRequestError,
    WhoAsksError,
)
from support.subject_requests.vocabulary import Channel, Kind, Outcome

TEXT_MAX = 10_000
NAME_MAX, PHONE_MAX = 120, 40
OLDEST_DAYS = 366
_ID_MAX = 2**31
_NOON = time(12)
#: One registration at a time: a form sent twice is one request.
LOCK = "subject-requests"
#: The table of a room that stands above this one.
_SUPPORT_REQUESTS = table("support_request", column("id"))


@dataclass(frozen=True)
class NewSubjectRequest:
    """A request as staff write it down; `form_key` makes a form sent twice one request."""

    kind: Kind
    channel: Channel
    came_on: date
    name: str
    email: str
    phone: str
    words: str
    form_key: str
    language: str = "ru"
    request_id: int | None = None


@dataclass(frozen=True)
class Watched:
    """A request with its clock."""

    asked: SubjectRequest
    clock: SubjectClock


def register(
    session: Session, installation: Installation, new: NewSubjectRequest, *, actor: str,
    now: datetime,
) -> SubjectRequest:  # fmt: skip
    """Write it down and tell the person by when it is answered."""
    installation.database.alone(session, LOCK)
    known = select(SubjectRequest).where(SubjectRequest.form_key == new.form_key)
    if (found := session.scalar(known)) is not None:
        return found
    email = bare_address(new.email)
    _check(new, email, moscow_date(now))
    made = SubjectRequest(
        form_key=new.form_key,
        kind=new.kind,
        channel=new.channel,
        came_at=min(datetime.combine(new.came_on, _NOON, MOSCOW), now),
        name=new.name.strip(),
        email=email,
        phone=new.phone.strip()[:PHONE_MAX],
        language=new.language,
        words=_text(new.words),
        request_id=_known_request(session, new.request_id),
        registered_by=actor,
        registered_at=now,
    )
    session.add(made)
    session.flush()
    audit.record(session, actor, "subject-request.register", made.subject, now, kind=made.kind)
    clock = watched(session, made, now).clock
    _tell(session, installation, letters.registered(made, clock), now)
    return made


def extend(
    session: Session, installation: Installation, number: int, reason: str, *, actor: str,
    now: datetime,
) -> None:  # fmt: skip
    """Take 5 working days more, once, for a reason that the person is told; no correction does."""
    asked = _open(session, number)
    if asked.kind_now is Kind.CORRECTION:
        raise CorrectionTermError
    if asked.extended_at is not None:
        raise ExtendedAlreadyError
    clock = watched(session, asked, now).clock
    if clock.is_late:
        raise TooLateToExtendError(day=f"{clock.last_day:%d.%m.%Y}")
    asked.extension_reason = _text(reason)
    asked.extended_at, asked.extended_by, asked.reminded = now, actor, Level.CALM
    audit.record(session, actor, "subject-request.extend", asked.subject, now)
    last = watched(session, asked, now).clock.last_day
    _tell(session, installation, letters.extended(asked, last), now)


def answer(
    session: Session, installation: Installation, number: int, outcome: Outcome, text: str, *,
    actor: str, now: datetime,
) -> None:  # fmt: skip
    """Answer it, which stops the clock; by mail where there is an address."""
    asked = _open(session, number)
    asked.answer, asked.outcome = _text(text), outcome
    asked.answered_at, asked.answered_by = now, actor
    audit.record(
        session, actor, "subject-request.answer", asked.subject, now, outcome=outcome.value
    )
    _tell(session, installation, letters.answered(asked), now)


def get(session: Session, number: int) -> SubjectRequest:
    """One request; raises UnknownSubjectRequestError."""
    found = session.get(SubjectRequest, number) if 0 < number < _ID_MAX else None
    if found is None:
        raise UnknownSubjectRequestError
    return found


def watched(session: Session, asked: SubjectRequest, now: datetime) -> Watched:
    """The request with its clock by the calendar in force."""
    return _with_clocks(session, [asked], now)[0]


def open_ones(session: Session, now: datetime) -> Sequence[Watched]:
    """What waits for an answer, the most urgent first."""
    query = select(SubjectRequest).where(SubjectRequest.answered_at.is_(None))
    found = _with_clocks(session, session.scalars(query).all(), now)
    return sorted(found, key=lambda one: (one.clock.last_day, one.asked.id))


def answered(session: Session, now: datetime, limit: int) -> Sequence[Watched]:
    """What was answered, the latest first."""
    query = select(SubjectRequest).where(SubjectRequest.answered_at.is_not(None))
    latest = query.order_by(SubjectRequest.answered_at.desc()).limit(limit)
    return _with_clocks(session, session.scalars(latest).all(), now)


def remind(session: Session, installation: Installation, now: datetime) -> int:
    """Tell the team of each level of each clock once; how many were reached."""
    count, options = 0, installation.option(MailOptions)
    for one in open_ones(session, now):
        if one.clock.level <= one.asked.reminded:
            continue
        one.asked.reminded, count = one.clock.level, count + 1
        if options.team:
            link = f"{installation.public_url}/staff/subject-requests/{one.asked.id}"
            letter = letters.closing(one.asked, one.clock, options.team, link)
            outbox.post_or_record(session, letter, options, now=now)
    return count


def _with_clocks(
    session: Session, rows: Sequence[SubjectRequest], now: datetime
) -> Sequence[Watched]:
    calendar = calendars.current(session).calendar
    return [
        Watched(
            one,
            clock_of(
                one.came_at,
                one.answered_at,
                calendar,
                now,
                kind=one.kind_now,
                extended=one.extended_at is not None,
            ),
        )
        for one in rows
    ]


def _open(session: Session, number: int) -> SubjectRequest:
    get(session, number)
    query = select(SubjectRequest).where(SubjectRequest.id == number).with_for_update()
    found = session.scalars(query.execution_options(populate_existing=True)).one()
    if found.answered_at is not None:
        raise AnsweredAlreadyError
    return found


def _check(new: NewSubjectRequest, email: str, today: date) -> None:
    if new.email.strip() and not email:
        raise SubjectMailError
    if not 0 < len(new.name.strip()) <= NAME_MAX or not (email or new.phone.strip()):
        raise WhoAsksError
    if not add_days(today, -OLDEST_DAYS) <= new.came_on <= today:
        raise CameAtError


def _known_request(session: Session, number: int | None) -> int | None:
    known = select(_SUPPORT_REQUESTS.c.id).where(_SUPPORT_REQUESTS.c.id == number)
    return number if number and session.scalar(known) else None


def _text(typed: str) -> str:
    lines = typed.replace("\r\n", "\n").expandtabs(4).split("\n")
    plain = "\n".join("".join(c for c in line if c.isprintable()) for line in lines).strip()
    if not 0 < len(plain) <= TEXT_MAX:
        raise SubjectTextError(limit=TEXT_MAX)
    return plain


def _tell(session: Session, installation: Installation, letter: Letter, now: datetime) -> None:
    if letter.recipient:
        outbox.post_or_record(session, letter, installation.option(MailOptions), now=now)
