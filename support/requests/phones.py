"""The phones that a request is about: their serials as people type them, and their rows (S-13)."""

import re
from collections.abc import Sequence

from sqlalchemy.orm import Session

from provision.devices import registry
from provision.devices.identity import BadSerialError, SerialNumber
from provision.devices.summary import DeviceSummary
from support.requests.models import RequestDevice, SupportRequest

SERIALS_MAX = 50
_OWN_SERIAL = re.compile(r"\bFP\d{4}[0-9A-Z]{9}\b")


def serials_in(text: str) -> tuple[str, ...]:
    """Serial numbers of ours that a text names; one that is mistyped is none."""
    found = (SerialNumber.parse(match) for match in _OWN_SERIAL.findall(text.upper()))
    return tuple(dict.fromkeys(one.text for one in found if one.has_check_character))[:SERIALS_MAX]


def typed(text: str) -> tuple[str, ...]:
    """Serials as typed, each in its normal form; what is none stays as it was typed."""
    found = []
    for part in re.split(r"[\s,;]+", text.strip()):
        if not part:
            continue
        try:
            found.append(SerialNumber.parse(part).text)
        except BadSerialError:
            found.append(part[:64])
    return tuple(dict.fromkeys(found))[:SERIALS_MAX]


def summary(session: Session, serial: str) -> DeviceSummary | None:
    """The phone with this serial, if there is one."""
    try:
        return registry.summary_by_serial(session, SerialNumber.parse(serial))
    except BadSerialError:
        return None


def note(session: Session, request: SupportRequest, serials: Sequence[str]) -> None:
    """Make these the phones that a request is about."""
    for row in list(request.devices):
        if row.serial not in serials:
            session.delete(row)
    known = set(request.serials)
    for serial in serials:
        if serial in known:
            continue
        session.add(_device(session, request.id, serial))
    session.flush()
    session.refresh(request, ["devices"])


def _device(session: Session, request_id: int, serial: str) -> RequestDevice:
    try:
        parsed = SerialNumber.parse(serial)
    except BadSerialError:
        return RequestDevice(request_id=request_id, serial=serial, lot="")
    device = registry.by_serial(session, parsed)
    return RequestDevice(
        request_id=request_id,
        serial=serial,
        lot=parsed.lot,
        device_id=device.id if device else None,
    )
