"""Keeping what a proved phone sent: the last few logs, each of a bounded size."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from accounts import audit
from provision.devices.models import Device
from provision.phone_logs.models import PhoneLog
from storage.refusals import NotFoundError
from storage.sealed import Place, Seal

LOG_BYTES_MAX = 256 * 1024
KEPT_PER_DEVICE = 5


class UnknownLogError(NotFoundError):
    code = "unknown-phone-log"
    ru = "Такого журнала у телефона {mac} нет: хранятся последние {kept}."
    en = "The phone {mac} has no such log: the last {kept} are kept."


@dataclass(frozen=True)
class LogSummary:
    """One kept log; `size` in bytes."""

    id: int
    name: str
    at: datetime
    size: int


def keep(
    session: Session, seal: Seal, device: Device, name: str, content: bytes, now: datetime
) -> None:
    """Keep a log of `device`; the oldest beyond KEPT_PER_DEVICE go."""
    row = PhoneLog(
        device_id=device.id,
        name=name,
        at=now,
        size=len(content),
        # Latin-1 gives every byte back as it was.
        sealed=seal.close(content.decode("latin-1"), _place(device, now)),
    )
    session.add(row)
    session.flush()
    mine = PhoneLog.device_id == device.id
    newest = select(PhoneLog.id).where(mine).order_by(PhoneLog.id.desc()).limit(KEPT_PER_DEVICE)
    session.execute(delete(PhoneLog).where(mine, PhoneLog.id.not_in(newest)))


def of_device(session: Session, device: Device) -> Sequence[LogSummary]:
    """The logs of a device, the newest first."""
    query = select(PhoneLog.id, PhoneLog.name, PhoneLog.at, PhoneLog.size)
    mine = query.where(PhoneLog.device_id == device.id).order_by(PhoneLog.id.desc())
    return [LogSummary(*row) for row in session.execute(mine)]


def taken(
    session: Session, seal: Seal, device: Device, number: int, *, actor: str, now: datetime
) -> tuple[LogSummary, bytes]:
    """A log with its bytes; who took it stays on record."""
    row = session.get(PhoneLog, number)
    if row is None or row.device_id != device.id:
        raise UnknownLogError(mac=device.mac, kept=KEPT_PER_DEVICE)
    content = seal.open(row.sealed, _place(device, row.at)).encode("latin-1")
    audit.record(session, actor, "device.log.take", device.subject, now, name=row.name)
    return LogSummary(row.id, row.name, row.at, row.size), content


def _place(device: Device, at: datetime) -> Place:
    return Place("phone_log", f"{device.mac}:{at.isoformat()}", "sealed")
