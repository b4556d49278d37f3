import re
from urllib.parse import quote

from flask.testing import FlaskClient

from docs_store.models import Document
from storage.db import Database
from storage.installation import Installation
from tests.docs_store.manual import PDF, Publish

ENGLISH = {"Accept-Language": "en"}


def text(client: FlaskClient, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def test_library_lists_every_document_with_its_file(client: FlaskClient, publish: Publish) -> None:
    made = publish()
    page = text(client, "/docs/")
    assert "Руководство Б2" in page
    assert "Руководство по эксплуатации" in page
    assert 'href="/docs/b2-manual/"' in page
    assert f'href="{made.url}"' in page


def test_search_is_an_address_that_can_be_kept(client: FlaskClient, publish: Publish) -> None:
    publish()
    publish(slug="quick", kind="quick_start", title="Начало работы", products=("FP-C1",))
    assert "b2-manual" in text(client, "/docs/search?q=руководство Б2")
    found = text(client, "/docs/search?product=FP-C1&kind=quick_start")
    assert "/docs/quick/" in found
    assert "/docs/b2-manual/" not in found
    nothing = text(client, "/docs/search?q=<b>zzz</b>")
    assert "<b>zzz</b>" not in nothing
    assert "/docs/quick/" not in nothing


def test_any_query_is_answered(client: FlaskClient, publish: Publish) -> None:
    publish()
    for query in ("kind=poem", "product=Б2", "q=" + "а" * 5000, "q=%ff"):
        text(client, f"/docs/search?{query}")
    for nul in ("q=%00", "product=b2%00"):
        assert client.get(f"/docs/search?{nul}").status_code == 400


def test_empty_library_says_what_to_do(client: FlaskClient) -> None:
    assert "flatpro docs publish" in text(client, "/docs/")


def test_document_page_leads_to_the_edition_and_its_hash(
    client: FlaskClient, publish: Publish, installation: Installation
) -> None:
    publish(applies_to="2.3")
    made = publish(version="1.1", applies_from="2.4")
    page = text(client, "/en/docs/b2-manual/")
    assert made.sha256 in page
    assert "for firmware 2.4 and later" in page
    assert "up to 2.3" in page
    assert f"{installation.public_url}/docs/b2-manual/ru/latest" in page
    assert 'href="/en/downloads/FP-B2/"' in page


def test_missing_language_is_said_openly(client: FlaskClient, publish: Publish) -> None:
    publish()
    notice = "not published in English"
    assert notice in text(client, "/en/docs/b2-manual/")
    assert notice not in text(client, "/en/docs/b2-manual/?lang=ru")
    publish(language="en", title="B2 manual")
    assert notice not in text(client, "/en/docs/b2-manual/")
    assert "only in Russian" not in text(client, "/en/docs/")


def test_missing_russian_is_said_too(client: FlaskClient, publish: Publish) -> None:
    publish(language="en", title="B2 manual")
    assert "На русском этого документа нет" in text(client, "/docs/b2-manual/")
    assert "только на английском" in text(client, "/docs/")


def test_unknown_document_is_404(client: FlaskClient, publish: Publish) -> None:
    publish()
    unknown = ("none/", "search/", "%00/", "b2-manual/de/latest", "x/ru/latest")
    assert {client.get(f"/docs/{address}").status_code for address in unknown} == {404}


def test_document_whose_editions_are_gone_is_404(client: FlaskClient, database: Database) -> None:
    with database.writing() as session:
        session.add(Document(slug="empty", kind="manual"))
    assert client.get("/docs/empty/").status_code == 404


def test_latest_leads_to_the_newest_bytes_of_the_language(
    client: FlaskClient, publish: Publish
) -> None:
    publish()
    made = publish(version="1.10")
    publish(version="1.9")
    answer = client.get("/docs/b2-manual/ru/latest")
    assert (answer.status_code, answer.headers["Location"]) == (302, made.url)
    assert answer.headers["Cache-Control"] == "no-cache"


def test_latest_without_the_language_leads_to_the_page_that_says_so(
    client: FlaskClient, publish: Publish
) -> None:
    publish()
    answer = client.get("/docs/b2-manual/en/latest")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/docs/b2-manual/?lang=en")
    page = client.get("/docs/b2-manual/en/latest", headers=ENGLISH, follow_redirects=True)
    assert "not published in English" in page.get_data(as_text=True)


def test_pdf_opens_under_its_own_name(client: FlaskClient, publish: Publish) -> None:
    made = publish(file_name="Руководство «Б2» (ред. 1).pdf")
    answer = client.get(made.url, buffered=True)
    assert (answer.status_code, answer.data) == (200, PDF)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Language"] == "ru"
    assert answer.headers["ETag"] == f'"sha256-{made.sha256}"'
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith('inline; filename="Rukovodstvo')
    assert f"filename*=UTF-8''{quote(made.file_name, safe='')[:30]}" in disposition


def test_part_of_a_file_is_sent_and_an_unchanged_one_is_not(
    client: FlaskClient, publish: Publish
) -> None:
    made = publish()
    part = client.get(made.url, buffered=True, headers={"Range": "bytes=5-7"})
    assert (part.status_code, part.data) == (206, PDF[5:8])
    same = client.get(made.url, buffered=True, headers={"If-None-Match": f'"sha256-{made.sha256}"'})
    assert (same.status_code, same.data) == (304, b"")
    assert client.head(made.url, buffered=True).headers["Content-Length"] == str(len(PDF))


def test_what_a_browser_could_run_is_only_saved(client: FlaskClient, publish: Publish) -> None:
    made = publish(b"<script>1</script>", file_name="page.html", kind="other")
    answer = client.get(made.url, buffered=True)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_name_may_be_asked_for_decomposed(client: FlaskClient, publish: Publish) -> None:
    publish(file_name="Ёлка й.pdf")
    assert client.get("/docs/b2-manual/ru/1.0/Е\u0308лка и\u0306.pdf", buffered=True).data == PDF


def test_only_the_exact_address_has_bytes(client: FlaskClient, publish: Publish) -> None:
    publish()
    for address in (
        "ru/1.0/other.pdf",
        "ru/1.1/Руководство Б2.pdf",
        "en/1.0/Руководство Б2.pdf",
        "ru/1.0/..%2f..%2fetc%2fpasswd",
        "ru/%00/%00",
    ):
        answer = client.get(f"/docs/b2-manual/{address}")
        assert answer.status_code == 404
        assert PDF not in answer.data


def test_published_bytes_are_also_found_by_their_hash(
    client: FlaskClient, publish: Publish
) -> None:
    made = publish()
    assert client.get(f"/blob/sha256/{made.sha256}", buffered=True).data == PDF


def test_pages_work_without_a_script(client: FlaskClient, publish: Publish) -> None:
    publish()
    form = re.search(r'<form[^>]*role="search"[^>]*>', text(client, "/docs/"))
    assert form
    assert 'action="/docs/search"' in form[0]
    assert 'method="get"' in form[0]
