"""The phone families that an installation knows: the built-in ones, then its own folder's."""

import functools
from pathlib import Path

from provision.families.family import Families, Family
from provision.families.loading import BUILT_IN, load_families
from storage.installation import Installation

#: A folder of that name under the data folder adds families, or replaces those of the same name.
OWN_FOLDER = "families"
#: Devices carry no family of their own yet: every product of the catalogue speaks this one.
DEFAULT_FAMILY = "flat_phone"


def families_of(installation: Installation) -> Families:
    """The families, read once for each process; raises BrokenFamilyError."""
    own = installation.data_dir / OWN_FOLDER
    return _loaded((BUILT_IN, own) if own.is_dir() else (BUILT_IN,))


def family_of(installation: Installation, name: str | None = None) -> Family:
    """The family of that name, or the one that the catalogue's products speak."""
    return families_of(installation).get(name or DEFAULT_FAMILY)


@functools.lru_cache(maxsize=8)
def _loaded(folders: tuple[Path, ...]) -> Families:
    return load_families(folders)
