"""The phone families that an installation knows: the built-in ones, then its own folder's."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from provision.families.family import Families, Family, UnknownFamilyError
from provision.families.loading import BUILT_IN, load_families, reading_tables
from provision.families.settings import Schema
from provision.vocabulary import COMMON
from storage.installation import Installation

#: A folder of that name under the data folder adds families, or replaces those of the same name.
OWN_FOLDER = "families"
#: Devices carry no family of their own yet: every product of the catalogue speaks this one.
DEFAULT_FAMILY = "flat_phone"

_log = structlog.get_logger(__name__)


def families_of(installation: Installation) -> Families:
    """The families, read once for each process; an own one that is broken is left out and told."""
    return _loaded(installation.data_dir / OWN_FOLDER)


def schema_of(installation: Installation) -> Schema:
    """Every setting that is described: those that all families share, then each family's own."""
    return schema_for(families_of(installation))


def schema_for(families: Families) -> Schema:
    """The settings that these families have, and those that all families share."""
    own = (spec for family in families for spec in family.settings)
    return COMMON.joined(own, families.by_name.keys() - {DEFAULT_FAMILY})


def look_again(installation: Installation) -> Families:
    """The families as the files are now: what a restart would load."""
    return load_families((BUILT_IN,), installation.data_dir / OWN_FOLDER)


def family_of(installation: Installation, name: str | None = None) -> Family:
    """The family of that name, or the one that the catalogue's products speak."""
    return families_of(installation).get(name or DEFAULT_FAMILY)


def own_tables(installation: Installation, name: str) -> Mapping[str, Any] | None:
    """What an operator's family says of reading, for those who lack its file; None for ours."""
    try:
        family = family_of(installation, name)
    except UnknownFamilyError:
        return None
    if family.file is None or family.file.parent == BUILT_IN:
        return None
    try:
        return reading_tables(family.file)
    except (OSError, ValueError):
        # The file was taken away or broken since; the collector says that it knows no such family.
        return None


@functools.lru_cache(maxsize=8)
def _loaded(own: Path) -> Families:
    found = load_families((BUILT_IN,), own)
    for problem in found.problems:
        _log.error("family-left-out", reason=problem.text("en"))
    return found
