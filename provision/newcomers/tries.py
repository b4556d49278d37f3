"""Addresses that asked for many MACs that nobody knows: a site not taken in yet, or a guesser.

A first contact is answered whoever asks, and what it gets is no secret: so nobody is stopped here,
and a site whose thousand phones start behind one address is not either, unless the operator set a
limit (`proving/doorkeeper.py`). Staff are told in either case.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Row, and_, or_, select
from sqlalchemy.orm import Session

from accounts import audit
from accounts.models import AuditEntry
from provision.families.family import PathKind
from provision.limits import source_of
from provision.models import CheckIn, CheckInKind

ACTION = "address.many-macs"
#: More different MACs than this within a minute, none of them in the register.
MACS_PER_MINUTE = 20
MINUTE = timedelta(minutes=1)
#: A look sees this far back, so that a late one misses nothing; check-ins come in a second late.
LOOK_BACK = timedelta(minutes=5)
#: Of one address once in this time.
QUIET = timedelta(hours=1)
#: Rows of one look, and events of one: a flood from false addresses over TFTP fills nothing.
_ROWS_MAX, _EVENTS_MAX = 20_000, 50
#: How long staff are told on the page, and of how many.
SHOWN_FOR, SHOWN_MAX = timedelta(days=7), 20
_SUBJECT = "address:"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Tried:
    """`source` asked for so many unknown MACs within one minute, at `at` the last time."""

    source: str
    macs: int
    at: datetime


def note(session: Session, now: datetime) -> Sequence[Tried]:
    """Note whoever asked for too many lately, unless it was noted within the hour."""
    held_off = and_(CheckIn.path_kind == PathKind.BOOTSTRAP, CheckIn.status == 429)
    asked = (
        select(CheckIn.address, CheckIn.mac, CheckIn.at)
        .where(
            CheckIn.device_id.is_(None),
            CheckIn.at >= now - LOOK_BACK,
            CheckIn.mac.is_not(None),
            or_(CheckIn.kind == CheckInKind.BOOTSTRAP, held_off),
        )
        .order_by(CheckIn.at.desc())
        .limit(_ROWS_MAX)
    )
    found = [one for one in _many(session.execute(asked).all()) if not _is_noted(session, one, now)]
    for one in found[:_EVENTS_MAX]:
        audit.record(
            session, "phones", "address.many-macs", f"{_SUBJECT}{one.source}", now, macs=one.macs
        )
        _log.warning("many-macs-asked-for", address=one.source, macs=one.macs)
    return found[:_EVENTS_MAX]


def lately(session: Session, now: datetime) -> Sequence[Tried]:
    """Who was noted in the last days, the newest first."""
    rows = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.at >= now - SHOWN_FOR, AuditEntry.action == ACTION)
        .order_by(AuditEntry.at.desc())
        .limit(SHOWN_MAX)
    )
    return [
        Tried(row.subject.removeprefix(_SUBJECT), int(row.details["macs"]), row.at) for row in rows
    ]


def _many(rows: Sequence[Row[str, str | None, datetime]]) -> Iterator[Tried]:
    """The worst minute of each source that has one above the bound."""
    calls: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for address, mac, at in rows:
        calls[source_of(address)].append((at, mac or ""))
    for source, found in calls.items():
        if len({mac for _at, mac in found}) > MACS_PER_MINUTE:
            macs, at = _worst_minute(sorted(found))
            if macs > MACS_PER_MINUTE:
                yield Tried(source, macs, at)


def _worst_minute(calls: Sequence[tuple[datetime, str]]) -> tuple[int, datetime]:
    """How many different MACs at most within a minute, and when the last of them came."""
    inside: dict[str, int] = {}
    worst, since = (0, calls[0][0]), 0
    for at, mac in calls:
        inside[mac] = inside.get(mac, 0) + 1
        while calls[since][0] <= at - MINUTE:
            _leave(inside, calls[since][1])
            since += 1
        worst = max(worst, (len(inside), at))
    return worst


def _leave(inside: dict[str, int], mac: str) -> None:
    inside[mac] -= 1
    if not inside[mac]:
        del inside[mac]


def _is_noted(session: Session, one: Tried, now: datetime) -> bool:
    noted = select(AuditEntry.id).where(
        AuditEntry.subject == f"{_SUBJECT}{one.source}",
        AuditEntry.action == ACTION,
        AuditEntry.at > now - QUIET,
    )
    return session.scalar(noted.limit(1)) is not None
