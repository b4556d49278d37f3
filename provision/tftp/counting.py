"""Figures of the TFTP process: written to a file that /metrics of the other processes shows."""

import contextlib
import time
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, write_to_textfile

from storage.installation import Installation

WRITTEN_EACH_S = 2.0
#: Older figures are of a process that has ended.
FRESH_S = 30.0
_FILE = "tftp.prom"


class Figures:
    """Counts, and writes what it counted now and then."""

    def __init__(self, folder: Path) -> None:
        self._registry = CollectorRegistry()
        self._path = folder / _FILE
        self._written_s = 0.0
        self.requests = Counter(
            "flatpro_tftp_requests",
            "Requests over TFTP, by what became of them.",
            ["outcome"],
            registry=self._registry,
        )
        self.transfers = Counter(
            "flatpro_tftp_transfers",
            "Transfers over TFTP that ended, by how.",
            ["end"],
            registry=self._registry,
        )
        self.taken_bytes = Counter(
            "flatpro_tftp_taken_bytes", "Bytes that phones acknowledged.", registry=self._registry
        )
        self.retransmissions = Counter(
            "flatpro_tftp_retransmissions", "Datagrams sent again.", registry=self._registry
        )
        self.under_way = Gauge(
            "flatpro_tftp_transfers_under_way", "Transfers going on.", registry=self._registry
        )

    def write(self, now_s: float, *, at_once: bool = False) -> None:
        """Write the file, not more often than needed; figures cost no transfer."""
        if not at_once and now_s - self._written_s < WRITTEN_EACH_S:
            return
        self._written_s = now_s
        with contextlib.suppress(OSError):
            write_to_textfile(str(self._path), self._registry)

    def forget(self) -> None:
        """Take the file away: nobody counts any more."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def exposition(place: Installation) -> bytes:
    """The figures as /metrics shows them; empty where no TFTP process writes any."""
    path = place.data_dir / _FILE
    try:
        fresh = time.time() - path.stat().st_mtime < FRESH_S
        return path.read_bytes() if fresh else b""
    except OSError:
        return b""
