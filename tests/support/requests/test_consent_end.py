"""Whoever asked takes the consent back on the page of the request or of the act."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.clock import moscow_date, now
from storage.installation import Installation
from support.cases.models import FaultReport
from support.personal_data import consents
from support.personal_data.models import Consent
from support.requests import records
from support.requests.models import SupportRequest
from tests.browserless import form_token
from tests.support.repairs.workshop import Workshop
from tests.support.requests.desk import ANNA, Desk


@pytest.mark.parametrize("room", ["request", "repair"])
def test_a_consent_is_withdrawn_once_and_the_page_says_by_when_the_data_go(
    client: FlaskClient, installation: Installation, desk: Desk, room: str
) -> None:
    page = of_request(desk) if room == "request" else of_repair(desk)
    token = form_token(client, page)
    assert "Отозвать согласие" in client.get(page).get_data(as_text=True)
    for _twice in range(2):
        answer = client.post(f"{page}/withdraw-consent", data={"csrf_token": token})
        assert answer.status_code == 302
    day = moscow_date(now()) + timedelta(days=30)
    assert f"{day:%d.%m.%Y}" in client.get(page).get_data(as_text=True)
    with installation.database.reading() as session:
        [one] = session.scalars(select(Consent)).all()
        assert one.withdrawn_at is not None
    for nobodys in ("/support/r/x", "/repair/r/x"):
        answer = client.post(f"{nobodys}/withdraw-consent", data={"csrf_token": token})
        assert answer.status_code == 404


def test_everybody_may_read_what_is_kept_and_how_long(client: FlaskClient) -> None:
    page = client.get("/privacy").get_data(as_text=True)
    assert "402-ФЗ" in page
    assert "1095 дней" in page
    assert client.get("/en/privacy").status_code == 200


def of_request(desk: Desk) -> str:
    number = desk.comes()
    with desk.installation.database.writing() as session:
        request = session.get_one(SupportRequest, number)
        request.consent_id = given(session)
        address = records.address_of(desk.installation, request)
    return address.removeprefix(desk.installation.public_url)


def of_repair(desk: Desk) -> str:
    workshop = Workshop(desk.installation, desk.register)
    [unit_id] = workshop.file()
    with desk.installation.database.writing() as session:
        session.scalars(select(FaultReport)).one().consent_id = given(session)
    return workshop.address(unit_id)


def given(session: Session) -> int:
    return consents.give(session, ANNA.email, source="x", channel="form", now=now()).id
