"""One page tells a phone's whole life: made, sold, asked about, broken, repaired, lent."""

import html
import re
from datetime import date

import pytest
from flask.testing import FlaskClient

from accounts.models import Role
from provision.devices.models import Handover, HandoverKind
from storage.installation import Installation
from support.repairs import shipping
from tests.support.register import FIRST_MAC, Register, device_row
from tests.support.repairs.workshop import Workshop, moscow
from tests.support.requests.desk import Desk
from tests.support.requests.test_staff_views import log_in

PAGE = f"/staff/devices/{FIRST_MAC}"


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def workshop(installation: Installation, register: Register) -> Workshop:
    return Workshop(installation, register)


def lived(workshop: Workshop) -> tuple[int, int]:
    """Made, sold, asked about in November, repaired in December."""
    register = workshop.register
    with workshop.installation.database.writing() as session:
        session.add(
            Handover(
                device_id=device_row(session, register.first).id, kind=HandoverKind.MANUFACTURE,
                on=date(2025, 11, 10), reference="партия 2546", recorded_by="t",
                recorded_at=moscow("2025-11-10T10:00"),
            )
        )  # fmt: skip
    register.prove(register.first, date(2026, 3, 1))
    asked = Desk(workshop.installation, register).comes("2026-11-23T10:00")
    [unit_id] = workshop.file()
    workshop.receives(unit_id)
    workshop.photographs(unit_id)
    workshop.opens(unit_id)
    workshop.decides(unit_id)
    workshop.repairs(unit_id)
    workshop.sends(unit_id)
    workshop.does(unit_id, shipping.handed_over, "2026-12-31T12:00")
    return asked, unit_id


def story(client: FlaskClient) -> str:
    page = html.unescape(client.get(PAGE).text)
    return page[page.index('id="story"') :]


def test_the_page_of_a_device_tells_its_whole_life_in_order(
    client: FlaskClient, workshop: Workshop
) -> None:
    asked, unit_id = lived(workshop)
    log_in(client, Desk(workshop.installation, workshop.register), "olga")
    told = story(client)
    titles = re.findall(r"<b>([^<]+)</b>", told)
    wanted = [
        "Передан Пользователю", "Неисправность устранена", "Решение принято", "Телефон получен",
        "Акт неисправности подан", "Обратились в поддержку", "Передан Пользователю", "Изготовлен",
    ]  # fmt: skip
    places = [titles.index(wanted[0])]
    for title in wanted[1:]:
        places.append(titles.index(title, places[-1] + 1))
    assert f'href="/staff/repairs/{unit_id}"' in told
    assert f'href="/staff/requests/{asked}">Обращение № {asked}</a>' in told
    assert "партия 2546" in told
    # Neither names nor words of the person who asked.
    assert "Анна" not in told


def test_who_may_not_answer_requests_is_led_to_none(
    client: FlaskClient, workshop: Workshop
) -> None:
    asked, _unit = lived(workshop)
    log_in(client, Desk(workshop.installation, workshop.register), "boris", Role.PUBLISHER)
    told = story(client)
    assert f"Обращение № {asked}" in told
    assert f'href="/staff/requests/{asked}"' not in told


def test_the_story_goes_on_on_the_next_page(client: FlaskClient, workshop: Workshop) -> None:
    lived(workshop)
    log_in(client, Desk(workshop.installation, workshop.register), "olga")
    page = html.unescape(client.get(f"{PAGE}?before=2026-11-23T00:00:00Z").text)
    told = page[page.index('id="story"') :]
    assert "Изготовлен" in told
    assert "Телефон получен" not in told
