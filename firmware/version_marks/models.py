"""The table of version marks: shipped, broken, floor."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalogue.versions import Version
from firmware.version_marks.marks import Mark, MarkKind
from storage.db import Base, UtcDateTime


class VersionMark(Base):
    """What is known of a version, released here or not; an empty `hardware` is every revision."""

    __tablename__ = "version_mark"
    __table_args__ = (UniqueConstraint("product_id", "kind", "canonical", "hardware"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    kind: Mapped[MarkKind] = mapped_column(Text)
    version: Mapped[str] = mapped_column(String(16))
    canonical: Mapped[str] = mapped_column(Text)
    hardware: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    marked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    marked_by: Mapped[str] = mapped_column(Text)

    @property
    def mark(self) -> Mark:
        """The row as decisions see it."""
        return Mark(
            kind=MarkKind(self.kind),
            version=Version.parse(self.version),
            hardware=self.hardware or None,
            reason=self.reason,
        )
