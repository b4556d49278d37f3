"""Taking in the phones of a table: all of them in the caller's transaction, or none.

A large table is looked at and made ready before anybody's lock is taken (`prepared`). What others
did meanwhile shows when it is stored: its places are compared before, and held and compared after;
a phone that somebody else took in has its MAC already. Then the table is looked at again.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from accounts import audit
from catalogue.models import Product
from provision.devices.models import Device
from provision.enrolment import judging, knowing, preparing
from provision.enrolment.bulk import ClashError, Ready
from provision.enrolment.judging import Judged, Verdict
from provision.enrolment.knowing import Places
from provision.enrolment.preparing import Hand, Issued
from provision.enrolment.table import DeviceTable
from provision.models import CheckIn
from provision.rendered import awaited
from storage.clock import moscow_date
from storage.installation import Installation
from storage.refusals import ConflictError

Tell = Callable[[int], None]
#: Looks at one table before it is given up: each is overtaken only by another writer's commit.
_LOOKS = 5


class RefusedRowsError(ConflictError):
    code = "refused-rows"
    ru = "Не принято строк: {count}. Первая: {row}. Ничего не сохранено."
    en = "Rows that do not fit: {count}. The first one: {row}. Nothing was stored."


class OvertakenError(ConflictError):
    code = "import-overtaken"
    ru = (
        "Пока таблица принималась, другие изменяли те же телефоны или площадки. "
        "Ничего не сохранено: повторите импорт."
    )
    en = (
        "While the table was taken in, others changed the same phones or sites. "
        "Nothing was stored: repeat the import."
    )


@dataclass(frozen=True)
class Source:
    """Which table it was, for the audit."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Done:
    """What an import stored."""

    added: int
    skipped: int
    issued: Sequence[Issued] = ()


@dataclass(frozen=True)
class Prepared:
    """What a table comes to, as long as these places are as they were."""

    ready: Ready
    places: Places
    done: Done


def _silently(_count: int) -> None:
    """Nobody listens."""


def look(
    session: Session,
    place: Installation,
    table: DeviceTable,
    now: datetime,
    tell: Tell = _silently,
) -> Sequence[Judged]:
    """Every row's verdict against the register of this moment; `tell` hears how many are known."""
    return _judged(session, place, knowing.places(session), table, now, tell)


def require_fit(rows: Sequence[Judged]) -> None:
    """Raises RefusedRowsError when any row does not fit."""
    if unfit := judging.refused(rows):
        raise RefusedRowsError(count=len(unfit), row=unfit[0].entry.row)


@contextlib.contextmanager
def prepared(
    session: Session,
    place: Installation,
    table: DeviceTable,
    *,
    actor: str,
    now: datetime,
    with_tokens: bool = False,
    tell: Tell = _silently,
) -> Iterator[Prepared]:
    """Every new phone of a table made ready; raises RefusedRowsError when any row does not fit.

    `tell` hears of twice as many as there are rows: each is looked at, and then made ready.
    """
    places, total = knowing.places(session), len(table.entries)
    rows = _judged(session, place, places, table, now, tell)
    require_fit(rows)
    new = [row.wanted for row in rows if row.verdict is Verdict.NEW and row.wanted]
    codes = session.execute(select(Product.code, Product.id))
    hand = Hand(actor, now, {code: number for code, number in codes}, place.seal, with_tokens)  # noqa: C416 - rows are no pairs to mypy
    with Ready(place.data_dir, session.get_bind().dialect) as ready:
        issued = preparing.make_ready(ready, new, hand, lambda count: tell(total + count))
        yield Prepared(ready, places, Done(len(new), len(rows) - len(new), issued))


def store(
    session: Session,
    place: Installation,
    found: Prepared,
    source: Source,
    *,
    actor: str,
    now: datetime,
) -> Done:
    """Store what is ready, with one entry for the table in the audit trail.

    The first configurations of new phones that have a token are made soon after. Raises
    OvertakenError, with nothing stored, when others changed what it was judged by.
    """
    if knowing.places(session) != found.places:
        raise OvertakenError
    newest = session.scalar(select(func.max(Device.id))) or 0
    try:
        with session.begin_nested():
            found.ready.store(session)
            # Held at the end only: storing takes seconds, in which others may go on with them.
            if knowing.places(session, held=True) != found.places:
                raise OvertakenError
    except ClashError as error:
        raise OvertakenError from error
    _adopt_calls(session, newest)
    done = found.done
    tokens = ((one.mac, one.token) for one in done.issued)
    awaited.expect(session, place, tokens, actor=actor, now=now)
    subject = f"import:{source.sha256[:16]}"
    told = {"file": source.name[:200], "sha256": source.sha256, "skipped": done.skipped}
    audit.record(session, actor, "device.import", subject, now, added=done.added, **told)
    return done


def take_in(
    session: Session,
    place: Installation,
    table: DeviceTable,
    source: Source,
    *,
    actor: str,
    now: datetime,
    with_tokens: bool = False,
) -> Done:
    """Store every new phone of a table; raises RefusedRowsError when any row does not fit."""
    for _ in range(_LOOKS):
        with prepared(
            session, place, table, actor=actor, now=now, with_tokens=with_tokens
        ) as found:
            try:
                return store(session, place, found, source, actor=actor, now=now)
            except OvertakenError:
                continue
    raise OvertakenError


@contextlib.contextmanager
def taking_in(
    place: Installation,
    table: DeviceTable,
    source: Source,
    *,
    actor: str,
    now: datetime,
    with_tokens: bool = False,
    tell: Tell = _silently,
) -> Iterator[Done]:
    """As take_in, for a large table: looked at and made ready before the lock is taken.

    What is done in here is done in its transaction, which ends with it.
    """
    with (
        place.database.reading() as session,
        prepared(
            session, place, table, actor=actor, now=now, with_tokens=with_tokens, tell=tell
        ) as found,
    ):
        session.rollback()
        with place.database.writing() as writer:
            try:
                done = store(writer, place, found, source, actor=actor, now=now)
            except OvertakenError:
                done = take_in(
                    writer, place, table, source, actor=actor, now=now, with_tokens=with_tokens
                )
            yield done


def _judged(
    session: Session,
    place: Installation,
    places: Places,
    table: DeviceTable,
    now: datetime,
    tell: Tell,
) -> Sequence[Judged]:
    register = knowing.register_for(session, place, places, table.entries, tell)
    return judging.judge(table.entries, register, moscow_date(now))


def _adopt_calls(session: Session, newest: int) -> None:
    """What phones newer than that asked for before they were known belongs to their story."""
    owner = select(Device.id).where(Device.mac == CheckIn.mac).scalar_subquery()
    new = select(Device.mac).where(Device.id > newest)
    calls = update(CheckIn).where(CheckIn.device_id.is_(None), CheckIn.mac.in_(new))
    session.execute(calls.values(device_id=owner), execution_options={"synchronize_session": False})
