"""Photos of a phone in repair: before it is opened (X-1), and as evidence afterwards."""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.blob_keeping import blob_models
from storage.blobs import BlobStore
from support.attachments.content import Accepted
from support.cases.models import RepairPhoto, RepairUnit
from support.cases.vocabulary import EventKind, PhotoKind, Stage
from support.repairs import records
from support.repairs.refused import NoPictureError, OpenedAlreadyError, UnknownPhotoError

_CLOSED = frozenset({Stage.RECEIVED, Stage.AWAITING_ACT})
_ID_MAX = 2**31


def add(
    session: Session,
    blobs: BlobStore,
    unit: RepairUnit,
    kind: PhotoKind,
    files: Sequence[Accepted],
    *,
    actor: str,
    now: datetime,
) -> None:
    """Keep photos; raises OpenedAlreadyError for one said to be older than the opening."""
    if not files or not all(file.is_picture for file in files):
        raise NoPictureError
    if kind is PhotoKind.BEFORE_OPENING and unit.stage not in _CLOSED:
        raise OpenedAlreadyError
    for file in files:
        stored = blobs.put(BytesIO(file.data))
        row = RepairPhoto(
            unit_id=unit.id,
            kind=kind,
            name=file.name,
            media_type=file.media_type,
            size=stored.size,
            sha256=stored.sha256,
            taken_by=actor,
            taken_at=now,
        )
        session.add(row)
        session.flush()
        blob_models.record(session, stored, row.owner, now)
    records.record(
        session, unit, EventKind.PHOTOGRAPHED, actor, now, photos=len(files), when=kind.value
    )


def of_unit(session: Session, unit: RepairUnit) -> Sequence[RepairPhoto]:
    """The phone's photos in the order they were taken."""
    query = select(RepairPhoto).where(RepairPhoto.unit_id == unit.id).order_by(RepairPhoto.id)
    return session.scalars(query).all()


def get(session: Session, photo_id: int) -> RepairPhoto:
    """One photo; raises UnknownPhotoError."""
    found = session.get(RepairPhoto, photo_id) if 0 < photo_id < _ID_MAX else None
    if found is None:
        raise UnknownPhotoError
    return found
