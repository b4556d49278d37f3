import json

import pytest
from click.testing import CliRunner

from accounts import users
from accounts.models import OrganisationKind
from portal.cli import main
from portal.settings import Settings
from storage.db import Database
from support.service_centres import register
from support.service_centres.choosing import VENDOR, Centre, centre_for, named
from support.service_centres.register import CentreExistsError, CentreNameError
from tests.support.register import REGISTERED_AT

URAL = Centre("Связь-Урал", "Екатеринбург", ("Свердловская область",), partner=True)


def test_w11_the_official_partner_of_the_region_repairs_and_else_the_vendor() -> None:
    assert centre_for("свердловская область ", [URAL]) is URAL
    assert centre_for("Приморский край", [URAL]) is VENDOR
    assert centre_for("", [URAL]) is VENDOR
    assert named("Связь-Урал", [URAL]) is URAL
    assert named("нет такого", [URAL]) is VENDOR


def test_w11_a_partners_centre_is_recorded_once_under_its_own_name(database: Database) -> None:
    with database.writing() as session:
        users.add_organisation(session, "Связь", OrganisationKind.PARTNER)
        register.add(session, URAL, "Связь", actor="test", now=REGISTERED_AT)
        assert [one.name for one in register.every(session)] == ["Связь-Урал"]
        with pytest.raises(CentreExistsError):
            register.add(session, URAL, "Связь", actor="test", now=REGISTERED_AT)
        with pytest.raises(CentreNameError):
            register.add(session, VENDOR, "Связь", actor="test", now=REGISTERED_AT)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_centres_are_kept_by_command(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as session:
        users.add_organisation(session, "Связь", OrganisationKind.PARTNER)
    monkeypatch.setenv("FLATPRO_DATA_DIR", str(settings.data_dir))
    run = CliRunner().invoke
    words = ["centre", "add", "Связь-Урал", "--organisation", "Связь", "--address", "Екатеринбург"]
    added = run(main, [*words, "--region", "Свердловская область", "--no-clock"])
    assert added.exit_code == 0, added.output
    listed = json.loads(run(main, ["centre", "list", "--json"]).stdout)
    assert [(one["name"], one["starts_clock"]) for one in listed] == [
        ("ФЛАТ-ПРО", True),
        ("Связь-Урал", False),
    ]
