"""Codes printed in the boxes of phones: made here, shown once, kept as a keyed hash."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from accounts import audit
from provision.devices import registry
from provision.devices.identity import BadMacError, BadSerialError, MacAddress, SerialNumber
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
    ru = "Назовите телефоны, по одному в строке: серийный номер или MAC, не больше {limit}."
    en = "Name the phones, a serial number or MAC in each line, {limit} at most."


@dataclass(frozen=True)
class Box:
    """What a guess is compared with: a phone and the hash of its code, or neither."""

    device_id: int = 0
    mac: str = ""
    code_hmac: str | None = field(default=None, repr=False)


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


def named(session: Session, text: str) -> Box:
    """The box of a serial number or MAC, and of nothing else: an address is no label's."""
    try:
        found = _found(session, Device.serial == SerialNumber.parse(text).text)
    except BadSerialError:
        found = None
    try:
        return found or _found(session, Device.mac == MacAddress.parse(text).hex) or Box()
    except BadMacError:
        return found or Box()


def fits(place: Installation, box: Box, typed: str) -> bool:
    """Whether this is the code in that box; as slow for no phone's box as for any."""
    wanted = _hmac(place, box.mac, _plain(typed))
    return hmac.compare_digest(box.code_hmac or "0" * 64, wanted) and box.code_hmac is not None


def _found(session: Session, named: ColumnElement[bool]) -> Box | None:
    # Columns and not rows: to make a device of them would take longer for a phone that exists.
    query = select(Device.id, Device.mac, BoxCode.code_hmac)
    joined = query.outerjoin(BoxCode, BoxCode.device_id == Device.id)
    row = session.execute(joined.where(named)).one_or_none()
    return Box(*row) if row else None


def _plain(typed: str) -> str:
    """Any spelling: small letters, spaces and dashes, and letters read for digits."""
    return _NOT_CODE.sub("", typed[:TYPED_LENGTH_MAX].upper().translate(_READ_AS))


def _hmac(place: Installation, mac: str, letters: str) -> str:
    key = hmac.new(place.secret_key, b"box-code", hashlib.sha256).digest()
    return hmac.new(key, f"{mac} {letters}".encode(), hashlib.sha256).hexdigest()
