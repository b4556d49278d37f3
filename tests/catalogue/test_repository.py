"""The repository in its rows: what each change signs, versions, renewal, two publishers at once."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from tuf.api.metadata import Snapshot

from catalogue import expiry, keys, repository, repository_audit, targets, work
from catalogue.keys import KeyRing
from catalogue.minisign import SigningKey
from catalogue.models import RoleDraft, RoleFile, Target
from catalogue.tuf import layout, role_files, role_keys
from catalogue.tuf import roles as tuf_roles
from catalogue.tuf.layout import Place, Purpose, View
from catalogue.tuf.reading_back import UnverifiedMetadataError
from catalogue.tuf.role_editor import OnlineKeyMissingError
from catalogue.tuf.roles import Edition, ListedFile
from jobs.runner import Work
from storage.blobs import StoredBlob
from storage.clock import now
from storage.installation import Installation

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
BLOB = StoredBlob("a" * 64, 1000)
B2, C5 = "fw/FP-B2/1.0/b2.bin", "fw/FP-C5/1.0/c5.bin"
LISTS = {"targets", "docs", *(f"docs-{number:02x}" for number in range(32))}


@pytest.fixture
def ring(installation: Installation) -> KeyRing:
    return keys.of(installation)


@pytest.fixture
def publish(installation: Installation, ring: KeyRing) -> Callable[..., frozenset[str]]:
    def published(path: str, at: datetime = NOW) -> frozenset[str]:
        with installation.database.writing() as session:
            targets.register(session, path, BLOB, at)
            return repository.publish(session, ring, [path], at)

    return published


def versions(installation: Installation) -> dict[str, int]:
    """The version of each current file, by place."""
    with installation.database.reading() as session:
        query = select(RoleFile).where(RoleFile.superseded_at.is_(None))
        return {str(Place(View(f.view), f.role)): f.version for f in session.scalars(query)}


def changed(before: dict[str, int], after: dict[str, int]) -> set[str]:
    return {name for name, version in after.items() if before.get(name) != version}


SIGNED_EACH_TIME = {"snapshot", "timestamp", "air-gap/snapshot", "air-gap/timestamp"}


def test_the_first_publication_makes_the_whole_repository(
    installation: Installation, publish: Callable[..., frozenset[str]]
) -> None:
    assert publish(B2) == {B2}
    made = versions(installation)
    assert made.keys() == LISTS | SIGNED_EACH_TIME | {"root", "air-gap/root", "fw-FP-B2"}
    assert (made["root"], made["air-gap/root"]) == (1, 1)


def test_a_publication_signs_one_list_and_what_names_it(
    installation: Installation, publish: Callable[..., frozenset[str]]
) -> None:
    publish(B2)
    before = versions(installation)
    assert publish("fw/FP-B2/1.1/b2.bin") == {"fw/FP-B2/1.1/b2.bin"}
    after = versions(installation)
    assert changed(before, after) == SIGNED_EACH_TIME | {"fw-FP-B2"}
    assert publish(C5) == {C5}
    assert changed(after, versions(installation)) == SIGNED_EACH_TIME | {"fw-FP-C5", "targets"}
    path = "docs/manual/ru/1/manual.pdf"
    after = versions(installation)
    assert publish(path) == {path}
    assert changed(after, versions(installation)) == SIGNED_EACH_TIME | {layout.role_of(path)}


def test_versions_rise_with_the_clock_and_without_it(
    installation: Installation, publish: Callable[..., frozenset[str]]
) -> None:
    """They start at the time in seconds, so that they rise over those of before a restore."""
    publish(B2)
    assert versions(installation)["timestamp"] == int(NOW.timestamp())
    publish("fw/FP-B2/1.1/b2.bin", at=NOW - timedelta(days=1))
    assert versions(installation)["timestamp"] == int(NOW.timestamp()) + 1
    publish("fw/FP-B2/1.2/b2.bin", at=NOW + timedelta(hours=1))
    assert versions(installation)["timestamp"] == int(NOW.timestamp()) + 3600


def test_the_same_path_twice_is_listed_once(publish: Callable[..., frozenset[str]]) -> None:
    assert publish(B2) == {B2}
    assert publish(B2) == frozenset()


def test_other_bytes_under_a_published_path_are_refused(
    installation: Installation, publish: Callable[..., frozenset[str]]
) -> None:
    publish(B2)
    with pytest.raises(targets.TargetTakenError), installation.database.writing() as session:
        targets.register(session, B2, StoredBlob("b" * 64, 5), NOW)


def test_a_failed_publication_changes_nothing(
    installation: Installation, ring: KeyRing, publish: Callable[..., frozenset[str]]
) -> None:
    publish(B2)
    before = versions(installation)
    with pytest.raises(KeyError), installation.database.writing() as session:
        targets.register(session, C5, BLOB, NOW)
        repository.publish(session, ring, [C5], NOW)
        raise KeyError("the transaction is lost after signing")
    assert versions(installation) == before
    with installation.database.reading() as session:
        assert session.scalars(select(Target.path)).all() == [B2]
        assert session.scalar(select(func.count()).select_from(RoleDraft)) == 0


def test_publishers_at_once_lose_nothing_and_share_no_version(
    installation: Installation, publish: Callable[..., frozenset[str]]
) -> None:
    publish(B2)
    start = threading.Barrier(4)
    failures: list[BaseException] = []

    def publisher(number: int) -> None:
        start.wait()
        try:
            for step in range(5):
                publish(f"fw/FP-{'BC'[number % 2]}2/2.{number}.{step}/x.bin", at=now())
        except BaseException as error:  # noqa: BLE001 - the main thread tells
            failures.append(error)

    threads = [threading.Thread(target=publisher, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert_sound(installation)
    with installation.database.reading() as session:
        count = session.scalar(
            select(func.count()).where(RoleFile.role == "timestamp", RoleFile.view == "online")
        )
        assert count == 1 + 20
        assert len(targets.seen(session)) == 21


def assert_sound(installation: Installation) -> None:
    """TUF's own client finds every target in both views (their bytes are not stored here)."""
    with installation.database.reading() as session:
        found = repository_audit.check(session, installation.blobs, read_bytes=False)
    assert [fault for fault in found if fault.problem != "its bytes are missing"] == []


def test_the_audit_tells_what_is_wrong(
    installation: Installation, publish: Callable[..., frozenset[str]]
) -> None:
    publish(B2, at=now())
    with installation.database.writing() as session:
        row = role_files.newest(session, View.ONLINE, "fw-FP-B2")
        assert row is not None
        row.body = row.body.replace(b"1000", b"1001")
        session.add(
            Target(path=C5, role="fw-FP-C5", sha256="c" * 64, size=1, added_at=NOW, listed_at=NOW)
        )
    with installation.database.reading() as session:
        found = repository_audit.check(session, installation.blobs, read_bytes=True)
    problems = {(fault.view, fault.subject): fault.problem for fault in found}
    assert problems[View.ONLINE, C5] == "no list names it"
    assert problems[View.BOTH, B2] == "its bytes are missing"
    assert "LengthOrHashMismatchError" in problems[View.AIR_GAP, B2]


def test_a_key_file_that_was_swapped_costs_one_publication_and_no_trust(
    installation: Installation, ring: KeyRing, publish: Callable[..., frozenset[str]]
) -> None:
    publish(B2)
    before = versions(installation)
    (ring.roles.path / "timestamp-1.pem").write_bytes(SigningKey.generate().to_pem())
    swapped = KeyRing(
        ring.online, ring.firmware, ring.firmware_public, role_keys.KeyFolder(ring.roles.path)
    )
    with pytest.raises(OnlineKeyMissingError), installation.database.writing() as session:
        targets.register(session, C5, BLOB, NOW)
        repository.publish(session, swapped, [C5], NOW)
    assert versions(installation) == before


def test_what_does_not_verify_is_not_published(
    installation: Installation,
    ring: KeyRing,
    publish: Callable[..., frozenset[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The check before the commit is the last net: only a fault of ours can show it."""
    publish(B2)
    before = versions(installation)
    right = tuf_roles.snapshot

    def wrong(lists: dict[str, ListedFile], edition: Edition) -> Snapshot:
        return right({**lists, "fw-FP-B2": lists["targets"]}, edition)

    monkeypatch.setattr(tuf_roles, "snapshot", wrong)
    with pytest.raises(UnverifiedMetadataError), installation.database.writing() as session:
        targets.register(session, "fw/FP-B2/1.1/b2.bin", BLOB, NOW)
        repository.publish(session, ring, ["fw/FP-B2/1.1/b2.bin"], NOW)
    assert versions(installation) == before


def renewed(installation: Installation, ring: KeyRing, at: datetime) -> set[str]:
    before = versions(installation)
    with installation.database.writing() as session:
        repository.renew(session, ring, at)
    return changed(before, versions(installation))


def test_each_file_is_signed_again_at_its_own_time(
    installation: Installation, ring: KeyRing, publish: Callable[..., frozenset[str]]
) -> None:
    publish(B2)
    everything = LISTS | SIGNED_EACH_TIME | {"root", "air-gap/root", "fw-FP-B2"}
    day = timedelta(days=1)
    assert renewed(installation, ring, NOW + day) == set()
    assert renewed(installation, ring, NOW + 2 * day) == {"timestamp"}
    assert renewed(installation, ring, NOW + 4 * day) == {"timestamp", "snapshot"}
    assert renewed(installation, ring, NOW + 8 * day) == SIGNED_EACH_TIME
    assert renewed(installation, ring, NOW + 190 * day) == everything - {"root", "air-gap/root"}
    assert renewed(installation, ring, NOW + 366 * day) >= {"root", "air-gap/root"}
    assert versions(installation)["root"] == 2


def test_files_from_a_clock_that_ran_ahead_are_signed_again(
    installation: Installation, ring: KeyRing, publish: Callable[..., frozenset[str]]
) -> None:
    """They would be believed for ten years; versions go on from where they are."""
    ahead = NOW + timedelta(days=3650)
    publish(B2, at=ahead)
    assert {"timestamp", "snapshot", "root"} <= renewed(installation, ring, NOW)
    with installation.database.reading() as session:
        assert max(age.left for age in expiry.ages(session, NOW)) <= timedelta(days=731)
    assert versions(installation)["timestamp"] == int(ahead.timestamp()) + 1


def test_replaced_files_are_kept_for_latecomers_and_roots_for_ever(
    installation: Installation, ring: KeyRing, publish: Callable[..., frozenset[str]]
) -> None:
    publish(B2)
    old = versions(installation)["snapshot"]
    publish("fw/FP-B2/1.1/b2.bin", at=NOW + timedelta(hours=1))

    def kept(role: str, version: int) -> bool:
        with installation.database.reading() as session:
            try:
                role_files.get(session, View.ONLINE, role, version)
            except role_files.UnknownRoleFileError:
                return False
            return True

    renewed(installation, ring, NOW + timedelta(days=1))
    assert kept("snapshot", old)
    renewed(installation, ring, NOW + timedelta(days=9))
    assert not kept("snapshot", old)
    renewed(installation, ring, NOW + timedelta(days=400))
    assert [kept("root", 1), kept("root", 2)] == [True, True]


def test_everything_can_be_signed_anew_over_what_clients_have_seen(
    installation: Installation, ring: KeyRing, publish: Callable[..., frozenset[str]]
) -> None:
    publish(B2)
    before = versions(installation)
    with installation.database.writing() as session:
        repository.sign_everything(session, ring, NOW + timedelta(days=2))
    after = versions(installation)
    assert changed(before, after) == before.keys() - {"root", "air-gap/root"}
    assert all(after[name] >= before[name] for name in before)


def test_the_job_renews_and_tells_the_log_what_it_cannot(
    installation: Installation,
    publish: Callable[..., frozenset[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = Work(1, {}, "schedule", installation)
    work.renew(job)
    publish(B2, at=now() - timedelta(days=300))
    work.renew(job)
    with installation.database.reading() as session:
        assert expiry.alarming(session, now()) == []
    assert "metadata-expires" not in capsys.readouterr().out


def test_setting_up_twice_is_refused(installation: Installation, ring: KeyRing) -> None:
    with installation.database.writing() as session:
        repository.ensure(session, ring, NOW)
        repository.ensure(session, ring, NOW)
        with pytest.raises(repository.AlreadySetUpError):
            repository.set_up(session, ring, {}, NOW)
        assert len(role_keys.active(session, Purpose.ROOT)) == 3


def test_any_text_may_be_asked_for(client: FlaskClient) -> None:
    for address in ("/targets/fw/%00", "/metadata/%00.json", "/metadata/1.%00.json"):
        assert client.get(address).status_code == 404


def test_only_the_owner_can_read_the_keys(installation: Installation, ring: KeyRing) -> None:
    with installation.database.writing() as session:
        repository.ensure(session, ring, NOW)
    files = list(Path(ring.roles.path).iterdir())
    assert len(files) == 15
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert ring.roles.path.stat().st_mode & 0o777 == 0o700
