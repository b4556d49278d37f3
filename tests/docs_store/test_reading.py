from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, select

from docs_store import passages, reading, reading_state, work
from docs_store.models import Edition, EditionPage, EditionText
from docs_store.search import DocumentQuery
from jobs.models import Job
from jobs.runner import Work
from storage.blob_keeping.blob_models import BlobUse
from storage.db import Database
from storage.installation import Installation
from tests.docs_store.manual import NOW, Publish
from tests.docs_store.pdf import pdf


def pages(database: Database) -> list[tuple[int, str]]:
    with database.reading() as session:
        rows = session.execute(
            select(EditionPage.number, EditionPage.text).order_by(EditionPage.number)
        )
        return [(number, text.strip()) for number, text in rows]


def edition_id(database: Database) -> int:
    with database.reading() as session:
        return session.scalars(select(Edition.id)).one()


def test_publishing_and_its_job_are_one_transaction(publish: Publish, database: Database) -> None:
    publish()
    publish(at=NOW + timedelta(days=1))
    with database.reading() as session:
        (job,) = session.scalars(select(Job)).all()
    assert (job.kind, job.arguments, job.actor) == (
        "docs_store.read",
        {"edition": edition_id(database)},
        "Anna",
    )


def test_reading_twice_gives_the_same_rows(
    publish: Publish, installation: Installation, work_off: Callable[[], int]
) -> None:
    database = installation.database
    publish(pdf(["Раз", "Два"]))
    work_off()
    assert pages(database) == [(1, "Раз"), (2, "Два")]
    reading.read(installation, edition_id(database), NOW)
    assert pages(database) == [(1, "Раз"), (2, "Два")]
    with database.reading() as session:
        (found,) = passages.find(session, DocumentQuery("два"))
        owners = session.scalars(
            select(BlobUse.owner).where(BlobUse.owner.startswith("docs_store.thumbnail"))
        ).all()
    assert [passage.page for passage in found.passages] == [2]
    assert len(owners) == 1


def test_unreadable_file_is_said_and_the_job_is_done(
    publish: Publish, database: Database, work_off: Callable[[], int]
) -> None:
    made = publish()
    work_off()
    with database.reading() as session:
        state = reading_state.of(session, "b2-manual", made)
        job = session.scalars(select(Job)).one()
    assert state is not None
    assert "Data format error" in state.problem
    assert (state.page_count, state.thumbnail, job.state) == (None, None, "done")


def test_edition_that_is_gone_is_passed_over(installation: Installation) -> None:
    reading.read(installation, 4711, NOW)


def test_editions_from_before_the_job_are_read_by_the_periodic_one(
    publish: Publish, installation: Installation
) -> None:
    publish(pdf(["Старое"]))
    with installation.database.writing() as session:
        session.execute(delete(Job))
    asked = Work(0, {}, "schedule", installation)
    work.HANDLERS[work.READ_MISSED](asked)
    assert pages(installation.database) == [(1, "Старое")]
    with installation.database.reading() as session:
        assert reading.unread(session) == []
        first = session.scalars(select(EditionText.read_at)).one()
    work.HANDLERS[work.READ_MISSED](asked)
    with installation.database.reading() as session:
        assert session.scalars(select(EditionText.read_at)).one() == first
