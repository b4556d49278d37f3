"""The conversation of a request: the User's words, an agent's answers and notes, its states."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from accounts.models import Role, User
from storage.installation import Installation
from support.calendars import keeping
from support.mailroom import outbox
from support.mailroom.options import MailOptions
from support.requests import letters, messages, records, stages
from support.requests.messages import Text
from support.requests.models import RequestLink, RequestMessage, SupportRequest
from support.requests.refused import (
    AssigneeError,
    RequestClosedError,
    UnattestedError,
)
from support.requests.vocabulary import Author, EventKind
from support.rulebook import RULES_VERSION
from support.sla.log import State

AGENTS = frozenset({Role.AGENT, Role.ENGINEER, Role.ADMIN})


@dataclass(frozen=True)
class Answer:
    """An agent's public answer. `then` is the state after it; None leaves it in work."""

    text: Text
    form_key: str
    then: State | None = None
    attested: bool = False


def customer_writes(
    session: Session,
    installation: Installation,
    request: SupportRequest,
    text: Text,
    *,
    form_key: str,
    author_name: str,
    sender: str,
    now: datetime,
) -> RequestMessage:
    """The User's words: any of them end a pause (S-10) and reopen what was called resolved."""
    if State(request.state).is_frozen:
        raise RequestClosedError
    message = messages.add(
        session, installation, request, text,
        author=Author.CUSTOMER, author_name=author_name, form_key=form_key, at=now, sender=sender,
    )  # fmt: skip
    state = stages.after_customer(State(request.state))
    records.set_state(session, request, state, author_name or "customer", now)
    return message


def answer(
    session: Session,
    installation: Installation,
    request: SupportRequest,
    new: Answer,
    *,
    actor: str,
    name: str,
    now: datetime,
) -> RequestMessage:
    """S-9: a person's public answer, which is what a response is. It goes out by mail as well."""
    if State(request.state).is_frozen:
        raise RequestClosedError
    known = messages.same(session, request, new.form_key)
    if known is not None:
        return known
    _attest(session, request, new, actor, now)
    stages.check_step(State(request.state), new.then or State.OPEN)
    message = messages.add(
        session, installation, request, new.text,
        author=Author.AGENT, author_name=name, form_key=new.form_key, at=now, sender=actor,
    )  # fmt: skip
    records.record(session, request, EventKind.ANSWERED, actor, now)
    if new.then is State.RESOLVED:
        records.record(session, request, EventKind.RESTORED, actor, now)
    records.set_state(session, request, new.then or State.OPEN, actor, now)
    request.assigned_to = request.assigned_to or actor
    if request.contact_email:
        letter = letters.answered(records.addressed(installation, request), message.text)
        outbox.post(session, letter, installation.option(MailOptions), now=now)
    audit.record(session, actor, "request.answer", request.audit_subject, now)
    return message


def note(
    session: Session,
    installation: Installation,
    request: SupportRequest,
    text: Text,
    *,
    form_key: str,
    actor: str,
    name: str,
    now: datetime,
) -> RequestMessage:
    """A note that only staff see: it changes no state and no clock."""
    known = messages.same(session, request, form_key)
    if known is not None:
        return known
    return messages.add(
        session, installation, request, text, author=Author.AGENT, author_name=name,
        form_key=form_key, at=now, sender=actor, is_public=False,
    )  # fmt: skip


def set_state(
    session: Session, request: SupportRequest, state: State, *, actor: str, now: datetime
) -> None:
    """Move by hand; raises WrongStateError. Closing keeps what the clocks say."""
    stages.check_step(State(request.state), state)
    if state is State.CLOSED:
        close(session, request, actor=actor, now=now)
        return
    records.set_state(session, request, state, actor, now)
    audit.record(session, actor, f"request.{state.value}", request.audit_subject, now)


def close(session: Session, request: SupportRequest, *, actor: str, now: datetime) -> None:
    """End a request for good: its clocks are frozen. A word that comes later opens a new one."""
    stages.check_step(State(request.state), State.CLOSED)
    records.set_state(session, request, State.CLOSED, actor, now)
    records.freeze(session, request, keeping.current(session), now)
    audit.record(session, actor, "request.close", request.audit_subject, now)


def restored(session: Session, request: SupportRequest, *, actor: str, now: datetime) -> None:
    """Note that service is back, if by a way round."""
    if State(request.state).is_frozen:
        raise RequestClosedError
    records.record(session, request, EventKind.RESTORED, actor, now)
    audit.record(session, actor, "request.restored", request.audit_subject, now)


def assign(
    session: Session, request: SupportRequest, login: str | None, *, actor: str, now: datetime
) -> None:
    """Give the request to somebody on the staff, or to nobody; raises AssigneeError."""
    if login:
        person = session.scalar(select(User).where(User.login == login, User.disabled_at.is_(None)))
        if person is None or Role(person.role) not in AGENTS:
            raise AssigneeError(login=login[:64])
    request.assigned_to = login or None
    records.record(session, request, EventKind.ASSIGNED, actor, now, to=login or "")
    audit.record(session, actor, "request.assign", request.audit_subject, now, to=login or "")


def link(
    session: Session, request: SupportRequest, subject: str, *, actor: str, now: datetime
) -> None:
    """S-13: note what the request has led to ("repair:RMA-26-0007"); twice is once."""
    if session.get(RequestLink, (request.id, subject)) is not None:
        return
    session.add(RequestLink(request_id=request.id, subject=subject, linked_by=actor, linked_at=now))
    records.record(session, request, EventKind.LINKED, actor, now, to=subject)
    audit.record(session, actor, "request.link", request.audit_subject, now, to=subject)


def _attest(
    session: Session, request: SupportRequest, new: Answer, actor: str, now: datetime
) -> None:
    """S-4: no service before the rules and the manual are read; to ask for it is no service."""
    if request.attestation or new.then is State.WAITING_CUSTOMER:
        return
    if not new.attested:
        raise UnattestedError
    request.attestation = {"rules": RULES_VERSION, "by": actor, "at": now.isoformat()}
    records.record(session, request, EventKind.ATTESTED, actor, now, rules=RULES_VERSION)
