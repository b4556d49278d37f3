"""Marks: what is broken is never offered, what is below the floor neither, nobody is stranded."""

import pytest
from sqlalchemy import select

from accounts.models import AuditEntry
from firmware import offering, publishing
from firmware.offering import Recipient
from firmware.paths import Fault
from firmware.version_marks.marking import (
    FloorStrandsError,
    ReasonMissingError,
    UnknownKindError,
    UnknownMarkError,
    UnknownRevisionError,
)
from simulator.upgrade import Asking, Offered, next_release
from tests.firmware.shelf import CODE, Shelf

MAC = "02f1a7000001"


def due(shelf: Shelf, running: str, hardware: str = "A") -> str | None:
    """What the server offers, after the phone has found the same in the signed manifest."""
    recipient = Recipient(CODE, hardware, running, "stable", MAC)
    with shelf.installation.database.reading() as session:
        offer = offering.release_due(session, recipient)
    manifest = shelf.manifest()
    releases = [
        Offered(
            version=r.version, hardware=frozenset(r.hardware), min_from=r.min_from,
            withdrawn=r.status == "withdrawn", broken=frozenset(r.broken),
            percent=r.rollout.percent, salt=r.rollout.salt,
        )
        for r in manifest.releases
    ]  # fmt: skip
    own = next_release(Asking(running, hardware, MAC), releases, manifest.floors)
    assert (own.version if own.verdict == "take" else None) == (offer.version if offer else None)
    return offer.version if offer else None


def test_a_broken_release_is_never_offered_and_phones_leave_it(shelf: Shelf) -> None:
    for version in ("2.0", "2.1", "2.2"):
        shelf.publish(version)
    shelf.mark("2.2", "broken", "A")
    assert due(shelf, "2.0", "A") == "2.1"
    assert due(shelf, "2.0", "B") == "2.2"

    shelf.publish("2.3")
    assert due(shelf, "2.2", "A") == "2.3"


def test_a_broken_version_with_nothing_newer_is_said(shelf: Shelf) -> None:
    shelf.publish("2.0")
    shelf.publish("2.1")
    stuck = shelf.mark("2.1", "broken")
    assert {(p.fault, p.hardware) for p in stuck} == {
        (Fault.STUCK_ON_BROKEN, "A"),
        (Fault.STUCK_ON_BROKEN, "B"),
    }
    assert due(shelf, "2.1") is None


def test_nothing_below_the_floor_is_offered(shelf: Shelf) -> None:
    for version in ("1.0", "1.5", "2.0"):
        shelf.publish(version)
    shelf.withdraw("2.0")
    shelf.mark("1.6", "floor", "A")
    assert due(shelf, "1.0", "A") is None
    assert due(shelf, "1.0", "B") == "1.5"
    assert shelf.manifest().floors == {"A": "1.6"}


def test_a_floor_that_takes_a_needed_step_away_is_refused_and_changes_nothing(
    shelf: Shelf,
) -> None:
    shelf.publish("1.0")
    shelf.publish("1.5")
    shelf.publish("2.0", min_from="1.5")
    with pytest.raises(FloorStrandsError, match=r"1\.0"):
        shelf.mark("1.8", "floor")
    assert due(shelf, "1.0") == "1.5"
    assert shelf.manifest().floors == {}


def test_a_version_shipped_without_a_way_is_told_and_a_step_mends_it(shelf: Shelf) -> None:
    shelf.publish("2.0")
    shelf.publish("3.0", min_from="2.0")
    shelf.withdraw("2.0")
    stuck = shelf.mark("1.1", "shipped")
    assert {str(problem.version) for problem in stuck} == {"1.1"}

    with pytest.raises(publishing.VersionDoesNotRiseError):
        shelf.publish("2.1")
    shelf.publish("2.1", as_step=True)
    assert due(shelf, "1.1") == "2.1"
    assert due(shelf, "2.1") == "3.0"


def test_a_release_that_leaves_a_factory_version_behind_is_refused(shelf: Shelf) -> None:
    shelf.publish("2.0", hardware="A")
    shelf.publish("1.9", hardware="B", as_step=True)
    shelf.withdraw("1.9")
    shelf.mark("1.6", "shipped", "B")
    with pytest.raises(publishing.DeadEndError, match=r"B.*1\.6"):
        shelf.publish("2.5", min_from="1.7", hardware="B")


def test_phones_stranded_before_do_not_forbid_the_next_release(shelf: Shelf) -> None:
    shelf.publish("1.0")
    shelf.publish("2.0")
    shelf.publish("3.0", min_from="2.0")
    assert shelf.withdraw("2.0")
    shelf.publish("3.1", min_from="2.0")
    assert due(shelf, "2.0") == "3.1"


def test_each_revision_finds_its_own_latest_in_the_manifest(shelf: Shelf) -> None:
    shelf.publish("2.0")
    shelf.publish("2.1", hardware="B")
    assert due(shelf, "1.0", "A") == "2.0"
    assert due(shelf, "1.0", "B") == "2.1"


def test_marks_are_audited_and_taken_away_again(shelf: Shelf) -> None:
    shelf.publish("2.0")
    shelf.publish("2.1")
    shelf.mark("2.1", "broken", reason="перезагружается")
    shelf.mark("2.1.0", "broken", reason="зависает")
    shelf.unmark("2.1", "broken")
    assert due(shelf, "2.0") == "2.1"
    with shelf.installation.database.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.action for entry in entries][-3:] == [
        "version.mark",
        "version.mark",
        "version.unmark",
    ]
    assert entries[-2].details["reason"] == "зависает"


def test_a_mark_that_makes_no_sense_is_refused(shelf: Shelf) -> None:
    with pytest.raises(ReasonMissingError):
        shelf.mark("2.0", "broken", reason=" ")
    with pytest.raises(UnknownKindError):
        shelf.mark("2.0", "odd")
    with pytest.raises(UnknownRevisionError):
        shelf.mark("2.0", "floor", "Z")
    with pytest.raises(UnknownMarkError):
        shelf.unmark("2.0", "floor")
