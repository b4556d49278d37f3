"""A shelf to publish on."""

import pytest

from storage.installation import Installation
from tests.firmware.shelf import Shelf


@pytest.fixture
def shelf(installation: Installation) -> Shelf:
    made = Shelf(installation)
    made.add_product()
    return made
