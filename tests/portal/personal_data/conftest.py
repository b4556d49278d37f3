"""The story of this room."""

import pytest

from storage.installation import Installation
from tests.portal.personal_data.story import Story
from tests.support.register import stocked


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """SQLite, unless a test asks for both: the rooms' own tests run on both."""
    name: str = getattr(request, "param", "sqlite")
    return name


@pytest.fixture
def story(installation: Installation) -> Story:
    return Story(installation, stocked(installation.database))
