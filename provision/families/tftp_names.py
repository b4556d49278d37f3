"""Which family's bootstrap a file name over TFTP asks for (pure).

There is no User-Agent in TFTP: where two families give their phones' files the same shape, the
vendor's part of the MAC decides, which says nothing about whether this phone is known here.
"""

import re
from dataclasses import dataclass

from provision.devices.identity import BadMacError, MacAddress
from provision.families.family import Families, Family

NAME_LENGTH_MAX = 128
_NAME = re.compile(r"[!-~]+", re.ASCII)


@dataclass(frozen=True)
class AskedBootstrap:
    family: str
    mac: MacAddress


def tidy(name: str) -> str | None:
    """A name without the slash that some phones put first; None for what no phone asks.

    Nothing of it is ever joined to a folder: it is compared with names that are known.
    """
    if not 0 < len(name) <= NAME_LENGTH_MAX or not _NAME.fullmatch(name) or "\\" in name:
        return None
    bare = name.removeprefix("./").lstrip("/")
    parts = bare.split("/")
    return bare if bare and not {"", ".", ".."} & set(parts) else None


def asked_bootstrap(name: str, families: Families) -> AskedBootstrap | None:
    """Whose bootstrap the tidy `name` asks for."""
    found = [asked for family in families if (asked := _asked(name, family)) is not None]
    return min(found, key=lambda asked: asked[0], default=(0, None))[1]


def _asked(name: str, family: Family) -> tuple[int, AskedBootstrap] | None:
    """The family's reading of a name; the smaller its number, the surer."""
    if family.tftp is None:
        return None
    for shape in family.tftp.shapes:
        match = shape.fullmatch(name)
        try:
            mac = MacAddress.parse(match["mac"]) if match else None
        except BadMacError:
            mac = None
        if mac is not None:
            return _doubt(family.tftp.prefixes, mac), AskedBootstrap(family.name, mac)
    return None


def _doubt(prefixes: frozenset[str], mac: MacAddress) -> int:
    if mac.hex[:6] in prefixes:
        return 0
    return 2 if prefixes else 1
