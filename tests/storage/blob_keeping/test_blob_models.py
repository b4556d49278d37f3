"""The rows of blobs: every owner is known, once, and none of another's is released."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storage.blob_keeping.blob_models import Blob, BlobUse, record, release
from storage.blobs import StoredBlob
from storage.db import Base, Database, sqlite_url

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
IMAGE = StoredBlob("a" * 64, 5 * 1024**3)
MANUAL = StoredBlob("b" * 64, 0)


@pytest.fixture
def session(tmp_path: Path, database_url: str) -> Iterator[Session]:
    database = Database(database_url or sqlite_url(tmp_path / "test.sqlite"))
    tables = [Base.metadata.tables[name] for name in ("blob", "blob_use")]
    Base.metadata.create_all(database.engine, tables)
    with database.writing() as writing:
        yield writing
    database.dispose()


def uses(session: Session) -> set[tuple[str, str]]:
    return {(use.sha256, use.owner) for use in session.scalars(select(BlobUse))}


def test_an_owner_is_recorded_with_the_blob_it_needs(session: Session) -> None:
    record(session, IMAGE, "firmware.artifact:17", NOW)
    blob = session.get_one(Blob, IMAGE.sha256)
    assert (blob.size, blob.stored_at) == (IMAGE.size, NOW)
    assert uses(session) == {(IMAGE.sha256, "firmware.artifact:17")}


def test_recording_twice_changes_nothing(session: Session) -> None:
    record(session, IMAGE, "firmware.artifact:17", NOW)
    record(session, IMAGE, "firmware.artifact:17", NOW + timedelta(days=1))
    assert session.get_one(Blob, IMAGE.sha256).stored_at == NOW
    assert len(uses(session)) == 1


def test_releasing_one_owner_leaves_the_others_and_the_blob(session: Session) -> None:
    record(session, IMAGE, "firmware.artifact:17", NOW)
    record(session, MANUAL, "firmware.artifact:17", NOW)
    record(session, IMAGE, "firmware.artifact:1", NOW)
    release(session, "firmware.artifact:17")
    release(session, "nobody")
    assert uses(session) == {(IMAGE.sha256, "firmware.artifact:1")}
    assert set(session.scalars(select(Blob.sha256))) == {IMAGE.sha256, MANUAL.sha256}


@pytest.mark.parametrize("wrong", [StoredBlob("a" * 63, 1), StoredBlob("a" * 64, -1)])
def test_the_database_refuses_what_is_no_blob(session: Session, wrong: StoredBlob) -> None:
    with pytest.raises(IntegrityError), session.begin_nested():
        record(session, wrong, "firmware.artifact:17", NOW)


def test_a_use_needs_its_blob(session: Session) -> None:
    use = insert(BlobUse).values(sha256="c" * 64, owner="docs.edition:1")
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(use)
