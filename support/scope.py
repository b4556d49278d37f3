"""Whose things a person may see: their own organisation's, and a partner also its customers'."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from accounts.access import AccessRule, Actor
from accounts.models import Organisation, Role

#: Staff have pages of their own; these are for the others who log in.
CUSTOMERS = AccessRule("customer or partner", frozenset({Role.CUSTOMER, Role.PARTNER}))


@dataclass(frozen=True)
class Scope:
    """The organisations whose things are shown, by id with their names; `own` is one's own."""

    own: int
    names: Mapping[int, str]

    @property
    def organisations(self) -> tuple[int, ...]:
        return tuple(self.names)

    @property
    def is_partner(self) -> bool:
        """Whether there is more than one's own, so that pages must say whose a thing is."""
        return len(self.names) > 1

    def covers(self, organisation_id: int | None) -> bool:
        """Whether a thing of this organisation may be seen; a thing of nobody may not."""
        return organisation_id in self.names

    def chosen(self, typed: str) -> int | None:
        """On whose behalf a form is sent: the one it names, if it is within, else one's own.

        None for somebody who has no organisation.
        """
        found = self.narrowed(typed)
        return found[0] if len(found) == 1 else self.own or None

    def narrowed(self, wanted: str) -> tuple[int, ...]:
        """The organisations of a filter: the one that is named, if it is within, else all."""
        number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else 0
        return (number,) if number in self.names else self.organisations


#: What somebody sees who has no organisation.
NOBODY = Scope(0, {})


def scope_of(session: Session, actor: Actor | None) -> Scope:
    """What a person may see. Nobody, and somebody without an organisation, sees nothing."""
    own = actor.organisation_id if actor else None
    if actor is None or own is None:
        return NOBODY
    mine = Organisation.id == own
    if actor.role == Role.PARTNER:
        mine = or_(mine, Organisation.partner_id == own)
    rows = session.scalars(select(Organisation).where(mine).order_by(Organisation.name))
    return Scope(own, {row.id: row.name for row in rows})
