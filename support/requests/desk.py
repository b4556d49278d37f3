"""One request as staff see it: everything that is known of it, gathered once for its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Organisation, Role, User
from storage.clock import moscow_date
from support.agreements import debts, named_engineers
from support.agreements.debts import Debt
from support.agreements.tiers import Reason
from support.calendars import keeping
from support.packages.package import Promise
from support.requests import acknowledging, duplicates, records, refusing, stages
from support.requests.models import (
    AnswerTemplate,
    Refusal,
    RequestEvent,
    RequestMessage,
    SupportRequest,
)
from support.requests.queue import Turn, turn_of
from support.requests.refused import AssigneeError
from support.requests.talking import AGENTS
from support.sla.clocks import Clock
from support.sla.log import State


@dataclass(frozen=True)
class Case:
    """A request with its conversation, clocks, refusals, and what a person may do with it."""

    request: SupportRequest
    messages: Sequence[RequestMessage]
    events: Sequence[RequestEvent]
    clocks: Sequence[Clock]
    refusals: Sequence[Refusal]
    duplicates: Sequence[SupportRequest]
    missing: Sequence[str]
    debt: Debt | None
    debt_is_stale: bool
    steps: Sequence[State]
    #: The name of the engineer whom the request's contract names; empty where it names nobody.
    engineer: str

    @property
    def state(self) -> State:
        return State(self.request.state)

    @property
    def came_on(self) -> date:
        """The day in Moscow on which it came."""
        return moscow_date(self.request.registered_at)

    @property
    def turn(self) -> Turn:
        return turn_of(self.state)

    @property
    def reason(self) -> Reason:
        return Reason(self.request.tier_reason)

    @property
    def alive(self) -> Refusal | None:
        """The refusal that is proposed, in force or appealed."""
        return next((one for one in self.refusals if one.state in refusing.ALIVE), None)


def of(session: Session, number: int, now: datetime) -> Case:
    """The request of this number at `now`; raises UnknownRequestError."""
    request = records.get(session, number)
    known = keeping.current(session)
    log = records.logs(session, [number])[number]
    found = records.clocks_of(request, log, known, now)
    debt = debts.of(session, request.organisation_id)
    return Case(
        request=request,
        messages=records.messages(session, number),
        events=records.events(session, number),
        clocks=[found[promise] for promise in Promise if found[promise].target],
        refusals=refusing.of_request(session, number),
        duplicates=duplicates.earlier(session, request),
        missing=acknowledging.missing(request),
        debt=debt,
        debt_is_stale=debt is not None and debt.is_stale(known.calendar, moscow_date(now)),
        steps=sorted(stages.NEXT[State(request.state)] - {State(request.state)}, key=_order),
        engineer=_engineer(session, request),
    )


def _engineer(session: Session, request: SupportRequest) -> str:
    found = named_engineers.of(session, request.contract) if request.contract else None
    return found.name if found else ""


def agents(session: Session) -> Sequence[User]:
    """Who may be given a request."""
    query = select(User).where(User.role.in_([str(role) for role in AGENTS]))
    return session.scalars(query.where(User.disabled_at.is_(None)).order_by(User.name)).all()


def agent(session: Session, login: str) -> User:
    """Who answers under this login; raises AssigneeError for anybody else."""
    found = next((one for one in agents(session) if one.login == login), None)
    if found is None:
        raise AssigneeError(login=login[:64])
    return found


def organisations(session: Session) -> Sequence[Organisation]:
    """Whose request one may be."""
    return session.scalars(select(Organisation).order_by(Organisation.name)).all()


def templates(session: Session) -> Sequence[AnswerTemplate]:
    """The ready answers by name."""
    return session.scalars(select(AnswerTemplate).order_by(AnswerTemplate.name)).all()


def sees_restricted(role: Role) -> bool:
    """N-3: who may read what is kept under restricted access."""
    return role == Role.ADMIN


def _order(state: State) -> int:
    return list(State).index(state)
