"""Targets: every published file under the path that mirrors and tools know it by.

A path names the same bytes for ever. A withdrawn target keeps its bytes reachable by hash. A
target is nobody's to see before a signed list names it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from catalogue.models import Statement, Target
from catalogue.tuf import layout
from catalogue.tuf.roles import ListedTarget
from storage.blobs import StoredBlob
from storage.refusals import ConflictError


class TargetTakenError(ConflictError):
    code = "target-taken"
    ru = "Под именем {path} уже опубликован другой файл."
    en = "Another file is already published as {path}."


def register(
    session: Session,
    path: str,
    blob: StoredBlob,
    now: datetime,
    about: Mapping[str, object] | None = None,
) -> None:
    """Publish `blob` as `path`; the same again changes nothing, other bytes are refused.

    It is seen once repository.publish has put out the list that names it.
    """
    target = session.get(Target, path)
    if target is None:
        role = layout.role_of(path)
        made = Target(path=path, role=role, sha256=blob.sha256, size=blob.size, added_at=now)
        made.about = dict(about) if about else None
        session.add(made)
    elif target.sha256 != blob.sha256:
        raise TargetTakenError(path=path)


def withdraw(session: Session, path: str, now: datetime) -> None:
    """Stop naming the path to mirrors; the bytes stay reachable by hash."""
    target = session.get_one(Target, path)
    target.withdrawn_at = target.withdrawn_at or now


def discard(session: Session, path: str) -> None:
    """Forget a target that was never listed, and the statement that waits for it."""
    session.execute(delete(Statement).where(Statement.path == path))
    session.execute(delete(Target).where(Target.path == path, Target.listed_at.is_(None)))


def by_hash(session: Session, sha256: str) -> Target | None:
    """A target with these bytes that was listed once: what has one may be seen by anyone."""
    seen = select(Target).where(Target.sha256 == sha256, Target.listed_at.is_not(None))
    return session.scalar(seen.limit(1))


def offered(session: Session, path: str) -> Target | None:
    """The target at `path` if it is offered now."""
    found = session.get(Target, path)
    return found if found and found.listed_at and not found.withdrawn_at else None


def listed_by(session: Session, role: str) -> Sequence[ListedTarget]:
    """What the next list of a role names."""
    rows = session.execute(
        select(Target.path, Target.size, Target.sha256, Target.about)
        .where(Target.role == role, Target.withdrawn_at.is_(None))
        .order_by(Target.path)
    )
    return [
        ListedTarget(layout.target_name(path), size, sha, about) for path, size, sha, about in rows
    ]


def roles(session: Session) -> Sequence[str]:
    """The roles that some target belongs to."""
    return session.scalars(select(Target.role).distinct().order_by(Target.role)).all()


def mark_listed(session: Session, roles: Collection[str], now: datetime) -> frozenset[str]:
    """Note that the lists of these roles are out; the paths that became visible by that."""
    new = (Target.role.in_(roles), Target.listed_at.is_(None), Target.withdrawn_at.is_(None))
    paths = frozenset(session.scalars(select(Target.path).where(*new)))
    if paths:
        session.execute(update(Target).where(*new).values(listed_at=now))
    return paths


def seen(session: Session) -> Sequence[Target]:
    """Every target that is offered now, by path."""
    query = select(Target).where(Target.listed_at.is_not(None), Target.withdrawn_at.is_(None))
    return session.scalars(query.order_by(Target.path)).all()
