"""Board swaps: a repair that accounts for a MAC which is not the recorded one.

Support names the repair; the event lives with the device, and the verdict is explained by it.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from provision.devices import changes
from provision.devices.identity import MacAddress
from provision.devices.models import Device, IdentityEvent
from storage.refusals import ConflictError, RefusedError

REFERENCE_LENGTH_MAX = 80
ORIGIN = f"{changes.REPAIR}:"


class SwapReferenceError(RefusedError):
    code = "swap-reference"
    field = "reference"
    ru = "Назовите ремонт или акт, при котором сменили плату: до {limit} знаков."
    en = "Name the repair or act in which the board was changed, in at most {limit} characters."


class SameMacError(ConflictError):
    code = "swap-same-mac"
    field = "mac"
    ru = "MAC {mac} и так записан за этим телефоном."
    en = "The MAC {mac} is on record for this device already."


def explain(
    session: Session,
    device: Device,
    mac: MacAddress,
    reference: str,
    *,
    actor: str,
    now: datetime,
) -> None:
    """Record that the repair `reference` gave the unit a board with this MAC; twice is once."""
    reference = reference.strip()
    if not (0 < len(reference) <= REFERENCE_LENGTH_MAX and reference.isprintable()):
        raise SwapReferenceError(limit=REFERENCE_LENGTH_MAX)
    if mac.hex == device.mac:
        raise SameMacError(mac=mac.colons)
    if explained(session, device).get(mac.hex) == reference:
        return
    session.add(
        IdentityEvent(
            device_id=device.id,
            at=now,
            field="mac",
            old=device.mac,
            new=mac.hex,
            origin=f"{ORIGIN}{reference}",
            applied=False,
        )
    )
    session.flush()
    audit.record(session, actor, "device.board", device.subject, now, mac=mac.hex, paper=reference)


def explained(session: Session, device: Device) -> Mapping[str, str]:
    """The MACs that repairs account for, each with the last paper that says so."""
    query = (
        select(IdentityEvent)
        .where(IdentityEvent.device_id == device.id, IdentityEvent.field == "mac")
        .where(IdentityEvent.origin.startswith(ORIGIN, autoescape=True))
        .order_by(IdentityEvent.id)
    )
    return {row.new: row.origin.removeprefix(ORIGIN) for row in session.scalars(query)}
