"""The desk of this room."""

import pytest

from storage.installation import Installation
from tests.support.register import Register
from tests.support.requests.desk import Desk


@pytest.fixture
def desk(installation: Installation, register: Register) -> Desk:
    return Desk(installation, register)
