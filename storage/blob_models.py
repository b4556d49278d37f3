"""Which blobs are stored and who still needs them, so that none in use is ever collected.

An owner is a text of kind and id ("firmware.artifact:17"): the floor knows no table above it.
"""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from storage.blobs import StoredBlob
from storage.db import Base, UtcDateTime


class Blob(Base):
    __tablename__ = "blob"
    __table_args__ = (
        CheckConstraint("length(sha256) = 64", name="sha256_is_hex"),
        CheckConstraint("size >= 0", name="size_from_0"),
    )

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BlobUse(Base):
    __tablename__ = "blob_use"

    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"), primary_key=True)
    owner: Mapped[str] = mapped_column(String(200), primary_key=True, index=True)


def record(session: Session, blob: StoredBlob, owner: str, now: datetime) -> None:
    """Note that `owner` needs `blob`, which is durable already; doing it twice changes nothing."""
    stored = {"sha256": blob.sha256, "size": blob.size, "stored_at": now}
    _insert_if_absent(session, Blob, stored)
    _insert_if_absent(session, BlobUse, {"sha256": blob.sha256, "owner": owner})


def release(session: Session, owner: str) -> None:
    """Note that `owner` needs none of its blobs any more; the bytes stay until collected."""
    session.execute(delete(BlobUse).where(BlobUse.owner == owner))


def _insert_if_absent(session: Session, table: type[Base], values: dict[str, object]) -> None:
    """One statement, so that two publishers of the same bytes never collide."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(table).values(values).on_conflict_do_nothing())
