"""The names of profile settings, what values each takes, and which of them are secrets.

A name is `section.key` or `sip.N.key`. What every family shares is described in settings.toml;
what neither it nor a family describes is handed on as text.
"""

import re
import tomllib
from pathlib import Path

from provision.families.setting_form import SettingForm
from provision.families.settings import (
    TEXT_LENGTH_MAX,
    Schema,
    SettingSpec,
    SettingType,
    Value,
    is_secret,
)
from storage.refusals import RefusedError

__all__ = ["COMMON", "LINES_MAX", "OWN_SECTIONS", "Value", "check_name", "is_secret", "read_value"]

LINES_MAX = 16
VALUE_LENGTH_MAX = TEXT_LENGTH_MAX

#: A number in the middle counts from 1, and the last part is a word: no family's file has a place
#: for anything else, and a phone whose file cannot be written keeps its old one.
_NAME = re.compile(
    r"[a-z][a-z0-9_]{0,31}(\.(?!0)[a-z0-9_]{1,32}){0,2}\.[a-z][a-z0-9_]{0,31}", re.ASCII
)
_LINE = re.compile(r"sip\.(?P<index>[1-9][0-9]?)\.[a-z_]+")
_FILE = Path(__file__).with_name("settings.toml")


class BadSettingNameError(RefusedError):
    code = "bad-profile-setting"
    field = "name"
    ru = "«{name}» — не имя настройки: нужно, например, sip.1.number или network.vlan."
    en = "“{name}” is no setting's name: write it like sip.1.number or network.vlan."


class BadSettingValueError(RefusedError):
    code = "bad-profile-value"
    field = "value"
    ru = "Значение настройки {name} не годится: нужно {wanted_ru}."
    en = "The value of {name} is unusable: it takes {wanted_en}."


def _common() -> Schema:
    written = tomllib.loads(_FILE.read_text("utf-8"))["setting"]
    found = [SettingForm.model_validate(one).built() for one in written]
    return Schema({spec.name: spec for spec in found})


#: What every family shares.
COMMON = _common()
#: Sections whose keys are all described there; any other section belongs to the family.
OWN_SECTIONS = frozenset(spec.name.partition(".")[0] for spec in COMMON)


class LongSettingNameError(RefusedError):
    code = "long-profile-setting"
    field = "name"
    ru = (
        "«{name}»: в разделе «{section}» имя — {section}.ключ или {section}.номер.ключ."
        " Длиннее файл телефона не вмещает, и телефон не получил бы конфигурации."
    )
    en = (
        "“{name}”: in the section “{section}” a name is {section}.key or {section}.number.key."
        " The phone's file has no place for a longer one: the phone would get no configuration."
    )


def check_name(name: str, schema: Schema = COMMON) -> str:
    """`name` if it can name a setting; raises BadSettingNameError or LongSettingNameError."""
    usable = _NAME.fullmatch(name) is not None
    if name.partition(".")[0] in OWN_SECTIONS:
        usable = COMMON.find(name) is not None
    if name.startswith("sip."):
        line = _LINE.fullmatch(name)
        usable &= line is not None and int(line["index"]) <= LINES_MAX
    if not usable:
        raise BadSettingNameError(name=ascii(name[:64])[1:-1])
    section, *between, _key = name.split(".")
    foreign = schema.families is None or section in schema.families
    if between and not foreign and not (len(between) == 1 and between[0].isdecimal()):
        raise LongSettingNameError(name=name, section=section)
    return name


def described(name: str, schema: Schema = COMMON) -> SettingSpec:
    """What describes a setting; any other is text."""
    return schema.find(name) or SettingSpec(name, SettingType.TEXT, name, name)


def read_value(name: str, text: str, schema: Schema = COMMON) -> Value:
    """The typed value that `text` gives the setting `name`; raises BadSettingValueError."""
    spec = described(name, schema)
    value = spec.read(text.strip())
    if value is None:
        raise BadSettingValueError(
            name=name, wanted_ru=spec.wanted("ru"), wanted_en=spec.wanted("en")
        )
    return value
