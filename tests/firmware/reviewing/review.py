"""A vendor whose releases people review: publishers who log in, images, and what everyone sees."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from accounts.models import AuditEntry
from catalogue import keys
from firmware import publishing
from firmware.images import build_image
from firmware.models import Release
from firmware.publishing import NewRelease
from storage.clock import now
from storage.installation import Installation
from tests.browserless import form_token

CODE = "FP-B2"
NOTES = {"notes_ru": "Быстрее включается", "notes_en": "Starts faster"}
CYCLONEDX = json.dumps(
    {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "zlib"}]}
).encode()
PUBLIC = (
    "/manifest.json",
    f"/firmware/{CODE}/manifest.json",
    f"/firmware/{CODE}/testing/manifest.json",
    f"/firmware/{CODE}/stable/manifest.json",
    f"/firmware/{CODE}/SHA256SUMS",
    f"/en/downloads/{CODE}/",
    "/PULP_MANIFEST",
    "/metadata/snapshot.json",
    "/metadata/timestamp.json",
)
LogIn = Callable[[str], FlaskClient]


def image(version: str, code: str = CODE, size: int = 3000) -> bytes:
    return build_image(code, version, ("A",), version.encode() * size)


@dataclass
class Vendor:
    """One product whose release 1.0.0 is out in both channels."""

    installation: Installation
    app: Flask

    def publish(self, version: str, channel: str = "stable", at: datetime | None = None) -> None:
        """Past any review, as the demo does."""
        stored = publishing.store_image(self.installation.blobs, io.BytesIO(image(version)))
        new = NewRelease(CODE, version, f"b2-{version}.bin", channel, **NOTES)
        with self.installation.database.writing() as session:
            publishing.publish(
                session, new, stored, keys.of(self.installation), actor="test", now=at or now()
            )

    def seen(self) -> dict[str, bytes]:
        """All that anyone sees, apart from what changes with each look."""
        client = self.app.test_client()
        found = {path: client.get(path, buffered=True).data for path in PUBLIC}
        found[f"/en/downloads/{CODE}/"] = re.sub(
            rb'name="csrf_token" value="[^"]+"', b"", found[f"/en/downloads/{CODE}/"]
        )
        return found

    def versions(self, channel: str = "testing") -> list[str]:
        """What the signed list of a channel names."""
        body = self.app.test_client().get(f"/firmware/{CODE}/{channel}/manifest.json").data
        return [release["version"] for release in json.loads(body)["releases"]]

    def audited(self) -> list[tuple[str, str]]:
        """Who did what, oldest first."""
        with self.installation.database.reading() as session:
            entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
            return [(entry.actor, entry.action) for entry in entries]

    def rows(self) -> list[Release]:
        with self.installation.database.reading() as session:
            return list(session.scalars(select(Release).order_by(Release.id)).unique())


def page_of(version: str) -> str:
    return f"/en/staff/releases/drafts/{CODE}/{version}"


def hand_in(
    client: FlaskClient, version: str, content: bytes | None = None, **typed: Any
) -> TestResponse:
    """Send the form that publishes a release."""
    form: dict[str, Any] = {"product": CODE, "version": version, **NOTES, **typed}
    name = form.pop("name", f"b2-{version}.bin")
    form["file"] = (io.BytesIO(image(version) if content is None else content), name)
    form["csrf_token"] = form_token(client, "/en/staff/releases/new")
    if isinstance(form.get("sbom"), tuple) and isinstance(form["sbom"][0], bytes):
        form["sbom"] = (io.BytesIO(form["sbom"][0]), form["sbom"][1])
    answer = client.post("/en/staff/releases/new", data=form)
    answer.request.environ["wsgi.input"].close()
    return answer


def press(client: FlaskClient, page: str, action: str, **typed: Any) -> TestResponse:
    """Press the button of a page's form whose address ends in `action`."""
    text = client.get(page).get_data(as_text=True)
    forms = re.findall(
        r'<form method="post"[^>]*action="([^"]+)"[^>]*>(.*?)</form>', text, re.DOTALL
    )
    found = [(address, body) for address, body in forms if address.endswith(action)]
    assert found, f"{page} has no button {action}"
    address, body = found[0]
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', body))
    return client.post(address, data={**hidden, **typed})


def has_button(client: FlaskClient, page: str, action: str) -> bool:
    text = client.get(page).get_data(as_text=True)
    return bool(re.search(rf'action="[^"]+/{action}"', text))
