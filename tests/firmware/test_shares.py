"""A share is data that the manifests carry: raised, lowered, audited, signed anew."""

import pytest
from sqlalchemy import select

from accounts.models import AuditEntry
from catalogue import keys
from firmware import shares
from firmware.offers import BadPercentError, in_rollout
from storage.clock import now
from tests.firmware.shelf import CODE, Shelf


def give(shelf: Shelf, version: str, percent: float) -> None:
    with shelf.installation.database.writing() as session:
        ring = keys.of(shelf.installation)
        shares.set_percent(session, CODE, version, percent, ring, actor="test", now=now())


def test_the_share_goes_out_signed_and_keeps_its_salt_and_who_is_in(shelf: Shelf) -> None:
    shelf.publish("2.0")
    shelf.publish("2.1")
    macs = [f"02f1a7{number:06x}" for number in range(2000)]
    inside: set[str] = set()
    serials, salts = [], set()
    for percent in (0, 5, 12.5, 100):
        give(shelf, "2.1", percent)
        manifest = shelf.manifest()
        (rollout,) = (r.rollout for r in manifest.releases if r.version == "2.1")
        assert rollout.percent == percent
        now_in = {mac for mac in macs if in_rollout(rollout.salt, mac, rollout.percent)}
        assert inside <= now_in
        inside = now_in
        serials.append(manifest.serial)
        salts.add(rollout.salt)
    assert inside == set(macs)
    assert serials == sorted(set(serials))
    assert len(salts) == 1


def test_while_a_release_is_shared_out_the_manifest_lists_the_one_before_it(shelf: Shelf) -> None:
    shelf.publish("2.0")
    shelf.publish("2.1")
    give(shelf, "2.1", 5)
    assert [r.version for r in shelf.manifest().releases] == ["2.1", "2.0"]
    give(shelf, "2.1", 100)
    assert [r.version for r in shelf.manifest().releases] == ["2.1"]


def test_the_same_share_again_changes_nothing_and_each_change_is_audited(shelf: Shelf) -> None:
    shelf.publish("2.0")
    give(shelf, "2.0", 5)
    serial = shelf.manifest().serial
    give(shelf, "2.0", 5)
    assert shelf.manifest().serial == serial
    with shelf.installation.database.reading() as session:
        told = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "release.rollout")
        ).all()
    assert [entry.details for entry in told] == [{"before": 100.0, "percent": 5}]


def test_a_withdrawn_release_has_no_share_to_set(shelf: Shelf) -> None:
    shelf.publish("2.0")
    shelf.withdraw("2.0")
    with pytest.raises(shares.NotOfferedError):
        give(shelf, "2.0", 5)


@pytest.mark.parametrize(("typed", "percent"), [("5", 5), ("12,5 %", 12.5), (" 0.01% ", 0.01)])
def test_a_share_is_read_as_people_type_it(typed: str, percent: float) -> None:
    assert shares.percent_from(typed) == percent


@pytest.mark.parametrize("typed", ["", "много", "101", "-1", "5.555", "nan", "1e9", "5 5"])
def test_what_is_no_share_is_refused(typed: str) -> None:
    with pytest.raises(BadPercentError):
        shares.percent_from(typed)
