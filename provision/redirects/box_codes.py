"""Codes printed in the boxes of phones: made here, shown once, kept as a keyed hash."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from accounts import audit
from provision.devices import registry
from provision.devices.models import Device
from provision.redirects.models import BoxCode
from storage.installation import Installation
from storage.refusals import RefusedError

#: Crockford's letters, which people do not misread; 12 of them are 60 bits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH, _GROUP = 12, 4
_READ_AS = str.maketrans("OIL", "011")
_NOT_CODE = re.compile(r"[^0-9A-Z]")
TYPED_LENGTH_MAX = 64
AT_ONCE_MAX = 1000


class BoxListError(RefusedError):
    code = "box-list"
    field = "units"
    ru = "Назовите аппараты, по одному в строке: серийный номер или MAC, не больше {limit}."
    en = "Name the phones, a serial number or MAC in each line, {limit} at most."


@dataclass(frozen=True)
class MadeCode:
    """A code as it is shown, once."""

    mac: str
    serial: str | None
    code: str = field(repr=False)


def make(
    session: Session, place: Installation, device: Device, *, actor: str, now: datetime
) -> str:
    """A new code for a phone's box; the old one opens nothing any more."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    row = session.get(BoxCode, device.id) or BoxCode(device_id=device.id)
    row.code_hmac = _hmac(place, device.mac, letters)
    row.made_at, row.made_by = now, actor
    session.add(row)
    audit.record(session, actor, "box-code.make", device.subject, now)
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def make_many(
    session: Session, place: Installation, text: str, *, actor: str, now: datetime
) -> Sequence[MadeCode]:
    """Codes for the phones named in `text`, a serial number or MAC in each line: all or none."""
    names = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if not 0 < len(names) <= AT_ONCE_MAX:
        raise BoxListError(limit=AT_ONCE_MAX)
    devices = [registry.find(session, name) for name in names]
    return [
        MadeCode(one.mac, one.serial, make(session, place, one, actor=actor, now=now))
        for one in dict.fromkeys(devices)
    ]


def fits(session: Session, place: Installation, device: Device | None, typed: str) -> bool:
    """Whether this is the code of that phone; as slow for no phone as for any."""
    row = session.get(BoxCode, device.id if device else 0)
    wanted = _hmac(place, device.mac if device else "", _plain(typed))
    return hmac.compare_digest(row.code_hmac if row else "0" * 64, wanted) and row is not None


def _plain(typed: str) -> str:
    """Any spelling: small letters, spaces and dashes, and letters read for digits."""
    return _NOT_CODE.sub("", typed[:TYPED_LENGTH_MAX].upper().translate(_READ_AS))


def _hmac(place: Installation, mac: str, letters: str) -> str:
    key = hmac.new(place.secret_key, b"box-code", hashlib.sha256).digest()
    return hmac.new(key, f"{mac} {letters}".encode(), hashlib.sha256).hexdigest()
