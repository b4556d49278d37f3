"""Settings are typed by data: what every family shares, and each family's own."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from provision import profiles
from provision.dialects import schema_for, schema_of
from provision.families.family import Families
from provision.families.loading import BrokenFamilyError, load_families
from provision.families.setting_form import SettingForm
from provision.families.settings import SettingSpec, SettingType, Value
from provision.profiles import GLOBAL
from provision.vocabulary import (
    COMMON,
    BadSettingValueError,
    LongSettingNameError,
    check_name,
    read_value,
)
from storage.installation import Installation
from tests.provision.estate import NOW


def spec(**values: object) -> SettingSpec:
    form = {"name": "a.b", "type": "text", "ru": "А", "en": "A", **values}
    return SettingForm.model_validate(form).built()


@pytest.mark.parametrize(
    ("described", "text", "value"),
    [
        (spec(type="integer", least=1, most=10), "7", 7),
        (spec(type="integer", least=1, most=10), "11", None),
        (spec(type="integer"), "²", None),
        (spec(type="choice", choices=["ru", "en"]), "ru", "ru"),
        (spec(type="choice", choices=["ru", "en"]), "de", None),
        (spec(type="switch"), "да", True),
        (spec(type="switch"), "OFF", False),
        (spec(type="switch"), "maybe", None),
        (spec(pattern="[0-9]{4}"), "1234", "1234"),
        (spec(pattern="[0-9]{4}"), "12345", None),
        (spec(), "", None),
        (spec(), "two\nlines", None),
    ],
)
def test_a_text_becomes_the_value_of_its_type(
    described: SettingSpec, text: str, value: Value | None
) -> None:
    found = described.read(text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "choice"},
        {"choices": ["a"]},
        {"type": "integer", "pattern": "x"},
        {"type": "integer", "least": 2, "most": 1},
        {"pattern": "("},
        {"name": "A.b"},
        {"type": "colour"},
    ],
)
def test_a_description_that_fits_no_type_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        spec(**wrong)


def test_what_is_wanted_is_said_in_both_languages() -> None:
    for type_ in SettingType:
        choices = ("a",) if type_ is SettingType.CHOICE else ()
        made = spec(type=type_, choices=choices)
        assert made.wanted("en")
        assert re.search("[а-я]", made.wanted("ru"))
    assert "four digits" in spec(pattern="[0-9]{4}", help_en="four digits").wanted("en")


def test_every_described_setting_may_be_set_and_has_both_labels(families: Families) -> None:
    for found in [*COMMON, *(one for family in families for one in family.settings)]:
        assert check_name(found.name.replace(".N.", ".3."))
        assert found.label("ru")
        assert found.label("en")


def test_a_familys_own_setting_is_checked_by_its_file(installation: Installation) -> None:
    schema = schema_of(installation)
    assert read_value("screen.brightness", "3", schema) == 3
    with pytest.raises(BadSettingValueError, match="from 1 to 10"):
        read_value("screen.brightness", "11", schema)
    assert read_value("sip.12.transport", "tls", schema) == "tls"
    # Nobody describes it: it is handed on as text.
    assert read_value("screen.colour", "blue", schema) == "blue"


def test_a_broken_description_names_its_place_in_the_file(tmp_path: Path) -> None:
    source = Path("provision/families/flat_phone.toml").read_text()
    (tmp_path / "own.toml").write_text(source.replace('type = "switch"', 'type = "flag"'))
    with pytest.raises(BrokenFamilyError, match=r"setting\.\d+\.type"):
        load_families([tmp_path])


@pytest.mark.parametrize("name", ["screen.saver.delay", "a.b.c", "a.1.b.c", "flat_phone.a.b"])
def test_a_name_for_which_the_phones_file_has_no_place_is_refused(
    families: Families, name: str
) -> None:
    with pytest.raises(LongSettingNameError) as refusal:
        check_name(name, schema_for(families))
    assert name in refusal.value.text("ru")


def test_such_a_name_is_stored_by_nobody(installation: Installation) -> None:
    schema, put = schema_of(installation), profiles.put
    with installation.database.writing() as session, pytest.raises(LongSettingNameError):
        put(session, installation.seal, GLOBAL, "a.b.c", "1", actor="t", now=NOW, schema=schema)


@pytest.mark.parametrize(
    "name", ["screen.saver", "function_key.1.label", "yealink.a.b", "snom.a", "sip.2.number"]
)
def test_a_name_that_some_file_can_hold_is_taken(families: Families, name: str) -> None:
    assert check_name(name, schema_for(families)) == name


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("snom.backlight", "15", "16"),
        ("snom.time_24_format", "on", "yes"),
        ("snom.tone_scheme", "RUS", "Russia"),
        ("snom.language", "Russian", "ru!"),
        ("grandstream.language", "ru", "Russian"),
        ("grandstream.date_format", "2", "3"),
        ("grandstream.ring_tone", "3", "x"),
        ("grandstream.notify_unproved", "yes", "perhaps"),
    ],
)
def test_snom_and_grandstream_settings_are_typed_by_their_files(
    families: Families, name: str, good: str, bad: str
) -> None:
    schema = schema_for(families)
    assert read_value(name, good, schema) is not None
    with pytest.raises(BadSettingValueError):
        read_value(name, bad, schema)
