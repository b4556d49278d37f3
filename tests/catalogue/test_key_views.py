"""The staff page of keys: what expires when, who still has to sign."""

import io
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from accounts import users
from accounts.models import Role
from catalogue.signing.signing_request import SigningRequest
from storage.clock import now
from tests.browserless import form_token, log_in
from tests.catalogue.vendor import People, Vendor

PASSWORD = "a long enough password"
AsRole = Callable[[Role], FlaskClient]


@pytest.fixture
def backend() -> str:
    """Pages look the same over any database."""
    return "sqlite"


@pytest.fixture
def as_role(app: Flask, vendor: Vendor) -> AsRole:
    """Logs a new user of a role in."""

    def logged_in(role: Role) -> FlaskClient:
        with vendor.installation.database.writing() as session:
            new = users.NewUser(f"the-{role}", "Анна", role, PASSWORD)
            users.add(session, new, actor="test", now=now())
        client = app.test_client()
        log_in(client, f"the-{role}", PASSWORD)
        return client

    return logged_in


def page(client: FlaskClient) -> str:
    answer = client.get("/staff/keys/")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_mode_local_is_said_openly(vendor: Vendor, as_role: AsRole) -> None:
    client = as_role(Role.AGENT)
    assert "Ключей пока нет" in page(client)
    vendor.publish("1.0.0")
    shown = page(client)
    assert "Режим local" in shown
    assert "Ждут подписей" not in shown
    assert "fw-FP-B2" in shown
    assert shown.count("docs-1f") == 1


def test_mode_offline_shows_who_has_to_sign(
    people: People, vendor: Vendor, as_role: AsRole
) -> None:
    vendor.publish("1.0.0")
    people.sign("firmware-1")
    shown = page(as_role(Role.KEY_HOLDER))
    assert "Режим offline" in shown
    assert "Ждут подписей" in shown
    assert "Нужна ещё 1 подпись" in shown
    assert "Нужны ещё 2 подписи" in shown


def test_a_key_holder_takes_the_request_and_brings_it_back(
    people: People, vendor: Vendor, as_role: AsRole
) -> None:
    vendor.publish("1.0.0")
    client = as_role(Role.KEY_HOLDER)
    answer = client.get("/staff/keys/request.json")
    assert "attachment" in answer.headers["Content-Disposition"]
    request = SigningRequest.parse(answer.data).stated_by(people.statement_key)
    for name in ("targets-1", "targets-2", "firmware-1", "firmware-2"):
        request = request.signed_by(people.signers[name])
    brought = bring(client, request.to_json())
    assert brought.status_code == 302
    shown = page(client)
    assert "Принято подписей: 5." in shown
    assert "Опубликовано файлов: 1." in shown
    assert "Ждут подписей" not in shown


def bring(client: FlaskClient, body: bytes, name: str = "signed.json") -> TestResponse:
    token = form_token(client, "/staff/keys/")
    form = {"csrf_token": token, "file": (io.BytesIO(body), name)}
    return client.post("/staff/keys/", data=form, content_type="multipart/form-data")


def test_what_is_no_signed_request_is_refused_in_words(
    people: People, vendor: Vendor, as_role: AsRole
) -> None:
    assert people.signers
    vendor.publish("1.0.0")
    client = as_role(Role.KEY_HOLDER)
    for body, name, words in (
        (b"{}", "x.json", "Это не запрос на подпись"),
        (b"", "", "Выберите подписанный файл."),
    ):
        answer = bring(client, body, name)
        assert answer.status_code == 422
        assert words in answer.get_data(as_text=True)


def test_a_forged_signature_is_refused_in_words(
    people: People, vendor: Vendor, as_role: AsRole
) -> None:
    vendor.publish("1.0.0")
    client = as_role(Role.KEY_HOLDER)
    request = people.request().signed_by(people.signers["firmware-1"])
    document = json.loads(request.to_json())
    for draft in document["drafts"]:
        for signature in draft["metadata"]["signatures"]:
            signature["sig"] = "00" * 64
    answer = bring(client, json.dumps(document).encode())
    assert answer.status_code == 422
    assert "Подпись под" in answer.get_data(as_text=True)


@pytest.mark.parametrize("role", [Role.AGENT, Role.PUBLISHER])
def test_only_key_holders_carry_requests(
    people: People, vendor: Vendor, as_role: AsRole, role: Role
) -> None:
    assert people.signers
    vendor.publish("1.0.0")
    client = as_role(role)
    assert "request.json" not in page(client)
    assert client.get("/staff/keys/request.json").status_code == 403
    token = form_token(client, "/staff/products/")
    assert client.post("/staff/keys/", data={"csrf_token": token}).status_code == 403


def test_strangers_are_sent_to_the_login(client: FlaskClient) -> None:
    assert client.get("/staff/keys/").status_code == 302


def test_a_file_that_runs_out_is_on_the_page_in_readyz_and_in_the_metrics(
    vendor: Vendor, as_role: AsRole, client: FlaskClient
) -> None:
    vendor.set_up(at=now() - timedelta(days=5, hours=12))
    assert "Срок файла timestamp кончается" in page(as_role(Role.AGENT))
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.get_data(as_text=True).startswith("ready\nnote: the metadata file timestamp")
    assert "snapshot expires" in ready.get_data(as_text=True)
    metrics = client.get("/metrics").get_data(as_text=True)
    line = next(
        line for line in metrics.splitlines()
        if line.startswith("flatpro_metadata_expiry_seconds") and '"online"' in line
        and '"timestamp"' in line
    )  # fmt: skip
    assert float(line.rpartition(" ")[2]) < 0


def test_nothing_alarms_when_all_is_fresh(vendor: Vendor, client: FlaskClient) -> None:
    vendor.set_up()
    assert client.get("/readyz").data == b"ready\n"
