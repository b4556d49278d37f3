"""The two names of a device: its MAC address and its serial number (pure).

Both come from labels, scanners, spreadsheets and phones, so reading is generous and the stored
form is one: 12 lower-case hex digits, and an upper-case serial without spaces or dashes.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from random import Random
from typing import Self

from storage.refusals import RefusedError

SERIAL_LENGTH_MAX = 64
#: The length of a serial in our own form.
OWN_LENGTH = 15

_MAC_SPELLING = re.compile(
    r"""
    [0-9a-f]{12}
    | [0-9a-f]{2}(?:([:.\-_ ])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}
    | [0-9a-f]{4}([:.\-])[0-9a-f]{4}\2[0-9a-f]{4}
    | [0-9a-f]{6}[:.\-][0-9a-f]{6}
    """,
    re.VERBOSE,
)
_MULTICAST_BIT = 0x01

# Letters that a Russian keyboard and a Latin label print alike.
_LOOK_ALIKES = str.maketrans("АВЕКМНОРСТУХ", "ABEKMHOPCTYX")
_SEPARATORS = re.compile(r"[\s\u2010-\u2015\-]+")
# What boards and inventories say when nobody programmed a serial.
_PLACEHOLDERS = frozenset(
    {"DEFAULTSTRING", "TOBEFILLEDBYO.E.M.", "SYSTEMSERIALNUMBER", "NOTSPECIFIED", "NOTAVAILABLE"}
    | {"NONE", "NULL", "N/A", "NA", "UNKNOWN", "UNDEFINED", "NOSERIAL", "SERIAL"}
)

# Our own form: FP, year and week, two of the product code, six random characters, one check.
_CHECK_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_RANDOM_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_OWN_FORM = re.compile(
    rf"FP[0-9]{{2}}(?:0[1-9]|[1-4][0-9]|5[0-3])[0-9A-Z]{{2}}[{_RANDOM_ALPHABET}]{{7}}"
)
_LOT = re.compile(r"FP([0-9]{2})(0[1-9]|[1-4][0-9]|5[0-3])")
_READ_AS_DIGIT = str.maketrans("OIL", "011")


class BadMacError(RefusedError):
    code = "bad-mac"
    ru = "«{text}» — не MAC-адрес телефона: нужны 12 шестнадцатеричных цифр, например 02f1a7000001."
    en = "“{text}” is not the MAC address of a device: 12 hex digits, for example 02f1a7000001."


class BadSerialError(RefusedError):
    code = "bad-serial"
    ru = "«{text}» не годится как серийный номер."
    en = "“{text}” cannot be a serial number."


@dataclass(frozen=True, order=True)
class MacAddress:
    """A device's MAC: always 12 lower-case hex digits, never all zeros or ones, never multicast."""

    hex: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9a-f]{12}", self.hex) or not _names_one_device(self.hex):
            raise BadMacError(text=self.hex[:40])

    @classmethod
    def parse(cls, text: str) -> Self:
        """The address in any usual spelling (colons, dashes, dots, none, either case)."""
        spelled = text.strip().lower()
        if not _MAC_SPELLING.fullmatch(spelled):
            raise BadMacError(text=text[:40])
        return cls(re.sub(r"[^0-9a-f]", "", spelled))

    @property
    def colons(self) -> str:
        """The address as pages show it: 02:f1:a7:00:00:01."""
        return ":".join(self.hex[at : at + 2] for at in range(0, 12, 2))

    def __str__(self) -> str:
        return self.hex


def _names_one_device(digits: str) -> bool:
    """Broadcast is a multicast too; all zeros is what an unprogrammed port says."""
    return digits != "0" * 12 and not int(digits[:2], 16) & _MULTICAST_BIT


@dataclass(frozen=True, order=True)
class SerialNumber:
    """A serial: `text` is compared and stored, `raw` is what the label, phone or person said."""

    text: str
    raw: str = field(default="", compare=False)

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Any printable serial of up to 64 characters; placeholders of empty boards are refused."""
        text = _SEPARATORS.sub("", unicodedata.normalize("NFKC", raw)).upper()
        text = _own_form_mended(text.translate(_LOOK_ALIKES))
        if (
            not text.isprintable()
            or not 0 < len(text) <= SERIAL_LENGTH_MAX
            or _is_placeholder(text)
        ):
            raise BadSerialError(text=_shown(raw))
        return cls(text, raw)

    @property
    def is_own_form(self) -> bool:
        """Whether it looks like one of ours, right or mistyped."""
        return _OWN_FORM.fullmatch(self.text) is not None

    @property
    def has_check_character(self) -> bool:
        """Whether it is in our form and its last character agrees with the rest."""
        return self.is_own_form and check_character(self.text[:-1]) == self.text[-1]

    @property
    def lot(self) -> str:
        """The week in which it was made, 25W46 for FP2546…; empty for a form that is not ours."""
        return lot_of(self.text[:6]) if len(self.text) == OWN_LENGTH else ""

    def __str__(self) -> str:
        return self.text


def lot_of(stem: str) -> str:
    """The production week that the first six characters of a serial of ours tell."""
    found = _LOT.fullmatch(stem)
    return f"{found[1]}W{found[2]}" if found else ""


def stem_of(lot: str) -> str:
    """How the serials of a lot begin: FP2546 for 25W46."""
    return f"FP{lot.replace('W', '', 1)}"


def check_character(body: str) -> str:
    """The ISO 7064 MOD 37,36 check character of `body` (digits and Latin capitals)."""
    product = 36
    for character in body:
        total = (product + _CHECK_ALPHABET.index(character)) % 36 or 36
        product = total * 2 % 37
    return _CHECK_ALPHABET[(37 - product) % 36]


def make_serial(product_code: str, year: int, week: int, rand: Random) -> SerialNumber:
    """A new serial of ours for `product_code`, made in ISO `week` of `year`.

    The random part is drawn again while the check character is I, L, O or U: people misread those.
    """
    model = re.sub(r"[^0-9A-Z]", "", product_code.upper())[-2:]
    if len(model) != 2 or not 1 <= week <= 53:
        raise BadSerialError(text=f"{product_code} {year} {week}")
    while True:
        body = f"FP{year % 100:02d}{week:02d}{model}" + "".join(rand.choices(_RANDOM_ALPHABET, k=6))
        check = check_character(body)
        if check in _RANDOM_ALPHABET:
            return SerialNumber(body + check, body + check)


def _own_form_mended(text: str) -> str:
    """Letters read as the digits they stand for, only if that makes a right serial of ours."""
    if len(text) != OWN_LENGTH or not text.startswith("FP"):
        return text
    mended = text[:2] + text[2:6].translate(_READ_AS_DIGIT) + text[6:8]
    mended += text[8:].translate(_READ_AS_DIGIT)
    return mended if SerialNumber(mended).has_check_character else text


def _is_placeholder(text: str) -> bool:
    return text in _PLACEHOLDERS or not text.strip("0")


def _shown(raw: str) -> str:
    return "".join(character if character.isprintable() else "·" for character in raw[:40])
