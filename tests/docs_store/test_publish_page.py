import io
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from accounts.models import AuditEntry, Role
from docs_store import library
from docs_store.models import Edition
from storage.db import Database
from storage.installation import Installation
from tests.docs_store.manual import MAX_UPLOAD, PDF, Login, Publish, form_token

TYPED: dict[str, Any] = {
    "slug": "b2-manual",
    "kind": "manual",
    "product": ["FP-B2", "FP-C1"],
    "language": "ru",
    "version": "1.2",
    "title": "Руководство «Б2»",
    "applies_from": "2.4",
    "applies_to": "",
}
NAME = "Руководство Б2.pdf"


def send(
    client: FlaskClient, content: bytes | None = PDF, name: str = NAME, **typed: Any
) -> TestResponse:
    form = {**TYPED, **typed, "csrf_token": form_token(client)}
    if content is not None:
        form["file"] = (io.BytesIO(content), name)
    answer = client.post("/staff/documents/new", data=form, headers={"Accept-Language": "en"})
    close_body(answer)
    return answer


def close_body(answer: TestResponse) -> None:
    """The test client keeps a large body in a file and leaves it open."""
    answer.request.environ["wsgi.input"].close()


def editions(database: Database) -> list[Edition]:
    with database.reading() as session:
        return list(session.scalars(select(Edition)))


def test_publisher_publishes_from_the_page(publisher: FlaskClient, database: Database) -> None:
    answer = send(publisher)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/staff/documents/")
    with database.reading() as session:
        document = library.get(session, "b2-manual")
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "document.publish")
        ).one()
    (edition,) = library.published(document)
    assert document.product_codes == ("FP-B2", "FP-C1")
    assert (edition.file_name, edition.applies_from, edition.applies_to) == (NAME, "2.4", None)
    assert entry.actor == "the-publisher"
    assert publisher.get(edition.url, buffered=True).data == PDF
    assert "«Б2»" in publisher.get("/staff/documents/").get_data(as_text=True)


def test_large_file_is_taken_whole(publisher: FlaskClient, database: Database) -> None:
    assert send(publisher, PDF + bytes(MAX_UPLOAD - len(PDF))).status_code == 302
    assert [edition.size for edition in editions(database)] == [MAX_UPLOAD]


def test_file_above_the_limit_is_refused_in_the_form(
    publisher: FlaskClient, database: Database
) -> None:
    answer = send(publisher, PDF + bytes(MAX_UPLOAD))
    assert answer.status_code == 422
    assert str(MAX_UPLOAD) in answer.get_data(as_text=True)
    assert editions(database) == []


def test_body_far_above_the_limit_is_not_read(publisher: FlaskClient, database: Database) -> None:
    assert send(publisher, PDF + bytes(MAX_UPLOAD + 1_000_000)).status_code == 413
    assert editions(database) == []


def test_everything_typed_stays_when_it_is_refused(
    publisher: FlaskClient, database: Database
) -> None:
    answer = send(
        publisher, slug="Bad <Slug>", version="latest", kind="mib", language="en", applies_to="2.3"
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="Bad &lt;Slug&gt;"' in page
    assert 'value="Руководство «Б2»"' in page
    assert 'value="2.4"' in page
    assert 'value="2.3"' in page
    assert '<option value="mib" selected>' in page
    assert '<option value="en" selected>' in page
    assert page.count(" checked") == 2
    assert "Correct 3 things" in page
    assert f"Choose the file {NAME} again" in page
    for field in ("slug", "version", "applies_to"):
        assert f'id="{field}-error"' in page
    assert editions(database) == []


def test_missing_file_is_said_once(publisher: FlaskClient) -> None:
    for content, name in ((None, ""), (b"", "")):
        page = send(publisher, content, name).get_data(as_text=True)
        assert page.count("Choose a file.") == 2
        assert "Correct one thing" in page


def test_bad_file_is_refused_in_the_form(publisher: FlaskClient, database: Database) -> None:
    for content, name, words in (
        (b"MZ", "a.pdf", "is called a PDF"),
        (b"", "a.pdf", "is empty"),
        (PDF, "../a.pdf", "is unusable"),
    ):
        answer = send(publisher, content, name)
        page = answer.get_data(as_text=True)
        assert (answer.status_code, words in page) == (422, True)
        assert 'value="b2-manual"' in page
    assert editions(database) == []


def test_other_bytes_under_a_published_number_are_refused_in_the_form(
    publisher: FlaskClient, database: Database
) -> None:
    send(publisher)
    answer = send(publisher, PDF + b"2")
    assert answer.status_code == 409
    assert "already published" in answer.get_data(as_text=True)
    assert len(editions(database)) == 1
    assert send(publisher).status_code == 302


def test_storage_that_fails_is_said_in_the_form(
    publisher: FlaskClient, installation: Installation, database: Database
) -> None:
    incoming = installation.data_dir / "blobs" / "incoming"
    incoming.rmdir()
    answer = send(publisher)
    assert answer.status_code == 503
    assert 'value="b2-manual"' in answer.get_data(as_text=True)
    assert editions(database) == []


def test_form_for_the_next_edition_starts_with_what_is_known(
    publisher: FlaskClient, publish: Publish
) -> None:
    publish()
    page = publisher.get("/staff/documents/new?slug=b2-manual").get_data(as_text=True)
    assert 'value="b2-manual"' in page
    assert 'value="Руководство Б2"' in page
    assert page.count(" checked") == 1
    empty = publisher.get("/staff/documents/new?slug=none%00").get_data(as_text=True)
    assert 'value="none' not in empty


def test_form_without_its_token_is_refused(publisher: FlaskClient, database: Database) -> None:
    form = {**TYPED, "file": (io.BytesIO(PDF), NAME)}
    assert publisher.post("/staff/documents/new", data=form).status_code == 400
    assert editions(database) == []


def test_only_publishers_publish_and_only_staff_look(
    client: FlaskClient, login: Login, database: Database
) -> None:
    for address in ("/staff/documents/", "/staff/documents/new"):
        assert client.get(address).status_code == 302
    large = {"file": (io.BytesIO(bytes(2_000_000)), "a.pdf")}
    answer = client.post("/staff/documents/new", data=large)
    close_body(answer)
    assert answer.status_code == 302
    engineer = login(Role.ENGINEER)
    page = engineer.get("/staff/documents/")
    assert page.status_code == 200
    assert "/staff/documents/new" not in page.get_data(as_text=True)
    assert engineer.get("/staff/documents/new").status_code == 403
    assert engineer.post("/staff/documents/new", data=TYPED).status_code == 403
    assert editions(database) == []


def test_staff_list_searches(publisher: FlaskClient, publish: Publish) -> None:
    publish()
    assert "b2-manual" in publisher.get("/staff/documents/?q=Б2").get_data(as_text=True)
    assert "b2-manual" not in publisher.get("/staff/documents/?q=zzz").get_data(as_text=True)
