"""The room's register of phones, on each database the suite runs on."""

import pytest

from storage.db import Database
from storage.installation import Installation
from tests.support.register import Register, stocked


@pytest.fixture
def database(installation: Installation) -> Database:
    return installation.database


@pytest.fixture
def register(database: Database) -> Register:
    return stocked(database)
