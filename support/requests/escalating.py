"""S-14 as work: tells the team once of each level of each promise; and ends what is over."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.clock import moscow_date
from storage.installation import Installation
from support.calendars import keeping
from support.calendars.keeping import KnownCalendar
from support.civil_dates import add_days
from support.mailroom import outbox
from support.mailroom.options import MailOptions
from support.requests import letters, records, talking
from support.requests.models import RequestEscalation, SupportRequest
from support.requests.vocabulary import EventKind
from support.sla import escalation
from support.sla.escalation import Escalation
from support.sla.log import State
from support.work_calendar import WorkCalendar

ACTOR = "schedule"
#: What is resolved and not objected to for so many working days is closed.
CLOSE_AFTER_WORKING_DAYS = 5
_OPEN = (State.NEW, State.OPEN, State.WAITING_CUSTOMER, State.WAITING_RMA_INBOUND)


def tell(session: Session, installation: Installation, now: datetime) -> int:
    """Tell of every level that was reached and not told of yet; how many."""
    known = keeping.current(session)
    open_ones = session.scalars(select(SupportRequest).where(SupportRequest.state.in_(_OPEN))).all()
    logs = records.logs(session, [request.id for request in open_ones])
    told = 0
    for request in open_ones:
        for found in escalation.due(logs[request.id], known.calendar, now):
            if session.get(RequestEscalation, (request.id, found.promise.value, found.level)):
                continue
            _tell_one(session, installation, request, found, known, now)
            told += 1
    return told


def close_resolved(session: Session, now: datetime) -> int:
    """Close what was resolved long enough ago; how many."""
    known = keeping.current(session)
    before = now - timedelta(days=CLOSE_AFTER_WORKING_DAYS)
    query = select(SupportRequest).where(
        SupportRequest.state == State.RESOLVED, SupportRequest.state_since < before
    )
    closed = 0
    for request in session.scalars(query).all():
        last = _last_day(moscow_date(request.state_since), known.calendar)
        if moscow_date(now) > last:
            talking.close(session, request, actor=ACTOR, now=now)
            closed += 1
    return closed


def _last_day(resolved_on: date, calendar: WorkCalendar) -> date:
    day = resolved_on
    for _ in range(CLOSE_AFTER_WORKING_DAYS):
        day = calendar.next_working(add_days(day, 1))
    return day


def _tell_one(
    session: Session,
    installation: Installation,
    request: SupportRequest,
    found: Escalation,
    known: KnownCalendar,
    now: datetime,
) -> None:
    session.add(
        RequestEscalation(
            request_id=request.id, promise=found.promise.value, level=found.level, told_at=now
        )
    )
    records.record(
        session, request, EventKind.ESCALATED, ACTOR, now,
        promise=found.promise.value, level=found.level,
    )  # fmt: skip
    options = installation.option(MailOptions)
    if not options.team:
        return
    log = records.logs(session, [request.id])[request.id]
    clock = records.clocks_of(request, log, known, now)[found.promise]
    letter = letters.escalated(
        options.team,
        number=request.id,
        subject=request.subject,
        promise=found.promise.phrase,
        level=found.level,
        deadline=clock.deadline,
        link=f"{installation.public_url}/staff/requests/{request.id}",
        assigned_to=request.assigned_to or "",
    )
    outbox.post(session, letter, options, now=now)
