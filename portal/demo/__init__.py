"""The demo: a small vendor's world, and twelve simulated phones that live in it.

Nothing is canned: releases are published, documents stored and devices enrolled by the functions
that people use, and the phones do the rest over the wire.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import select

from catalogue.models import Product
from portal.demo import fleet, support_desk, workshop, world
from portal.settings import Settings
from storage.clock import now
from storage.installation import Installation

SETTLE_S = 40.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Stage:
    """Where the demo's phones are described, and the sign that they are done with their start."""

    fleet_file: Path
    settled_file: Path

    def command(self) -> Sequence[str]:
        """The simulator's process; it waits for the server by itself."""
        return (
            sys.executable, "-m", "simulator",
            "--fleet", str(self.fleet_file),
            "--settled-file", str(self.settled_file),
            "--settle-timeout", str(int(SETTLE_S)),
            "--stop-at-eof",
        )  # fmt: skip

    def wait_until_settled(self) -> Sequence[str]:
        """Wait until every phone has its configuration and firmware, or for a while.

        What the phones go without, as their ports are taken by other programs: a line for each.
        """
        deadline = time.monotonic() + SETTLE_S + 5
        while not self.settled_file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        if not self.settled_file.exists():
            return ()
        return self.settled_file.read_text("utf-8").splitlines()


def prepare(installation: Installation, settings: Settings) -> Stage | None:
    """Fill an empty installation; None where people already work with their own products."""
    stage = Stage(installation.data_dir / "demo-fleet.json", installation.data_dir / "demo-settled")
    if not stage.fleet_file.exists():
        with installation.database.reading() as session:
            if session.scalar(select(Product.id).limit(1)) is not None:
                return None
        instant = now()
        world.build(installation, instant)
        fleet.enrol(installation, settings.phone_address, stage.fleet_file, instant)
        support_desk.open_desk(installation, instant)
        workshop.fill(installation, instant)
        _log.info("demo-loaded")
    stage.settled_file.unlink(missing_ok=True)
    return stage
