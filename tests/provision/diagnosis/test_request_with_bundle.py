"""From a diagnosis to a support request that takes its bundle along."""

import io
import re
import zipfile

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts.models import AuditEntry
from portal.app import create_app
from portal.settings import Settings
from provision.diagnosis import conducting
from storage.clock import now
from support.requests.models import RequestAttachment, SupportRequest
from tests.browserless import form_token, log_in
from tests.provision.diagnosis.conftest import COMMUNITY, PASSWORD
from tests.provision.estate import MAC, SERIAL, SIP_PASSWORD, Estate

NEW = "/staff/requests/new"


@pytest.fixture
def number(estate: Estate) -> int:
    """A finished diagnosis."""
    with estate.installation.database.writing() as session:
        asked = conducting.start(session, MAC, actor="agent", now=now())
    conducting.run(estate.installation, asked.id, now())
    return asked.id


@pytest.fixture
def agent(estate: Estate, settings: Settings) -> FlaskClient:
    client = create_app(estate.installation, settings).test_client()
    log_in(client, "agent")
    return client


def test_the_page_of_a_diagnosis_leads_to_a_form_that_knows_the_phone(
    agent: FlaskClient, number: int
) -> None:
    page = agent.get(f"/staff/devices/{MAC}/diagnosis/{number}").text
    assert f'href="{NEW}?device={MAC}&amp;diagnosis={number}"' in page
    form = agent.get(f"{NEW}?device={MAC}&diagnosis={number}").text
    assert f'name="diagnosis" value="{number}"' in form
    assert re.search(rf'name="serials"[^>]*value="{SERIAL}"', form)


def test_the_request_holds_the_bundle_without_secrets_and_who_took_it_is_on_record(
    agent: FlaskClient, estate: Estate, number: int
) -> None:
    page = f"{NEW}?device={MAC}&diagnosis={number}"
    typed = {
        "csrf_token": form_token(agent, page),
        "form_key": "a" * 24,
        "device": MAC,
        "diagnosis": str(number),
        "called_at": f"{now():%Y-%m-%dT%H:%M}",
        "name": "Анна",
        "phone": "+7 000",
        "subject": "Нет звука",
        "text": "Не слышно",
        "serials": SERIAL,
    }
    made = agent.post(NEW, data=typed)
    assert made.status_code == 302
    place = estate.installation
    with place.database.reading() as session:
        assert session.scalars(select(SupportRequest)).one().serials == (SERIAL,)
        kept = session.scalars(select(RequestAttachment)).one()
        with place.blobs.open(kept.sha256) as stored:
            body = stored.read()
        taken = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "device.bundle")
        ).one()
    assert taken.actor == "agent"
    with zipfile.ZipFile(io.BytesIO(body)) as bundle:
        assert "findings.json" in bundle.namelist()
        told = b"".join(bundle.read(name) for name in bundle.namelist())
    for secret in (COMMUNITY, PASSWORD, SIP_PASSWORD):
        assert secret.encode() not in told


def test_a_diagnosis_that_is_not_there_is_not_found_and_a_form_without_one_is_as_before(
    agent: FlaskClient,
) -> None:
    assert agent.get(f"{NEW}?device={MAC}&diagnosis=999").status_code == 404
    assert agent.get(f"{NEW}?device=02f1a7ffff99&diagnosis=1").status_code == 404
    for odd in ("diagnosis=x", "device=x", f"device={MAC}&diagnosis=-1", f"device={MAC}"):
        assert 'name="diagnosis"' not in agent.get(f"{NEW}?{odd}").text
