from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts.models import AuditEntry, Role
from catalogue import keys
from catalogue.targets import Target
from docs_store import library, passages, search, withdrawing
from docs_store.library import UnknownEditionError
from docs_store.publishing import EditionWithdrawnError
from docs_store.search import DocumentQuery
from docs_store.withdrawing import AlreadyWithdrawnError, ReasonNeededError
from storage.db import Database
from storage.installation import Installation
from tests.docs_store.manual import NOW, Login, Publish, form_token
from tests.docs_store.pdf import pdf

REASON = "На странице 3 неверная схема питания"


@pytest.fixture
def two(publish: Publish, work_off: Callable[[], int]) -> None:
    publish(pdf(["Питание"]), title="Первое")
    publish(pdf(["Питание"]), version="1.1", title="Второе")
    work_off()


def withdraw(installation: Installation, version: str = "1.1", reason: str = REASON) -> None:
    ring = keys.of(installation)
    with installation.database.writing() as session:
        withdrawing.withdraw(
            session, "b2-manual", "ru", version, ring, reason=reason, actor="Anna", now=NOW
        )


def seen(database: Database) -> tuple[list[str], list[str], list[str]]:
    """What readers, searchers and programs are told of: versions."""
    with database.reading() as session:
        listed = search.search(session, DocumentQuery("b2-manual"))
        found = passages.find(session, DocumentQuery("питание"))
        entries = library.documents_index(session)
    return (
        [item.offer.edition.version for item in listed],
        [item.offer.edition.version for item in found],
        [entry.version for entry in entries],
    )


@pytest.mark.usefixtures("two")
def test_withdrawn_edition_is_offered_nowhere(
    installation: Installation, database: Database
) -> None:
    withdraw(installation)
    assert seen(database) == (["1.0"], ["1.0"], ["1.0"])
    with database.reading() as session:
        newest = library.latest(session, "b2-manual", "ru")
        assert library.get(session, "b2-manual").title("ru") == "Первое"
        gone = session.scalars(select(Target).where(Target.withdrawn_at.is_not(None))).all()
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert newest is not None
    assert newest.version == "1.0"
    assert [target.path for target in gone] == ["docs/b2-manual/ru/1.1/Руководство Б2.pdf"]
    assert entry is not None
    assert (entry.action, entry.details) == ("document.withdraw", {"reason": REASON})


@pytest.mark.usefixtures("two")
def test_withdrawal_needs_a_reason_and_happens_once(installation: Installation) -> None:
    for reason in ("", "  ", "x" * 501):
        with pytest.raises(ReasonNeededError):
            withdraw(installation, reason=reason)
    with pytest.raises(UnknownEditionError):
        withdraw(installation, "2.0")
    withdraw(installation)
    with pytest.raises(AlreadyWithdrawnError):
        withdraw(installation)


@pytest.mark.usefixtures("two")
def test_number_of_a_withdrawn_edition_stays_taken(
    installation: Installation, publish: Publish
) -> None:
    withdraw(installation)
    with pytest.raises(EditionWithdrawnError):
        publish(pdf(["Питание"]), version="1.1", title="Второе")


@pytest.mark.usefixtures("two")
def test_pages_say_why_and_the_bytes_stay_reachable_by_hash(
    installation: Installation, database: Database, client: FlaskClient
) -> None:
    with database.reading() as session:
        made = library.latest(session, "b2-manual", "ru")
    assert made is not None
    withdraw(installation)
    answer = client.get(made.url)
    assert answer.status_code == 410
    assert REASON in answer.get_data(as_text=True)
    page = client.get("/docs/b2-manual/").get_data(as_text=True)
    assert REASON in page
    assert f'href="{made.url}"' not in page
    assert client.get(f"/blob/sha256/{made.sha256}", buffered=True).status_code == 200


@pytest.mark.usefixtures("two")
def test_document_without_an_edition_left_says_so(
    installation: Installation, database: Database, client: FlaskClient
) -> None:
    withdraw(installation, "1.0")
    withdraw(installation, "1.1")
    page = client.get("/docs/b2-manual/")
    assert page.status_code == 200
    assert "Все издания этого документа отозваны" in page.get_data(as_text=True)
    assert client.get("/docs/b2-manual/ru/latest").status_code == 302
    assert seen(database) == ([], [], [])


@pytest.mark.usefixtures("two")
def test_publisher_withdraws_from_the_page(database: Database, publisher: FlaskClient) -> None:
    page = publisher.get("/staff/documents/b2-manual/").get_data(as_text=True)
    assert "1 страница" in page
    form = {"csrf_token": form_token(publisher), "edition": "ru/1.1", "reason": " "}
    refused = publisher.post("/staff/documents/b2-manual/withdraw", data=form)
    assert refused.status_code == 422
    assert "Укажите причину отзыва" in refused.get_data(as_text=True)
    done = publisher.post(
        "/staff/documents/b2-manual/withdraw",
        data={**form, "reason": REASON},
        follow_redirects=True,
    )
    text = done.get_data(as_text=True)
    assert "Издание 1.1 отозвано." in text
    assert REASON in text
    assert seen(database)[2] == ["1.0"]


@pytest.mark.usefixtures("two")
def test_only_publishers_withdraw(login: Login) -> None:
    engineer = login(Role.ENGINEER)
    page = engineer.get("/staff/documents/b2-manual/")
    assert page.status_code == 200
    assert "/withdraw" not in page.get_data(as_text=True)
