"""Counts downloads of firmware in memory and adds them to the table each second.

A download is counted when the answer that holds the file's first byte begins: the ranges of a
resumed download are one, HEAD and 304 are none. No address is looked at. A process that is killed
(kill -9, power) loses what it counted since the last second; one that ends in order loses nothing.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from catalogue.models import Product
from firmware.downloads.models import DownloadCount
from firmware.models import Artifact, Release
from storage.db import Database, DatabaseFullError

FLUSH_S = 1.0
#: Both have ON CONFLICT, under one name in two classes.
_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

_log = structlog.get_logger(__name__)


class Kind(StrEnum):
    """By which address a file went out; everything that phones take on their port is `phone`."""

    NAME = "name"
    HASH = "hash"
    TUF = "tuf"
    PHONE = "phone"


@dataclass(frozen=True)
class Counted:
    """What one count is about: the bytes; whose release they are is asked when it is stored."""

    day: date
    sha256: str
    kind: Kind


class DownloadCounter:
    """The counts of one process that are not stored yet; adding takes no lock of the database."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[Counted] = Counter()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, sha256: str, kind: Kind) -> None:
        """Count one download of these bytes, today."""
        counted = Counted(self._clock().date(), sha256, kind)
        with self._lock:
            self._counts[counted] += 1

    def flush(self, database: Database) -> None:
        """Store what was counted; what cannot be stored now stays for the next time."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        if not taken:
            return
        try:
            with database.writing() as session:
                store(session, taken)
        except (SQLAlchemyError, DatabaseFullError):
            _log.exception("download-counts-wait", downloads=taken.total())
            with self._lock:
                self._counts += taken

    def start(self, database: Database) -> None:
        """Store the counts each second from now on, in a thread of its own."""
        self._thread = threading.Thread(
            target=self._loop, args=(database,), name="download-counts", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Store the last counts and end the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

    def _loop(self, database: Database) -> None:
        while not self._stop.wait(FLUSH_S):
            self.flush(database)
        self.flush(database)


def store(session: Session, counts: Mapping[Counted, int]) -> None:
    """Add the counts of releases to the table; bytes that are no release's are passed over."""
    insert = _INSERTS[session.get_bind().dialect.name]
    names = _releases_of(session, {counted.sha256 for counted in counts})
    # Always in one order: two processes that store at once must not wait for each other.
    for counted in sorted(counts, key=lambda c: (c.day, c.sha256, c.kind)):
        if counted.sha256 not in names:
            continue
        product, version = names[counted.sha256]
        count = counts[counted]
        made = insert(DownloadCount).values(
            day=counted.day, product=product, version=version, kind=counted.kind, downloads=count
        )
        session.execute(
            made.on_conflict_do_update(
                index_elements=["day", "product", "version", "kind"],
                set_={"downloads": DownloadCount.downloads + count},
            )
        )


def _releases_of(session: Session, hashes: set[str]) -> dict[str, tuple[str, str]]:
    """Product and version by hash; of two releases with the same bytes the later one."""
    rows = session.execute(
        select(Artifact.sha256, Product.code, Release.version)
        .join(Release, Release.id == Artifact.release_id)
        .join(Product, Product.id == Release.product_id)
        .where(Artifact.sha256.in_(hashes))
        .order_by(Release.id)
    )
    return {sha256: (code, version) for sha256, code, version in rows}
