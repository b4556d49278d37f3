"""The letter that says that a request came, from when it counts, and what it still lacks."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from storage.installation import Installation
from support import business_time
from support.agreements.tiers import Reason, Tier
from support.calendars import keeping
from support.calendars.keeping import KnownCalendar
from support.mailroom import outbox
from support.mailroom.options import MailOptions
from support.packages.package import Promise
from support.requests import letters, records
from support.requests.models import SupportRequest
from support.requests.new_request import NewRequest
from support.requests.vocabulary import EventKind

#: RFC 3834: acknowledgements to one person in a day, over all requests.
ACKS_DAILY = 5


def tell(
    session: Session,
    installation: Installation,
    request: SupportRequest,
    new: NewRequest,
    tier: Tier,
    now: datetime,
) -> None:
    """Say that it came. Too many such letters to one person would be a loop's (RFC 3834)."""
    day = now - timedelta(days=1)
    if outbox.automatic_since(session, request.contact_email, day) >= ACKS_DAILY:
        return
    known = keeping.current(session)
    lacking, told = missing(request), records.tells_tier(request)
    letter = letters.acknowledged(
        records.addressed(installation, request, new.in_reply_to),
        counts_from=business_time.next_opening(known.calendar, new.came_at),
        is_open=business_time.is_open(known.calendar, new.came_at)
        or (told and _around_the_clock(session, request, known, now)),
        answer_by=_answer_by(session, request, known, now) if told else None,
        missing=lacking,
        has_contract=told and tier.reason is Reason.CONTRACT,
    )
    outbox.post(session, letter, installation.option(MailOptions), now=now)
    if lacking:
        records.record(session, request, EventKind.ASKED, "acknowledgement", now, missing=lacking)


def missing(request: SupportRequest) -> tuple[str, ...]:
    """N-1: what of the required set was not told (the problem and a contact always are)."""
    told = {
        "product": request.product,
        "serial": request.serials,
        "firmware": request.firmware,
    }
    return tuple(name for name, value in told.items() if not value)


def _answer_by(
    session: Session, request: SupportRequest, known: KnownCalendar, now: datetime
) -> datetime | None:
    log = records.logs(session, [request.id])[request.id]
    return records.clocks_of(request, log, known, now)[Promise.RESPONSE].deadline


def _around_the_clock(
    session: Session, request: SupportRequest, known: KnownCalendar, now: datetime
) -> bool:
    log = records.logs(session, [request.id])[request.id]
    target = records.clocks_of(request, log, known, now)[Promise.RESPONSE].target
    return target is not None and target.around_the_clock
