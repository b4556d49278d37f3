"""What another calendar does to promises that are open; what is closed stays as it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from support.packages.package import Promise
from support.requests import records
from support.requests.models import SupportRequest
from support.sla.clocks import clocks
from support.sla.log import State
from support.work_calendar import WorkCalendar

_OPEN = (State.NEW, State.OPEN, State.WAITING_CUSTOMER, State.WAITING_RMA_INBOUND)


@dataclass(frozen=True)
class MovedDeadline:
    """One open promise whose deadline another calendar moves."""

    number: int
    subject: str
    promise: Promise
    before: datetime
    after: datetime

    def as_json(self) -> dict[str, object]:
        """As it is kept with the import."""
        return {
            "request": self.number,
            "promise": self.promise.value,
            "before": self.before.isoformat(),
            "after": self.after.isoformat(),
        }


def moved(
    session: Session, before: WorkCalendar, after: WorkCalendar, now: datetime
) -> Sequence[MovedDeadline]:
    """Every deadline of an open request that the calendar `after` moves."""
    requests = session.scalars(
        select(SupportRequest).where(SupportRequest.state.in_(_OPEN)).order_by(SupportRequest.id)
    ).all()
    logs = records.logs(session, [request.id for request in requests])
    found = []
    for request in requests:
        old, new = (clocks(logs[request.id], one, now) for one in (before, after))
        for promise in Promise:
            was, becomes = old[promise].deadline, new[promise].deadline
            if was and becomes and was != becomes:
                found.append(MovedDeadline(request.id, request.subject, promise, was, becomes))
    return found
