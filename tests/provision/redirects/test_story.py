"""A phone from its box to its partner's server and back, over the wire and by the pages."""

import hashlib
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from accounts import access, tokens, users
from accounts.models import AuditEntry, OrganisationKind, Role
from accounts.users import NewUser
from provision import folding
from provision.redirects import box_codes
from provision.redirects.models import BoxCode, ClaimState, PartnerClaim
from provision.tftp.naming import look_up
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC, SERIAL, UNKNOWN, Estate
from tests.provision.phone_plane import Answer, ask, served

SERVER = "https://phones.partner.example:8443/p/{mac}.cfg"
TOLD = SERVER.replace("{mac}", MAC)
PAGE = "/my/claims/"
AGENTS = {
    "flat_phone": "FlatPhone/2.3.1 (FP-B2)",
    "yealink": "Yealink SIP-T46S 66.85.0.5",
    "snom": "Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5)",
    "grandstream": "Grandstream Model HW GXP2170 SW 1.0.11.3",
}
FILES = {"flat_phone": "{}.cfg", "yealink": "{}.cfg", "snom": "{}.xml", "grandstream": "cfg{}.xml"}


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def estate(installation: Installation) -> Estate:
    built = estates.build(installation)
    with built.installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
        for name in ("Связист", "Другой"):
            users.add_organisation(session, name, OrganisationKind.PARTNER)
            new = NewUser(name, name, Role.PARTNER, ADMIN_PASSWORD, name)
            users.add(session, new, actor="test", now=now())
    return built


@pytest.fixture
def code(estate: Estate) -> str:
    """What is printed in the box of the estate's phone."""
    with estate.installation.database.writing() as session:
        (made,) = box_codes.make_many(session, estate.installation, SERIAL, actor="test", now=now())
    return made.code


@pytest.fixture
def port(estate: Estate, phones: Flask) -> Iterator[int]:
    assert estate.token
    with served(phones) as found:
        yield found


@pytest.fixture
def partner(app: Flask, estate: Estate) -> FlaskClient:
    assert estate.token
    client = app.test_client()
    log_in(client, "Связист")
    return client


@pytest.fixture
def clerk(app: Flask, estate: Estate) -> FlaskClient:
    assert estate.token
    client = app.test_client()
    log_in(client)
    return client


def first_contact(port: int, family: str = "flat_phone", mac: str = MAC) -> Answer:
    agent = f"User-Agent: {AGENTS[family]}"
    return ask(port, f"/p/{FILES[family].format(mac)}", agent)


def file(partner: FlaskClient, unit: str, code: str, url: str = SERVER) -> TestResponse:
    return post(partner, PAGE, {"unit": unit, "code": code, "url": url})


def claim_number(estate: Estate) -> int:
    with estate.installation.database.reading() as session:
        return (
            session.scalars(select(PartnerClaim.id).order_by(PartnerClaim.id.desc())).first() or 0
        )


def decide(clerk: FlaskClient, estate: Estate, step: str, **form: object) -> TestResponse:
    return post(clerk, f"/staff/claims/{claim_number(estate)}/{step}", form, "/staff/claims/")


def test_a_phone_is_claimed_approved_sent_away_and_taken_back(
    estate: Estate, code: str, port: int, partner: FlaskClient, clerk: FlaskClient
) -> None:
    before = first_contact(port)
    assert file(partner, SERIAL.lower(), code.lower().replace("-", " ")).status_code == 302
    assert "ждёт решения" in partner.get(PAGE).get_data(as_text=True)
    assert first_contact(port).body == before.body, "nothing changes until staff approve"

    assert decide(clerk, estate, "approve", days="90").status_code == 302
    sent = first_contact(port)
    assert f'server_url = "{TOLD}"'.encode() in sent.body
    assert b"auth_url" not in sent.body
    assert estate.token.encode() not in sent.body
    assert first_contact(port, mac=UNKNOWN).body == before.body.replace(
        MAC.encode(), UNKNOWN.encode()
    ).replace(*closing(before.body, UNKNOWN))
    # Who proves itself here is served here: its own configuration was never the partner's.
    assert ask(port, f"/p/{estate.token}/{MAC}.cfg").status == 200
    folding.reader_of(estate.installation).fold()
    of_phone = clerk.get(f"/staff/devices/{MAC}").get_data(as_text=True)
    assert "Отправлен на сервер партнёра" in of_phone
    assert "Первый выход на связь ведёт на сервер партнёра" in of_phone

    assert decide(clerk, estate, "revoke", reason="Продан другому").status_code == 302
    assert first_contact(port).body == before.body
    assert "Продан другому" in partner.get(PAGE).get_data(as_text=True)
    with estate.installation.database.reading() as session:
        actions = list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
        told = "".join(str(row) for row in session.scalars(select(AuditEntry.details)))
    claimed = [action for action in actions if action.startswith("claim.")]
    assert claimed == ["claim.file", "claim.approve", "claim.revoke"]
    assert code not in told


def closing(body: bytes, mac: str) -> tuple[bytes, bytes]:
    """The closing hash of a bootstrap, and what it is for another MAC."""
    text, _, line = body.rpartition(b"# sha256 ")
    other = hashlib.sha256(text.replace(MAC.encode(), mac.encode())).hexdigest()
    return line.strip(), other.encode()


@pytest.mark.parametrize("family", AGENTS)
def test_each_family_says_it_in_its_own_words_over_http_and_tftp(
    estate: Estate, code: str, port: int, partner: FlaskClient, clerk: FlaskClient, family: str
) -> None:
    file(partner, MAC, code)
    decide(clerk, estate, "approve", days="365")
    body = first_contact(port, family).body.decode()
    if family == "snom":
        assert ET.fromstring(body).findtext(".//setting_server") == TOLD
    elif family == "grandstream":
        found = ET.fromstring(body)
        assert found.findtext(".//P237") == TOLD.removeprefix("https://")
        assert found.findtext(".//P212") == "2"
    elif family == "yealink":
        assert f"static.auto_provision.server.url = {TOLD}\n" in body
    else:
        assert f'server_url = "{TOLD}"' in body
        over_tftp = look_up(estate.installation, f"{MAC}.cfg", as_text=False)
        assert over_tftp is not None
        assert over_tftp.source.read().decode() == body


def test_a_claim_ends_by_itself_and_the_phone_may_be_claimed_anew(
    estate: Estate, code: str, port: int, partner: FlaskClient, clerk: FlaskClient
) -> None:
    before = first_contact(port).body
    file(partner, SERIAL, code)
    decide(clerk, estate, "approve", days="30")
    with estate.installation.database.writing() as session:
        session.execute(update(PartnerClaim).values(ends_at=now() - timedelta(seconds=1)))
    assert first_contact(port).body == before
    assert "срок истёк" in partner.get(PAGE).get_data(as_text=True)
    assert decide(clerk, estate, "revoke", reason="x").status_code == 409
    assert file(partner, SERIAL, code).status_code == 302
    with estate.installation.database.writing() as session:
        session.execute(
            update(PartnerClaim)
            .where(PartnerClaim.state == ClaimState.WAITING)
            .values(ends_at=now() - timedelta(seconds=1))
        )
    assert decide(clerk, estate, "approve", days="30").status_code == 409


def refusals(page: str) -> str:
    """The words of a refusal, without what was typed and the form's token."""
    found = re.search(r'role="alert".*?</ul>', page, re.DOTALL)
    assert found, page
    return found[0]


def test_unknown_phone_wrong_code_and_anothers_claim_are_told_alike(
    estate: Estate, app: Flask, code: str, partner: FlaskClient
) -> None:
    with estate.installation.database.writing() as session:
        estates.add_phone(session, "02f1a7000002", "FP2648B2K7Q2XN4")
    other = app.test_client()
    log_in(other, "Другой")
    assert file(other, SERIAL, code).status_code == 302
    cases = {
        "unknown": ("FP9999", "AAAA-BBBB-CCCC"),
        "another's claim": (SERIAL, code),
        "wrong code": (SERIAL, "AAAA-BBBB-CCCC"),
        "no code made": ("FP2648B2K7Q2XN4", code),
        "address": ("127.0.0.1", code),
        "nonsense": ("\u202e' OR 1=1 --", "0"),
    }
    told = {}
    for case, (unit, tried) in cases.items():
        answer = file(partner, unit, tried)
        told[case] = (answer.status_code, refusals(answer.get_data(as_text=True)))
    assert len(set(told.values())) == 1, told
    assert told["unknown"][0] == 422


def test_guessing_ends_after_ten_tries_and_the_right_code_opens_nothing_then(
    code: str, partner: FlaskClient, app: Flask
) -> None:
    for number in range(10):
        assert "закрепить нельзя" in file(partner, SERIAL, f"{number}").get_data(as_text=True)
    for tried in ("0", code):
        assert "через час" in file(partner, SERIAL, tried).get_data(as_text=True)
    other = app.test_client()
    log_in(other, "Другой")
    assert file(other, SERIAL, code).status_code == 302, "the phone's rightful partner is served"


def test_the_code_is_nowhere_in_the_clear_and_a_new_one_ends_the_old(
    estate: Estate, code: str, partner: FlaskClient, clerk: FlaskClient
) -> None:
    with estate.installation.database.reading() as session:
        row = session.scalars(select(BoxCode)).one()
    assert code.replace("-", "") not in f"{row.code_hmac}"
    for file_path in Path(estate.installation.data_dir).rglob("*"):
        if file_path.is_file():
            held = file_path.read_bytes()
            assert code.encode() not in held
            assert code.replace("-", "").encode() not in held
    made = post(clerk, "/staff/claims/codes", {"units": f"{SERIAL}\n{MAC}\n"}, "/staff/claims/")
    assert made.headers["Cache-Control"] == "no-store"
    shown = re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", made.get_data(as_text=True))
    assert len(set(shown)) == 1, "one phone named twice has one code"
    assert file(partner, SERIAL, code).status_code == 422
    assert file(partner, SERIAL, shown[0]).status_code == 302
    for text in ("", "FP-nobody"):
        answer = post(clerk, "/staff/claims/codes", {"units": text}, "/staff/claims/")
        assert answer.status_code in {404, 422}


def test_a_bad_address_is_told_before_anything_is_looked_up_and_kept_in_the_form(
    code: str, partner: FlaskClient
) -> None:
    for unit in (SERIAL, "FP9999"):
        answer = file(partner, unit, code, "http://phones.partner.example")
        page = answer.get_data(as_text=True)
        assert (answer.status_code, "нужен https://" in page) == (422, True)
        assert 'value="http://phones.partner.example"' in page


def test_programs_claim_and_see_their_own_and_a_repeated_request_is_answered_alike(
    estate: Estate, code: str, client: FlaskClient
) -> None:
    bearers = {}
    with estate.installation.database.writing() as session:
        for name in ("Связист", "Другой"):
            token = tokens.issue(session, users.get(session, name), "erp", actor="test", now=now())
            bearers[name] = {"Authorization": f"Bearer {token}"}
    mine, theirs = bearers["Связист"], bearers["Другой"]
    form = {"unit": SERIAL, "code": code, "url": SERVER}
    wrong = client.post("/api/v1/claims", json={**form, "code": "0"}, headers=mine)
    assert (wrong.status_code, wrong.json["code"]) == (422, "not-claimable")
    keyed = {**mine, "Idempotency-Key": "k1"}
    made = [client.post("/api/v1/claims", json=form, headers=keyed) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json == made[1].json
    assert (made[0].json["state"], made[0].json["mac"]) == ("waiting", MAC)
    number = made[0].json["id"]
    assert client.get("/api/v1/claims", headers=theirs).json == {"items": []}
    withdraw = f"/api/v1/claims/{number}/withdraw"
    assert client.post(withdraw, headers=theirs).status_code == 404
    assert client.post(withdraw, headers=mine).json["state"] == "withdrawn"
    assert [one["id"] for one in client.get("/api/v1/claims", headers=mine).json["items"]] == [
        number
    ]


def test_the_page_is_the_partners_and_deciding_is_the_staffs(
    app: Flask, estate: Estate, code: str, partner: FlaskClient
) -> None:
    file(partner, SERIAL, code)
    with app.test_request_context():
        rule = access.rule_of(app, "partner_claims.file")
    assert rule is not None
    assert rule.roles == {Role.PARTNER, Role.ADMIN}
    assert partner.get("/staff/claims/").status_code == 403
    number = claim_number(estate)
    token = re.search(
        r'name="csrf_token" value="([^"]+)"', partner.get(PAGE).get_data(as_text=True)
    )
    assert token
    approve = partner.post(f"/staff/claims/{number}/approve", data={"csrf_token": token[1]})
    assert approve.status_code == 403
