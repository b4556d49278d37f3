"""Which blobs are stored and who still needs them, so that none in use is ever collected.

An owner is a text of kind and id ("firmware.artifact:17"): the floor knows no table above it.
"""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from storage.blobs import Health, StoredBlob
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
    #: When the stored bytes were last read again and compared with their name.
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: What was wrong with them then; they are in quarantine until they are stored again.
    fault: Mapped[Health | None] = mapped_column(String(16))
    fault_found_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: Since when nobody needs them: what stays so for a day is removed.
    tombstoned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BlobUse(Base):
    __tablename__ = "blob_use"

    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"), primary_key=True)
    owner: Mapped[str] = mapped_column(String(200), primary_key=True, index=True)


def record(session: Session, blob: StoredBlob, owner: str, now: datetime) -> None:
    """Note that `owner` needs `blob`, which is durable already; doing it twice changes nothing.

    It lifts a tombstone. The row stays locked until the caller's transaction ends, so that no
    collector comes between the two statements.
    """
    stored = {"sha256": blob.sha256, "size": blob.size, "stored_at": now}
    session.execute(
        _insert(session, Blob)
        .values(stored)
        .on_conflict_do_update(index_elements=["sha256"], set_={"tombstoned_at": None})
    )
    use = {"sha256": blob.sha256, "owner": owner}
    session.execute(_insert(session, BlobUse).values(use).on_conflict_do_nothing())


def adopt(session: Session, blob: StoredBlob, now: datetime) -> None:
    """Note stored bytes that no row names; nobody needs them unless somebody records them."""
    stored = {"sha256": blob.sha256, "size": blob.size, "stored_at": now, "tombstoned_at": now}
    session.execute(_insert(session, Blob).values(stored).on_conflict_do_nothing())


def release(session: Session, owner: str) -> None:
    """Note that `owner` needs none of its blobs any more; the bytes stay until collected."""
    session.execute(delete(BlobUse).where(BlobUse.owner == owner))


def _insert(session: Session, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An insert that settles conflicts in one statement: two publishers never collide."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
