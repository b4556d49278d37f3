"""What one code on a label says: a MAC, a serial number, a product, or none of them (pure).

A code may name what it holds ("S/N: …", "MAC=…"), several of them at once, or hold a bare value.
Bare values are told apart by their form; where the form fits both, only the other codes can tell.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from provision.devices.identity import BadMacError, BadSerialError, MacAddress, SerialNumber

#: Numbers of an article, the same on every box of it: twelve digits of them look like a MAC.
ARTICLE_FORMATS = frozenset({"EAN13", "EAN8", "EAN5", "EAN2", "UPCA", "UPCE", "ISBN", "ITF14"})
_NAMED = re.compile(
    r"""(?ix) \b (?P<name> mac(?:[ _-]?(?:address|addr|id))? | eth(?:ernet)?[ ]?mac
      | s[/._ ]?n[o.]? | serial(?:[ _-]?(?:number|no\.?))? | сер\.?[ ]?№ | зав\.?[ ]?№
      | model(?:[ _-]?name)? | product | p[/._ ]?n[o.]? | модель )
      (?: ["']?\s*[:=#№]+\s*["']? | \s+ ) (?P<value> [^\s;,|&"']+ )"""
)
_BARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9./-]{3,39}", re.ASCII)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_MAC_INSIDE = re.compile(r"[?&/](?:mac=)?(?P<mac>[0-9A-Fa-f]{12})(?![0-9A-Za-z])")


class Kind(StrEnum):
    MAC = "mac"
    SERIAL = "serial"
    PRODUCT = "product"
    # A bare value that may be a serial number, or (twelve digits) a MAC.
    PERHAPS_SERIAL = "perhaps-serial"
    PERHAPS_BOTH = "perhaps-both"


@dataclass(frozen=True)
class Code:
    """One code as it was read, and where its middle lies on the photo, in points."""

    format: str
    text: str
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True)
class Said:
    """One thing that a code says; `value` is in the form in which it is stored."""

    kind: Kind
    value: str


def said(code: Code) -> list[Said]:
    """Everything that a code says; nothing for an article number or a text of no use."""
    if code.format in ARTICLE_FORMATS:
        return []
    text = _CONTROLS.sub(" ", code.text).strip()
    named = list(_named(text))
    if named:
        return named
    if (inside := _MAC_INSIDE.search(text)) and (mac := _mac(inside["mac"])):
        return [Said(Kind.MAC, mac)]
    return _bare(text)


def _named(text: str) -> Iterator[Said]:
    for found in _NAMED.finditer(text):
        name, value = found["name"].lower(), found["value"]
        if "mac" in name:
            if mac := _mac(value):
                yield Said(Kind.MAC, mac)
        elif name.startswith(("model", "product", "p", "модель")):
            yield Said(Kind.PRODUCT, value.upper()[:32])
        elif serial := _serial(value):
            yield Said(Kind.SERIAL, serial.text)


def _bare(text: str) -> list[Said]:
    serial = _serial(text) if _BARE.fullmatch(text) else None
    if serial is not None and serial.is_own_form:
        return [Said(Kind.SERIAL, serial.text)]
    if mac := _mac(text):
        # Written with marks between, or with a letter of hex in it, it is hardly anything else.
        if not text.isdecimal():
            return [Said(Kind.MAC, mac)]
        return [Said(Kind.PERHAPS_BOTH, mac)]
    return [Said(Kind.PERHAPS_SERIAL, serial.text)] if serial is not None else []


def _mac(text: str) -> str | None:
    try:
        return MacAddress.parse(text).hex
    except BadMacError:
        return None


def _serial(text: str) -> SerialNumber | None:
    try:
        return SerialNumber.parse(text)
    except BadSerialError:
        return None
