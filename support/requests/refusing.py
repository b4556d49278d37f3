"""N-6: refusing to register a request: proposed by one, decided by another, told, and appealable.

Until it is decided the request is as any other and its clock runs; a refusal in force takes the
clock away, and a refusal lifted on appeal gives it back from the first letter on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts import audit
from accounts.models import Role
from storage.clock import moscow_date
from storage.installation import Installation
from storage.refusals import ConflictError, NotFoundError
from support.agreements import debts
from support.calendars import keeping
from support.mailroom import outbox
from support.mailroom.options import MailOptions
from support.phrases import Phrase
from support.requests import duplicates, letters, records, refusal_rules
from support.requests.acknowledging import missing
from support.requests.models import Refusal, RequestEvent, RequestMessage, SupportRequest
from support.requests.refusal_rules import Case, Grounds, RefusalTextError
from support.requests.vocabulary import Author, EventKind, RefusalCode, RefusalState
from support.sla.log import State

TEXT_MAX = 5000
#: A refusal that is under way or holds: there is no second one beside it.
ALIVE = (RefusalState.PROPOSED, RefusalState.IN_FORCE, RefusalState.APPEALED, RefusalState.UPHELD)
#: A refusal that is in force, disputed or not.
KEPT = (RefusalState.IN_FORCE, RefusalState.APPEALED, RefusalState.UPHELD)


class RefusalUnderWayError(ConflictError):
    code = "refusal-under-way"
    ru = "Отказ по этому обращению уже предложен или действует."
    en = "A refusal of this request is proposed or in force already."


class NoRefusalError(NotFoundError):
    code = "no-refusal"
    ru = "По этому обращению нет отказа, который ждёт решения."
    en = "This request has no refusal that awaits a decision."


class SecondOpinionError(ConflictError):
    code = "second-opinion"
    ru = "Решает другой сотрудник, не тот, кто предложил отказ или принял его."
    en = "Somebody else decides: not who proposed the refusal or put it in force."


class LeadError(ConflictError):
    code = "refusal-lead"
    ru = "По этой причине решает руководитель поддержки (администратор)."
    en = "For this reason the head of support decides (an administrator)."


class AppealTextError(RefusalTextError):
    code = "appeal-text"
    field = "appeal"
    ru = "Напишите, почему вы не согласны: до {limit} знаков."
    en = "Say why you disagree: up to {limit} characters."


@dataclass(frozen=True)
class Judge:
    """Who decides."""

    login: str
    is_lead: bool

    @classmethod
    def of(cls, login: str, role: Role) -> "Judge":
        return cls(login, role == Role.ADMIN)


def propose(
    session: Session,
    request: SupportRequest,
    code: RefusalCode,
    text: str,
    grounds: Grounds,
    *,
    actor: str,
    now: datetime,
) -> Refusal:
    """Propose to refuse; nobody is told yet. Raises what says why the code does not fit."""
    plain = _text(text, RefusalTextError)
    if alive(session, request.id) or State(request.state).is_over:
        raise RefusalUnderWayError
    known = keeping.current(session)
    evidence = refusal_rules.check(
        code, case_of(session, request), grounds, known.calendar, moscow_date(now)
    )
    row = Refusal(
        request_id=request.id,
        code=code,
        state=RefusalState.PROPOSED,
        text=plain,
        evidence=evidence,
        proposed_by=actor,
        proposed_at=now,
    )
    session.add(row)
    session.flush()
    _note(session, request, row, actor, now)
    return row


def decide(
    session: Session,
    installation: Installation,
    request: SupportRequest,
    *,
    agree: bool,
    judge: Judge,
    now: datetime,
) -> Refusal:
    """A second person agrees, and the sender is told; or turns it down, and the work goes on."""
    row = _waiting(session, request.id, RefusalState.PROPOSED)
    if judge.login == row.proposed_by:
        raise SecondOpinionError
    code = RefusalCode(row.code)
    if refusal_rules.needs_lead(code) and not judge.is_lead:
        raise LeadError
    row.decided_by, row.decided_at = judge.login, now
    if not agree:
        row.state = RefusalState.REJECTED
        _note(session, request, row, judge.login, now)
        return row
    row.state = RefusalState.IN_FORCE
    records.set_state(session, request, State.REFUSED, judge.login, now)
    if code is RefusalCode.ABUSE:
        _restrict(session, request)
    _note(session, request, row, judge.login, now)
    if request.contact_email:
        letter = letters.refused(
            records.addressed(installation, request), code.phrase, row.text, _extra(row, request)
        )
        outbox.post(session, letter, installation.option(MailOptions), now=now)
    return row


def appeal(session: Session, request: SupportRequest, text: str, *, now: datetime) -> Refusal:
    """The sender disagrees; once for each refusal."""
    row = _waiting(session, request.id, RefusalState.IN_FORCE)
    row.appeal, row.appealed_at = _text(text, AppealTextError), now
    row.state = RefusalState.APPEALED
    _note(session, request, row, "customer", now)
    return row


def decide_appeal(
    session: Session,
    installation: Installation,
    request: SupportRequest,
    text: str,
    *,
    lift: bool,
    judge: Judge,
    now: datetime,
) -> Refusal:
    """Somebody who had no part in the refusal upholds it, or lifts it and the work begins."""
    row = _waiting(session, request.id, RefusalState.APPEALED)
    if judge.login in {row.proposed_by, row.decided_by}:
        raise SecondOpinionError
    row.appeal_answer = _text(text, RefusalTextError)
    row.appeal_decided_by, row.appeal_decided_at = judge.login, now
    row.state = RefusalState.LIFTED if lift else RefusalState.UPHELD
    if lift:
        _give_back(session, request)
        records.set_state(session, request, State.OPEN, judge.login, now)
    _note(session, request, row, judge.login, now)
    if request.contact_email:
        letter = letters.appeal_decided(
            records.addressed(installation, request), row.appeal_answer, lifted=lift
        )
        outbox.post(session, letter, installation.option(MailOptions), now=now)
    return row


def case_of(session: Session, request: SupportRequest) -> Case:
    """What is known of the request for a refusal of it."""
    asked = select(RequestEvent.at).where(
        RequestEvent.request_id == request.id, RequestEvent.kind == EventKind.ASKED
    )
    return Case(
        missing=missing(request),
        asked_at=session.scalar(asked.order_by(RequestEvent.at).limit(1)),
        duplicates=[one.id for one in duplicates.earlier(session, request)],
        debt=debts.of(session, request.organisation_id),
    )


def alive(session: Session, number: int) -> Refusal | None:
    """The refusal that is proposed or in force, if there is one."""
    query = select(Refusal).where(Refusal.request_id == number, Refusal.state.in_(ALIVE))
    return session.scalar(query.order_by(Refusal.id.desc()).limit(1))


def of_request(session: Session, number: int) -> Sequence[Refusal]:
    """Every refusal of a request, the newest first."""
    query = select(Refusal).where(Refusal.request_id == number).order_by(Refusal.id.desc())
    return session.scalars(query).all()


def awaiting(session: Session) -> Sequence[Refusal]:
    """Refusals and appeals that wait for a second person, the oldest first."""
    waiting = (RefusalState.PROPOSED, RefusalState.APPEALED)
    query = select(Refusal).where(Refusal.state.in_(waiting)).order_by(Refusal.id)
    return session.scalars(query).all()


def counts(session: Session) -> dict[RefusalCode, int]:
    """How many refusals were put in force, by code (N-6)."""
    found = session.scalars(select(Refusal.code).where(Refusal.state.in_(KEPT))).all()
    return {code: found.count(code) for code in RefusalCode}


def _waiting(session: Session, number: int, state: RefusalState) -> Refusal:
    query = select(Refusal).where(Refusal.request_id == number, Refusal.state == state)
    found = session.scalar(query.with_for_update())
    if found is None:
        raise NoRefusalError
    return found


def _restrict(session: Session, request: SupportRequest) -> None:
    """N-3: the original is kept, for administrators alone."""
    mine = (RequestMessage.request_id == request.id, RequestMessage.author == Author.CUSTOMER)
    session.execute(update(RequestMessage).where(*mine).values(restricted=True))


def _give_back(session: Session, request: SupportRequest) -> None:
    """The clock of a refusal that was lifted counts as if there had been none."""
    refused = [
        event
        for event in records.events(session, request.id)
        if event.kind == EventKind.STATE and event.details.get("state") == State.REFUSED
    ]
    for event in refused:
        event.kind = EventKind.REFUSAL
    request.verdict = request.promises_kept = None
    request.closed_at = None


def _extra(row: Refusal, request: SupportRequest) -> str:
    number = row.evidence.get("duplicate_of")
    manual = row.evidence.get("manual")
    said = Phrase("", "")
    if number:
        said = Phrase(
            f"\n\nНомер первого обращения — {number}.", f"\n\nThe first request is number {number}."
        )
    elif manual:
        said = Phrase(f"\n\nПоможет: {manual}", f"\n\nThis will help: {manual}")
    return said.text(request.language)


def _note(
    session: Session, request: SupportRequest, row: Refusal, actor: str, now: datetime
) -> None:
    records.record(
        session, request, EventKind.REFUSAL, actor, now, code=row.code, state=row.state.value
    )
    audit.record(
        session, actor, f"refusal.{row.state.value}", request.audit_subject, now, code=row.code
    )


def _text(text: str, error: type[RefusalTextError]) -> str:
    plain = text.strip()
    if not 0 < len(plain) <= TEXT_MAX:
        raise error(limit=TEXT_MAX)
    return plain
