import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from provision.families.family import (
    FACT_NAMES,
    LINE_COLUMNS,
    Picker,
    Resync,
    TemplateName,
    UnknownFamilyError,
)
from provision.families.loading import BUILT_IN, BrokenFamilyError, load_families
from provision.readers.facts import FACTS, LineFacts

MINIMAL = """
name = "other_phone"
vendor = "Other"
[[user_agent]]
pattern = 'Other (?P<product>\\w+) (?P<firmware>\\S+)'
[[path]]
kind = "bootstrap"
shape = "/{mac}.xml"
[output]
format = "flatphone"
media_type = "text/plain"
[output.templates]
bootstrap = "first.cfg.j2"
"""

#: How a first fetch looks, before the templates.
FIRST = """[first_fetch]
path = "{}"
user_agent = "{}"
[output.templates]"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one small family, right in every point."""
    templates = tmp_path / "templates" / "other_phone"
    templates.mkdir(parents=True)
    (templates / "first.cfg.j2").write_text("mac = {{ mac }}\n")
    (tmp_path / "other_phone.toml").write_text(MINIMAL)
    return tmp_path


@pytest.fixture
def change(folder: Path) -> Callable[[str, str], None]:
    """Replace one text of the family file by another."""

    def replace(old: str, new: str) -> None:
        file = folder / "other_phone.toml"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    return replace


def refusal(*folders: Path) -> BrokenFamilyError:
    with pytest.raises(BrokenFamilyError) as caught:
        load_families(folders)
    assert str(caught.value.details["file"]) in caught.value.text("ru")
    return caught.value


def test_the_flat_phone_family_is_read_and_whole() -> None:
    family = load_families().get("flat_phone")
    assert family.vendor == "FLAT-PRO"
    assert set(family.output.templates) == set(TemplateName) - {TemplateName.RELEASE}
    assert family.snmp is not None
    assert family.snmp.fields["serial"][0].oid == "1.3.6.1.4.1.32473.1.3.0"
    assert [place.mib for place in family.snmp.fields["mac"]] == ["FLATPRO-PHONE-MIB", "IF-MIB"]
    assert family.http is not None
    assert family.http.pages[0].fields["ip"] == (Picker("/network/ip"),)
    assert family.ssh is not None
    assert family.ssh.commands["ping"] == "ping {host}"
    assert family.resync == Resync("check-sync;reboot=false", "check-sync;reboot=true")


def test_the_enterprise_number_is_one_line(tmp_path: Path) -> None:
    shutil.copytree(BUILT_IN / "templates", tmp_path / "templates")
    text = (BUILT_IN / "flat_phone.toml").read_text()
    assert text.count("32473") == 1
    (tmp_path / "flat_phone.toml").write_text(text.replace("32473", "99999"))
    family = load_families([BUILT_IN, tmp_path]).get("flat_phone")
    assert family.snmp is not None
    assert family.snmp.enterprise_oid == "1.3.6.1.4.1.99999"
    assert family.snmp.fields["product"][0].oid == "1.3.6.1.4.1.99999.1.1.0"


def test_the_names_a_family_may_map_are_those_a_reader_can_tell() -> None:
    assert set(FACT_NAMES) == set(FACTS) - {"lines"}
    assert set(LINE_COLUMNS) == set(LineFacts.__dataclass_fields__)


def test_a_second_family_is_one_file_and_its_templates(folder: Path) -> None:
    families = load_families([BUILT_IN, folder])
    built_in = [family.name for family in load_families()]
    assert built_in == ["cisco", "flat_phone", "grandstream", "polycom", "snom", "yealink"]
    assert [family.name for family in families] == [*built_in, "other_phone"]
    assert families.get("other_phone").snmp is None


def test_a_later_folder_replaces_a_family_of_the_same_name(folder: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(folder / "templates", site / "templates")
    (site / "ours.toml").write_text(MINIMAL.replace('"Other"', '"Corrected"'))
    assert load_families([folder, site]).get("other_phone").vendor == "Corrected"


def test_an_unknown_family_is_not_found_by_name() -> None:
    with pytest.raises(UnknownFamilyError, match="nowhere"):
        load_families().get("nowhere")


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ("vendor =", "brand =", "vendor", "required"),
        ('name = "other_phone"', 'name = "Other Phone"', "name", "match pattern"),
        ("(?P<product>", "(?P<product>(", "user_agent.0.pattern", "not a regular expression"),
        ("(?P<product>", "(?P<model>", "user_agent.0.pattern", "unknown group model"),
        ("/{mac}.xml", "/{mca}.xml", "path.0.shape", "{mca} is none of"),
        ("/{mac}.xml", "/{mac}/{mac}.xml", "path.0.shape", "there twice"),
        ('"bootstrap"\nshape', '"boot"\nshape', "path.0.kind", "should be"),
        ('format = "flatphone"', 'format = "ini"', "output.format", "unknown name ini"),
        ("media_type", 'closing = "# end"\nmedia_type', "output.closing", "match pattern"),
        ("media_type", "masks = ['(?P<x>a)']\nmedia_type", "output.masks.0", "unknown group x"),
        ('"first.cfg.j2"', '"../first.cfg.j2"', "output.templates.bootstrap", "match pattern"),
        ('"first.cfg.j2"', '"gone.cfg.j2"', "output.templates.bootstrap", "No such file"),
        ("[output.templates]", "[output.temples]", "output.templates", "required"),
        ("[[path]]", "][", "file", "Invalid"),
        ("[output.templates]", FIRST.format("/p/{tokn}", "{mac}"), "first_fetch.path", "tokn"),
        ("[output.templates]", FIRST.format("/p/x", "{mac}"), "first_fetch.path", "match pattern"),
        ("[output.templates]", FIRST.format("/{token}", "x"), "first_fetch.user_agent", "pattern"),
        (
            "[output.templates]",
            FIRST.format("/{token}", "{mac!r}"),
            "first_fetch.user_agent",
            "its parts are",
        ),
    ],
)
def test_a_mistake_is_named_with_file_key_and_reason(
    folder: Path, change: Callable[[str, str], None], old: str, new: str, key: str, reason: str
) -> None:
    change(old, new)
    error = refusal(folder)
    assert error.details["key"] == key
    assert reason in str(error.details["reason"])


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("[snmp]\nfields = {}", "snmp.enterprise"),
        ("[snmp]\nenterprise = 1\n[snmp.fields]\n", "snmp.fields"),
        (
            '[snmp]\nenterprise = 1\n[snmp.fields]\nserail = [{ mib = "M", oid = "1.3" }]',
            "snmp.fields.serail.[key]",
        ),
        (
            '[snmp]\nenterprise = 1\n[snmp.fields]\nserial = [{ mib = "M", oid = "sysDescr" }]',
            "snmp.fields.serial.0.oid",
        ),
        ('[http]\npath = "status"\n[http.fields]\nmac = ["/mac"]', "http.path"),
        ('[http]\npath = "/"\n[http.fields]\nmac = ["mac"]', "http.fields.mac.0"),
    ],
)
def test_a_mistake_in_a_field_map_is_named(folder: Path, section: str, key: str) -> None:
    (folder / "other_phone.toml").write_text(f"{MINIMAL}\n{section}\n")
    assert refusal(folder).details["key"] == key


@pytest.mark.parametrize("broken", ["{{ mac", "{% if %}", "{{ mac | shout }}"])
def test_a_broken_template_is_found_at_start(folder: Path, broken: str) -> None:
    (folder / "templates/other_phone/first.cfg.j2").write_text(broken)
    assert refusal(folder).details["key"] == "output.templates.bootstrap"


def test_a_template_or_a_file_in_another_encoding_is_named(folder: Path) -> None:
    template = folder / "templates/other_phone/first.cfg.j2"
    template.write_bytes("имя".encode("cp1251"))
    assert "utf-8" in str(refusal(folder).details["reason"])
    (folder / "other_phone.toml").write_bytes("# имя".encode("cp1251"))
    assert refusal(folder).details["key"] == "file"


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "other_phone.toml").unlink()
    (folder / "other_phone.toml").symlink_to(folder / "gone")
    assert "No such file" in str(refusal(folder).details["reason"])


def test_a_template_that_cannot_be_read_is_named(folder: Path) -> None:
    template = folder / "templates/other_phone/first.cfg.j2"
    template.unlink()
    template.mkdir()
    error = refusal(folder)
    assert error.details["key"] == "output.templates.bootstrap"
    assert "Is a directory" in str(error.details["reason"])


def test_a_folder_without_families_and_two_of_one_name_are_refused(
    folder: Path, tmp_path: Path
) -> None:
    assert refusal(tmp_path / "gone").details["key"] == "*.toml"
    (folder / "second.toml").write_text(MINIMAL)
    assert refusal(folder).details["key"] == "name"
