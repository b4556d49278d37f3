"""Which role lists which target, who signs it, and how long its files live. Pure.

Firmware has one terminating role for each product, so that a mirror may take one product and a
key may be good for one; a product's software (tools for people) has another. Documents lie under
one role, spread by hash over a fixed number of others.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import count

ROOT, TARGETS, SNAPSHOT, TIMESTAMP = "root", "targets", "snapshot", "timestamp"
DOCS = "docs"
FIRMWARE = "fw"
SOFTWARE = "sw"
_ADDRESSES = {FIRMWARE: "firmware", SOFTWARE: "software"}
#: 10,000 documents make lists of about 80 kB each: small enough for one cold look.
DOCS_SHELVES = 32


class View(StrEnum):
    """Whose root a file hangs on; the lists of targets hang on both."""

    ONLINE = "online"
    AIR_GAP = "air-gap"
    BOTH = "both"


#: Each has its own root, snapshot and timestamp.
ROOTED = (View.ONLINE, View.AIR_GAP)


class Purpose(StrEnum):
    """What a key signs. The two views share no key but those of the lists.

    Otherwise a long-lived file of the air gap would hold for a client that is online.
    """

    ROOT = "root"
    TARGETS = "targets"
    FIRMWARE = "firmware"
    DOCS = "docs"
    SNAPSHOT = "snapshot"
    TIMESTAMP = "timestamp"
    AIR_GAP_ROOT = "air-gap-root"
    AIR_GAP_SNAPSHOT = "air-gap-snapshot"
    AIR_GAP_TIMESTAMP = "air-gap-timestamp"


#: What people keep away from the server in mode `offline`: with the rest nobody installs firmware.
OFFLINE_PURPOSES = (Purpose.ROOT, Purpose.AIR_GAP_ROOT, Purpose.TARGETS, Purpose.FIRMWARE)
_THRESHOLDS = dict.fromkeys(OFFLINE_PURPOSES, 2)
_KEYS = {**_THRESHOLDS, Purpose.ROOT: 3, Purpose.AIR_GAP_ROOT: 3}


@dataclass(frozen=True, order=True)
class Place:
    """Which file: a role in a view."""

    view: View
    role: str

    def __str__(self) -> str:
        return self.role if self.view is not View.AIR_GAP else f"{self.view}/{self.role}"


@dataclass(frozen=True)
class Life:
    """How long a file is believed after it was signed, and when it is signed again."""

    total: timedelta
    renew_after: timedelta

    @property
    def alarm_left(self) -> timedelta:
        """When no more than this is left, somebody has to act."""
        return self.total / 4


def life(place: Place) -> Life:
    """The life of a file at `place`."""
    if place.view is View.AIR_GAP and place.role in {SNAPSHOT, TIMESTAMP}:
        # Signed again long before: a copy on a stick then always has half a year.
        return Life(timedelta(days=180), timedelta(days=7))
    days = {ROOT: 730, SNAPSHOT: 7, TIMESTAMP: 3}.get(place.role, 365)
    return Life(timedelta(days=days), timedelta(days=days / 2))


def threshold(purpose: Purpose) -> int:
    """How many different keys must sign."""
    return _THRESHOLDS.get(purpose, 1)


def keys_wanted(purpose: Purpose) -> int:
    """How many keys a new installation has for it; the root may lose one."""
    return _KEYS.get(purpose, 1)


def purpose_of(place: Place) -> Purpose:
    """What the keys that sign a file at `place` are for."""
    if place.role in {ROOT, SNAPSHOT, TIMESTAMP}:
        prefix = "air-gap-" if place.view is View.AIR_GAP else ""
        return Purpose(prefix + place.role)
    if place.role == TARGETS:
        return Purpose.TARGETS
    return Purpose.DOCS if _is_docs(place.role) else Purpose.FIRMWARE


def parent_of(place: Place) -> Place:
    """The file that says whose signatures count at `place`, for a list of targets."""
    return Place(View.BOTH, DOCS if place.role in SHELVES else TARGETS)


def role_of(path: str) -> str:
    """The role that lists the target `path`; ValueError for a path of no known kind."""
    kind, _, rest = path.partition("/")
    if kind == DOCS and rest:
        return shelf_of(target_name(path))
    product = rest.partition("/")[0]
    if kind == FIRMWARE and product:
        return firmware_role(product)
    if kind == SOFTWARE and product:
        return software_role(product)
    raise ValueError(f"no role lists {path!r}")


def firmware_role(product: str) -> str:
    """The role of a product's firmware."""
    return f"{FIRMWARE}-{product}"


def software_role(product: str) -> str:
    """The role of a product's software."""
    return f"{SOFTWARE}-{product}"


def patterns_of(role: str) -> list[str]:
    """The paths a role may speak of; in TUF `*` does not cross a slash."""
    if role == DOCS:
        return [f"{DOCS}/*/*/*/*"]
    kind, _, product = role.partition("-")
    return [f"{kind}/{product}/*/*"]


SHELVES = tuple(f"{DOCS}-{number:02x}" for number in range(DOCS_SHELVES))


def shelf_of(name: str) -> str:
    """The docs role that lists the target of this name, by the first byte of its hash."""
    first = hashlib.sha256(name.encode()).digest()[0]
    return SHELVES[first * DOCS_SHELVES // 256]


def prefixes_of(shelf: str) -> list[str]:
    """The beginnings of the hashes of names that a docs role may list, in hex."""
    each = 256 // DOCS_SHELVES
    first = SHELVES.index(shelf) * each
    return [f"{byte:02x}" for byte in range(first, first + each)]


def target_name(path: str) -> str:
    """A target's name in the lists: its path, with what a URL would swallow percent-encoded.

    Clients put the name into a URL as it stands and encode spaces and Cyrillic themselves.
    """
    for char in "%?#\\":
        path = path.replace(char, f"%{ord(char):02X}")
    return path


def path_of(name: str) -> str:
    """The path of the target that the lists know by this name."""
    for char in "\\#?%":
        name = name.replace(f"%{ord(char):02X}", char)
    return name


def probe(role: str) -> str | None:
    """A name that only the list of this role could hold; None for a role that lists nothing."""
    if role in SHELVES:
        names = (f"{DOCS}/-/-/-/{number}" for number in count())
        return next(name for name in names if shelf_of(name) == role)
    kind, _, product = role.partition("-")
    return f"{FIRMWARE}/{product}/-/-" if kind == FIRMWARE and product else None


def public_address(path: str) -> str:
    """Where people and phones find the file of a target."""
    kind, slash, rest = path.partition("/")
    return f"/{_ADDRESSES.get(kind, kind)}{slash}{rest}"


def _is_docs(role: str) -> bool:
    return role == DOCS or role in SHELVES
