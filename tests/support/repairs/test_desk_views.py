import html
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from accounts.models import Role
from storage.clock import moscow_date, now
from support.cases.vocabulary import Reason, Stage
from support.repairs import board, deciding, quoting, reviewers
from tests.browserless import form_token
from tests.support.repairs.test_filing import pdf_text
from tests.support.repairs.workshop import Workshop, a_picture, an_act, moscow
from tests.support.test_views import log_in


@pytest.fixture
def backend() -> str:
    """What is stored runs on both databases beside the room's functions."""
    return "sqlite"


@pytest.fixture
def engineer(client: FlaskClient, workshop: Workshop) -> FlaskClient:
    workshop.register.prove(workshop.register.first, moscow_date(now()) - timedelta(days=30))
    log_in(client, workshop.register, Role.ENGINEER)
    return client


def words(page: TestResponse) -> str:
    return html.unescape(page.text)


def do(client: FlaskClient, address: str, **form: object) -> TestResponse:
    token = form_token(client, "/repair/new")
    return client.post(address, data={**form, "csrf_token": token}, follow_redirects=True)


def step(client: FlaskClient, unit_id: int, name: str, **form: object) -> str:
    page = do(client, f"/staff/repairs/{unit_id}/{name}", **form)
    return f"{page.status_code} {words(page)}"


def filed_now(workshop: Workshop, serial: str = "") -> int:
    [unit_id] = workshop.file_act(
        an_act(serial or workshop.register.first), at=f"{now():%Y-%m-%dT%H:%M}"
    )
    return unit_id


def test_a_phone_goes_through_the_workshop_on_pages(
    engineer: FlaskClient, workshop: Workshop
) -> None:
    unit_id = filed_now(workshop)
    number = workshop.report(unit_id).number
    dock = words(engineer.get("/staff/repairs/dock", query_string={"code": number}))
    assert workshop.register.first in dock
    taken = do(
        engineer, "/staff/repairs/dock/receive", unit=str(unit_id), with_act="1", code=number
    )
    assert "Принято. Сделайте снимки" in words(taken)
    assert "Неисправность будет устранена не позже" in words(taken)
    picture = {"photos": (io.BytesIO(a_picture()), "до.png"), "kind": "before-opening"}
    assert "Снимки сохранены" in step(engineer, unit_id, "photos", **picture)
    assert engineer.get("/staff/repairs/photos/1").mimetype == "image/png"
    assert "Диагностика начата" in step(engineer, unit_id, "open")
    short = step(engineer, unit_id, "decide", covered="yes", evidence="да")
    assert short.startswith("422")
    assert "не меньше 10 знаков" in short
    assert "Решение записано" in step(
        engineer, unit_id, "decide", covered="yes", evidence="Разъём трубки не держит контакт"
    )
    silent = step(engineer, unit_id, "eliminated", parts="RJ9", tested="1")
    assert silent.startswith("422")
    assert "Опишите, что сделано" in silent.split('name="work"')[1].split('name="parts"')[0]
    assert step(engineer, unit_id, "eliminated", work="Заменён разъём").startswith("409")
    done = step(engineer, unit_id, "eliminated", work="Заменён разъём", parts="RJ9", tested="1")
    assert "Неисправность устранена: срок остановлен" in done
    assert "Отправлено" in step(engineer, unit_id, "send", carrier="СДЭК", tracking="123")
    assert "Заявка закрыта" in step(engineer, unit_id, "returned")
    english = words(engineer.get(f"/en/staff/repairs/{unit_id}"))
    assert "by the warranty rules" in english
    assert "по правилам гарантии" not in english
    report = engineer.get(f"/staff/repairs/{unit_id}/report.pdf")
    assert "Заменён разъём" in pdf_text(report.data)
    board = words(engineer.get("/staff/repairs/?stage=returned"))
    assert f"{number}/1" in board
    assert f"{number}/1" not in words(engineer.get("/staff/repairs/"))


def test_the_board_orders_by_what_is_due_and_counts_what_is_late(
    engineer: FlaskClient, workshop: Workshop
) -> None:
    long_ago = now() - timedelta(days=60)
    [late] = workshop.file(workshop.register.second, at=f"{long_ago:%Y-%m-%dT%H:%M}")
    workshop.receives(late, f"{long_ago:%Y-%m-%dT%H:%M}")
    waiting = filed_now(workshop)
    page = words(engineer.get("/staff/repairs/"))
    assert "1 телефон просрочен" in page
    names = [workshop.unit(one).name for one in (late, waiting)]
    assert page.index(names[0]) < page.index(names[1])
    found = words(engineer.get("/staff/repairs/", query_string={"q": workshop.register.second}))
    assert names[0] in found
    assert names[1] not in found


def test_r1_a_refused_case_has_no_term_on_the_board_and_is_not_late(
    engineer: FlaskClient, workshop: Workshop
) -> None:
    refused_case = refused(workshop)
    page = words(engineer.get("/staff/repairs/"))
    row = page.split(f"/staff/repairs/{refused_case}")[1].split("</tr>")[0]
    assert "срока нет: не гарантийный" in row
    assert "<progress" not in row
    at = moscow("2027-03-01T10:00")
    with workshop.installation.database.reading() as session:
        assert board.board(session, at).late == 0
        assert board.due_by(session, date(2027, 3, 4), at) == (0, 0)


def test_a_board_left_open_keeps_its_clocks_true_each_minute(
    engineer: FlaskClient, workshop: Workshop
) -> None:
    unit = filed_now(workshop)
    page = words(engineer.get("/staff/repairs/", query_string={"stage": "filed", "q": "FR"}))
    live = page.split('id="repairs-live"')[1]
    head = live.split(">")[0]
    assert 'hx-trigger="every 60s"' in head
    assert "stage=filed&q=FR" in head, "what was chosen stays chosen"
    unfiltered = words(engineer.get("/staff/repairs/")).split('id="repairs-live"')[1]
    assert workshop.unit(unit).name in unfiltered


def test_a_scan_that_names_nothing_leads_to_the_quarantine(
    engineer: FlaskClient, workshop: Workshop
) -> None:
    page = words(engineer.get("/staff/repairs/dock?code=" + workshop.register.first))
    assert "По этому коду ничего не ждём" in page
    do(engineer, "/staff/repairs/dock/parcels", serial=workshop.register.first, note="без акта")
    unit_id = filed_now(workshop)
    dock = words(engineer.get("/staff/repairs/dock"))
    assert f"Это {workshop.unit(unit_id).name}" in dock
    assert "1 посылка ждёт без акта" in words(engineer.get("/staff/repairs/"))
    do(engineer, "/staff/repairs/dock/parcels/1/bind", unit=str(unit_id))
    assert workshop.unit(unit_id).stage == Stage.AWAITING_ACT
    again = do(engineer, "/staff/repairs/dock/parcels/1/back", reason="поздно")
    assert again.status_code == 409


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"unit": "x"},
        {"unit": "999999"},
        {"unit": "9" * 30},
        {"unit": "9" * 5000},
        {"unit": "-1"},
    ],
)
def test_bad_input_at_the_dock_is_no_fault_of_the_server(
    engineer: FlaskClient, form: dict[str, str]
) -> None:
    assert do(engineer, "/staff/repairs/dock/receive", **form).status_code < 500


@pytest.mark.parametrize("name", ["open", "decide", "send", "returned", "quote", "act", "settle"])
def test_a_step_at_the_wrong_time_is_refused_and_said(
    engineer: FlaskClient, workshop: Workshop, name: str
) -> None:
    unit_id = filed_now(workshop)
    page = step(
        engineer, unit_id, name, evidence="десять знаков", covered="yes", amount="100",
        quoted_work="x", answer="x", reverse="no",
    )  # fmt: skip
    assert page.startswith("409")


def test_a_number_of_any_length_is_no_fault_of_the_server(
    engineer: FlaskClient, workshop: Workshop
) -> None:
    unit_id = filed_now(workshop)
    long = "9" * 5000
    for address, field in (
        (f"/staff/repairs/{unit_id}/cancel", "revision"),
        ("/staff/repairs/dock/parcels/1/bind", "unit"),
        (f"/staff/loaners/reserve/{unit_id}", "loaner"),
    ):
        assert do(engineer, address, **{field: long}).status_code < 500


def test_w5_the_rules_propose_a_refusal_only_for_a_fault_told_of_after_the_term(
    engineer: FlaskClient, workshop: Workshop
) -> None:
    workshop.register.prove(workshop.register.second, moscow_date(now()) - timedelta(days=800))
    in_time, late = filed_now(workshop), filed_now(workshop, workshop.register.second)
    pages = {}
    for unit_id in (in_time, late):
        workshop.receives(unit_id, f"{now():%Y-%m-%dT%H:%M}")
        workshop.opens(unit_id, f"{now():%Y-%m-%dT%H:%M}")
        pages[unit_id] = words(engineer.get(f"/staff/repairs/{unit_id}"))
    assert " selected>— выберите —<" in pages[in_time]
    assert "после окончания срока (W-5)" not in pages[in_time]
    assert '<option value="no" selected>' in pages[late]
    assert '<option value="TERM_EXPIRED" selected>' in pages[late]
    assert "после окончания срока (W-5)" in pages[late]
    evidence = "Осмотр и измерения"
    missing = step(engineer, in_time, "decide", reason="LIQUID", evidence=evidence)
    assert missing.startswith("422")
    assert "Выберите решение" in missing
    assert workshop.unit(in_time).stage == Stage.DIAGNOSIS


def test_x5_who_proposed_reads_who_may_approve_in_place_of_a_form_that_refuses_them(
    engineer: FlaskClient, workshop: Workshop
) -> None:
    unit_id = filed_now(workshop)
    workshop.receives(unit_id, f"{now():%Y-%m-%dT%H:%M}")
    workshop.opens(unit_id, f"{now():%Y-%m-%dT%H:%M}")
    evidence = "Двое суток работы без сбоя"
    proposed = step(
        engineer, unit_id, "decide", covered="no", reason="NO_FAULT_FOUND", evidence=evidence
    )
    assert "утверждает другой сотрудник (X-5)" in proposed
    assert "Пока никто" in proposed
    assert f"/staff/repairs/{unit_id}/review" not in proposed
    log_in(engineer, workshop.register, Role.ADMIN)
    assert f"/staff/repairs/{unit_id}/review" in words(engineer.get(f"/staff/repairs/{unit_id}"))
    with workshop.installation.database.reading() as session:
        barred = reviewers.made_by(deciding.of_unit(session, workshop.unit(unit_id)))
        assert [one.login for one in reviewers.others(session, barred)] == ["admin"]
    assert step(engineer, unit_id, "review", approved="").startswith("422")
    assert step(engineer, unit_id, "review", approved="yes").startswith("200")
    with workshop.installation.database.reading() as session:
        assert not reviewers.made_by(deciding.of_unit(session, workshop.unit(unit_id)))


def test_somebody_else_changed_the_case_meanwhile(
    engineer: FlaskClient, workshop: Workshop
) -> None:
    unit_id = filed_now(workshop)
    page = step(engineer, unit_id, "cancel", revision="99")
    assert page.startswith("409")
    assert "уже изменил другой сотрудник" in page
    assert workshop.unit(unit_id).stage == Stage.FILED


def test_the_workshop_is_for_staff(client: FlaskClient, workshop: Workshop) -> None:
    unit_id = filed_now(workshop)
    log_in(client, workshop.register, Role.CUSTOMER)
    for address in ("", "dock", str(unit_id), f"{unit_id}/report.pdf", "photos/1"):
        assert client.get(f"/staff/repairs/{address}").status_code == 403


def test_a_publisher_looks_and_does_not_touch(client: FlaskClient, workshop: Workshop) -> None:
    unit_id = filed_now(workshop)
    log_in(client, workshop.register, Role.PUBLISHER)
    assert client.get(f"/staff/repairs/{unit_id}").status_code == 200
    assert step(client, unit_id, "cancel").startswith("403")


def test_what_does_not_exist_is_not_found(engineer: FlaskClient) -> None:
    for address in ("999", "999/report.pdf", "photos/999", "99999999999999999999"):
        assert engineer.get(f"/staff/repairs/{address}").status_code == 404


# What the customer answers.


def refused(workshop: Workshop) -> int:
    today = now()
    workshop.register.prove(workshop.register.first, moscow_date(today) - timedelta(days=30))
    unit_id = filed_now(workshop)
    at = f"{today:%Y-%m-%dT%H:%M}"
    workshop.receives(unit_id, at)
    workshop.photographs(unit_id, at)
    workshop.opens(unit_id, at)
    workshop.decides(unit_id, Reason.LIQUID, at)
    return unit_id


def test_r8_a_dispute_is_settled_by_a_choice_that_nothing_makes_beforehand(
    client: FlaskClient, workshop: Workshop
) -> None:
    unit_id = refused(workshop)
    workshop.does(unit_id, deciding.dispute, f"{now():%Y-%m-%dT%H:%M}", "Конденсат", by="anna")
    log_in(client, workshop.register, Role.ENGINEER)
    assert " selected>— выберите —<" in words(client.get(f"/staff/repairs/{unit_id}"))
    missing = step(client, unit_id, "settle", answer="Осмотрели ещё раз")
    assert missing.startswith("422")
    assert "Выберите решение" in missing
    settled = step(client, unit_id, "settle", answer="Осмотрели ещё раз", reverse="yes")
    assert settled.startswith("200")
    assert workshop.unit(unit_id).covered is True


def test_an_offer_without_words_is_told_beside_them(
    client: FlaskClient, workshop: Workshop
) -> None:
    unit_id = refused(workshop)
    log_in(client, workshop.register, Role.ENGINEER)
    page = step(client, unit_id, "quote", amount="3500")
    assert page.startswith("422")
    assert "Опишите работу" in page.split('name="quoted_work"')[1].split("</form>")[0]


def test_r7_the_customer_answers_the_quote_by_the_secret_address(
    client: FlaskClient, workshop: Workshop
) -> None:
    unit_id = refused(workshop)
    workshop.does(unit_id, quoting.offer, f"{now():%Y-%m-%dT%H:%M}", Decimal("3500.00"), "Чистка")
    address = workshop.address(unit_id)
    page = words(client.get(address))
    assert "Принять за 3\u00a0500,00\u00a0₽" in page
    done = words(do(client, f"{address}/1/quote", answer="accept"))
    assert "Ремонт заказан" in done
    assert workshop.unit(unit_id).stage == Stage.REPAIR
    assert do(client, f"{address}/1/quote", answer="decline").status_code == 409
    assert do(client, f"{address}/7/quote", answer="accept").status_code == 404


def test_r8_the_customer_disputes_by_the_secret_address(
    client: FlaskClient, workshop: Workshop
) -> None:
    unit_id = refused(workshop)
    address = workshop.address(unit_id)
    assert "следы жидкости" in words(client.get(address))
    assert do(client, f"{address}/1/dispute", dispute=" ").status_code == 422
    done = words(do(client, f"{address}/1/dispute", dispute="Это конденсат"))
    assert "Ваше возражение" in done or "решит другой" in done
    assert "Это конденсат" in done
    assert do(client, f"{address}/1/dispute", dispute="ещё").status_code == 409


def test_what_is_between_staff_is_not_told_to_the_customer(
    client: FlaskClient, workshop: Workshop
) -> None:
    unit_id = refused(workshop)
    page = words(client.get(workshop.address(unit_id)))
    assert "Сделан снимок" not in page
    assert "ivan" not in page


def test_the_customer_cancels_what_was_not_sent(client: FlaskClient, workshop: Workshop) -> None:
    unit_id = filed_now(workshop)
    address = workshop.address(unit_id)
    page = client.get(address).text
    # What everybody does comes first: print, pack, send; giving up stands after all of it.
    steps = [page.index(part) for part in ("/act.pdf", 'class="clauses"', "/correct", "/1/cancel")]
    assert steps == sorted(steps)
    assert "Заявка отменена" in words(do(client, f"{address}/1/cancel"))
    assert do(client, f"{address}/1/cancel").status_code == 409


def test_r9_the_customer_gets_the_report_when_there_is_one(
    client: FlaskClient, workshop: Workshop
) -> None:
    unit_id = filed_now(workshop)
    address = workshop.address(unit_id)
    assert client.get(f"{address}/1/report.pdf").status_code == 409
    other = refused_report(client, workshop)
    assert "Отчёт о ремонте" in pdf_text(other)


def refused_report(client: FlaskClient, workshop: Workshop) -> bytes:
    unit_id = refused(workshop)
    return client.get(f"{workshop.address(unit_id)}/1/report.pdf").data
