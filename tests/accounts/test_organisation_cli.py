"""`flatpro organisation`: partners, customers and sites, as a shell makes them."""

import json

import pytest
from click.testing import CliRunner, Result

from accounts.organisation_cli import OrganisationExistsError, organisation
from accounts.users import UnknownOrganisationError
from storage.installation import Installation


@pytest.fixture
def backend() -> str:
    return "sqlite"


def run(place: Installation, *arguments: str) -> Result:
    return CliRunner().invoke(organisation, arguments, obj=lambda: place)


def test_a_partner_its_customer_and_a_site_are_made_and_listed(installation: Installation) -> None:
    for arguments in (
        ("add", "Связист", "--kind", "partner"),
        ("add", "Ромашка", "--partner", "Связист"),
        ("site", "Ромашка", "Омск", "--time-zone", "Asia/Omsk"),
    ):
        assert run(installation, *arguments).exit_code == 0, arguments
    listed = json.loads(run(installation, "list", "--json").stdout)
    assert listed == [
        {"name": "Ромашка", "kind": "customer", "partner": "Связист", "sites": ["Омск"]},
        {"name": "Связист", "kind": "partner", "partner": None, "sites": []},
    ]
    assert isinstance(run(installation, "add", "Связист").exception, OrganisationExistsError)
    again = run(installation, "site", "Ромашка", "Омск")
    assert isinstance(again.exception, OrganisationExistsError)


def test_what_is_no_name_and_nobodys_site_is_refused(installation: Installation) -> None:
    assert run(installation, "add", " ").exit_code == 2
    assert run(installation, "add", "a\nb").exit_code == 2
    assert isinstance(run(installation, "site", "Нет", "x").exception, UnknownOrganisationError)
    run(installation, "add", "Ромашка")
    assert run(installation, "site", "Ромашка", "x", "--time-zone", "Mars/Base").exit_code == 2
