"""Reading the family files, once at start, with a clear line for every mistake in them.

A family of a later folder replaces one of the same name, so that a site can correct a dialect
without touching what was installed.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from pydantic import ValidationError

from provision.families.bounded import BoundedTemplate
from provision.families.family import Families, Family, Fillable, TemplateName
from provision.families.file_form import FamilyForm
from provision.families.formats import FORMATS, environment
from storage.refusals import RefusedError

BUILT_IN = Path(__file__).parent
_READING = ("name", "vendor", "snmp", "http", "ssh", "needs")


class BrokenFamilyError(RefusedError):
    """A family file cannot be used. `key` is the place in it, dotted; `reason` is the parser's."""

    code = "broken-family"
    ru = "Файл семейства телефонов {file} не годится: {key}: {reason}"
    en = "The phone family file {file} cannot be used: {key}: {reason}"


def load_families(folders: Iterable[Path] = (BUILT_IN,), own: Path | None = None) -> Families:
    """Every family of the folders' *.toml files; raises BrokenFamilyError at the first mistake.

    `own` is an operator's folder: a mistake in there leaves out that family alone and is told in
    `problems`, and its templates are filled in by a bounded process.
    """
    by_name: dict[str, Family] = {}
    for folder in folders:
        by_name |= _load_folder(folder)
    problems: list[BrokenFamilyError] = []
    for file in _own_files(own) if own else ():
        try:
            family = _load_file(file, trusted=False)
        except BrokenFamilyError as error:
            problems.append(error)
        else:
            by_name[family.name] = family
    return Families(by_name, tuple(problems))


def reading_tables(file: Path) -> Mapping[str, Any]:
    """What a family file says of reading alone: all that a collector needs of it."""
    tables = tomllib.loads(file.read_text("utf-8"))
    return {name: tables[name] for name in _READING if name in tables}


def read_only_family(tables: Mapping[str, Any]) -> Family:
    """A family that is only read, of such tables; raises BrokenFamilyError."""
    name = Path(str(tables.get("name"))[:64])
    try:
        form = FamilyForm.model_validate({key: tables[key] for key in _READING if key in tables})
    except ValidationError as error:
        raise _broken(name, error) from error
    return form.built({}, name)


def _own_files(folder: Path) -> Sequence[Path]:
    """`<name>/family.toml`, or `<name>.toml` beside a folder `templates`."""
    return sorted([*folder.glob("*.toml"), *folder.glob("*/family.toml")])


def _load_folder(folder: Path) -> dict[str, Family]:
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise BrokenFamilyError(file=folder, key="*.toml", reason="no family file here")
    found: dict[str, Family] = {}
    for file in files:
        family = _load_file(file)
        if family.name in found:
            raise BrokenFamilyError(file=file, key="name", reason=f"{family.name} is here twice")
        found[family.name] = family
    return found


def _load_file(file: Path, *, trusted: bool = True) -> Family:
    try:
        form = FamilyForm.model_validate(tomllib.loads(file.read_text("utf-8")))
    except OSError as error:
        raise BrokenFamilyError(file=file, key="file", reason=error.strerror) from error
    except ValidationError as error:
        raise _broken(file, error) from error
    except ValueError as error:  # not UTF-8, or not TOML
        raise BrokenFamilyError(file=file, key="file", reason=error) from error
    templates = _load_templates(file, form, trusted=trusted)
    return form.built(templates, file)


def _broken(file: Path, error: ValidationError) -> BrokenFamilyError:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    return BrokenFamilyError(file=file, key=key, reason=first["msg"])


def _load_templates(
    file: Path, form: FamilyForm, *, trusted: bool
) -> Mapping[TemplateName, Fillable]:
    output = form.output
    if output is None:
        return {}
    return {
        name: _load_template(file, form.name, output.format, name, path, trusted=trusted)
        for name, path in output.templates.items()
    }


def _load_template(
    file: Path, family: str, kind: str, name: TemplateName, path: str, *, trusted: bool
) -> Fillable:
    """One template, read here, so that a broken one is found at start."""
    alone = file.name == "family.toml"
    folder = file.parent / "templates" if alone else file.parent / "templates" / family
    source = folder / path
    key = f"output.templates.{name}"
    sandbox = environment(FORMATS[kind])
    try:
        text = source.read_text("utf-8")
        if trusted:
            return sandbox.from_string(text)
        # Compiling already computes what is constant, so an operator's is only parsed here.
        sandbox.parse(text)
        return BoundedTemplate(text, kind)
    except OSError as error:
        reason: object = f"{source}: {error.strerror}"
    except UnicodeDecodeError as error:
        reason = f"{source}: {error}"
    except TemplateError as error:
        reason = f"{source}: {error}"
    except RecursionError:
        reason = f"{source}: nested too deep"
    raise BrokenFamilyError(file=file, key=key, reason=reason)
