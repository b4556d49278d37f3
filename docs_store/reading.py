"""Reading published files: a job for each edition takes its text and picture out.

Doing it twice gives the same rows. A file that cannot be read is no failure of the job: what is
wrong with it is kept beside the edition, for its publisher to see.
"""

import io
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from docs_store import full_text, texts
from docs_store.models import Edition, EditionText
from docs_store.texts import FileText, TextOptions
from jobs import queue
from storage.blob_keeping import blob_models
from storage.blobs import StoredBlob
from storage.installation import Installation

READ = "docs_store.read"


def submit(session: Session, edition_id: int, actor: str, now: datetime) -> None:
    """Ask for an edition's file to be read once the caller's transaction is through."""
    queue.submit(session, READ, {"edition": edition_id}, actor=actor, now=now)


def unread(session: Session) -> list[int]:
    """The ids of editions whose files nobody has read yet, the oldest first."""
    without = select(Edition.id).where(~select(EditionText).exists().where(_of_edition))
    return list(session.scalars(without.order_by(Edition.id)))


def read(installation: Installation, edition_id: int, now: datetime) -> None:
    """Read an edition's file and store what it gave; an edition that is gone is passed over."""
    with installation.database.reading() as session:
        edition = session.get(Edition, edition_id)
    if edition is None:
        return
    with installation.blobs.open(edition.sha256) as file:
        found = texts.read(file, edition.content_type, installation.option(TextOptions))
    picture = installation.blobs.put(io.BytesIO(found.picture)) if found.picture else None
    with installation.database.writing() as session:
        store(session, edition_id, found, picture, now)


def store(
    session: Session, edition_id: int, found: FileText, picture: StoredBlob | None, now: datetime
) -> None:
    """Keep what a file gave in place of what it gave before."""
    if picture is not None:
        blob_models.record(session, picture, f"docs_store.thumbnail:{edition_id}", now)
    session.merge(
        EditionText(
            edition_id=edition_id,
            page_count=found.page_count,
            thumbnail=picture.sha256 if picture else None,
            problem=found.problem,
            read_at=now,
        )
    )
    full_text.fill(session, edition_id, found.texts)


_of_edition = EditionText.edition_id == Edition.id
