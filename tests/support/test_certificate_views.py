from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from accounts.models import Role
from portal.cli import main
from portal.settings import Settings
from tests.support.register import Register
from tests.support.test_views import RECENT, TODAY, log_in, read, token


@pytest.fixture
def backend() -> str:
    """What is stored runs on both databases beside the room's functions."""
    return "sqlite"


def enter(client: FlaskClient, serial: str, **fields: str) -> str:
    form = {
        "csrf_token": token(client.get("/warranty")),
        "number": "С-1",
        "certificate_kind": "extended",
        "months": "24",
        "purchased_on": TODAY.isoformat(),
        **fields,
    }
    page = client.post(f"/staff/certificates/for/{serial}", data=form, follow_redirects=True)
    return f"{page.status_code} {read(page)}"


def test_a_person_records_a_certificate_and_takes_it_back(
    client: FlaskClient, register: Register
) -> None:
    register.prove(register.first, RECENT)
    log_in(client, register, Role.AGENT)
    assert "Можно купить по" in read(client.get(f"/staff/warranty/{register.first}"))
    page = enter(client, register.first)
    assert page.startswith("200")
    assert "Сертификат С-1 записан" in page
    assert "увеличенным сроком по сертификату: с " in page
    assert "С-1" in read(client.get("/staff/certificates/"))
    form = {"csrf_token": token(client.get("/warranty")), "reason": "возврат"}
    void = client.post("/staff/certificates/С-1/void", data=form, follow_redirects=True)
    assert "возврат" in read(void)
    assert "увеличенным сроком по сертификату: с " not in read(
        client.get(f"/staff/warranty/{register.first}")
    )


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("months", "много", "от 1 до 120"),
        ("months", "500", "от 1 до 120"),
        ("purchased_on", "вчера", "Укажите день покупки"),
        ("purchased_on", (TODAY + timedelta(days=2)).isoformat(), "ещё не наступил"),
        ("certificate_kind", "base", "Выберите, что даёт сертификат"),
        ("number", "", "от 1 до 64"),
    ],
)
def test_what_cannot_be_sold_is_said_and_what_was_typed_stays(
    client: FlaskClient, register: Register, field: str, value: str, said: str
) -> None:
    register.prove(register.first, RECENT)
    log_in(client, register, Role.AGENT)
    page = enter(client, register.first, **{"number": "Особый-7", field: value})
    assert page.startswith("422")
    assert said in page


def test_c5_selling_late_needs_a_reason_on_the_page(
    client: FlaskClient, register: Register
) -> None:
    register.prove(register.first, date(2024, 1, 10))
    log_in(client, register, Role.AGENT)
    assert "10.01.2025" in read(client.get(f"/staff/warranty/{register.first}"))
    assert enter(client, register.first).startswith("422")
    assert enter(client, register.first, override="решение директора").startswith("200")


def test_voiding_without_a_reason_is_refused(client: FlaskClient, register: Register) -> None:
    register.prove(register.first, RECENT)
    log_in(client, register, Role.AGENT)
    enter(client, register.first)
    form = {"csrf_token": token(client.get("/warranty")), "reason": " "}
    assert client.post("/staff/certificates/С-1/void", data=form).status_code == 422
    assert (
        client.post("/staff/certificates/нет/void", data={**form, "reason": "x"}).status_code == 404
    )


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.PUBLISHER])
def test_certificates_are_sold_by_those_who_register_handovers(
    client: FlaskClient, register: Register, role: Role
) -> None:
    register.prove(register.first, RECENT)
    log_in(client, register, role)
    assert enter(client, register.first).startswith(("403", "404"))


def test_c1_the_public_answer_says_until_when_a_certificate_may_be_bought(
    client: FlaskClient, register: Register
) -> None:
    register.prove(register.first, RECENT)
    form = {
        "csrf_token": token(client.get("/warranty")),
        "serial": register.first,
        "mac_ending": "0A0001",
    }
    assert "Сертификат можно купить по" in read(client.post("/warranty", data=form))


def test_the_command_sells_names_the_left_out_lists_and_voids(
    settings: Settings, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    register.prove(register.first, RECENT)
    register.prove(register.second, date(2024, 1, 10))
    monkeypatch.setenv("FLATPRO_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")

    def run(*words: str) -> str:
        done = CliRunner().invoke(main, ["certificate", *words])
        assert done.exit_code == 0, done.output
        return done.output

    both = ("--serial", register.first, "--serial", register.second)
    sold = run("sell", "С-1", "--months", "12", *both)
    assert f"{register.second}: сертификат можно было купить" in sold
    assert f"recorded for {register.first}." in sold
    assert '"phones": 1' in run("list", "--json")
    run("void", "С-1", "--reason", "возврат")
    assert '"voided_at": null' not in run("list", "--json")
