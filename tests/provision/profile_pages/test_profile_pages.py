"""Profiles on pages: forms by the schema, all or nothing, nothing lost, and what is undone."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from accounts import users
from accounts.models import Role
from jobs.models import Job
from jobs.runner import Runner, Workbook
from provision import profile_history, profiles
from provision.devices import registry
from provision.models import Level
from provision.profile_pages import editing
from provision.profiles import GLOBAL, Link
from provision.rendered import work
from provision.vocabulary import Value
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC, SIP_PASSWORD, Estate

ROOT = "/staff/profiles/"
ALL, OWN = f"{ROOT}global/-", f"{ROOT}device/{MAC}"
DEVICE = Link(Level.DEVICE, MAC, MAC)


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def estate(installation: Installation) -> Estate:
    made = estates.build(installation)
    with installation.database.writing() as session:
        registry.get(session, MAC).group_name = "зал/2"
        for role in (Role.AGENT, Role.ENGINEER):
            new = users.NewUser(role, role, role, ADMIN_PASSWORD)
            users.add(session, new, actor="test", now=now())
    return made


@pytest.fixture
def engineer(app: Flask, estate: Estate) -> FlaskClient:
    assert estate
    client = app.test_client()
    log_in(client, "engineer")
    return client


def seen(client: FlaskClient, address: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', text(client, address))
    assert found
    return found[1]


def text(client: FlaskClient, address: str) -> str:
    return client.get(address).get_data(as_text=True)


def save(client: FlaskClient, address: str, **form: str) -> TestResponse:
    values = {name.replace("__", "."): value for name, value in form.items()}
    return post(client, address, {"seen": seen(client, address), **values})


def value(estate: Estate, link: Link, name: str) -> Value | None:
    with estate.installation.database.reading() as session:
        found = profiles.resolve(session, [link]).settings.get(name)
        return found.opened(estate.installation.seal) if found else None


def test_a_form_sets_changes_and_takes_off_settings(engineer: FlaskClient, estate: Estate) -> None:
    answer = save(engineer, ALL, network__vlan="20", screen__language="ru", web__enabled="false")
    assert answer.status_code == 302
    assert "Изменены 3 настройки" in text(engineer, ALL)
    assert value(estate, GLOBAL, "network.vlan") == 20
    assert value(estate, GLOBAL, "web.enabled") is False
    save(engineer, ALL, network__vlan="30", screen__language="")
    assert value(estate, GLOBAL, "network.vlan") == 30
    assert value(estate, GLOBAL, "screen.language") is None
    assert value(estate, GLOBAL, "web.enabled") is False
    page = text(engineer, ALL)
    assert '<option value="false" selected>' in page
    assert "Ничего не изменено" in save_and_read(engineer, ALL)


def save_and_read(client: FlaskClient, address: str) -> str:
    save(client, address)
    return text(client, address)


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_stored(
    engineer: FlaskClient, estate: Estate
) -> None:
    answer = save(
        engineer,
        ALL,
        network__vlan="9999",
        network__ntp_server="ntp.example",
        screen__brightness="x",
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert page.count('class="error"') == 2
    assert 'value="9999"' in page
    assert 'value="ntp.example"' in page
    assert value(estate, GLOBAL, "network.ntp_server") is None


def test_a_setting_that_nobody_described_may_be_added(
    engineer: FlaskClient, estate: Estate
) -> None:
    save(engineer, ALL, new_name="yealink.features.dnd", new_value="1")
    assert value(estate, GLOBAL, "yealink.features.dnd") == "1"
    assert 'name="yealink.features.dnd"' in text(engineer, ALL)
    answer = save(engineer, ALL, new_name="Nonsense", new_value="1")
    assert answer.status_code == 422
    assert 'value="Nonsense"' in answer.get_data(as_text=True)


def test_a_secret_is_never_shown_kept_when_empty_and_taken_off_when_asked(
    engineer: FlaskClient, estate: Estate
) -> None:
    page = text(engineer, OWN)
    assert SIP_PASSWORD not in page
    assert "••••" in page
    save(engineer, OWN, sip__1__password="", sip__1__number="102")
    assert value(estate, DEVICE, "sip.1.password") == SIP_PASSWORD
    save(engineer, OWN, sip__1__password="new-One-77")
    assert value(estate, DEVICE, "sip.1.password") == "new-One-77"
    assert "new-One-77" not in text(engineer, OWN)
    save(engineer, OWN, **{"clear:sip__1__password": "1"})
    assert value(estate, DEVICE, "sip.1.password") is None


def test_a_form_shows_what_holds_without_it(engineer: FlaskClient) -> None:
    save(engineer, ALL, network__vlan="20")
    assert "Без неё: 20 (для всех)" in text(engineer, OWN)


def test_who_saves_over_a_change_of_another_is_told_and_keeps_what_was_typed(
    engineer: FlaskClient, estate: Estate
) -> None:
    before = seen(engineer, ALL)
    save(engineer, ALL, network__vlan="20")
    answer = post(engineer, ALL, {"seen": before, "network.vlan": "30"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Тем временем" in page
    assert 'value="30"' in page
    assert value(estate, GLOBAL, "network.vlan") == 20


def test_a_change_between_the_look_and_the_save_is_not_overwritten(
    engineer: FlaskClient, estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, place = editing.check, estate.installation

    def change_meanwhile(*told: Any) -> editing.Faults:
        with place.database.writing() as session:
            profiles.put(
                session, place.seal, GLOBAL, "network.vlan", "20", actor="other", now=now()
            )
        return check(*told)

    before = seen(engineer, ALL)
    monkeypatch.setattr(editing, "check", change_meanwhile)
    assert post(engineer, ALL, {"seen": before, "network.vlan": "30"}).status_code == 409
    assert value(estate, GLOBAL, "network.vlan") == 20


@pytest.mark.parametrize("mark", ["", "x", "-1", "9" * 19, "9" * 5000])
def test_a_mark_that_no_form_has_is_told_as_a_change_of_another(
    engineer: FlaskClient, mark: str
) -> None:
    assert save(engineer, ALL, **{"network.vlan": "20"}).status_code == 302
    answer = post(engineer, ALL, {"seen": mark, "network.vlan": "30"})
    assert answer.status_code == 409
    assert 'value="30"' in answer.text


def test_a_change_is_undone_from_the_history(engineer: FlaskClient, estate: Estate) -> None:
    save(engineer, ALL, network__vlan="20")
    save(engineer, ALL, network__vlan="30")
    with estate.installation.database.reading() as session:
        last, first = profile_history.of_links(session, [GLOBAL], 5)
    post(engineer, f"{ROOT}undo/{last.id}", {}, page=ALL)
    assert value(estate, GLOBAL, "network.vlan") == 20
    assert post(engineer, f"{ROOT}undo/{last.id}", {}, page=ALL).status_code == 302
    assert "изменили ещё раз" in text(engineer, ALL)
    assert post(engineer, f"{ROOT}undo/999", {}, page=ALL).status_code == 404
    assert first.id < last.id


def test_every_level_has_its_page_and_others_are_not_found(
    engineer: FlaskClient, estate: Estate
) -> None:
    with estate.installation.database.reading() as session:
        links = profiles.chain_of(registry.get(session, MAC))
    assert [link.level for link in links] == list(Level)
    for link in links:
        assert engineer.get(f"{ROOT}{link.level}/{link.key or '-'}").status_code == 200
    for wrong in ("nothing/x", "global/x", "product/NONE", "site/99", "site/x", "device/02f1a7"):
        assert engineer.get(f"{ROOT}{wrong}").status_code in {404, 422}
    assert engineer.get(f"{ROOT}?level=device&key=02:F1:A7:00:00:01").location == OWN
    assert engineer.get(f"{ROOT}?level=site&key=x").location == ROOT
    page = text(engineer, ROOT)
    assert f'href="{OWN}"' in page
    assert "зал/2" in page


def test_support_reads_and_changes_nothing(app: Flask, estate: Estate) -> None:
    assert estate
    client = app.test_client()
    log_in(client, "agent")
    assert "Сохранить" not in text(client, ALL)
    assert post(client, ALL, {"network.vlan": "5"}, page=ROOT + "global/-").status_code == 403


def test_a_change_has_the_phones_configurations_prepared_and_the_page_tells_how_far(
    engineer: FlaskClient, estate: Estate
) -> None:
    def told() -> str:
        found = re.search(r'<div id="prepared".*?</div>', text(engineer, ALL), re.DOTALL)
        assert found
        return found[0]

    assert "every 2s" not in told()
    save(engineer, ALL, **{"network.vlan": "20"})
    assert "Настройки телефонов готовятся" in told()
    with estate.installation.database.writing() as session:
        (job,) = session.scalars(select(Job).where(Job.kind == work.PREPARE))
        job.progress_done, job.progress_total = 1240, 10_000
    assert re.search(r"подготовлены: 1\s240 / 10\s000", told())
    Runner(estate.installation, Workbook(work.HANDLERS)).run_due("test")
    assert "every 2s" not in told()
    save(engineer, ALL)
    assert "every 2s" not in told()


@pytest.mark.parametrize("typed", ["30", "no number"], ids=["conflict", "fault"])
def test_saving_again_after_anothers_change_does_not_take_it_back(
    engineer: FlaskClient, estate: Estate, typed: str
) -> None:
    server = "network.ntp_server"
    save(engineer, ALL, network__ntp_server="a.example", network__vlan="10")
    stale = {"seen": seen(engineer, ALL), server: "a.example", "network.vlan": typed}
    save(engineer, ALL, network__ntp_server="b.example")
    shown = post(engineer, ALL, stale).get_data(as_text=True)
    assert f'value="{typed}"' in shown
    inputs = re.findall(r"<input[^>]*>", shown)
    [field] = [one for one in inputs if f'name="{server}"' in one]
    [number] = [one for one in inputs if 'name="seen"' in one]
    again = {
        name: str(re.findall('value="([^"]*)"', one)[0])
        for name, one in (("seen", number), (server, field))
    }
    assert post(engineer, ALL, {**again, "network.vlan": "30"}).status_code == 302
    assert value(estate, GLOBAL, server) == "b.example"
    assert value(estate, GLOBAL, "network.vlan") == 30
