"""Asking all phones of a resync that are left, until it is done, stopped, or the time is over.

Whoever asks may die at any moment: the next one asks again those whose answer was not stored.
No transaction is open while phones are asked.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from provision.devices.models import Device
from provision.resyncs import results, starting
from provision.resyncs.asking import Asker, Outcome
from provision.resyncs.letters import letter_for
from provision.resyncs.message import Notice
from provision.resyncs.models import Resync, ResyncTarget
from provision.resyncs.results import Standing
from provision.resyncs.transaction import Timers
from provision.resyncs.vocabulary import ResyncState, TargetState
from storage.clock import now
from storage.installation import Installation

_STORE_EVERY_S = 1.0
_STORE_MAX = 500
_PAGE = 50


def walk(
    installation: Installation,
    number: int,
    tell: Callable[[Standing], None] = lambda _: None,
    *,
    at_most_s: float = math.inf,
    timers: Timers | None = None,
) -> Standing:
    """Ask who is left. After `at_most_s` nobody more is asked, and those asked are waited for."""
    database = installation.database
    with database.reading() as session:
        resync = starting.get(session, number)
        rate, reboot = resync.rate, resync.reboot
    told: list[Outcome] = []
    stored, end, is_over = time.monotonic(), time.monotonic() + at_most_s, False

    def letters() -> Iterator[Notice | Outcome]:
        for one in _letters(installation, number, reboot):
            if is_over or time.monotonic() >= end:
                return
            yield one

    def put() -> None:
        nonlocal stored, is_over
        stored = time.monotonic()
        with database.writing(lasting=False) as session:
            _store(session, number, told)
        told.clear()
        with database.reading() as session:
            far = results.standing(session, number)
        is_over = far.state != ResyncState.RUNNING
        tell(far)

    for outcome in Asker(rate, timers or Timers()).run(letters()):
        told.append(outcome)
        if len(told) >= _STORE_MAX or time.monotonic() - stored >= _STORE_EVERY_S:
            put()
    put()
    with database.writing() as session:
        _finish(session, number)
        return results.standing(session, number)


def _letters(installation: Installation, number: int, reboot: bool) -> Iterator[Notice | Outcome]:
    """What to say to each phone that waits, read page by page while others are asked."""
    last = 0
    while True:
        with installation.database.reading() as session:
            page = _page(session, number, last)
            made = [letter_for(session, installation, one, reboot=reboot) for one in page]
        if not made:
            return
        last = made[-1].key
        yield from made


def _page(session: Session, number: int, last: int) -> Sequence[Device]:
    """The next phones that wait; none of a resync that was stopped."""
    return session.scalars(
        select(Device)
        .join(ResyncTarget, ResyncTarget.device_id == Device.id)
        .join(Resync, Resync.id == ResyncTarget.resync_id)
        .where(
            ResyncTarget.resync_id == number,
            ResyncTarget.state == TargetState.WAITING,
            Resync.state == ResyncState.RUNNING,
            ResyncTarget.device_id > last,
        )
        .order_by(ResyncTarget.device_id)
        .limit(_PAGE)
    ).all()


def _store(session: Session, number: int, told: Sequence[Outcome]) -> None:
    """What came of them; one whom a stop left out meanwhile was asked all the same."""
    asked = select(Device.id, Device.address).where(Device.id.in_([one.key for one in told]))
    addresses = {row.id: row.address for row in session.execute(asked)}
    rows = [
        {
            "resync_id": number,
            "device_id": one.key,
            "state": one.state,
            "address": addresses.get(one.key),
            "status": one.status,
            "reason": one.reason,
            "sent": one.sent,
            "done_at": now(),
        }
        for one in told
    ]
    if rows:
        session.execute(update(ResyncTarget), rows)


def _finish(session: Session, number: int) -> None:
    resync = starting.get(session, number)
    waiting = select(ResyncTarget.device_id).where(
        ResyncTarget.resync_id == number, ResyncTarget.state == TargetState.WAITING
    )
    if resync.state == ResyncState.RUNNING and session.scalar(waiting.limit(1)) is None:
        resync.state, resync.finished_at = ResyncState.DONE, now()
