"""Reading and writing a request's rows: finding it, its events, its clocks."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.installation import Installation
from storage.sealed import Place
from support.calendars.keeping import KnownCalendar
from support.packages.package import Priority, Promise, Target
from support.requests.letters import Addressed
from support.requests.models import RequestEvent, RequestMessage, SupportRequest
from support.requests.refused import ChangedMeanwhileError, UnknownRequestError
from support.requests.vocabulary import EventKind
from support.sla.clocks import Clock, clocks
from support.sla.log import Deed, Entry, State, Terms
from support.sla.verdicts import all_kept, frozen, thawed

_COUNTED = (EventKind.TERMS, EventKind.STATE, EventKind.ANSWERED, EventKind.RESTORED)
_DEEDS = {EventKind.ANSWERED: Deed.ANSWERED, EventKind.RESTORED: Deed.RESTORED}
#: A number past what the database holds is no request's.
_NUMBER_MAX = 2**31


def get(session: Session, number: int) -> SupportRequest:
    """The request of this number; raises UnknownRequestError."""
    found = session.get(SupportRequest, number) if 0 < number < _NUMBER_MAX else None
    if found is None:
        raise UnknownRequestError
    return found


def get_to_change(session: Session, number: int, seen: int | None = None) -> SupportRequest:
    """The request, locked until the transaction ends, its revision raised.

    `seen` is the revision that the person looked at; raises ChangedMeanwhileError if it moved on.
    """
    found = None
    if 0 < number < _NUMBER_MAX:
        query = select(SupportRequest).where(SupportRequest.id == number)
        found = session.scalar(query.with_for_update(of=SupportRequest))
    if found is None:
        raise UnknownRequestError
    if seen is not None and seen != found.revision:
        raise ChangedMeanwhileError
    found.revision += 1
    return found


def by_token(session: Session, token: str) -> SupportRequest:
    """The request that this follow-up address names; raises UnknownRequestError."""
    query = select(SupportRequest).where(SupportRequest.token_sha256 == digest(token))
    found = session.scalar(query)
    if found is None:
        raise UnknownRequestError
    return found


def by_thread(session: Session, threads: Iterable[str]) -> SupportRequest | None:
    """The request of the first token that is one of ours."""
    for thread in threads:
        found = session.scalar(select(SupportRequest).where(SupportRequest.thread == thread))
        if found is not None:
            return found
    return None


def digest(token: str) -> str:
    """What is stored and searched of a follow-up token."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_place(thread: str) -> Place:
    """Where the sealed token of the request with this thread belongs."""
    return Place("support_request", thread, "token_sealed")


def address_of(installation: Installation, request: SupportRequest) -> str:
    """The secret address by which the person follows the request."""
    token = installation.seal.open(request.token_sealed, token_place(request.thread))
    return f"{installation.public_url}/support/r/{token}"


def tells_tier(request: SupportRequest) -> bool:
    """Whether its sender may learn the package, its reason and its clocks.

    Whoever types a serial number into a form has proved nothing: that would tell of a stranger's
    phone its warranty and its contract. A login, a known address or staff name the organisation.
    """
    owner, contract = request.organisation_id, request.contract
    return owner is not None and (contract is None or contract.organisation_id == owner)


def addressed(
    installation: Installation, request: SupportRequest, in_reply_to: str = ""
) -> Addressed:
    """Whom letters about a request go to."""
    return Addressed(
        number=request.id,
        thread=request.thread,
        email=request.contact_email,
        name=request.contact_name,
        language=request.language,
        subject=request.subject,
        link=address_of(installation, request),
        in_reply_to=in_reply_to,
    )


def record(
    session: Session,
    request: SupportRequest,
    kind: EventKind,
    actor: str,
    now: datetime,
    **details: object,
) -> None:
    """Note what happened to a request."""
    session.add(
        RequestEvent(request_id=request.id, at=now, kind=kind, actor=actor, details=details)
    )
    session.flush()


def set_state(
    session: Session, request: SupportRequest, state: State, actor: str, now: datetime
) -> None:
    """Move to a state and note it; the state it is in already changes nothing."""
    if state is State(request.state):
        return
    request.state, request.state_since = state, now
    record(session, request, EventKind.STATE, actor, now, state=state.value)


def set_terms(
    session: Session, request: SupportRequest, terms: Terms, actor: str, now: datetime
) -> None:
    """Promise these terms from `now` on (S-11: what is used stays used)."""
    request.package, request.priority = terms.package, terms.priority
    record(session, request, EventKind.TERMS, actor, now, **_plain(terms))


def events(session: Session, number: int) -> Sequence[RequestEvent]:
    """Everything recorded of a request, in order."""
    query = select(RequestEvent).where(RequestEvent.request_id == number)
    return session.scalars(query.order_by(RequestEvent.at, RequestEvent.id)).all()


def messages(session: Session, number: int) -> Sequence[RequestMessage]:
    """Every message of a request, in order."""
    query = select(RequestMessage).where(RequestMessage.request_id == number)
    return session.scalars(query.order_by(RequestMessage.at, RequestMessage.id)).all()


def has_message(session: Session, number: int, form_key: str) -> bool:
    """Whether the form with this key was stored already."""
    query = select(RequestMessage.id).where(
        RequestMessage.request_id == number, RequestMessage.form_key == form_key
    )
    return session.scalar(query) is not None


def logs(session: Session, numbers: Sequence[int]) -> Mapping[int, Sequence[Entry]]:
    """The logs of many requests, for their clocks, in one query."""
    query = select(RequestEvent).where(
        RequestEvent.request_id.in_(numbers), RequestEvent.kind.in_(_COUNTED)
    )
    found: dict[int, list[Entry]] = {number: [] for number in numbers}
    for event in session.scalars(query.order_by(RequestEvent.at, RequestEvent.id)):
        found[event.request_id].append(_entry(event))
    return found


def clocks_of(
    request: SupportRequest, log: Sequence[Entry], known: KnownCalendar, now: datetime
) -> Mapping[Promise, Clock]:
    """The clocks of a request; those of a closed one are what they were when it was closed."""
    if request.verdict is not None:
        return thawed(request.verdict)
    return clocks(log, known.calendar, now)


def freeze(session: Session, request: SupportRequest, known: KnownCalendar, now: datetime) -> None:
    """Keep what the clocks say now, and by which calendar."""
    log = logs(session, [request.id])[request.id]
    found = clocks(log, known.calendar, now)
    request.verdict, request.promises_kept = frozen(found), all_kept(found)
    request.calendar_version = known.version
    request.closed_at = now


def _entry(event: RequestEvent) -> Entry:
    kind = EventKind(event.kind)
    if kind is EventKind.TERMS:
        return Entry(event.at, terms=_terms(event.details))
    if kind is EventKind.STATE:
        return Entry(event.at, state=State(event.details["state"]))
    return Entry(event.at, deed=_DEEDS[kind])


def _plain(terms: Terms) -> dict[str, Any]:
    return {
        "package": terms.package,
        "priority": terms.priority.value,
        "targets": {
            promise.value: [int(target.within.total_seconds()), target.around_the_clock]
            for promise, target in terms.targets.items()
        },
    }


def _terms(details: Mapping[str, Any]) -> Terms:
    return Terms(
        details["package"],
        Priority(details["priority"]),
        {
            Promise(name): Target(timedelta(seconds=seconds), around_the_clock)
            for name, (seconds, around_the_clock) in details["targets"].items()
        },
    )
