"""The customers of a partner: how many phones each has, and what of theirs is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from provision.models import Device
from support.cases.models import RepairUnit
from support.cases.vocabulary import Stage
from support.requests.models import SupportRequest
from support.scope import Scope
from support.sla.log import State

_OPEN = [state for state in State if not state.is_over]
_IN_REPAIR = [stage for stage in Stage if not stage.is_over]


@dataclass(frozen=True)
class Client:
    """One organisation of a scope. `waiting` requests wait for its own word."""

    id: int
    name: str
    phones: int
    open_requests: int
    waiting: int
    in_repair: int
    is_own: bool


def clients(session: Session, scope: Scope) -> Sequence[Client]:
    """Every organisation of the scope, one's own first, then by name."""
    mine = scope.organisations
    request, unit = SupportRequest.organisation_id, RepairUnit.organisation_id
    phones = _by_owner(session, select(Device.organisation_id, func.count()), mine)
    opened = _by_owner(
        session, select(request, func.count()).where(SupportRequest.state.in_(_OPEN)), mine
    )
    waiting = _by_owner(
        session,
        select(request, func.count()).where(SupportRequest.state == State.WAITING_CUSTOMER),
        mine,
    )
    repairs = _by_owner(
        session, select(unit, func.count()).where(RepairUnit.stage.in_(_IN_REPAIR)), mine
    )
    found = [
        Client(
            one, name, phones.get(one, 0), opened.get(one, 0), waiting.get(one, 0),
            repairs.get(one, 0), one == scope.own,
        )
        for one, name in scope.names.items()
    ]  # fmt: skip
    return sorted(found, key=lambda client: (not client.is_own, client.name))


def _by_owner(
    session: Session, query: Select[int | None, int], owners: Sequence[int]
) -> Mapping[int, int]:
    owner = query.selected_columns[0]
    rows = session.execute(query.where(owner.in_(owners)).group_by(owner))
    return {row[0]: row[1] for row in rows if row[0] is not None}
