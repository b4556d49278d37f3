"""The workshop of this room."""

import pytest

from storage.installation import Installation
from tests.support.register import Register
from tests.support.repairs.workshop import Workshop


@pytest.fixture
def workshop(installation: Installation, register: Register) -> Workshop:
    return Workshop(installation, register)
