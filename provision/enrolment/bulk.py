"""Thousands of rows at once, with their audit entries."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from accounts.models import AuditEntry
from provision.enrolment.judging import Wanted
from storage.db import Base


def audit(
    session: Session,
    told: Sequence[tuple[str, Wanted, Mapping[str, Any]]],
    actor: str,
    now: datetime,
) -> None:
    """What was done to each phone, with details that hold no secret."""
    rows = [
        {
            "at": now,
            "actor": actor,
            "action": action,
            "subject": f"device:{one.mac.hex}",
            "details": dict(details),
        }
        for action, one, details in told
    ]
    put(session, AuditEntry, rows)


def put(session: Session, kind: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows by the names of their columns, past the unit of work: half the time for thousands."""
    table = kind.__table__
    assert isinstance(table, Table)
    session.execute(insert(table), rows)
