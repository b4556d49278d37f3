"""A post office for the room."""

from collections.abc import Iterator

import pytest

from tests.support.mailroom.post_office import PostOffice, opened


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    office, controller = opened()
    yield office
    controller.stop()
