"""Backup and restore: from either database into either, checked whole, and never half done."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from catalogue.mirrors import seen
from catalogue.mirrors.seen import Verified
from catalogue.models import Target
from catalogue.tuf.layout import ROOT, TIMESTAMP, View
from portal.app import PAGES, create_app
from portal.backups import restoring, rows, saving
from portal.backups.archive import Reader
from portal.backups.refusals import (
    BackupPlaceError,
    BadBackupError,
    NotEmptyError,
    OtherKeyError,
    OtherRevisionError,
)
from portal.installing import open_installation
from portal.settings import Settings
from provision import credentials
from provision.devices.identity import MacAddress
from storage.blob_keeping.blob_models import Blob
from storage.blobs import Health
from storage.clock import now
from storage.installation import Installation
from support.packages.own import OWN_FILE
from tests.catalogue.vendor import Client, Vendor, fetch, serving
from tests.postgres import Postgres
from tests.provision import estate
from tests.waiting import until

Fresh = Callable[[str], Installation]


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """What is saved lies in SQLite unless a test asks for PostgreSQL."""
    name: str = getattr(request, "param", "sqlite")
    return name


@pytest.fixture
def fresh(
    settings: Settings, tmp_path: Path, postgres: Postgres, migrated_postgres: str
) -> Iterator[Fresh]:
    """Makes new installations with the key file of the first, on the database that is asked for."""
    made: list[Installation] = []

    def make(engine: str) -> Installation:
        folder = tmp_path / f"new-{len(made)}"
        folder.mkdir()
        shutil.copyfile(settings.data_dir / "secrets.key", folder / "secrets.key")
        url = ""
        if engine == "postgresql":
            url = postgres.url(postgres.create_database(migrated_postgres))
        made.append(
            open_installation(settings.model_copy(update={"data_dir": folder, "database_url": url}))
        )
        return made[-1]

    yield make
    for one in made:
        one.database.dispose()


def restore(new: Installation, path: Path) -> restoring.Restored:
    with path.open("rb") as file:
        return restoring.restore(new, file, new.data_dir / "secrets.key", now())


def contents(installation: Installation) -> dict[str, list[bytes]]:
    """Every row of every table, but for what a restore signs anew."""
    signed = {"tuf_metadata", "tuf_draft", "target"}
    with installation.database.engine.connect() as connection:
        return {
            table.name: list(rows.read(connection, table))
            for table in saving.saved_tables()
            if table.name not in signed
        }


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_everything_comes_back_on_either_database(
    installation: Installation, fresh: Fresh, tmp_path: Path, engine: str
) -> None:
    built = estate.build(installation)
    vendor = Vendor(installation)
    image = estate.publish(installation, "1.0.0", 3000)
    vendor.publish_document()
    # A mirror that comes back still refuses what it had seen taken away.
    verified = [Verified(ROOT, 2, b"\x00a root"), Verified(TIMESTAMP, 7, b"{}")]
    with installation.database.writing() as session:
        seen.keep(session, View.ONLINE, verified)
    made = saving.save(installation, tmp_path / "backup.tar", now())
    assert (made.files, made.lost) == (2, [])
    assert (tmp_path / "backup.tar").stat().st_mode & 0o777 == 0o600

    new = fresh(engine)
    found = restore(new, tmp_path / "backup.tar")
    assert (found.rows, found.files) == (made.rows, 2)
    assert contents(new) == contents(installation)
    with new.database.writing() as session:
        assert seen.read(session, View.ONLINE).roots == {2: b"\x00a root"}
        passwords = credentials.passwords_of(session, MacAddress.parse(estate.MAC), new.seal, now())
        assert [one.text for one in passwords] == [built.password]
        blobs = session.scalars(select(Blob.sha256)).all()
        # A new row gets a number of its own.
        estate.add_phone(session, "02f1a7000777", None)
    assert {new.blobs.check(sha256) for sha256 in blobs} == {Health.GOOD}
    app = create_app(new, Settings(data_dir=new.data_dir, demo=False), PAGES)
    assert fetch(app, "/firmware/FP-B2/1.0.0/fp-b2-1.0.0.img") == image


def test_proof_r19_a_client_that_saw_newer_lists_follows_the_restored_ones(
    installation: Installation, settings: Settings, fresh: Fresh, tmp_path: Path
) -> None:
    """Publications go on while the backup is made; TUF's own client sees no rollback."""
    vendor = Vendor(installation)
    vendor.add_product()
    vendor.publish("1.0.0")
    over = threading.Event()

    def go_on() -> None:
        number = 1
        while not over.is_set():
            vendor.publish(f"1.0.{number}")
            number += 1

    publisher = threading.Thread(target=go_on)
    publisher.start()
    try:
        until(lambda: newest(installation) >= 3, within_s=60)
        saving.save(installation, tmp_path / "backup.tar", now())
        behind = newest(installation)
        until(lambda: newest(installation) >= behind + 2, within_s=60)
    finally:
        over.set()
        publisher.join(60)
    with serving(create_app(installation, settings, PAGES)) as base:
        root = fetch(create_app(installation, settings, PAGES), "/keys/root.json")
        client = Client(tmp_path / "client", base, root)
        client.install(f"fw/FP-B2/1.0.{newest(installation)}/FP-B2-1.0.{newest(installation)}.bin")

    new = fresh("sqlite")
    restored = restore(new, tmp_path / "backup.tar")
    assert restored.files == newest(new) + 1, "every release has its bytes"
    assert 3 <= newest(new) < newest(installation)
    with serving(create_app(new, replace_folder(settings, new), PAGES)) as base:
        known = Client(client.folder, base, root)
        for number in (0, newest(new)):
            assert known.install(f"fw/FP-B2/1.0.{number}/FP-B2-1.0.{number}.bin")
        vendor_again = Vendor(new)
        vendor_again.publish("2.0.0")
        assert known.install("fw/FP-B2/2.0.0/FP-B2-2.0.0.bin")


def newest(installation: Installation) -> int:
    """The last number of the newest 1.0.x."""
    with installation.database.reading() as session:
        paths = session.scalars(select(Target.path).where(Target.path.like("fw/%")))
        return max(int(path.split("/")[2].rpartition(".")[2]) for path in paths)


def replace_folder(settings: Settings, new: Installation) -> Settings:
    return settings.model_copy(update={"data_dir": new.data_dir, "database_url": ""})


def test_without_its_key_file_nothing_is_restored(
    installation: Installation, fresh: Fresh, tmp_path: Path
) -> None:
    estate.build(installation)
    saving.save(installation, tmp_path / "backup.tar", now())
    other = replace(fresh("sqlite"), secret_key=b"another")
    with pytest.raises(OtherKeyError) as told:
        restore(other, tmp_path / "backup.tar")
    assert "secrets.key" in told.value.text("ru")
    assert contents(other)["device"] == []


def test_a_used_installation_is_never_overwritten(
    installation: Installation, fresh: Fresh, tmp_path: Path
) -> None:
    saving.save(installation, tmp_path / "backup.tar", now())
    used = fresh("sqlite")
    estate.build(used)
    before = contents(used)
    with pytest.raises(NotEmptyError):
        restore(used, tmp_path / "backup.tar")
    assert contents(used) == before


def test_what_somebody_stored_while_the_file_was_checked_is_not_overwritten(
    installation: Installation, fresh: Fresh, tmp_path: Path
) -> None:
    saving.save(installation, tmp_path / "backup.tar", now())
    new = fresh("sqlite")

    def begin(_total: int) -> Callable[[], None]:
        estate.build(new)
        return lambda: None

    with (tmp_path / "backup.tar").open("rb") as file, pytest.raises(NotEmptyError):
        restoring.restore(new, file, tmp_path / "secrets.key", now(), begin)
    assert len(contents(new)["device"]) == 1


def test_a_backup_of_another_revision_names_its_version(
    installation: Installation, fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        # The revision is the newest file of the migrations, of which we have one set only.
        older.setattr("portal.backups.saving.migrations.head", lambda: "0001")
        saving.save(installation, tmp_path / "backup.tar", now())
    with pytest.raises(OtherRevisionError, match="0001"):
        restore(fresh("sqlite"), tmp_path / "backup.tar")


def test_no_damaged_byte_gets_in(installation: Installation, fresh: Fresh, tmp_path: Path) -> None:
    estate.build(installation)
    estate.publish(installation, "1.0.0", 3000)
    saving.save(installation, tmp_path / "backup.tar", now())
    good = (tmp_path / "backup.tar").read_bytes()
    new = fresh("sqlite")
    step = len(good) // 20
    for at in range(100, len(good), step):
        bad = bytearray(good)
        bad[at] ^= 0x10
        (tmp_path / "bad.tar").write_bytes(bad)
        if padding_only(good, at):
            continue
        with pytest.raises((BadBackupError, OtherKeyError, OtherRevisionError)):
            restore(new, tmp_path / "bad.tar")
    for size in (0, 511, len(good) // 2, len(good) - 512):
        (tmp_path / "bad.tar").write_bytes(good[:size])
        with pytest.raises(BadBackupError):
            restore(new, tmp_path / "bad.tar")
    assert contents(new)["device"] == []


def padding_only(good: bytes, at: int) -> bool:
    """Whether the byte is one that fills up a block, which nobody reads."""
    block = good[at - at % 512 : at - at % 512 + 512]
    return not any(block[at % 512 :])


def test_no_secret_can_be_read_in_a_backup(installation: Installation, tmp_path: Path) -> None:
    built = estate.build(installation)
    estate.publish(installation, "1.0.0", 3000)
    saving.save(installation, tmp_path / "backup.tar", now())
    written = (tmp_path / "backup.tar").read_bytes()
    for secret in (built.token, built.password, estate.SIP_PASSWORD, "PRIVATE KEY"):
        assert secret.encode() not in written
    assert installation.secret_key not in written
    assert (installation.data_dir / "secrets.key").read_bytes() not in written


def test_a_stored_file_that_is_lost_is_named_and_the_rest_is_saved(
    installation: Installation, tmp_path: Path
) -> None:
    vendor = Vendor(installation)
    vendor.add_product()
    vendor.publish("1.0.0")
    vendor.publish("1.0.1")
    with installation.database.reading() as session:
        lost = session.scalars(select(Blob.sha256)).first()
    assert lost is not None
    assert installation.blobs.remove(lost, now() + timedelta(days=1))
    made = saving.save(installation, tmp_path / "backup.tar", now())
    assert (made.files, made.lost) == (1, [lost])
    with (tmp_path / "backup.tar").open("rb") as file:
        assert list(Reader(file).names("blobs")) != [lost]


def test_a_backup_that_fails_leaves_no_file(installation: Installation, tmp_path: Path) -> None:
    estate.build(installation)

    def stop(_total: int) -> Callable[[], None]:
        raise KeyboardInterrupt

    (tmp_path / "backups").mkdir()
    with pytest.raises(KeyboardInterrupt):
        saving.save(installation, tmp_path / "backups" / "backup.tar", now(), stop)
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_folder_that_does_not_take_the_backup_is_named(
    installation: Installation, tmp_path: Path
) -> None:
    there = tmp_path / "nowhere" / "backup.tar"
    with pytest.raises(BackupPlaceError) as refused:
        saving.save(installation, there, now())
    assert str(there) in refused.value.text("ru")


def test_a_sites_own_table_of_packages_comes_along(
    installation: Installation, fresh: Fresh, tmp_path: Path
) -> None:
    written = installation.data_dir / OWN_FILE
    written.write_text("# ours", encoding="utf-8")
    saving.save(installation, tmp_path / "backup.tar", now())
    new = fresh("sqlite")
    restore(new, tmp_path / "backup.tar")
    assert (new.data_dir / OWN_FILE).read_text(encoding="utf-8") == "# ours"
