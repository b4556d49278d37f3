import html
import re
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from accounts import audit, sessions, users
from accounts.identification import SESSION_KEY
from accounts.models import Role
from accounts.users import NewUser
from provision.devices import readings
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.readings import Attempt
from provision.readers.facts import DeviceFacts
from storage.clock import moscow_date, now
from support import contracts
from support.calendars.loading import shipped as shipped_calendar
from support.civil_dates import add_months
from support.contracts import NewContract
from support.public_checks.attempts import LIMIT
from support.public_checks.check_limits import LABEL_LIMIT, UNWORKED_LIMIT
from support.public_checks.puzzles import solved
from tests.support.register import CUSTOMER, FIRST_MAC, REGISTERED_AT, Register

FIRST_ENDING = "0A0001"
TODAY = moscow_date(now())
RECENT = TODAY - timedelta(days=30)
LONG_AGO = date(2020, 1, 15)
_TOKEN = re.compile(r'(name="csrf_token" value=")([^"]+)')
_PUZZLE = re.compile(r"\d{10}\.[0-9a-f]{32}")


@pytest.fixture
def backend() -> str:
    """Words and pages are the same over any database; what is stored runs on both."""
    return "sqlite"


def token(page: TestResponse) -> str:
    found = _TOKEN.search(page.text)
    assert found is not None
    return found[2]


def check(
    client: FlaskClient,
    serial: str,
    ending: str,
    *,
    source: str = "127.0.0.1",
    prefix: str = "",
    worked: bool = True,
) -> TestResponse:
    """Fill the public form in, as a person at `source` would, with scripts or without."""
    page = client.get("/warranty")
    puzzle = re.search(r'data-puzzle="([^"]+)"', page.text)
    assert puzzle is not None
    form = {
        "csrf_token": token(page),
        "serial": serial,
        "mac_ending": ending,
        "puzzle": puzzle[1],
        "answer": solved(puzzle[1], f"{serial}\n{ending}") if worked else "",
    }
    return client.post(f"{prefix}/warranty", data=form, environ_base={"REMOTE_ADDR": source})


def read(page: TestResponse) -> str:
    return html.unescape(page.text)


def log_in(client: FlaskClient, register: Register, role: Role) -> None:
    with register.database.writing() as session:
        owner = CUSTOMER if role is Role.CUSTOMER else None
        new = NewUser(role.value, role.value, role, "tests-Only-1234567", owner)
        user = users.add(session, new, actor="test", now=REGISTERED_AT)
        name = sessions.begin(session, user, source="127.0.0.1", now=now())
    with client.session_transaction() as cookie:
        cookie[SESSION_KEY] = name


def enter(client: FlaskClient, serial: str, **fields: str) -> TestResponse:
    """Send the staff form, all of it right but for `fields`."""
    address = f"/staff/warranty/{serial}"
    form = {
        "csrf_token": token(client.get("/warranty")),
        "on": RECENT.isoformat(),
        "kind": "user-document",
        "document": "УПД № 311",
        "contract": "",
        **fields,
    }
    return client.post(address, data=form)


# The public check.


def test_the_form_answers_anyone_and_takes_a_serial_from_the_address(client: FlaskClient) -> None:
    page = client.get("/warranty", query_string={"serial": '"><b>FP1'})
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert 'value="&#34;&gt;&lt;b&gt;FP1"' in page.text
    assert "<b>FP1" not in page.text
    assert "12\N{NO-BREAK SPACE}месяцев" in page.text


def test_a_covered_phone_is_answered_in_the_readers_language(
    client: FlaskClient, register: Register
) -> None:
    register.prove(register.first, LONG_AGO, contract="Д-17")
    with register.database.writing() as session:
        new = NewContract("Д-17", CUSTOMER, start=TODAY)
        contracts.add(session, new, actor="test", now=REGISTERED_AT)
    russian = read(check(client, register.first, FIRST_ENDING))
    assert "Гарантия действует по" in russian
    assert "Телефон FP-B2" in russian
    assert "Основная гарантия" in russian
    english = read(check(client, register.first, FIRST_ENDING, prefix="/en"))
    assert "The warranty is in force until" in english
    assert "Base warranty" in english


def test_w6_the_public_answer_says_when_claims_are_taken_after_a_last_day_off(
    client: FlaskClient, register: Register
) -> None:
    calendar = shipped_calendar()
    days = (TODAY - timedelta(days=ago) for ago in range(1, 60))
    handover = next(day for day in days if not calendar.is_working(add_months(day, 12)))
    register.prove(register.first, handover)
    page = read(check(client, register.first, FIRST_ENDING))
    until = calendar.next_working(add_months(handover, 12))
    assert "Заявления принимаются по" in page
    assert f"{until:%d.%m.%Y}" in page


def test_the_public_answer_names_no_person_paper_contract_day_or_mac(
    client: FlaskClient, register: Register
) -> None:
    register.prove(register.first, RECENT, "УПД № 311", contract="Д-17")
    page = read(check(client, register.first, FIRST_ENDING))
    assert "Гарантия действует по" in page
    colons = ":".join(FIRST_MAC[at : at + 2] for at in range(0, 12, 2))
    told = (CUSTOMER, "УПД", "Д-17", f"{RECENT:%d.%m.%Y}", FIRST_MAC, colons, "W-3")
    assert [secret for secret in told if secret.lower() in page.lower()] == []


@pytest.mark.parametrize(
    ("handed_over", "said"),
    [(LONG_AGO, "Гарантия на этот телефон не действует"), (None, "Срок гарантии не установлен")],
)
def test_not_covered_and_not_established_are_answers_too(
    client: FlaskClient, register: Register, handed_over: date | None, said: str
) -> None:
    if handed_over:
        register.prove(register.first, handed_over)
    page = check(client, register.first, FIRST_ENDING)
    assert (page.status_code, said in read(page)) == (200, True)
    assert ("Сдать телефон в платный ремонт" in read(page)) is bool(handed_over)
    assert ("О неисправности нужно было сообщить" in read(page)) is bool(handed_over)


def test_an_unknown_serial_and_a_wrong_mac_get_the_same_answer_to_the_byte(
    client: FlaskClient, register: Register
) -> None:
    register.prove(register.first, RECENT)
    unknown = check(client, "FP2546B2000000A", FIRST_ENDING)
    wrong = check(client, register.first, "0A0002")
    absent = check(client, "FP2546B2000000A", "FFFFFF")
    pages = [
        _PUZZLE.sub("", _TOKEN.sub("", page.text))  # a puzzle names the second it was set
        .replace(typed_serial, "SERIAL")
        .replace(typed_mac, "MAC")
        for page, typed_serial, typed_mac in (
            (unknown, "FP2546B2000000A", FIRST_ENDING),
            (wrong, register.first, "0A0002"),
            (absent, "FP2546B2000000A", "FFFFFF"),
        )
    ]
    assert pages[0] == pages[1] == pages[2]
    assert {page.status_code for page in (unknown, wrong, absent)} == {422}
    names = [sorted(page.headers.keys()) for page in (unknown, wrong, absent)]
    assert names[0] == names[1] == names[2]


@pytest.mark.parametrize(
    ("serial", "ending", "said"),
    [
        ("", FIRST_ENDING, "Введите серийный номер с этикетки телефона"),
        ("FP2546B2000000A", "12345", "Введите последние шесть знаков MAC-адреса"),
    ],
)
def test_a_form_filled_in_wrong_says_which_field_and_keeps_what_was_typed(
    client: FlaskClient, serial: str, ending: str, said: str
) -> None:
    page = check(client, serial, ending)
    assert page.status_code == 422
    assert read(page).count(said) == 2
    assert f'value="{ending}"' in page.text
    assert f'value="{serial}"' in page.text


def test_the_eleventh_failure_in_an_hour_is_told_to_wait_wherever_it_is_wrong(
    client: FlaskClient, register: Register
) -> None:
    for number in range(LIMIT):
        assert check(client, f"SN-{number}", FIRST_ENDING).status_code == 422
    late = check(client, register.first, FIRST_ENDING)
    assert late.status_code == 429
    assert "Слишком много неудачных проверок" in read(late)
    assert f'value="{register.first}"' in late.text
    assert check(client, register.first, FIRST_ENDING, source="192.0.2.7").status_code == 200


def test_without_the_little_work_fewer_failures_pass(
    client: FlaskClient, register: Register
) -> None:
    for number in range(UNWORKED_LIMIT):
        assert check(client, f"SN-{number}", FIRST_ENDING, worked=False).status_code == 422
    assert check(client, register.first, FIRST_ENDING, worked=False).status_code == 429
    assert check(client, register.first, FIRST_ENDING).status_code == 200


def test_one_serial_number_is_guessed_at_five_times_a_day_from_everywhere(
    client: FlaskClient, register: Register
) -> None:
    """Whether a phone has the number or not, the words are the same."""
    for serial in (register.first, "NOBODY0001"):
        for number in range(LABEL_LIMIT):
            source = f"192.0.2.{number}"
            guess = check(client, serial.lower(), f"FFFF{number:02}", source=source)
            assert guess.status_code == 422
        late = check(client, serial, FIRST_ENDING, source="198.51.100.1")
        assert late.status_code == 429
        assert "По этому серийному номеру сегодня слишком много" in read(late)


def test_right_checks_are_not_limited(client: FlaskClient, register: Register) -> None:
    codes = {check(client, register.first, FIRST_ENDING).status_code for _ in range(LIMIT + 2)}
    assert codes == {200}


def test_a_form_without_its_token_is_refused(client: FlaskClient, register: Register) -> None:
    form = {"serial": register.first, "mac_ending": FIRST_ENDING}
    assert client.post("/warranty", data=form).status_code == 400


# The staff page.


def test_staff_see_every_rule_with_its_date_and_paper(
    client: FlaskClient, register: Register
) -> None:
    log_in(client, register, Role.AGENT)
    register.prove(register.first, LONG_AGO, "УПД № 311", contract="Д-17")
    page = read(client.get(f"/staff/warranty/{register.first}"))
    for rule in ("W-1", "W-2", "W-3", "W-4", "W-12"):
        assert f">{rule}<" in page
    assert "15.01.2020 · основание: УПД № 311" in page
    assert "основание: Д-17" in page
    assert f"/staff/devices/{FIRST_MAC}" in page


def test_a_stranger_logs_in_first_and_a_customer_is_turned_away(
    client: FlaskClient, register: Register
) -> None:
    address = f"/staff/warranty/{register.first}"
    assert client.get(address).status_code == 302
    log_in(client, register, Role.CUSTOMER)
    assert client.get(address).status_code == 403


@pytest.mark.parametrize("serial", ["SN-404", "FP2546B2000000A", "0000"])
def test_a_serial_that_is_not_on_record_is_a_page_saying_so(
    client: FlaskClient, register: Register, serial: str
) -> None:
    log_in(client, register, Role.AGENT)
    assert client.get(f"/staff/warranty/{serial}").status_code in {404, 422}
    assert enter(client, serial).status_code in {404, 422}


def test_a_handover_registered_on_the_page_counts_at_once_and_is_signed(
    client: FlaskClient, register: Register
) -> None:
    log_in(client, register, Role.AGENT)
    done = enter(client, register.first, contract="Д-99")
    assert (done.status_code, done.location) == (302, f"/staff/warranty/{register.first}")
    page = read(client.get(done.location))
    assert "Гарантия действует по" in page
    assert "условия которого не внесены" in page
    with register.database.reading() as session:
        (entry,) = audit.latest(session, 1)
    assert (entry.actor, entry.action) == ("agent", "device.handover")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"on": ""}, "Укажите день передачи"),
        ({"on": (TODAY + timedelta(days=2)).isoformat()}, "не годится: нужен день с"),
        ({"kind": "manufacture"}, "Выберите, чем подтверждается передача"),
        ({"contract": "Д" * 65}, "Номер договора"),
        ({"document": "Д" * 201}, "Назовите документ"),
    ],
)
def test_a_refused_handover_keeps_what_was_typed_and_records_nothing(
    client: FlaskClient, register: Register, fields: dict[str, str], said: str
) -> None:
    log_in(client, register, Role.ENGINEER)
    page = enter(client, register.first, **{"contract": "Д-17", **fields})
    assert page.status_code == 422
    assert said in read(page)
    assert f'value="{fields.get("contract", "Д-17")}"' in page.text
    assert "Срок гарантии не установлен" in read(page)


def test_a_publisher_reads_the_answer_but_registers_nothing(
    client: FlaskClient, register: Register
) -> None:
    log_in(client, register, Role.PUBLISHER)
    page = client.get(f"/staff/warranty/{register.first}")
    assert page.status_code == 200
    assert 'name="document"' not in page.text
    assert enter(client, register.first).status_code == 403


def test_staff_see_what_the_phone_tells_beside_the_answer(
    client: FlaskClient, register: Register
) -> None:
    register.prove(register.first, RECENT)
    with register.database.writing() as session:
        facts = DeviceFacts(mac=MacAddress("02f1a70affff"), serial=SerialNumber(register.first))
        readings.record(session, Attempt("10.0.0.7", "snmp", "agent", facts), now=now())
    log_in(client, register, Role.AGENT)
    page = client.get(f"/staff/warranty/{register.first}").text
    assert "Гарантия действует" in page, "the answer stays what the papers make it"
    assert "Что говорит сам телефон" in page
    assert "MAC и номер расходятся" in page
