"""How long the files of the TUF repository are still believed, and which need somebody to act."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalogue.models import RoleFile
from catalogue.tuf import layout
from catalogue.tuf.layout import Place, View


@dataclass(frozen=True)
class FileAge:
    """A current file; `left` is negative when nobody believes it any more."""

    place: Place
    version: int
    size: int
    signed_at: datetime
    expires_at: datetime
    left: timedelta

    @property
    def is_alarming(self) -> bool:
        """A quarter of its life is left or less: renewal has failed, or people have to sign."""
        return self.left <= layout.life(self.place).alarm_left


def ages(session: Session, now: datetime) -> Sequence[FileAge]:
    """Every current file, the one that expires first at the start."""
    rows = session.execute(
        select(
            RoleFile.view,
            RoleFile.role,
            RoleFile.version,
            RoleFile.size,
            RoleFile.signed_at,
            RoleFile.expires_at,
        )
        .where(RoleFile.superseded_at.is_(None))
        .order_by(RoleFile.expires_at, RoleFile.view, RoleFile.role)
    )
    return [
        FileAge(Place(View(view), role), version, size, signed_at, expires_at, expires_at - now)
        for view, role, version, size, signed_at, expires_at in rows
    ]


def alarming(session: Session, now: datetime) -> Sequence[FileAge]:
    """The files that need somebody to act."""
    return [age for age in ages(session, now) if age.is_alarming]
