"""Service centres by page: where phones of a region go, and where they go no more (W-11)."""

import html

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from accounts import users
from accounts.models import AuditEntry, OrganisationKind, Role
from storage.installation import Installation
from support.service_centres import register
from support.service_centres.choosing import VENDOR, Centre, centre_for
from support.service_centres.models import ServiceCentre
from tests.browserless import form_token
from tests.support.register import CUSTOMER, Register
from tests.support.repairs.workshop import Workshop
from tests.support.requests.desk import Desk
from tests.support.requests.test_staff_views import log_in

PAGE = "/staff/service-centres/"
PARTNER = "Связь"
URAL = {
    "name": "Связь-Урал",
    "partner": PARTNER,
    "address": "Екатеринбург, ул. Мира, 1",
    "regions": "Свердловская область\n\nКурганская область\n",
    "starts_clock": "1",
}


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def desk(installation: Installation, register: Register) -> Desk:
    with installation.database.writing() as session:
        users.add_organisation(session, PARTNER, OrganisationKind.PARTNER)
    return Desk(installation, register)


@pytest.fixture
def admin(client: FlaskClient, desk: Desk) -> FlaskClient:
    log_in(client, desk, "irina", Role.ADMIN)
    return client


def do(admin: FlaskClient, path: str, **form: str) -> TestResponse:
    token = form_token(admin, f"{PAGE}new")
    return admin.post(f"{PAGE}{path}", data={"csrf_token": token, **form})


def centres(desk: Desk) -> list[Centre]:
    with desk.installation.database.reading() as session:
        return list(register.every(session))


def centre_id(desk: Desk) -> int:
    with desk.installation.database.reading() as session:
        return session.scalars(select(ServiceCentre.id)).one()


def file_act(desk: Desk, region: str) -> str:
    """The centre that an act from there is sent to."""
    workshop = Workshop(desk.installation, desk.register)
    [unit] = workshop.file(desk.register.first, region=region)
    return workshop.report(unit).centre


def audited(desk: Desk) -> list[tuple[str, dict[str, object]]]:
    with desk.installation.database.reading() as session:
        query = select(AuditEntry).where(AuditEntry.subject == "centre:Связь-Урал")
        return [(one.action, one.details) for one in session.scalars(query.order_by(AuditEntry.id))]


def test_a_centre_added_on_the_page_gets_the_phones_of_its_regions(
    admin: FlaskClient, desk: Desk
) -> None:
    assert do(admin, "new", **URAL).status_code == 302
    [ural] = centres(desk)
    assert ural.regions == ("Свердловская область", "Курганская область")
    assert centre_for("курганская область", [ural]) is ural
    page = html.unescape(admin.get(PAGE).text)
    for words in ("Связь-Урал", PARTNER, "Екатеринбург", "Курганская область", VENDOR.name):
        assert words in page
    assert "Связь-Урал" in html.unescape(admin.get("/contacts").text)


def test_a_change_moves_new_acts_and_stands_in_the_trail(admin: FlaskClient, desk: Desk) -> None:
    do(admin, "new", **URAL)
    number = centre_id(desk)
    form = html.unescape(admin.get(f"{PAGE}{number}").text)
    assert "Свердловская область\nКурганская область" in form
    moved = do(admin, f"{number}", address="Тюмень, ул. Ленина, 2", regions="Тюменская область")
    assert moved.status_code == 302
    [ural] = centres(desk)
    assert (ural.name, ural.address) == ("Связь-Урал", "Тюмень, ул. Ленина, 2")
    assert (ural.regions, ural.starts_clock) == (("Тюменская область",), False)
    _added, (action, told) = audited(desk)
    assert action == "centre.change"
    assert set(told) == {"address", "regions", "starts_clock"}
    again = do(admin, f"{number}", address="Тюмень, ул. Ленина, 2", regions="Тюменская область")
    assert again.status_code == 302
    assert len(audited(desk)) == 2, "the same form again changes nothing"


def test_a_closed_centre_takes_no_new_act_keeps_those_under_way_and_can_be_opened_again(
    admin: FlaskClient, desk: Desk
) -> None:
    do(admin, "new", **URAL)
    number = centre_id(desk)
    filed = file_act(desk, "Свердловская область")
    assert filed == "Связь-Урал"
    assert do(admin, f"{number}/close").status_code == 302
    assert do(admin, f"{number}/close").status_code == 302
    assert [action for action, _told in audited(desk)] == ["centre.add", "centre.close"]
    assert file_act(desk, "Свердловская область") == VENDOR.name
    page = html.unescape(admin.get(PAGE).text)
    assert "новых телефонов не принимает" in page
    assert ">1</td>" in page, "the phone that is on its way there"
    assert "Связь-Урал" not in html.unescape(admin.get("/contacts").text)
    with desk.installation.database.reading() as session:
        addresses = {one.name: one.address for one in register.every(session)}
    assert addresses["Связь-Урал"] == URAL["address"], "what was filed keeps its address"
    opened = do(admin, f"{number}", address=URAL["address"], regions="Свердловская область")
    assert opened.status_code == 302
    assert file_act(desk, "Свердловская область") == "Связь-Урал"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": ""}, "Назовите сервисный центр"),
        ({"name": "x" * 121}, "Назовите сервисный центр"),
        ({"name": VENDOR.name}, "Назовите сервисный центр"),
        ({"partner": ""}, "Нет организации"),
        ({"partner": CUSTOMER}, "не партнёр"),
        ({"address": " "}, "Нужен адрес"),
        ({"address": "x" * 301}, "Нужен адрес"),
        ({"regions": "\n \n"}, "хотя бы один регион"),
        ({"regions": "x" * 101}, "хотя бы один регион"),
        ({"name": "\u202eдругой", "regions": "Тюмень"}, "Назовите сервисный центр"),
    ],
)
def test_what_makes_no_centre_is_refused_in_words_and_the_form_comes_back(
    admin: FlaskClient, desk: Desk, changes: dict[str, str], told: str
) -> None:
    answer = do(admin, "new", **{**URAL, **changes})
    assert answer.status_code in {404, 422}
    text = html.unescape(answer.text)
    assert told in text
    typed = {**URAL, **changes}["address"].strip()
    assert f'value="{typed}"' in text or len(typed) < 2
    assert centres(desk) == []


def test_a_region_that_another_centre_serves_is_refused_by_name(admin: FlaskClient) -> None:
    do(admin, "new", **URAL)
    other = {**URAL, "name": "Вторая", "regions": "курганская  область"}
    answer = do(admin, "new", **other)
    assert answer.status_code == 409
    assert "уже принимает «Связь-Урал»" in html.unescape(answer.text)
    assert do(admin, "new", **{**other, "name": "Связь-Урал"}).status_code == 409


def test_only_administrators_see_them_and_an_unknown_one_is_none(
    admin: FlaskClient, desk: Desk
) -> None:
    assert admin.get(f"{PAGE}77").status_code == 404
    assert do(admin, "77", address="x", regions="y").status_code == 404
    assert do(admin, "77/close").status_code == 404
    log_in(admin, desk, "olga", Role.AGENT)
    assert admin.get(PAGE).status_code == 403
