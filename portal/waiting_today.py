"""What waits for staff: each room counts its own, and only what is there gets a line."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import current_app, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from accounts.access import current_actor, rule_of
from portal.doctor import examining
from portal.personal_data import consent_ends, withdrawals
from provision.newcomers import waiting as newcomers
from provision.redirects import listing as claims
from storage.clock import moscow_date
from storage.request import installation
from support.breaches import keeping as breaches
from support.civil_dates import add_days
from support.mailroom import outbox
from support.repairs import board
from support.requests import queue
from support.requests.queue import Shelf
from support.subject_requests import keeping as subject_requests
from support.subject_requests.clock import Level

REPAIR_DAYS = 2
#: Before the last day of an erasure it presses.
ERASURE_DAYS = 7


@dataclass(frozen=True)
class Matter:
    """One line; `presses` when somebody is kept waiting past a promise, or soon will be."""

    text: str
    url: str
    presses: bool = False


def matters(session: Session, now: datetime) -> Sequence[Matter]:
    """What waits on the pages that the reader may open."""
    actor, found = current_actor(), list[Matter]()
    for endpoint, look in _ROOMS.items():
        rule = rule_of(current_app, endpoint)
        if rule is not None and rule.allows(actor):
            found += look(session, now, endpoint)
    return found


def _requests(session: Session, now: datetime, endpoint: str) -> Iterator[Matter]:
    count = queue.counts(session)[Shelf.OURS]
    if not count:
        return
    url = url_for(endpoint, shelf=Shelf.OURS.value)
    due = queue.due_on_our_turn(session, add_days(moscow_date(now), 1), now)
    if due:
        words = _("Requests on our turn: %(count)s, due by tomorrow: %(due)s", count=count, due=due)
        yield Matter(words, url, presses=True)
    else:
        yield Matter(_("Requests on our turn: %(count)s", count=count), url)


def _repairs(session: Session, now: datetime, endpoint: str) -> Iterator[Matter]:
    late, soon = board.due_by(session, add_days(moscow_date(now), REPAIR_DAYS), now)
    if late:
        yield Matter(_("Repairs overdue: %(count)s", count=late), url_for(endpoint), presses=True)
    if soon:
        words = _("Repairs due within %(days)s days: %(count)s", days=REPAIR_DAYS, count=soon)
        yield Matter(words, url_for(endpoint), presses=True)


def _claims(session: Session, now: datetime, endpoint: str) -> Iterator[Matter]:
    if count := claims.waiting_count(session, now):
        yield Matter(
            _("Claims that wait for a decision: %(count)s", count=count), url_for(endpoint)
        )


def _newcomers(session: Session, now: datetime, endpoint: str) -> Iterator[Matter]:
    if count := newcomers.count(session, now):
        many = f"{count}+" if count == newcomers.LISTED_MAX else str(count)
        yield Matter(_("Unknown phones that wait: %(count)s", count=many), url_for(endpoint))


def _subject_requests(session: Session, now: datetime, endpoint: str) -> Iterator[Matter]:
    waiting = subject_requests.open_ones(session, now)
    if waiting:
        near = [one for one in waiting if one.clock.level is not Level.CALM]
        words = _("Requests about personal data: %(count)s", count=len(waiting))
        yield Matter(words, url_for(endpoint), presses=bool(near))


def _breaches(session: Session, now: datetime, endpoint: str) -> Iterator[Matter]:
    if waiting := [one for one in breaches.open_ones(session, now) if one.presses]:
        words = _("Leaks of which the authority is to be told: %(count)s", count=len(waiting))
        yield Matter(words, url_for(endpoint), presses=True)


def _letters(session: Session, _now: datetime, endpoint: str) -> Iterator[Matter]:
    if count := outbox.failed_count(session):
        yield Matter(_("Letters that did not leave: %(count)s", count=count), url_for(endpoint))


def _personal_data(session: Session, now: datetime, endpoint: str) -> Iterator[Matter]:
    due = [one.due_on for one in withdrawals.waiting(session)]
    due += [one.erase_by for one in consent_ends.left_over(session) if one.erase_by]
    if due:
        words = _("People whose data have to go: %(count)s", count=len(due))
        soon = add_days(moscow_date(now), ERASURE_DAYS)
        yield Matter(words, url_for(endpoint), presses=min(due) <= soon)
    if count := len(consent_ends.ending(session, now + consent_ends.SOON)):
        words = _("Consents whose term ends within 30 days: %(count)s", count=count)
        yield Matter(words, url_for(endpoint))


def _health(session: Session, now: datetime, endpoint: str) -> Iterator[Matter]:
    if count := len(examining.at_hand(session, installation(), now)):
        words = _("Health of the installation, to look at: %(count)s", count=count)
        yield Matter(words, url_for(endpoint), presses=True)


_ROOMS: Final[Mapping[str, Callable[[Session, datetime, str], Iterator[Matter]]]] = {
    "doctor.health_page": _health,
    "requests_queue.requests_queue": _requests,
    "repair_board.board_page": _repairs,
    "letters.letters_page": _letters,
    "subject_requests.requests_page": _subject_requests,
    "personal_data.register_page": _personal_data,
    "breaches.breaches_page": _breaches,
    "redirects.claims_page": _claims,
    "newcomers.newcomers": _newcomers,
}
