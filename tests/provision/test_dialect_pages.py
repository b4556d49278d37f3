"""Phone families as people see them: the page and the commands."""

import json

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from accounts import users
from provision.dialect_pages.cli import families
from provision.families.loading import BrokenFamilyError
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in
from tests.conftest import ADMIN_PASSWORD

AGENT = "Grandstream GXP2000 (gxp2000e.bin:1.2.5.3/boot55e.bin:1.1.6.9) DevId 000b822726c8"


@pytest.fixture
def backend() -> str:
    return "sqlite"


def broken(place: Installation) -> None:
    folder = place.data_dir / "families" / "broken"
    folder.mkdir(parents=True)
    (folder / "family.toml").write_text("][")


def run(place: Installation, *arguments: str) -> Result:
    return CliRunner().invoke(families, arguments, obj=lambda: place)


def test_the_page_shows_what_is_loaded_broken_and_recognised(
    installation: Installation, app: Flask
) -> None:
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
    broken(installation)
    client = app.test_client()
    log_in(client)
    page = client.get("/staff/families/", query_string={"agent": AGENT, "path": "/p/FP-B2.cfg"})
    assert page.status_code == 200
    for text in ("Yealink", "broken/family.toml", "GXP2000", "1.2.5.3", "1.1.6.9", "000b822726c8"):
        assert text in page.text
    assert client.get("/staff/families/", query_string={"path": "%00\n<b>"}).status_code == 200


def test_the_commands_list_check_and_identify(installation: Installation) -> None:
    listed = json.loads(run(installation, "list", "--json").stdout)
    assert "snom" in {row["name"] for row in listed}
    assert run(installation, "check").exit_code == 0
    rows = json.loads(run(installation, "identify", "--user-agent", AGENT, "--json").stdout)
    told = {row["name"]: row for row in rows}
    assert told["firmware"] == {
        "name": "firmware",
        "value": "1.2.5.3",
        "origin": "user-agent",
        "strength": "claimed",
    }
    broken(installation)
    assert isinstance(run(installation, "check").exception, BrokenFamilyError)
