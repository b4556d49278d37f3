import html
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from accounts import users
from accounts.models import OrganisationKind, Role
from accounts.users import NewUser
from storage.clock import now
from storage.installation import Installation
from support.calendars import importing, keeping, picture
from support.calendars.loading import SHIPPED, shipped
from support.calendars.picture import DayKind
from support.packages.package import Promise
from support.requests import records, recounting
from support.service_centres import register as centres
from support.service_centres.choosing import Centre
from support.sla.log import State
from tests.browserless import form_token, log_in
from tests.conftest import ADMIN_PASSWORD
from tests.support.register import REGISTERED_AT, Register
from tests.support.requests.desk import Desk

YEAR = 2028
XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<calendar year="2028" lang="ru"><holidays/><days>
<day d="01.03" t="1"/><day d="01.04" t="1"/><day d="01.05" t="1"/><day d="01.06" t="1"/>
<day d="01.07" t="1"/><day d="01.10" t="1" f="01.01"/><day d="02.22" t="2"/><day d="02.23" t="1"/>
<day d="03.08" t="1"/><day d="04.29" t="3"/></days></calendar>"""


@pytest.fixture
def backend() -> str:
    """What is stored runs on both databases beside the functions."""
    return "sqlite"


@pytest.fixture
def desk(installation: Installation, register: Register) -> Desk:
    return Desk(installation, register)


@pytest.fixture
def _admin(installation: Installation) -> None:
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, REGISTERED_AT)


def read(page: TestResponse) -> str:
    return html.unescape(page.text)


def preview(client: FlaskClient, content: bytes, name: str = "calendar.xml") -> TestResponse:
    form = {
        "csrf_token": form_token(client, "/staff/calendar/"),
        "file": (io.BytesIO(content), name),
    }
    return client.post("/staff/calendar/preview", data=form, content_type="multipart/form-data")


def put_in_force(client: FlaskClient, text: str) -> TestResponse:
    form = {"csrf_token": form_token(client, "/staff/calendar/"), "calendar": text, "note": "№ 1"}
    return client.post("/staff/calendar/import", data=form, follow_redirects=True)


def text_with_year() -> str:
    return importing.read(SHIPPED.read_text(encoding="utf-8"), XML).text


def test_the_picture_tells_each_kind_of_day_apart() -> None:
    calendar = shipped()
    kinds = {
        date(2025, 11, 1): DayKind.MOVED,
        date(2025, 11, 2): DayKind.WEEKEND,
        date(2025, 11, 3): DayKind.OFF,
        date(2025, 11, 5): DayKind.WORKED,
    }
    assert {day: picture.kind_of(calendar, day) for day in kinds} == kinds
    months = picture.year(calendar, 2025)
    assert sum(month.worked for month in months) == 247
    days = [one.day for month in months for week in month.weeks for one in week if one]
    assert days == [date(2025, 1, 1) + timedelta(number) for number in range(365)]


def test_a_new_year_says_which_days_it_changes() -> None:
    draft = importing.read(SHIPPED.read_text(encoding="utf-8"), XML)
    assert draft.years == (YEAR,)
    changed = {one.day: one.kind for one in picture.changed(shipped(), draft.calendar, YEAR)}
    assert changed[date(2028, 1, 10)] is DayKind.OFF
    assert changed[date(2028, 4, 29)] is DayKind.MOVED
    assert date(2028, 2, 22) not in changed


def test_an_import_moves_open_deadlines_and_no_closed_one(desk: Desk) -> None:
    desk.conclude(valid_from=date(2027, 1, 1), valid_to=date(2028, 12, 31))
    closed, opened = (desk.comes(f"2028-01-09T1{hour}:00") for hour in (0, 1))
    desk.answers(closed, "2028-01-10T10:00", State.RESOLVED)
    desk.becomes(closed, State.CLOSED, "2028-01-10T10:01")
    at = datetime(2028, 1, 10, 12, tzinfo=UTC)
    before = desk.clock(opened, Promise.RESPONSE, "2028-01-10T12:00").deadline
    frozen = desk.clock(closed, Promise.RESPONSE, "2028-01-10T12:00")
    text = text_with_year()
    with desk.installation.database.writing() as session:
        after = importing.draft_of(importing.current_text(session), text).calendar
        found = recounting.moved(session, keeping.current(session).calendar, after, at)
        keeping.put_in_force(
            session, text, "", [one.as_json() for one in found], actor="test", now=at
        )
    assert {one.number for one in found} == {opened}
    moved = {one.promise: one for one in found}[Promise.RESPONSE]
    assert moved.before == before
    assert moved.after - moved.before == timedelta(days=1)
    assert desk.clock(opened, Promise.RESPONSE, "2028-01-10T12:00").deadline == moved.after
    assert desk.clock(closed, Promise.RESPONSE, "2028-01-10T12:00") == frozen
    with desk.installation.database.reading() as session:
        assert records.get(session, closed).calendar_version == 0
        assert keeping.versions(session)[0].moved[0]["request"] == opened


@pytest.mark.usefixtures("_admin")
def test_an_administrator_looks_first_and_puts_in_force_then(
    client: FlaskClient, installation: Installation
) -> None:
    log_in(client)
    assert "предварительный" in read(client.get(f"/staff/calendar/?year={YEAR}"))
    page = read(preview(client, XML))
    assert "10.01.2028: праздник или перенесённый выходной" in page
    assert "29.04.2028: рабочая суббота" in page
    with installation.database.reading() as session:
        assert keeping.current(session).version == 0
    done = read(put_in_force(client, text_with_year().replace("\n", "\r\n")))
    assert "Календарь действует" in done
    assert "утверждён" in done
    assert "№ 1" in done
    with installation.database.reading() as session:
        assert keeping.current(session).version == 1
    again = read(preview(client, XML))
    assert "то же, что уже есть" in again


@pytest.mark.usefixtures("_admin")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<calendar",
        b"<calendar year='x'/>",
        b"<calendar year='2028'><day d='13.45' t='1'/></calendar>",
        b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x year='2028'>&a;</x>",
        b"opens = 1",
        b"\xff\xfe\x00",
        SHIPPED.read_bytes().replace(b"days = 248", b"days = 249"),
        b"x" * (importing.FILE_BYTES_MAX + 1),
    ],
)
def test_a_bad_file_changes_nothing_and_is_told_why(
    client: FlaskClient, installation: Installation, content: bytes
) -> None:
    log_in(client)
    assert preview(client, content).status_code == 422
    text = content.decode("latin-1").replace("\0", "")
    assert put_in_force(client, text).status_code == 422
    with installation.database.reading() as session:
        assert keeping.current(session).version == 0


@pytest.mark.usefixtures("_admin")
@pytest.mark.parametrize("year", ["1999", "2100", "x", "20260", "٢٠٢٦", ""])
def test_an_odd_year_is_this_year(client: FlaskClient, year: str) -> None:
    log_in(client)
    assert str(now().year) in client.get("/staff/calendar/", query_string={"year": year}).text


def test_only_administrators_change_the_calendar(
    client: FlaskClient, installation: Installation
) -> None:
    with installation.database.writing() as session:
        new = NewUser("olga", "Ольга", Role.AGENT, ADMIN_PASSWORD)
        users.add(session, new, actor="test", now=REGISTERED_AT)
    log_in(client, "olga")
    assert "Посмотреть, что изменится" not in read(client.get("/staff/calendar/"))
    form = {"csrf_token": form_token(client, "/support/new")}
    for action in ("preview", "import"):
        assert client.post(f"/staff/calendar/{action}", data=form).status_code == 403


def test_s1_the_hours_of_contacts_follow_the_calendar_in_force(
    client: FlaskClient, installation: Installation
) -> None:
    text = SHIPPED.read_text(encoding="utf-8").replace("opens = 09:00:00", "opens = 10:30:00")
    with installation.database.writing() as session:
        keeping.put_in_force(session, text, "", [], actor="test", now=now())
    assert "с 10:30 до 18" in read(client.get("/contacts"))


def test_w11_contacts_say_who_repairs_in_a_region(
    client: FlaskClient, installation: Installation
) -> None:
    assert "из всех регионов" in read(client.get("/contacts"))
    with installation.database.writing() as session:
        users.add_organisation(session, "Связь", OrganisationKind.PARTNER)
        ural = Centre("Связь-Урал", "Екатеринбург, ул. Мира, 1", ("Свердловская область",))
        centres.add(session, ural, "Связь", actor="test", now=REGISTERED_AT)
    page = read(client.get("/contacts?region=свердловская область"))
    notice = page[page.index("notice-good") :]
    assert "Екатеринбург, ул. Мира, 1" in page
    assert "Связь-Урал" in notice
    elsewhere = read(client.get("/contacts?region=Приморский край"))
    assert "партнёра пока нет" in elsewhere
    assert "/repair/blank.pdf" in elsewhere
