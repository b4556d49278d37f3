"""Imported production calendars: each import is a version, and the newest one is in force."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.db import Base, UtcDateTime


class CalendarVersion(Base):
    """One calendar as it was imported. `moved` tells which open deadlines it moved."""

    __tablename__ = "calendar_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    imported_by: Mapped[str] = mapped_column(Text)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    moved: Mapped[list[dict[str, Any]]] = mapped_column(JSON)

    @property
    def subject(self) -> str:
        """The version's name in the audit trail."""
        return f"calendar:{self.id}"
