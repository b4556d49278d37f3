"""How the stored files are: counts, room, when they were read last, what lies in quarantine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.blob_keeping.blob_models import Blob, BlobUse
from storage.blobs import BlobStore, Health, StorageFaultError


@dataclass(frozen=True)
class BadBlob:
    """A file that is not served until it is stored again; `owners` say whose it is."""

    sha256: str
    size: int
    health: Health
    found_at: datetime
    owners: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """`checked_last` is the newest look at any file, `unchecked_since` the oldest look of all."""

    count: int
    size: int
    unneeded: int
    free_bytes: int | None
    checked_last: datetime | None
    unchecked_since: datetime | None
    never_checked: int
    bad: Sequence[BadBlob]


def of(session: Session, blobs: BlobStore) -> Standing:
    """The standing now."""
    count, size, unneeded, last, oldest, checked = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(Blob.size), 0),
            func.count(Blob.tombstoned_at),
            func.max(Blob.checked_at),
            func.min(Blob.checked_at),
            func.count(Blob.checked_at),
        )
    ).one()
    return Standing(
        count=count,
        size=int(size),
        unneeded=unneeded,
        free_bytes=_free(blobs),
        checked_last=last,
        unchecked_since=oldest,
        never_checked=count - checked,
        bad=bad(session),
    )


def bad(session: Session) -> Sequence[BadBlob]:
    """What lies in quarantine, the newest finding first."""
    rows = session.scalars(
        select(Blob)
        .where(Blob.fault.is_not(None))
        .order_by(Blob.fault_found_at.desc(), Blob.sha256)
    ).all()
    owners: dict[str, list[str]] = {row.sha256: [] for row in rows}
    uses = select(BlobUse).join(Blob, Blob.sha256 == BlobUse.sha256)
    for use in session.scalars(uses.where(Blob.fault.is_not(None)).order_by(BlobUse.owner)):
        owners[use.sha256].append(use.owner)
    return [
        BadBlob(
            row.sha256,
            row.size,
            Health(row.fault or Health.DAMAGED),
            row.fault_found_at or row.stored_at,
            tuple(owners[row.sha256]),
        )
        for row in rows
    ]


def _free(blobs: BlobStore) -> int | None:
    try:
        return blobs.free_bytes()
    except StorageFaultError:
        return None
