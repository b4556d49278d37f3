"""Everything that is held of one person, packed for that person: JSON, a page, the files."""

import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import IO

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from portal.personal_data import finding
from portal.personal_data.traces import Trace
from portal.personal_data.words import label, plain
from storage.blob_keeping import blob_models
from storage.blobs import BlobMissingError, BlobQuarantinedError, BlobStore
from storage.clock import moscow_date
from storage.installation import Installation
from storage.people import Held, Person
from storage.refusals import NotFoundError
from support.personal_data import terms
from support.personal_data.models import SubjectExport
from support.personal_data.register import shipped

CLASS = "export"
#: Places in others' texts: the subject, and the words with what stands around them.
Elsewhere = Sequence[tuple[str, Trace]]
_SPOOL_BYTES = 8 * 1024 * 1024
_PIECE = 1024 * 1024


class UnknownExportError(NotFoundError):
    code = "unknown-personal-export"
    ru = "Такой выгрузки нет, или её срок вышел."
    en = "There is no such export, or its time is over."


class NothingHeldError(NotFoundError):
    code = "nothing-held"
    ru = "Данных этого человека нет."
    en = "Nothing is held of this person."


def make(
    installation: Installation, who: Person, language: str, *, actor: str, now: datetime,
    elsewhere: Elsewhere = (),
) -> SubjectExport:  # fmt: skip
    """Pack what is held of a person; raises NothingHeldError. It can be fetched for a week.

    Packing takes a while, so nobody's writing waits for it. `elsewhere` are the places in others'
    texts that somebody has found to be about the person.
    """
    with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as spool:
        with installation.database.reading() as session:
            found = finding.held_of(session, who)
            if not found:
                raise NothingHeldError
            told = document(session, who, found, language, now, elsewhere)
            write(spool, installation.blobs, told, found, language)
        spool.seek(0)
        stored = installation.blobs.put(spool)
    with installation.database.writing() as session:
        row = SubjectExport(
            person=" ".join(finding.marks(installation, who)),
            sha256=stored.sha256,
            size=stored.size,
            made_by=actor,
            made_at=now,
            expires_at=now + timedelta(days=terms.current(session).days[CLASS]),
        )
        session.add(row)
        session.flush()
        blob_models.record(session, stored, row.owner, now)
        audit.record(session, actor, "personal-data.export", row.subject, now, things=len(found))
    return row


def get(session: Session, export_id: int, now: datetime) -> SubjectExport:
    """An export that may still be fetched; raises UnknownExportError."""
    row = session.get(SubjectExport, export_id) if 0 < export_id < 2**31 else None
    if row is None or row.expires_at <= now:
        raise UnknownExportError
    return row


def current(session: Session, now: datetime) -> Sequence[SubjectExport]:
    """The exports that may be fetched, the newest first."""
    query = select(SubjectExport).where(SubjectExport.expires_at > now)
    return session.scalars(query.order_by(SubjectExport.id.desc())).all()


def drop(session: Session, rows: Sequence[SubjectExport]) -> list[str]:
    """Forget these exports; the names of their bytes."""
    for row in rows:
        blob_models.release(session, row.owner)
        session.delete(row)
    session.flush()
    return [row.sha256 for row in rows]


def write(
    file: IO[bytes],
    blobs: BlobStore,
    told: Mapping[str, object],
    found: Sequence[Held],
    language: str,
) -> None:
    """The ZIP: data.json, index.html, and the files in a folder for each thing."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("data.json", json.dumps(told, ensure_ascii=False, indent=1))
        packed.writestr("index.html", _page(told, language))
        for name, sha256 in _files(found):
            try:
                with blobs.open(sha256) as stored, packed.open(name, "w") as member:
                    while piece := stored.read(_PIECE):
                        member.write(piece)
            except (BlobMissingError, BlobQuarantinedError):
                packed.writestr(f"{name}.missing", sha256)


def document(
    session: Session,
    who: Person,
    found: Sequence[Held],
    language: str,
    now: datetime,
    elsewhere: Elsewhere = (),
) -> Mapping[str, object]:
    """What the JSON says: each class with its purpose, basis and term, and its things."""
    kept = terms.current(session)
    paths = {(held.category, held.subject): names for held, names in _paths(found)}
    return {
        "made_at": now.isoformat(),
        "person": {
            "emails": sorted(who.emails),
            "phones": sorted(who.phones),
            "logins": sorted(who.logins),
        },
        "classes": [
            {
                "code": one.code,
                "name": one.name.text(language),
                "purpose": one.purpose.text(language),
                "basis": one.basis.text(language),
                "days": kept.days.get(one.code),
                "counted_from": one.after.text(language),
                "things": [
                    {
                        "subject": held.subject,
                        "since": held.since.isoformat(),
                        "kept_until": _day(kept.ends_at(held)),
                        "data": plain(held.says),
                        "files": paths[held.category, held.subject],
                    }
                    for held in things
                ],
            }
            for one, things in finding.by_class(found)
        ],
        "elsewhere": [
            {"subject": subject, "text": f"…{trace.before}{trace.written}{trace.after}…"}
            for subject, trace in elsewhere
        ],
        "other_classes": [
            one.name.text(language)
            for one in shipped().classes
            if one.code not in {held.category for held in found}
        ],
    }


def _page(told: Mapping[str, object], language: str) -> str:
    environment = Environment(
        loader=PackageLoader("portal.personal_data", "papers"),
        autoescape=True,
        undefined=StrictUndefined,
    )
    environment.filters["label"] = lambda name: label(name, language)
    return environment.get_template("export.html").render(told=told, language=language)


def _files(found: Sequence[Held]) -> Iterator[tuple[str, str]]:
    for held, names in _paths(found):
        yield from zip(names, (file.sha256 for file in held.handed_out), strict=True)


def _paths(found: Sequence[Held]) -> Iterator[tuple[Held, list[str]]]:
    """Where each file lies: a number keeps two of one name apart, and a name opens no folder."""
    for held in found:
        folder = "".join(c if c.isalnum() or c in "-." else "_" for c in held.subject)
        yield (
            held,
            [
                f"files/{folder}/{number}-{_plain_name(file.name)}"
                for number, file in enumerate(held.handed_out, 1)
            ],
        )


def _plain_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-._ " else "_" for c in name)[:100] or "file"


def _day(instant: datetime | None) -> str | None:
    return moscow_date(instant).isoformat() if instant else None
