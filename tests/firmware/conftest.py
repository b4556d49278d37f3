"""A shelf to publish on, and a publisher at a browser."""

import pytest
from flask.testing import FlaskClient

from accounts import users
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in
from tests.conftest import ADMIN_PASSWORD
from tests.firmware.shelf import Shelf


@pytest.fixture
def shelf(installation: Installation) -> Shelf:
    made = Shelf(installation)
    made.add_product()
    return made


@pytest.fixture
def staff(client: FlaskClient, installation: Installation) -> FlaskClient:
    """A browser that is logged in."""
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
    log_in(client)
    return client
