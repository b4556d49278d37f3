"""Every text has both languages, and a reader keeps the one that was asked for."""

import pytest
from babel.messages.pofile import read_po
from flask.testing import FlaskClient

from portal import translating
from portal.languages import PACKAGES


@pytest.fixture
def backend() -> str:
    return "sqlite"


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
