"""What was verified of an upstream and is not shown yet: rows that outlast a look that fails.

TUF has a client keep each root, timestamp and snapshot as soon as it is verified (5.3.8, 5.4.5,
5.5.7), so that whoever spoils the rest of a look can neither show an older state in the next one
nor call on keys that a newer root has taken away. Nobody is served these rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Delete, delete, select
from sqlalchemy.orm import Session

from catalogue.mirrors.models import SeenFile
from catalogue.tuf.layout import ROOT, View


@dataclass(frozen=True)
class Verified:
    """A file that TUF's client has verified."""

    role: str
    version: int
    body: bytes


@dataclass(frozen=True)
class Seen:
    """Roots by version, the last timestamp and snapshot by role."""

    roots: Mapping[int, bytes]
    files: Mapping[str, bytes]


def read(session: Session, view: View) -> Seen:
    """What earlier looks at a view verified and no generation holds."""
    rows = session.scalars(select(SeenFile).where(SeenFile.view == view)).all()
    return Seen(
        {row.version: row.body for row in rows if row.role == ROOT},
        {row.role: row.body for row in rows if row.role != ROOT},
    )


def keep(session: Session, view: View, files: Sequence[Verified]) -> None:
    """Add these: every root, of the others the last in place of the one before."""
    for file in files:
        if file.role != ROOT:
            session.execute(_of(view).where(SeenFile.role == file.role))
        session.add(SeenFile(view=view, role=file.role, version=file.version, body=file.body))
        session.flush()


def forget(session: Session, view: View) -> None:
    """A generation holds them, or trust begins with another root."""
    session.execute(_of(view))


def _of(view: View) -> Delete:
    return delete(SeenFile).where(SeenFile.view == view)
