"""When a request was over: when it was closed, or refused for good."""

from datetime import datetime

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, func

from support.requests.models import SupportRequest
from support.sla.log import State

_FROZEN = [one for one in State if one.is_frozen]


def over_at(request: SupportRequest) -> datetime | None:
    """When it was over; None while somebody is at work on it. A refused one has no closing."""
    frozen = State(request.state).is_frozen
    return (request.closed_at or request.state_since) if frozen else None


def last_deed() -> ColumnElement[datetime]:
    """The same instant in the database, for requests that are over."""
    return func.coalesce(SupportRequest.closed_at, SupportRequest.state_since)


def over_at_or(other: SQLColumnExpression[datetime]) -> ColumnElement[datetime | None]:
    """When it was over, none while it is open; the other instant where there is no request."""
    frozen = (SupportRequest.state.in_(_FROZEN), last_deed())
    return case((SupportRequest.id.is_(None), other), frozen, else_=None)


def over_before(before: datetime) -> ColumnElement[bool]:
    """Requests that were over before an instant."""
    return and_(SupportRequest.state.in_(_FROZEN), last_deed() < before)
