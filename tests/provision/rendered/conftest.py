"""A phone whose configuration is kept, and the door before the views that made it."""

import pytest
from flask import Flask

from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import Estate
from tests.provision.rendered.fetcher import Fetcher


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


@pytest.fixture
def phone(estate: Estate, phones: Flask) -> Fetcher:
    return Fetcher(estate, phones)
