"""The rows of the TUF repository's files: current ones, drafts, and what is kept for latecomers."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import Delete, delete, insert, select, update
from sqlalchemy.orm import Session

from catalogue.models import RoleDraft, RoleFile, TrustKey
from catalogue.tuf import roles as tuf_roles
from catalogue.tuf.layout import DOCS, ROOT, TARGETS, TIMESTAMP, Place, View
from catalogue.tuf.roles import AnyMetadata, ListedFile
from storage.refusals import NotFoundError

#: A mirror on a slow line still finds the files of the snapshot that it began with.
KEPT_AFTER = timedelta(days=7)


class UnknownRoleFileError(NotFoundError):
    code = "unknown-metadata"
    ru = "Такого файла в хранилище TUF нет."
    en = "The TUF repository has no such file."


class Published(Mapping[Place, AnyMetadata]):
    """The current files, each parsed when it is first asked for; the few above lists come first."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._bodies = bodies(session, {ROOT, TARGETS, DOCS})
        self._parsed: dict[Place, AnyMetadata] = {}

    def __getitem__(self, place: Place) -> AnyMetadata:
        if place not in self._parsed:
            if place not in self._bodies:
                self._bodies |= bodies(self._session, {place.role})
            self._parsed[place] = tuf_roles.from_bytes(self._bodies[place])
        return self._parsed[place]

    def __iter__(self) -> Iterator[Place]:
        return iter(current(self._session))

    def __len__(self) -> int:
        return len(current(self._session))


@dataclass(frozen=True)
class NewFile:
    """A signed file as it will be stored."""

    metadata: AnyMetadata
    body: bytes
    listed: ListedFile

    @classmethod
    def of(cls, metadata: AnyMetadata) -> Self:
        body = tuf_roles.to_bytes(metadata)
        return cls(metadata, body, tuf_roles.listed_file(metadata.signed.version, body))


def lock(session: Session) -> bool:
    """Hold the repository until the transaction ends; False when it has not been set up.

    Whoever changes a file holds the row of the first key, which is never deleted, so that
    versions rise one by one. On SQLite the write transaction itself holds everything.
    """
    first = select(TrustKey.id).order_by(TrustKey.id).limit(1).with_for_update()
    return session.scalar(first) is not None


def current(session: Session) -> dict[Place, ListedFile]:
    """Version, size and hash of each file that is served now."""
    rows = session.execute(
        select(
            RoleFile.view, RoleFile.role, RoleFile.version, RoleFile.size, RoleFile.sha256
        ).where(RoleFile.superseded_at.is_(None))
    )
    return {
        Place(View(view), role): ListedFile(version, size, sha256)
        for view, role, version, size, sha256 in rows
    }


def bodies(session: Session, roles: Collection[str]) -> dict[Place, bytes]:
    """The bytes of the files of these roles that are served now."""
    rows = session.execute(
        select(RoleFile.view, RoleFile.role, RoleFile.body).where(
            RoleFile.role.in_(roles), RoleFile.superseded_at.is_(None)
        )
    )
    return {Place(View(view), role): body for view, role, body in rows}


def newest(session: Session, view: View, role: str) -> RoleFile | None:
    """The file of a role in a view that is served now."""
    return session.scalar(
        select(RoleFile).where(
            RoleFile.view.in_([view, View.BOTH]),
            RoleFile.role == role,
            RoleFile.superseded_at.is_(None),
        )
    )


def get(session: Session, view: View, role: str, version: int | None) -> RoleFile:
    """The file of a version (None: the current one) in a view; raises UnknownRoleFileError."""
    if version is None:
        found = newest(session, view, role)
    else:
        found = session.scalar(
            select(RoleFile).where(
                RoleFile.view.in_([view, View.BOTH]),
                RoleFile.role == role,
                RoleFile.version == version,
            )
        )
    if found is None:
        raise UnknownRoleFileError
    return found


def store(session: Session, files: Mapping[Place, NewFile], now: datetime) -> None:
    """Publish files in place of the current ones; they become visible with the transaction."""
    for view in {place.view for place in files}:
        session.execute(
            update(RoleFile)
            .where(
                RoleFile.view == view,
                RoleFile.role.in_([place.role for place in files if place.view is view]),
                RoleFile.superseded_at.is_(None),
            )
            .values(superseded_at=now)
            .execution_options(synchronize_session=False)
        )
    rows = [
        {
            "view": place.view,
            "role": place.role,
            "version": file.listed.version,
            "body": file.body,
            "sha256": file.listed.sha256,
            "size": file.listed.size,
            "signed_at": now,
            "expires_at": file.metadata.signed.expires,
        }
        for place, file in files.items()
    ]
    if rows:
        session.execute(insert(RoleFile), rows)


def drafts(session: Session) -> dict[Place, AnyMetadata]:
    """What waits for signatures."""
    rows = session.execute(select(RoleDraft.view, RoleDraft.role, RoleDraft.body))
    return {Place(View(view), role): tuf_roles.from_bytes(body) for view, role, body in rows}


def save_draft(session: Session, place: Place, metadata: AnyMetadata, now: datetime) -> None:
    """Keep a file until it has its signatures, in place of an earlier draft."""
    session.execute(_draft_of(place))
    body = tuf_roles.to_bytes(metadata)
    session.add(RoleDraft(view=place.view, role=place.role, body=body, drafted_at=now))
    session.flush()


def prune(session: Session, now: datetime) -> None:
    """Forget replaced files that nobody can still be fetching; roots stay for ever."""
    session.execute(
        delete(RoleFile).where(
            RoleFile.role != ROOT,
            RoleFile.superseded_at.is_not(None),
            (RoleFile.superseded_at < now - KEPT_AFTER) | (RoleFile.role == TIMESTAMP),
        )
    )


def drop_drafts(session: Session, places: Collection[Place]) -> None:
    """Forget drafts that are out."""
    for place in places:
        session.execute(_draft_of(place))


def _draft_of(place: Place) -> Delete:
    return delete(RoleDraft).where(RoleDraft.view == place.view, RoleDraft.role == place.role)
