"""Leaves what went over TFTP among the check-ins, off the thread that sends."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

import structlog

from firmware.downloads.counting import DownloadCounter, Kind
from provision import folding
from provision.checkins import SentBytes, Visit
from provision.models import CheckInKind
from provision.phone_fetches import checkin_lines, downloads
from provision.phone_fetches.checkin_lines import Line
from provision.proving.doorkeeper import Doorkeeper
from provision.tftp.naming import Found
from storage.clock import now
from storage.installation import Installation

#: What a record has in place of an HTTP method, and as the kind of its path.
METHOD, PATH_KIND = "RRQ", "tftp"

_log = structlog.get_logger(__name__)
Number = Future[int | None]


class Recorder:
    """Nobody proves anything over TFTP: all of these are claims, and are kept as such."""

    def __init__(self, place: Installation) -> None:
        self._place = place
        self._journal = folding.journal_of(place)
        self._doorkeeper = Doorkeeper()
        self._counter = DownloadCounter(now)
        self._thread = ThreadPoolExecutor(1, "tftp-records")

    def start(self) -> None:
        self._counter.start(self._place.database)

    def stop(self) -> None:
        self._thread.shutdown()
        self._counter.stop()

    def begins(self, found: Found, address: str) -> Number | None:
        """Note that a file goes out: a bootstrap at once, an image until its end is told."""
        if found.image is not None:
            self._counter.add(found.image.sha256, Kind.PHONE)
        if not self._doorkeeper.may_record(time.monotonic()):
            return None
        visit = _visit(found, address, now())
        if found.image is not None:
            return self._thread.submit(downloads.begin, self._place, visit)
        try:
            self._journal.append(checkin_lines.written(Line(visit)))
        except OSError:
            _log.exception("check-in-lost", kind=visit.kind)
        return None

    def ends(self, number: Number | None, sent: SentBytes) -> None:
        """Note how much of an image went out."""
        if number is not None:
            self._thread.submit(self._finish, number, sent)

    def _finish(self, number: Number, sent: SentBytes) -> None:
        known = number.result()
        if known is not None:
            downloads.finish(self._place, known, 200, sent)


def _visit(found: Found, address: str, at: datetime) -> Visit:
    return Visit(
        at=at,
        kind=CheckInKind.FIRMWARE if found.image else CheckInKind.BOOTSTRAP,
        method=METHOD,
        path_kind=PATH_KIND,
        status=200,
        address=address,
        user_agent="",
        mac=found.mac.hex if found.mac else None,
        version=found.image.version if found.image else None,
        total_bytes=found.size if found.image else None,
    )
