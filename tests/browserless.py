"""Logging in and posting forms through Flask's client, with the form token a browser would send."""

import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import ADMIN_PASSWORD


def form_token(client: FlaskClient, page: str) -> str:
    """The token in the first form of a page, or of the one that a form's address leads back to."""
    text = client.get(page, follow_redirects=True).get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert found, f"{page} has no form"
    return found[1]


def post(
    client: FlaskClient, address: str, form: dict[str, object], page: str | None = None
) -> TestResponse:
    """Post a form with the token of the page that holds it."""
    token = form_token(client, page or address)
    return client.post(address, data={**form, "csrf_token": token})


def log_in(
    client: FlaskClient, login: str = "admin", password: str = ADMIN_PASSWORD
) -> TestResponse:
    return post(client, "/login", {"login": login, "password": password})
