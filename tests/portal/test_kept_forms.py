"""What was typed into a form outlives the session that it was typed in."""

import html
import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from accounts import organisations as known
from accounts import passwords, users
from storage.clock import now
from storage.installation import Installation
from tests.browserless import form_token, log_in, post
from tests.conftest import ADMIN_PASSWORD

ORGANISATIONS = "/staff/organisations/"
OURS = {"Sec-Fetch-Site": "same-origin"}
NAME = "ООО «Долгая & набранная»"
TYPED = {"name": NAME, "kind": "customer"}


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture(autouse=True)
def admin(installation: Installation) -> None:
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())


def sent_too_late(client: FlaskClient, **headers: str) -> TestResponse:
    """A form opened before the session went away."""
    log_in(client)
    token = form_token(client, ORGANISATIONS)
    client.delete_cookie("flatpro")
    return client.post(
        ORGANISATIONS, data={**TYPED, "csrf_token": token}, headers={**OURS, **headers}
    )


def pressed(client: FlaskClient, page: TestResponse, **typed: str) -> TestResponse:
    """The form of the page as a browser sends it."""
    main = page.text[page.text.index("<main") :]
    form = re.search(
        r'<form method="post" class="section" action="([^"]+)"(.*?)</form>', main, re.DOTALL
    )
    assert form, main
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[2])
    texts = re.findall(r'<textarea hidden name="([^"]+)">\n(.*?)</textarea>', form[2], re.DOTALL)
    data = {name: html.unescape(value) for name, value in (*hidden, *texts)}
    return client.post(html.unescape(form[1]), data={**data, **typed}, headers=OURS)


def organisations(installation: Installation) -> list[str]:
    with installation.database.reading() as session:
        return [one.name for one in known.every(session)]


def test_a_form_sent_after_the_session_ended_is_sent_again_after_the_login(
    client: FlaskClient, installation: Installation
) -> None:
    late = sent_too_late(client)
    assert late.status_code == 401
    assert "Вход закончился" in late.text
    assert NAME not in organisations(installation)
    wrong = pressed(client, late, login="admin", password="no-such-password")
    assert wrong.status_code == 422
    again = pressed(client, wrong, login="admin", password=ADMIN_PASSWORD)
    assert again.status_code == 200
    assert "Выйти" in again.text
    assert pressed(client, again).status_code == 302
    assert NAME in organisations(installation)


def test_a_form_with_the_token_of_an_older_session_is_kept_too(
    client: FlaskClient, installation: Installation
) -> None:
    log_in(client)
    token = form_token(client, ORGANISATIONS)
    client.delete_cookie("flatpro")
    log_in(client)
    late = client.post(ORGANISATIONS, data={**TYPED, "csrf_token": token}, headers=OURS)
    assert late.status_code == 400
    assert pressed(client, late).status_code == 302
    assert NAME in organisations(installation)


@pytest.mark.parametrize(
    "foreign",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_what_another_site_sends_is_never_offered_again(
    client: FlaskClient, foreign: dict[str, str]
) -> None:
    assert "Долгая" not in sent_too_late(client, **foreign).text
    log_in(client)
    forged = client.post(ORGANISATIONS, data=TYPED, headers=foreign)
    assert forged.status_code == 400
    assert "Долгая" not in forged.text


def test_without_the_browsers_word_only_our_own_origin_counts(client: FlaskClient) -> None:
    log_in(client)
    for origin, kept in (("http://localhost", True), ("http://evil.example", False), (None, False)):
        headers = {"Origin": origin} if origin else {}
        answer = client.post(ORGANISATIONS, data=TYPED, headers=headers)
        assert ("Долгая" in answer.text) is kept, origin


def test_a_kept_form_leads_nowhere_but_to_us(client: FlaskClient) -> None:
    token = form_token(client, "/login")
    for address in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1"):
        data = {"csrf_token": token, "kept_address": address, "login": "a", "password": "b"}
        answer = client.post("/login/kept", data=data, headers=OURS)
        assert (answer.status_code, answer.location) == (302, "/login"), address


def test_no_password_stands_in_the_page_that_keeps_the_rest(
    client: FlaskClient, installation: Installation
) -> None:
    log_in(client)
    token = form_token(client, "/staff/users")
    client.delete_cookie("flatpro")
    typed = {"login": "olga", "name": "Ольга", "role": "agent", "password": "Very-Secret-123"}
    late = client.post("/staff/users", data={**typed, "csrf_token": token}, headers=OURS)
    again = pressed(client, late, login="admin", password=ADMIN_PASSWORD)
    for page in (late, again):
        assert "Ольга" in page.text
        assert "Very-Secret" not in page.text
    assert "введите ещё раз: password" in again.text
    assert pressed(client, again, password=typed["password"]).status_code == 302
    with installation.database.reading() as session:
        assert passwords.matches(typed["password"], users.get(session, "olga").password_hash)


@pytest.mark.parametrize("broken", ["http://[", "http://[::1", "//[x]", "/\t/[", "http://\u2100"])
def test_an_address_that_is_none_leads_nowhere(client: FlaskClient, broken: str) -> None:
    posted = client.post(
        ORGANISATIONS, data=TYPED, headers={"Origin": broken.encode().decode("latin-1")}
    )
    assert posted.status_code == 302
    token = form_token(client, "/login")
    kept = {"csrf_token": token, "kept_address": broken, "login": "a", "password": "b"}
    assert client.post("/login/kept", data=kept, headers=OURS).location == "/login"
    right = {"login": "admin", "password": ADMIN_PASSWORD, "csrf_token": token}
    answer = client.post("/login", query_string={"next": broken}, data=right)
    assert (answer.status_code, answer.location) == (302, "/staff/")


def test_a_button_pressed_after_the_session_ended_leads_to_the_login_and_says_so(
    client: FlaskClient,
) -> None:
    log_in(client)
    token = form_token(client, ORGANISATIONS)
    client.delete_cookie("flatpro")
    answer = client.post("/logout", data={"csrf_token": token}, headers=OURS)
    assert (answer.status_code, answer.location) == (302, "/login?next=/")
    assert "ничего не сделано" in client.get(answer.location).text


def test_a_login_with_an_old_token_comes_to_the_login_again(client: FlaskClient) -> None:
    answer = client.post("/login?next=/staff/", data={"login": "admin"}, headers=OURS)
    assert (answer.status_code, answer.location) == (302, "/login?next=/staff/")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_logging_in_and_out_keeps_the_language_of_the_page(
    client: FlaskClient, language: str
) -> None:
    page = f"/{language}{ORGANISATIONS}"
    asked = client.get(page).location
    assert asked == f"/{language}/login?next={page}"
    typed: dict[str, object] = {"login": "admin", "password": ADMIN_PASSWORD}
    assert post(client, asked, typed).location == page
    assert post(client, f"/{language}/logout", {}, page=page).location == f"/{language}/"
    assert (
        f"/{language}/login?next=/{language}/warranty" in client.get(f"/{language}/warranty").text
    )
    assert post(client, f"/{language}/login", typed).location == f"/{language}/staff/"
