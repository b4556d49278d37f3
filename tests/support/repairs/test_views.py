import html
import io
import re

import pytest
from docx import Document
from flask.testing import FlaskClient
from sqlalchemy import func, select

from accounts.models import Role
from firmware.version_marks.marks import MarkKind
from firmware.version_marks.models import VersionMark
from storage.clock import now
from support.cases.models import FaultReport
from support.personal_data.models import Consent
from support.repairs import filing
from support.repairs.filing import PER_SOURCE_HOURLY
from tests.browserless import form_token
from tests.support.racing import beaten_once
from tests.support.register import CUSTOMER, device_row
from tests.support.repairs.test_filing import pdf_text
from tests.support.repairs.workshop import Workshop, offer, refused
from tests.support.test_views import log_in


@pytest.fixture
def backend() -> str:
    """What is stored runs on both databases beside the room's functions."""
    return "sqlite"


def filled(workshop: Workshop, **more: str) -> dict[str, str]:
    return {
        "form_key": "k-1",
        "phones": "1",
        "serial_1": workshop.register.first,
        "symptom_1": "sound",
        "fault_1": "Нет звука в трубке",
        "customer": "legal",
        "organisation": CUSTOMER,
        "contact": "Анна Петрова",
        "email": "anna@romashka.example",
        "return_address": "Москва, ул. Строителей, д. 3",
        "signed_by": "Петрова А. А.",
        "consent": "1",
        **more,
    }


def send(
    client: FlaskClient, form: dict[str, str], address: str = "/repair/new"
) -> tuple[int, str, str]:
    token = form_token(client, address)
    answer = client.post(address, data={**form, "csrf_token": token})
    return answer.status_code, html.unescape(answer.text), answer.headers.get("Location", "")


def count(workshop: Workshop) -> int:
    with workshop.installation.database.reading() as session:
        return session.scalar(select(func.count()).select_from(FaultReport)) or 0


def test_f1_a_person_files_an_act_and_follows_it(client: FlaskClient, workshop: Workshop) -> None:
    status, _page, address = send(client, filled(workshop))
    assert status == 302
    assert re.fullmatch(r"/repair/r/[\w-]{32}", address)
    page = client.get(address)
    assert page.headers["Cache-Control"] == "no-store"
    words = html.unescape(page.text)
    assert "RMA-" in words
    assert workshop.register.first in words
    assert "акт подан, ждём телефон" in words
    assert "Акт неисправности RMA-" in pdf_text(client.get(f"{address}/act.pdf").data)
    sheet = Document(io.BytesIO(client.get(f"{address}/act.docx").data))
    assert "Акт неисправности" in sheet.paragraphs[0].text


def test_f4_every_fault_of_the_form_is_named_and_nothing_typed_is_lost(
    client: FlaskClient, workshop: Workshop
) -> None:
    wrong = filled(
        workshop, organisation="", email="анна", inn="123", consent="", mac_1="zz",
        serial_1=workshop.register.first[:-1] + "0", fault_1="", when_1="Каждое утро",
    )  # fmt: skip
    status, page, _address = send(client, wrong)
    assert status == 422
    for said in (
        "Заполните поле «Организация»", "Это не адрес электронной почты", "В ИНН опечатка",
        "Без согласия", "Это не MAC-адрес", "контрольный знак не сходится",
        "Заполните поле «Что не работает»",
    ):  # fmt: skip
        assert said in page
    assert "Каждое утро" in page
    assert count(workshop) == 0


@pytest.mark.parametrize("typed", ["info@фирма.рф", "ivan@firma.ru."])
def test_f4_an_address_that_no_letter_reaches_is_named_and_nothing_is_filed(
    client: FlaskClient, workshop: Workshop, typed: str
) -> None:
    status, page, _address = send(client, filled(workshop, email=typed))
    assert status == 422
    assert "Это не адрес электронной почты латиницей" in page
    assert count(workshop) == 0


def test_f4_room_for_more_phones_needs_no_script_and_keeps_what_was_typed(
    client: FlaskClient, workshop: Workshop
) -> None:
    status, page, _address = send(client, {**filled(workshop), "step": "add"})
    assert status == 200
    assert 'name="serial_2"' in page
    assert "Нет звука в трубке" in page
    two = filled(
        workshop, phones="3", serial_2=workshop.register.second, fault_2="Не включается",
    )  # fmt: skip
    assert send(client, two)[0] == 302
    twice = filled(
        workshop, form_key="k-2", phones="2", serial_2=workshop.register.first, fault_2="x"
    )
    assert "уже есть в акте выше" in send(client, twice)[1]


def test_the_form_is_filled_in_from_the_phone_s_record_for_its_owner_alone(
    client: FlaskClient, workshop: Workshop
) -> None:
    address = f"/repair/new?serial={workshop.register.first}"
    assert "02f1a70a0001" not in client.get(address).text
    log_in(client, workshop.register, Role.CUSTOMER)
    page = html.unescape(client.get(address).text)
    assert "02f1a70a0001" in page
    assert CUSTOMER in page


def test_another_customer_learns_nothing_of_a_phone(
    client: FlaskClient, workshop: Workshop
) -> None:
    log_in(client, workshop.register, Role.CUSTOMER)
    with workshop.installation.database.writing() as session:
        device_row(session, workshop.register.first).organisation_id = None
    assert "02f1a70a0001" not in client.get(f"/repair/new?serial={workshop.register.first}").text


def test_consent_is_a_record_of_its_own(client: FlaskClient, workshop: Workshop) -> None:
    send(client, filled(workshop))
    with workshop.installation.database.reading() as session:
        consent = session.scalar(select(Consent))
        report = session.scalar(select(FaultReport))
        assert consent is not None
        assert report is not None
        assert report.consent_id == consent.id
        assert (consent.email, consent.purpose) == ("anna@romashka.example", "repair")
        assert consent.given_at <= now()


def test_f5_the_sender_corrects_the_act_on_a_page(client: FlaskClient, workshop: Workshop) -> None:
    address = send(client, filled(workshop))[2]
    form = html.unescape(client.get(f"{address}/correct").text)
    assert "Нет звука в трубке" in form
    wrong = send(client, filled(workshop, contact=""), f"{address}/correct")
    assert wrong[0] == 422
    done = send(client, filled(workshop, remarks="Без подставки"), f"{address}/correct")
    assert (done[0], done[2]) == (302, address)
    assert "Без подставки" in pdf_text(client.get(f"{address}/act.pdf").data)
    other = filled(workshop, serial_1=workshop.register.second, remarks="Другая трубка")
    settled, page, _address = send(client, other, f"{address}/correct")
    assert settled == 409
    assert "Другая трубка" in page, "what was typed is not lost"


def test_a_key_that_is_no_key_of_ours_leads_to_nobody_elses_act(
    client: FlaskClient, workshop: Workshop
) -> None:
    first, second = (send(client, filled(workshop, form_key="1"))[2] for _time in range(2))
    assert first != second
    ours = filled(workshop, form_key="k" * 22)
    assert send(client, ours)[2] == send(client, ours)[2]


def test_a_form_sent_twice_at_once_leads_both_to_one_act(
    client: FlaskClient, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = filled(workshop, form_key="k" * 22)
    first = send(client, form)
    monkeypatch.setattr(filing, "file", beaten_once(filing.file))
    assert send(client, form) == first
    assert count(workshop) == 1


def test_f2_the_blank_form_is_there_to_be_printed(client: FlaskClient) -> None:
    assert "Акт неисправности" in pdf_text(client.get("/repair/blank.pdf").data)
    assert "Fault report" in pdf_text(client.get("/en/repair/blank.pdf").data)
    blank = Document(io.BytesIO(client.get("/repair/blank.docx").data))
    assert "Акт неисправности" in blank.paragraphs[0].text


def test_a_guessed_address_opens_nothing(client: FlaskClient, workshop: Workshop) -> None:
    workshop.file()
    for guess in ("1", "RMA-26-0001", "x" * 5000, "%00"):
        assert client.get(f"/repair/r/{guess}").status_code == 404
        assert client.get(f"/repair/r/{guess}/act.pdf").status_code == 404


def test_a_flood_of_acts_from_one_address_is_stopped(
    client: FlaskClient, workshop: Workshop
) -> None:
    for number in range(PER_SOURCE_HOURLY):
        assert send(client, filled(workshop, form_key=f"f-{number}"))[0] == 302
    status, page, _address = send(client, filled(workshop, form_key="one-more"))
    assert status == 409
    assert "подождите час" in page
    assert "Нет звука в трубке" in page


@pytest.mark.parametrize("value", ["0", "-1", "9999999999", "три", "٣", ""])
def test_a_count_of_phones_that_is_none_is_one(
    client: FlaskClient, workshop: Workshop, value: str
) -> None:
    assert send(client, filled(workshop, phones=value))[0] == 302


def test_a_known_problem_of_the_phones_firmware_is_told_before_it_is_sent(
    client: FlaskClient, workshop: Workshop
) -> None:
    with workshop.installation.database.writing() as session:
        device = device_row(session, workshop.register.first)
        device.firmware = "2.3.0"
        session.add(
            VersionMark(
                product_id=device.product_id, kind=MarkKind.BROKEN, version="2.3.0",
                canonical="2.3.0", reason="Пропадает звук в трубке", marked_at=now(),
                marked_by="test",
            )
        )  # fmt: skip
    address = f"/repair/new?serial={workshop.register.first}"
    assert "Пропадает звук" not in html.unescape(client.get(address).text)
    log_in(client, workshop.register, Role.CUSTOMER)
    page = html.unescape(client.get(address).text)
    assert "Пропадает звук в трубке" in page
    assert "2.3.0" in page


def test_r8_a_refused_case_tells_its_rule_and_what_was_seen_and_promises_no_day(
    client: FlaskClient, workshop: Workshop
) -> None:
    unit_id = refused(workshop)
    page = html.unescape(client.get(workshop.address(unit_id)).text)
    assert "следы жидкости (X-3)" in page
    assert "Осмотр и измерения в протоколе" in page
    assert "Попросить о платном ремонте" in page
    assert "будет устранена" not in page
    offer(workshop, unit_id, f"{now():%Y-%m-%dT%H:%M}")
    offered = html.unescape(client.get(workshop.address(unit_id)).text)
    assert "Платный ремонт: 3" in offered
    assert "Попросить о платном ремонте" not in offered
