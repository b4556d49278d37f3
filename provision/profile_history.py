"""What was changed in profiles: who, when, from what to what; secrets stay sealed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, Self

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from provision.models import Level, ProfileChange, ProfileSetting
from provision.vocabulary import Value
from storage.refusals import NotFoundError


class UnknownChangeError(NotFoundError):
    code = "unknown-profile-change"
    ru = "Изменения № {number} нет."
    en = "There is no change {number}."


class Place(Protocol):
    """Where a setting stands: a link of the profile chain."""

    @property
    def level(self) -> Level: ...
    @property
    def key(self) -> str: ...


@dataclass(frozen=True)
class Stored:
    """A value as it is stored: plain, sealed, or none."""

    value: Value | None = None
    sealed: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, row: ProfileSetting | None) -> Self:
        return cls() if row is None else cls(row.value, row.sealed)

    @property
    def is_none(self) -> bool:
        return self.value is None and self.sealed is None

    @property
    def is_secret(self) -> bool:
        return self.sealed is not None


@dataclass(frozen=True)
class Change:
    """One change; `undoes` is the number of the change that it took back."""

    id: int
    at: datetime
    actor: str
    level: Level
    key: str
    name: str
    old: Stored
    new: Stored
    undoes: int | None


def note(
    session: Session,
    link: Place,
    name: str,
    old: Stored,
    new: Stored,
    *,
    actor: str,
    now: datetime,
    undoes: int | None = None,
) -> None:
    """Store what was changed, in the transaction that changed it."""
    row = ProfileChange(
        at=now,
        actor=actor,
        level=link.level,
        key=link.key,
        name=name,
        old_value=old.value,
        old_sealed=old.sealed,
        new_value=new.value,
        new_sealed=new.sealed,
        undoes=undoes,
    )
    session.add(row)
    session.flush()


def get(session: Session, number: int) -> Change:
    """The change of this number; raises UnknownChangeError."""
    row = session.get(ProfileChange, number)
    if row is None:
        raise UnknownChangeError(number=number)
    return _change(row)


def of_links(
    session: Session, links: Sequence[Place], limit: int, since: datetime | None = None
) -> Sequence[Change]:
    """The last changes on these links, the newest first; with `since`, those after it."""
    here = or_(
        *(and_(ProfileChange.level == link.level, ProfileChange.key == link.key) for link in links)
    )
    query = select(ProfileChange).where(here).order_by(ProfileChange.id.desc()).limit(limit)
    if since is not None:
        query = query.where(ProfileChange.at > since)
    return [_change(row) for row in session.scalars(query)]


def _change(row: ProfileChange) -> Change:
    return Change(
        id=row.id,
        at=row.at,
        actor=row.actor,
        level=Level(row.level),
        key=row.key,
        name=row.name,
        old=Stored(row.old_value, row.old_sealed),
        new=Stored(row.new_value, row.new_sealed),
        undoes=row.undoes,
    )
