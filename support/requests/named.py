"""A request under a contract with a named engineer goes to that person (S-8)."""

from datetime import datetime

from sqlalchemy.orm import Session

from accounts import audit
from support.agreements import named_engineers
from support.requests import records
from support.requests.models import SupportRequest
from support.requests.vocabulary import EventKind

ACTOR = "contract"


def give(session: Session, request: SupportRequest, now: datetime) -> None:
    """Give it to its contract's engineer; what somebody has already stays with that person."""
    if request.assigned_to or request.contract is None:
        return
    engineer = named_engineers.of(session, request.contract)
    if engineer is None:
        return
    request.assigned_to = engineer.login
    records.record(session, request, EventKind.ASSIGNED, ACTOR, now, to=engineer.login)
    subject = request.audit_subject
    audit.record(session, ACTOR, "request.assign", subject, now, to=engineer.login)
