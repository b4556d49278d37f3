"""Files that come with a message: whether there is room for them today, and where they are kept."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from io import BytesIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.blob_keeping import blob_models
from storage.blobs import BlobStore
from storage.refusals import RefusedError
from support.attachments.content import MIB, Accepted
from support.requests.models import RequestAttachment, RequestMessage

FILES_MAX = 10
MESSAGE_BYTES_MAX = 50 * MIB
SENDER_DAILY_BYTES = 100 * MIB
ALL_DAILY_BYTES = 2048 * MIB


class FilesError(RefusedError):
    code = "message-files"
    field = "files"
    ru = "Файлов не больше {count} и не больше {size} МБ вместе."
    en = "At most {count} files, and at most {size} MB together."


class QuotaError(RefusedError):
    code = "attachment-quota"
    field = "files"
    ru = "На сегодня файлов достаточно: больше {size} МБ в сутки не принимается."
    en = "Enough files for today: no more than {size} MB a day are taken."


def check(session: Session, files: Sequence[Accepted], sender: str, now: datetime) -> None:
    """Raise FilesError or QuotaError unless there is room for these files of this sender today."""
    size = sum(len(file.data) for file in files)
    if not files:
        return
    if len(files) > FILES_MAX or size > MESSAGE_BYTES_MAX:
        raise FilesError(count=FILES_MAX, size=MESSAGE_BYTES_MAX // MIB)
    day = RequestAttachment.stored_at > now - timedelta(days=1)
    total = select(func.coalesce(func.sum(RequestAttachment.size), 0)).where(day)
    mine = total.where(RequestAttachment.sender == sender)
    if (session.scalar(mine) or 0) + size > SENDER_DAILY_BYTES:
        raise QuotaError(size=SENDER_DAILY_BYTES // MIB)
    if (session.scalar(total) or 0) + size > ALL_DAILY_BYTES:
        raise QuotaError(size=ALL_DAILY_BYTES // MIB)


def keep(
    session: Session,
    blobs: BlobStore,
    message: RequestMessage,
    file: Accepted,
    sender: str,
    now: datetime,
) -> None:
    """Store a file that was checked, beside its message."""
    stored = blobs.put(BytesIO(file.data))
    row = RequestAttachment(
        message_id=message.id,
        name=file.name,
        media_type=file.media_type,
        size=stored.size,
        sha256=stored.sha256,
        stored_at=now,
        sender=sender,
    )
    session.add(row)
    session.flush()
    blob_models.record(session, stored, row.owner, now)
