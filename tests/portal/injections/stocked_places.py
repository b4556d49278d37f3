"""What each part of a public address may be, so that it leads to something that is there."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from flask import Flask
from sqlalchemy import select

from catalogue.models import Product, Target
from firmware.models import Artifact, Release
from portal import demo, first_start
from portal.installing import open_installation
from portal.settings import Settings
from provision import credentials
from provision.devices.models import Device
from storage.clock import now
from storage.installation import Installation
from support.cases.models import FaultReport
from support.repairs import records as repair_records
from tests.browserless import post

PRODUCT, DOCUMENT = "FP-B2", "b2-manual"
MAIL = "anna@severny-veter.example"
#: What nobody has put into the demo, or no job has made yet: it is asked for and not found.
NOT_THERE = frozenset({"software.download", "firmware.sbom", "docs_store.thumbnail"})


@dataclass(frozen=True)
class Places:
    """`common` holds for every address, `own` for those of a blueprint or of one endpoint."""

    common: Mapping[str, object]
    own: Mapping[str, Mapping[str, object]]
    #: What is typed into forms, by the names of their fields.
    typed: Mapping[str, str]

    def of(self, endpoint: str) -> Mapping[str, object]:
        of_blueprint = self.own.get(endpoint.partition(".")[0], {})
        return {**self.common, **of_blueprint, **self.own.get(endpoint, {})}


def fill(settings: Settings) -> Installation:
    """The demo's world, without its phones."""
    installation = open_installation(settings)
    first_start.ensure_admin(installation, settings)
    demo.prepare(installation, settings)
    return installation


def places(installation: Installation, app: Flask) -> Places:
    """Of the demo's things, and of a request and an order that are sent for it."""
    with installation.database.writing() as session:
        device = session.scalars(select(Device).order_by(Device.mac)).first()
        assert device is not None
        token = credentials.issue_token(session, device, actor="test", now=now())
        mac, serial = device.mac, device.serial or ""
        acts = [
            repair_records.address_of(installation, one).rpartition("/")[2]
            for one in session.scalars(select(FaultReport).order_by(FaultReport.id))
        ]
        query = select(Artifact, Release.version).join(Release).join(Product)
        target = session.scalars(select(Target.path).where(Target.listed_at.is_not(None))).first()
        image, version = session.execute(query.where(Product.code == PRODUCT)).first() or (None, "")
        assert image is not None
        common = {
            "product": PRODUCT,
            "code": PRODUCT,
            "channel": "stable",
            "position": 1,
            "version": version,
            "file_name": image.file_name,
            "sha256": image.sha256,
            "path": "flatpro.css",
            "name": "root.json",
        }
    typed = _typed(serial, mac)
    request = _sent(app, "/support/new", typed)
    number, name = _file_of(app, f"/support/r/{request}")
    order = _sent(app, "/warranty/certificate", typed)
    own: dict[str, Mapping[str, object]] = {
        "phones": {"rest": f"{token}/{mac}.cfg"},
        "assets": {"name": "flatpro.css"},
        "metadata.metadata": {"name": "timestamp.json"},
        "metadata.air_gap_metadata": {"name": "timestamp.json"},
        "metadata.target": {"path": target},
        "docs_store": _document(app),
        "certificate_orders": {"token": order},
        "support_requests": {"token": request, "file_id": number, "name": name},
        # The last may still be corrected, the first has its report.
        **{key: {"token": acts[-1]} for key in ("repairs", "repair_consents")},
        "repairs.report": {"token": acts[0]},
    }
    return Places(common, own, typed)


def _typed(serial: str, mac: str) -> Mapping[str, str]:
    return {
        "serial": serial,
        "serial_1": serial,
        "serials": serial,
        "mac_ending": mac[-6:],
        "lines": f"{serial} {mac[-6:]}",
        "mac_1": mac,
        "email": MAIL,
        "login": "admin",
        "at": "2026-11-23T10:00",
        "phones": "1",
        "website": "",
        "answer": "",
        "inn": "",
        "phone": "+7 900 000-00-00",
        "page": "1",
        "lang": "ru",
        "firmware": "2.4.1",
        "handover": "",
        "step": "",
    }


def _sent(app: Flask, address: str, typed: Mapping[str, str]) -> str:
    """What follows the last slash of the address that a form leads to."""
    more = {
        "form_key": "k" * 32,
        "subject": "Эхо",
        "symptom": "sound",
        "priority": "P3",
        "text": "Эхо в трубке.",
        "name": "Анна",
        "read_rules": "1",
        "consent": "1",
        "kind": "extended",
        "months": "12",
        "buyer": "Анна Петрова",
    }
    files = {"files": (io.BytesIO(b"a line\n"), "log.txt")} if "support" in address else {}
    answer = post(app.test_client(), address, {**typed, **more, **files})
    assert answer.status_code == 302, re.findall(r"(?s)alert[^>]*>(.*?)</", answer.text)
    return answer.location.rpartition("/")[2]


def _file_of(app: Flask, page: str) -> tuple[int, str]:
    [found] = set(re.findall(r"/files/(\d+)/([^\"?]+)", app.test_client().get(page).text))
    return int(found[0]), unquote(found[1])


def _document(app: Flask) -> Mapping[str, object]:
    page = app.test_client().get(f"/docs/{DOCUMENT}/").text
    language, version, name = re.findall(rf'/docs/{DOCUMENT}/(\w+)/([\d.]+)/([^"?]+)"', page)[0]
    return {"slug": DOCUMENT, "language": language, "version": version, "file_name": unquote(name)}
