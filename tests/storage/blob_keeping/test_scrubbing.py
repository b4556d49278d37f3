"""Scrubbing: every rotten blob is found within its turn, told once, and healed by a put."""

import random
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.blob_keeping import scrubbing
from storage.blob_keeping.blob_models import Blob, record
from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.blob_keeping.scrubbing import ScrubOptions, Turn
from storage.blobs import BlobQuarantinedError, Health
from storage.installation import Installation

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
COUNT = 45


def publish(place: Installation, data: bytes, owner: str, at: datetime = NOW) -> str:
    blob = place.blobs.put(BytesIO(data))
    with place.database.writing() as session:
        record(session, blob, owner, at)
    return blob.sha256


@pytest.fixture
def published(installation: Installation) -> list[str]:
    chance = random.Random(5)
    return [publish(installation, chance.randbytes(5_000), f"t:{n}") for n in range(COUNT)]


def path_of(place: Installation, sha256: str) -> Path:
    assert isinstance(place.blobs, LocalBlobStore)
    return place.blobs.path(sha256)


def rot(place: Installation, sha256: str) -> None:
    path = path_of(place, sha256)
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[random.Random(sha256).randrange(len(data))] ^= 0x10
    path.write_bytes(data)


def scrub_all(place: Installation, now: datetime = NOW) -> dict[str, Health]:
    with place.database.reading() as session:
        turns = scrubbing.every(session)
    found = scrubbing.scrub(place.database, place.blobs, turns, lambda: now)
    return {one.sha256: one.health for one in found}


def read_share(place: Installation, at: datetime, options: ScrubOptions) -> list[str]:
    with place.database.reading() as session:
        turns = scrubbing.share(session, options, at)
    return [one.sha256 for one in scrubbing.scrub(place.database, place.blobs, turns, lambda: at)]


def faults(place: Installation) -> dict[str, str]:
    with place.database.reading() as session:
        rows = session.execute(select(Blob.sha256, Blob.fault).where(Blob.fault.is_not(None)))
        return {sha256: str(fault) for sha256, fault in rows}


def test_one_flipped_bit_in_each_of_them_is_found_in_all(
    installation: Installation, published: list[str]
) -> None:
    for sha256 in published:
        rot(installation, sha256)
    assert set(scrub_all(installation).values()) == {Health.DAMAGED}
    assert faults(installation) == dict.fromkeys(published, "damaged")
    for sha256 in published:
        with pytest.raises(BlobQuarantinedError):
            installation.blobs.open(sha256)


def test_good_ones_are_left_alone_and_marked_as_read(
    installation: Installation, published: list[str]
) -> None:
    rot(installation, published[7])
    path_of(installation, published[9]).unlink()
    found = scrub_all(installation)
    assert (found.pop(published[7]), found.pop(published[9])) == (Health.DAMAGED, Health.MISSING)
    assert set(found.values()) == {Health.GOOD}
    assert faults(installation) == {published[7]: "damaged", published[9]: "missing"}
    with installation.database.reading() as session:
        assert set(session.scalars(select(Blob.checked_at))) == {NOW}
    assert all(installation.blobs.exists(sha256) for sha256 in found)


def test_who_died_before_saying_what_was_damaged_leaves_that_to_the_next(
    installation: Installation, published: list[str]
) -> None:
    rot(installation, published[0])
    assert installation.blobs.quarantine(published[0])
    scrub_all(installation)
    assert faults(installation) == {published[0]: "damaged"}


def test_a_second_look_changes_no_finding_and_a_put_heals_it(
    installation: Installation, published: list[str]
) -> None:
    bad = published[0]
    data = path_of(installation, bad).read_bytes()
    rot(installation, bad)
    scrub_all(installation)
    scrub_all(installation, NOW + timedelta(hours=1))
    with installation.database.reading() as session:
        row = session.get_one(Blob, bad)
    assert (row.fault, row.fault_found_at) == ("damaged", NOW)
    installation.blobs.put(BytesIO(data))
    with installation.database.reading() as session:
        turns = scrubbing.share(session, ScrubOptions(), NOW)
    assert turns[0] == Turn(bad, 5_000, was_bad=True), "what is bad is looked at in each share"
    (healed, *_) = scrubbing.scrub(installation.database, installation.blobs, turns, lambda: NOW)
    assert healed.healed
    assert faults(installation) == {}


def test_shares_come_round_to_every_blob_within_the_days(
    installation: Installation, published: list[str]
) -> None:
    options = ScrubOptions(days=1, every_s=4 * 60 * 60)
    seen: set[str] = set()
    for run in range(5):
        turns = read_share(installation, NOW + timedelta(hours=4 * (run + 1)), options)
        assert len(turns) == 9
        seen |= set(turns)
    assert seen == set(published)


def test_proof_r22_what_rots_is_found_within_a_day_whatever_is_published_meanwhile(
    installation: Installation, published: list[str]
) -> None:
    """Two days of half-hours whose runs come late; every two hours a bit of a file goes over."""
    chance, at, rotten = random.Random(22), NOW, dict[str, datetime]()
    longest = timedelta()
    for run in range(2 * 48):
        at += timedelta(minutes=30, seconds=chance.uniform(0, 30))
        before = set(faults(installation))
        read_share(installation, at, ScrubOptions())
        for sha256 in set(faults(installation)) - before:
            longest = max(longest, at - rotten[sha256])
        if run % 4 == 0:
            bad = chance.choice([one for one in published if one not in rotten])
            rotten[bad] = at
            rot(installation, bad)
        elif run % 2:
            body = chance.randbytes(500)
            published.append(publish(installation, body, f"new:{run}", at))
    late = {one for one, since in rotten.items() if at - since > timedelta(days=1)}
    assert len(late) >= 12
    assert late <= set(faults(installation))
    assert longest <= timedelta(days=1)
    for sha256 in late:
        with pytest.raises(BlobQuarantinedError):
            installation.blobs.open(sha256)
    print(f"R22: {len(late)} of {len(late)} rotten files found, the last after {longest}")  # noqa: T201


def test_what_nobody_could_read_for_days_is_read_at_once(
    installation: Installation, published: list[str]
) -> None:
    read_share(installation, NOW, ScrubOptions())
    back = NOW + timedelta(days=3)
    assert set(read_share(installation, back, ScrubOptions())) == set(published)
    assert len(read_share(installation, back, ScrubOptions())) == 1


def test_it_ends_early_when_told_to_and_what_was_read_is_noted(
    installation: Installation, published: list[str]
) -> None:
    with installation.database.reading() as session:
        turns = scrubbing.every(session)
    looks = iter([False] * 24 + [True])
    at = NOW + timedelta(hours=1)
    done = scrubbing.scrub(
        installation.database, installation.blobs, turns, lambda: at, is_over=lambda: next(looks)
    )
    assert len(done) == 25
    with installation.database.reading() as session:
        assert len(session.scalars(select(Blob).where(Blob.checked_at == at)).all()) == 25
        left = scrubbing.rest(session, len(published) - 25)
    assert {turn.sha256 for turn in left} | {one.sha256 for one in done} == set(published)


@pytest.mark.parametrize(("total", "share"), [(0, 0), (1, 1), (47, 1), (48, 2), (100_000, 2128)])
def test_a_share_is_the_part_of_a_day_that_half_an_hour_is(total: int, share: int) -> None:
    assert ScrubOptions().share(total) == share
