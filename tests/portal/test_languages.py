"""Every text has both languages, and a reader keeps the one that was asked for."""

import re

import pytest
from babel.messages.pofile import read_po
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from accounts import users
from portal import translating
from portal.languages import PACKAGES
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def admin(installation: Installation) -> None:
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())


@pytest.mark.parametrize("package", PACKAGES)
def test_every_text_has_its_russian(package: str) -> None:
    assert translating.missing(package) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_the_compiled_texts_are_the_written_ones(package: str) -> None:
    path = translating.po_path(package)
    if path.exists():
        assert path.with_suffix(".mo").read_bytes() == translating.compiled(package)


def test_one_english_text_has_one_russian_in_every_package() -> None:
    """The packages' texts are one dictionary when a page is shown: the last would win."""
    found: dict[str, set[str]] = {}
    for package in PACKAGES:
        path = translating.po_path(package)
        if path.exists():
            with path.open("rb") as file:
                for message in read_po(file, locale="ru"):
                    found.setdefault(str(message.id), set()).add(str(message.string))
    assert {text: said for text, said in found.items() if text and len(said) > 1} == {}


@pytest.mark.parametrize(
    ("address", "wish", "language"),
    [
        ("/", "", "ru"),
        ("/", "en-GB,en;q=0.9", "en"),
        ("/", "de", "ru"),
        ("/", "ru,en;q=0.5", "ru"),
        ("/en/", "ru", "en"),
        ("/ru/", "en", "ru"),
        ("/en", "", "en"),
    ],
)
def test_the_prefix_wins_over_the_browser_and_russian_over_nothing(
    client: FlaskClient, address: str, wish: str, language: str
) -> None:
    page = client.get(address, headers={"Accept-Language": wish})
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.get_data(as_text=True)


def test_links_of_an_english_page_stay_english(client: FlaskClient) -> None:
    page = client.get("/en/").get_data(as_text=True)
    assert 'href="/en/downloads/"' in page
    assert 'href="/ru/"' in page


def test_a_path_that_only_begins_like_a_prefix_is_left_alone(client: FlaskClient) -> None:
    assert client.get("/english/").status_code == 404


def other_language(page: TestResponse) -> str:
    """Where the header's link to the other language leads."""
    found = re.search(r'<a href="([^"]+)" hreflang', page.get_data(as_text=True))
    assert found, page.status
    return found[1]


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize(
    ("address", "form", "leads_to"),
    [
        ("/staff/personal-data/find", {"q": "nobody"}, "/staff/personal-data/"),
        ("/staff/personal-data/due", {"days-letter-in": "x"}, "/staff/personal-data/due"),
        ("/staff/claims/codes", {"units": ""}, "/staff/claims/"),
        ("/staff/claims/1/approve", {"days": "1"}, "/staff/claims/"),
    ],
)
def test_the_other_language_of_what_a_form_answered_is_a_page(
    client: FlaskClient, address: str, form: dict[str, object], leads_to: str
) -> None:
    log_in(client)
    answer = post(client, address, form, "/staff/personal-data/")
    reached = client.get(other_language(answer), follow_redirects=True)
    assert reached.status_code == 200
    assert reached.request.path == f"/en{leads_to}"


@pytest.mark.usefixtures("admin")
def test_who_opens_anew_what_a_form_answered_comes_to_the_form(client: FlaskClient) -> None:
    log_in(client)
    for address, above in (
        ("/staff/personal-data/person", "/staff/personal-data/"),
        ("/en/staff/claims/codes", "/en/staff/claims/"),
    ):
        answer = client.get(address)
        assert (answer.status_code, answer.location) == (302, above)


def test_the_other_language_of_a_page_keeps_its_query(client: FlaskClient) -> None:
    assert other_language(client.get("/downloads/?q=x")) == "/en/downloads/?q=x"
    assert other_language(client.get("/nothing/here")) == "/en/nothing/here"


def test_a_phone_has_one_name_in_russian() -> None:
    """The published rules say телефон; two words would make readers look for two things."""
    other = re.compile(r"\bаппарат(?:[ауеы]|ом|ов|ам|ах|ами)?\b", re.IGNORECASE)
    said = [
        path
        for package in PACKAGES
        for kind in ("po", "py", "toml", "html")
        for path in (translating.ROOT / package).rglob(f"*.{kind}")
        if other.search(path.read_text())
    ]

    assert said == []
