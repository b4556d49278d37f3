"""A family that the server has never seen: a folder is dropped, and its phones are served."""

import shutil
from pathlib import Path

import pytest

from portal.app import Plane, create_app
from portal.settings import Settings
from provision import dialects
from provision.families.loading import load_families
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, SIP_PASSWORD
from tests.provision.phone_plane import ask, served

FAMILY = r"""
name = "zvonok"
vendor = "Звонок"
[[user_agent]]
pattern = '''Zvonok/(?P<firmware>[0-9.]+) (?P<product>[A-Z0-9-]+) (?P<mac>[0-9a-f]{12})'''
[[path]]
kind = "bootstrap"
shape = "/p/zvonok/{mac}.ini"
[[path]]
kind = "configuration"
shape = "/p/{token}/zvonok/{mac}.ini"
[output]
format = "lines"
media_type = "text/x-zvonok"
[output.templates]
bootstrap = "first.j2"
configuration = "all.j2"
[data.words]
password = "geheim"
"""
AGENT = f"User-Agent: Zvonok/7.1 FP-B2 {MAC}"


@pytest.fixture
def backend() -> str:
    return "sqlite"


def drop(data: Path, whole: str = "{% for line in lines %}") -> Path:
    folder = data / "families" / "zvonok"
    (folder / "templates").mkdir(parents=True, exist_ok=True)
    (folder / "family.toml").write_text(FAMILY)
    (folder / "templates" / "first.j2").write_text("ask = {{ auth_url }}\n")
    (folder / "templates" / "all.j2").write_text(
        whole + "{{ data.words.password }}{{ line.index }} = {{ line.password }}\n{% endfor %}"
    )
    return folder


def test_a_dropped_folder_provisions_its_phones(
    installation: Installation, settings: Settings
) -> None:
    drop(installation.data_dir)
    phones = create_app(installation, settings, {Plane.PHONES})
    estate = estates.build(installation)
    with served(phones) as port:
        first = ask(port, f"/p/zvonok/{MAC}.ini", AGENT)
        whole = ask(port, f"/p/{estate.token}/zvonok/{MAC}.ini", AGENT)
        refused = ask(port, f"/p/{'x' * 43}/zvonok/{MAC}.ini", AGENT)
    assert (first.status, first.first("content-type")) == (200, "text/x-zvonok")
    assert first.body == f"ask = http://phones.test/p/auth/{MAC}.cfg\n".encode()
    assert (whole.status, whole.body) == (200, f"geheim1 = {SIP_PASSWORD}\n".encode())
    assert refused.status == 404


def test_a_template_error_reaches_no_phone(installation: Installation, settings: Settings) -> None:
    drop(installation.data_dir, "{{ gone }}{% for line in lines %}")
    phones = create_app(installation, settings, {Plane.PHONES})
    estate = estates.build(installation)
    with served(phones) as port:
        answer = ask(port, f"/p/{estate.token}/zvonok/{MAC}.ini", AGENT)
        other = ask(port, f"/p/{estate.token}/{MAC}.cfg", f"User-Agent: {estate.agent('2.3.1')}")
    assert (answer.status, answer.body, answer.first("retry-after")) == (503, b"503\n", "60")
    assert other.status == 200


def test_a_broken_family_is_named_and_stops_no_other(tmp_path: Path) -> None:
    drop(tmp_path)
    broken = tmp_path / "families" / "broken"
    shutil.copytree(tmp_path / "families" / "zvonok", broken)
    (broken / "family.toml").write_text(FAMILY.replace('"/p/zvonok/{mac}.ini"', '"/{mca}"'))
    found = load_families(own=tmp_path / "families")
    assert "zvonok" in found.by_name
    assert "flat_phone" in found.by_name
    (problem,) = found.problems
    assert str(broken / "family.toml") in problem.text("ru")
    assert "path.0.shape" in problem.text("en")
    assert "\n" not in problem.text("en")


def test_an_own_template_is_only_parsed_at_start(tmp_path: Path) -> None:
    drop(tmp_path, "{{ 'A' * 10**10 }}{% for line in lines %}")
    assert load_families(own=tmp_path / "families").problems == ()


def test_what_a_restart_would_load_can_be_seen_before(installation: Installation) -> None:
    before = dialects.families_of(installation)
    drop(installation.data_dir)
    assert "zvonok" not in before.by_name
    assert "zvonok" in dialects.look_again(installation).by_name
