"""A profile's form: its fields by the schema, and what a sent form changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from provision import profiles
from provision.families.settings import Schema, SettingSpec, SettingType
from provision.profile_history import Change, Stored
from provision.profiles import Link, Setting
from provision.vocabulary import LINES_MAX, check_name, described, read_value
from storage.refusals import RefusedError
from storage.sealed import Seal

#: Beside the name of a secret: take it off this level.
CLEAR = "clear:"
NEW_NAME, NEW_VALUE = "new_name", "new_value"
_LOCK_NUMBER = 4_751_022  # any constant: PostgreSQL's advisory lock of these forms


@dataclass(frozen=True)
class Field:
    """One setting in the form: `text` is its value here, `inherited` what holds without it."""

    name: str
    spec: SettingSpec
    text: str = ""
    is_set: bool = False
    inherited: Setting | None = None

    @property
    def is_secret(self) -> bool:
        return self.spec.is_secret


@dataclass(frozen=True)
class Section:
    """Settings that belong together: `line` is the number of a SIP line, else 0."""

    name: str
    fields: Sequence[Field]
    line: int = 0


@dataclass(frozen=True)
class Faults:
    """What is wrong with a sent form, by field."""

    by_name: Mapping[str, RefusedError] = field(default_factory=dict)


def sections(
    session: Session, schema: Schema, link: Link, above: Sequence[Link]
) -> Sequence[Section]:
    """Every described setting by section, and what else is set here, behind them."""
    here = profiles.resolve(session, [link]).settings
    inherited = profiles.resolve(session, above).settings if above else {}
    grouped: dict[tuple[str, int], list[Field]] = {}
    for name in _names(schema, here):
        section, line = _section(name)
        shown = _field(name, schema, here.get(name), inherited.get(name))
        grouped.setdefault((section, line), []).append(shown)
    return [Section(name, fields, line) for (name, line), fields in grouped.items()]


def typed(form: Mapping[str, str], shown: Sequence[Section]) -> Sequence[Section]:
    """The sections with what a person typed in place of what is stored."""
    return [
        Section(
            section.name,
            [
                Field(one.name, one.spec, form.get(one.name, one.text), one.is_set, one.inherited)
                for one in section.fields
            ],
            section.line,
        )
        for section in shown
    ]


def brought_up(form: Mapping[str, str], since: Sequence[Change]) -> Mapping[str, str]:
    """What was typed, without the fields that only others changed `since` the form was made.

    Those show what is stored now; saved as they were, they would take the others' change back.
    """
    before: dict[str, str] = {}
    for change in sorted(since, key=lambda one: one.id):
        before.setdefault(change.name, _text_of(change.old))
    return {name: text for name, text in form.items() if before.get(name) != text.strip()}


def _text_of(stored: Stored) -> str:
    value = stored.value
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def check(form: Mapping[str, str], shown: Sequence[Section], schema: Schema) -> Faults:
    """Every value of the form that its setting does not take."""
    faults: dict[str, RefusedError] = {}
    for name, text in _texts(form, shown).items():
        place = NEW_NAME if form.get(NEW_NAME, "").strip() == name else name
        try:
            read_value(check_name(name, schema), text, schema)
        except RefusedError as error:
            faults[place] = error
    return Faults(faults)


def lock(session: Session) -> None:
    """Let one form at a time be looked at and stored. SQLite's writers are alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sql("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_NUMBER})


def apply(
    session: Session,
    seal: Seal,
    link: Link,
    form: Mapping[str, str],
    shown: Sequence[Section],
    schema: Schema,
    *,
    actor: str,
    now: datetime,
) -> int:
    """Store what the form changes, all of it or (raising) nothing; how many settings changed."""
    changed = 0
    for name, text in _texts(form, shown).items():
        profiles.put(session, seal, link, name, text, actor=actor, now=now, schema=schema)
        changed += 1
    for one in _fields(shown):
        if one.is_set and _is_cleared(one, form):
            profiles.remove(session, link, one.name, actor=actor, now=now)
            changed += 1
    return changed


def _texts(form: Mapping[str, str], shown: Sequence[Section]) -> dict[str, str]:
    """The texts that differ from what is stored, by setting; an empty one is no text."""
    found = {
        one.name: form[one.name].strip()
        for one in _fields(shown)
        if form.get(one.name, "").strip() not in {"", one.text}
    }
    if form.get(NEW_NAME, "").strip():
        found[form[NEW_NAME].strip()] = form.get(NEW_VALUE, "").strip()
    return found


def _is_cleared(one: Field, form: Mapping[str, str]) -> bool:
    if one.is_secret:
        return bool(form.get(CLEAR + one.name)) and not form.get(one.name, "").strip()
    return one.name in form and not form[one.name].strip()


def _fields(shown: Sequence[Section]) -> list[Field]:
    return [one for section in shown for one in section.fields]


def _names(schema: Schema, here: Mapping[str, Setting]) -> Sequence[str]:
    """The described settings in their order, each SIP line in use and one more, then the others."""
    used = {int(name.split(".")[1]) for name in here if name.startswith("sip.")}
    lines = sorted({*used, min(max(used, default=0) + 1, LINES_MAX)})
    names: dict[str, None] = {}
    for line in lines:
        own = (spec.name for spec in schema if spec.name.startswith("sip.N."))
        names |= dict.fromkeys(name.replace(".N.", f".{line}.") for name in own)
    names |= dict.fromkeys(spec.name for spec in schema if ".N." not in spec.name)
    return [*names, *sorted(here.keys() - names.keys())]


def _section(name: str) -> tuple[str, int]:
    first, _dot, rest = name.partition(".")
    return (first, int(rest.partition(".")[0])) if first == "sip" else (first, 0)


def _field(name: str, schema: Schema, here: Setting | None, inherited: Setting | None) -> Field:
    spec = described(name, schema)
    text = "" if here is None or here.value is None else _shown(here.value, spec)
    return Field(name, spec, text, here is not None, inherited)


def _shown(value: str | int | bool, spec: SettingSpec) -> str:
    return str(value).lower() if spec.type is SettingType.SWITCH else str(value)
