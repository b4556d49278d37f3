"""Kept configurations, and the revisions by which the database itself tells that one is stale."""

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.db import Base

#: The revision of everything that more than one device's configuration is made of.
EVERY_DEVICE = 0


class RenderingRevision(Base):
    """Counts the changes that a device's configuration is made of; triggers count, not code."""

    __tablename__ = "rendering_revision"

    device_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(BigInteger)


class Rendered(Base):
    """What one secret's holder gets for one kind of path, as long as its revisions are current.

    It is found by the hash of the whole request (target with its token, and User-Agent): another
    request is another row's or nobody's. Only one is kept for each secret and kind, so that odd
    spellings cannot fill the table. `press` names the program, templates and addresses that made
    it; `until_us` ends it by itself (microseconds UTC).
    """

    __tablename__ = "rendered"
    __table_args__ = (
        UniqueConstraint("credential_id", "path_kind"),
        # What is stale is found in here alone: the rows are long.
        Index("ix_rendered_currency", "device_id", "revision", "device_revision", "press"),
    )

    request_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    credential_id: Mapped[int] = mapped_column(
        ForeignKey("device_credential.id", ondelete="CASCADE")
    )
    path_kind: Mapped[str] = mapped_column(Text)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    press: Mapped[bytes] = mapped_column(LargeBinary(32))
    revision: Mapped[int] = mapped_column(BigInteger)
    device_revision: Mapped[int] = mapped_column(BigInteger)
    until_us: Mapped[int | None] = mapped_column(BigInteger)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
