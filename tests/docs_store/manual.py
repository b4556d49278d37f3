"""The manual that the tests publish, and what a person needs to publish it from a page."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from flask.testing import FlaskClient

from accounts.models import Role
from docs_store.editions import PublishedEdition

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PDF = b"%PDF-1.7\nthe manual\n%%EOF\n"
MAX_UPLOAD = 3_000_000

Publish = Callable[..., PublishedEdition]
Login = Callable[[Role], FlaskClient]

MANUAL: dict[str, object] = {
    "slug": "b2-manual",
    "kind": "manual",
    "language": "ru",
    "version": "1.0",
    "title": "Руководство Б2",
    "file_name": "Руководство Б2.pdf",
    "products": ("FP-B2",),
}


def form_token(client: FlaskClient) -> str:
    page = client.get("/staff/documents/new").get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]
