"""What a mirror verified in a look that failed holds for the next look (TUF 5.3.8, 5.4.5, 5.5.7).

The thief has the keys that lay on the server until they were changed, and the line to the mirror.
A root and a timestamp are looked at in every run; the rest is the same way through other files.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from tuf.api.metadata import Metadata

from catalogue.mirrors import seen
from catalogue.mirrors.seen import Seen
from catalogue.mirrors.trust import UpstreamLiesError, UpstreamUnreachableError
from catalogue.tuf.layout import Purpose, View
from storage.clock import now
from storage.refusals import RefusedError
from tests.catalogue import site as sites
from tests.catalogue.cutting import CuttingOrigin
from tests.catalogue.site import HASTY, Site
from tests.catalogue.test_mirror_killed import start_sync
from tests.catalogue.test_tuf_client import Attacker, current_list, rotate, stolen
from tests.catalogue.vendor import LyingMirror, Vendor, fetch

TIMESTAMP = "/metadata/timestamp.json"
SPOILT = {"cut": "broken off|ended", "garbled": "does not hold", "expired": "expired"}


@pytest.fixture
def backend() -> str:
    """On the other database each sync of test_mirror.py keeps and forgets."""
    return "sqlite"


@pytest.fixture
def synced(vendor: Vendor, site: Site) -> Site:
    vendor.publish("1.0.0")
    site.sync()
    site.options = HASTY
    return site


@pytest.fixture
def origin(app: Flask, synced: Site) -> Iterator[CuttingOrigin]:
    made = CuttingOrigin(app)
    with made.serving() as synced.upstream:
        yield made


@contextmanager
def nothing_shown(site: Site) -> Iterator[None]:
    """Neither what is served changes nor what is held."""
    before = site.seen()
    yield
    assert site.seen() == before
    assert site.faults() == []


def remembered(site: Site, view: View = View.ONLINE) -> Seen:
    with site.installation.database.reading() as session:
        return seen.read(session, view)


def snapshot_address(app: Flask) -> str:
    named = Metadata.from_bytes(fetch(app, TIMESTAMP)).signed.snapshot_meta
    return f"/metadata/{named.version}.snapshot.json"


def garbled(_vendor: Vendor, app: Flask) -> bytes:
    body = fetch(app, TIMESTAMP)
    return body[:-40] + b"x" * 40


def expired(vendor: Vendor, app: Flask) -> bytes:
    """The vendor's own, with the key of today, of a week ago."""
    vendors_own = Attacker(LyingMirror(app), stolen(vendor, "timestamp-2"))
    timestamp = vendors_own.fetch(TIMESTAMP)
    timestamp.signed.expires = now().replace(microsecond=0) - timedelta(days=7)
    return vendors_own.lie(TIMESTAMP, timestamp)


class Thief:
    """Took the online keys before they were changed, and recorded what they had signed."""

    def __init__(self, vendor: Vendor, app: Flask) -> None:
        names = ("timestamp-1", "snapshot-1")
        self.attacker = Attacker(LyingMirror(app), stolen(vendor, *names))
        version = self.attacker.fetch(TIMESTAMP).signed.version + 1
        self.attacker.point_to({}, version)

    def shows_the_state_of_before(self, origin: CuttingOrigin) -> None:
        """Without the root that took the keys away."""
        origin.cuts.clear()
        origin.lies = {**self.attacker.mirror.lies, "/metadata/2.root.json": None}


@pytest.mark.parametrize(
    "spoilt",
    [
        "cut",
        pytest.param("garbled", marks=pytest.mark.prove),
        pytest.param("expired", marks=pytest.mark.prove),
    ],
)
def test_a_root_seen_in_a_failed_look_takes_stolen_keys_away_for_good(
    vendor: Vendor, synced: Site, origin: CuttingOrigin, app: Flask, spoilt: str
) -> None:
    thief = Thief(vendor, app)
    rotate(vendor, Purpose.TIMESTAMP, Purpose.SNAPSHOT)
    if spoilt == "cut":
        origin.cuts.add(TIMESTAMP)
    else:
        origin.lies[TIMESTAMP] = {"garbled": garbled, "expired": expired}[spoilt](vendor, app)
    with nothing_shown(synced), pytest.raises(RefusedError, match=SPOILT[spoilt]):
        synced.sync()
    assert list(remembered(synced).roots) == [2]

    thief.shows_the_state_of_before(origin)
    with nothing_shown(synced), pytest.raises(UpstreamLiesError, match="wrong keys"):
        synced.sync()

    origin.lies.clear()
    assert synced.sync().added == ()
    assert remembered(synced) == Seen({}, {})
    assert fetch(synced.app, "/keys/root.json") == fetch(app, "/metadata/2.root.json")


@pytest.mark.prove
def test_the_thief_succeeds_with_a_mirror_that_never_saw_the_root(
    vendor: Vendor, synced: Site, origin: CuttingOrigin, app: Flask
) -> None:
    """The tests around would prove nothing if the thief's files were wrong."""
    thief = Thief(vendor, app)
    rotate(vendor, Purpose.TIMESTAMP, Purpose.SNAPSHOT)
    thief.shows_the_state_of_before(origin)
    synced.sync()


@pytest.mark.prove
def test_a_root_seen_before_a_kill_takes_stolen_keys_away_for_good(
    vendor: Vendor, synced: Site, origin: CuttingOrigin, app: Flask
) -> None:
    thief = Thief(vendor, app)
    rotate(vendor, Purpose.TIMESTAMP, Purpose.SNAPSHOT)
    origin.holds.add(TIMESTAMP)
    with nothing_shown(synced):
        process = start_sync(synced)
        assert origin.held.wait(60), process.communicate()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert list(remembered(synced).roots) == [2]

    origin.holds.clear()
    thief.shows_the_state_of_before(origin)
    with nothing_shown(synced), pytest.raises(UpstreamLiesError, match="wrong keys"):
        synced.sync()


def test_a_timestamp_seen_in_a_failed_look_is_not_gone_back_on(
    vendor: Vendor, synced: Site, origin: CuttingOrigin, app: Flask
) -> None:
    newer = vendor.publish("1.1.0")
    between = fetch(app, TIMESTAMP)
    vendor.publish_document()
    origin.cuts.add(snapshot_address(app))
    with nothing_shown(synced), pytest.raises(UpstreamUnreachableError):
        synced.sync()

    origin.cuts.clear()
    origin.lies[TIMESTAMP] = between
    with nothing_shown(synced), pytest.raises(UpstreamLiesError, match="older"):
        synced.sync(kinds=("firmware",))

    origin.lies.clear()
    assert newer in synced.sync().added


@pytest.mark.prove
def test_a_list_named_by_a_snapshot_of_a_failed_look_is_not_gone_back_on(
    vendor: Vendor, synced: Site, origin: CuttingOrigin, app: Flask
) -> None:
    vendor.publish("1.1.0")
    attacker = Attacker(LyingMirror(app), stolen(vendor, "timestamp-1", "snapshot-1"))
    between = fetch(app, current_list(attacker))
    vendor.publish("1.2.0")
    origin.cuts.add(current_list(attacker))
    with nothing_shown(synced), pytest.raises(UpstreamUnreachableError):
        synced.sync()

    version = attacker.fetch(TIMESTAMP).signed.version + 10
    attacker.point_to({"fw-FP-B2": between}, version)
    origin.cuts.clear()
    origin.lies = {**attacker.mirror.lies}
    with nothing_shown(synced), pytest.raises(UpstreamLiesError, match="older"):
        synced.sync()


@pytest.mark.prove
def test_what_failed_for_its_files_alone_is_not_gone_back_on(
    vendor: Vendor, synced: Site, origin: CuttingOrigin, app: Flask
) -> None:
    vendor.publish("1.1.0")
    between = fetch(app, TIMESTAMP)
    vendor.publish("1.2.0")
    origin.cuts.add("/products.json")
    with nothing_shown(synced), pytest.raises(UpstreamUnreachableError):
        synced.sync()
    assert set(remembered(synced, View.AIR_GAP).files) == {"timestamp", "snapshot"}

    origin.cuts.clear()
    origin.lies[TIMESTAMP] = between
    with nothing_shown(synced), pytest.raises(UpstreamLiesError, match="older"):
        synced.sync()


@pytest.mark.prove
def test_stolen_keys_that_ran_ahead_in_a_failed_look_are_cured_by_changing_them(
    vendor: Vendor, synced: Site, origin: CuttingOrigin, app: Flask
) -> None:
    attacker = Attacker(LyingMirror(app), stolen(vendor, "timestamp-1", "snapshot-1"))
    attacker.point_to({}, 9_000_000_000)
    origin.lies = {**attacker.mirror.lies, "/metadata/9000000000.snapshot.json": None}
    with nothing_shown(synced), pytest.raises(UpstreamUnreachableError):
        synced.sync()
    origin.lies.clear()
    with nothing_shown(synced), pytest.raises(UpstreamLiesError, match="older"):
        synced.sync()

    rotate(vendor, Purpose.TIMESTAMP, Purpose.SNAPSHOT)
    newer = vendor.publish("1.1.0")

    assert synced.sync().added == (newer,)
    assert remembered(synced) == Seen({}, {})


@pytest.mark.prove
def test_a_first_look_that_failed_binds_who_begins_with_the_same_root_and_nobody_else(
    vendor: Vendor, site: Site, app: Flask
) -> None:
    vendor.publish("1.0.0")
    first = fetch(app, "/metadata/1.root.json")
    thief, origin = Thief(vendor, app), CuttingOrigin(app)
    rotate(vendor, Purpose.TIMESTAMP, Purpose.SNAPSHOT)
    site.options = HASTY
    origin.cuts.add(TIMESTAMP)
    with origin.serving() as site.upstream:
        with pytest.raises(UpstreamUnreachableError):
            site.sync(root=first)
        assert list(remembered(site).roots) == [1, 2]
        thief.shows_the_state_of_before(origin)
        with pytest.raises(UpstreamLiesError, match="wrong keys"):
            site.sync(root=first)
        origin.lies.clear()
        second = fetch(app, "/metadata/2.root.json")
        assert len(site.sync(root=second).added) == 1


@pytest.mark.prove
def test_another_root_to_begin_with_is_not_held_to_what_the_first_one_showed(
    vendor: Vendor, site: Site, app: Flask
) -> None:
    vendor.publish("1.0.0")
    origin = CuttingOrigin(app)
    site.options = HASTY
    origin.cuts.add("/products.json")
    with origin.serving() as site.upstream:
        with pytest.raises(UpstreamUnreachableError):
            site.sync()
        assert remembered(site).files
        other = fetch(app, "/metadata/offline/1.root.json")
        with pytest.raises(UpstreamLiesError):
            site.sync(root=other)
        assert remembered(site) == Seen({1: other}, {})


@pytest.mark.prove
def test_a_bundle_that_was_refused_for_its_files_leaves_an_older_one_refused(
    vendor: Vendor, site: Site
) -> None:
    folder = site.installation.data_dir
    vendor.publish("1.0.0")
    site.take(sites.export(vendor.installation, folder / "first.tar"))
    vendor.publish("1.1.0")
    between = sites.export(vendor.installation, folder / "between.tar")
    vendor.publish("1.2.0")
    newest = sites.export(vendor.installation, folder / "newest.tar")
    damaged = folder / "damaged.tar"
    damaged.write_bytes(newest.read_bytes().replace(b"1.2.0" * 20, b"1.2.1" * 20, 1))
    with nothing_shown(site), pytest.raises(RefusedError):
        site.take(damaged)
    with nothing_shown(site), pytest.raises(UpstreamLiesError, match="older"):
        site.take(between)
    assert len(site.take(newest).added) == 2
