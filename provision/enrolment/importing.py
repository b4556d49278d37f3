"""Storing the phones of a table in bulk: all of them in the caller's transaction, or none."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts import audit
from catalogue.models import Product
from provision import credentials
from provision.devices.models import DEFAULT_CHANNEL, Device, Handover, HandoverKind
from provision.enrolment import bulk, judging, knowing, own_settings
from provision.enrolment.judging import Judged, Verdict, Wanted
from provision.enrolment.table import DeviceTable
from provision.models import CheckIn, CredentialKind, DeviceCredential
from storage.clock import moscow_date
from storage.installation import Installation
from storage.refusals import ConflictError

_BATCH = 2000
_ASKED_AT_ONCE = 400


class RefusedRowsError(ConflictError):
    code = "refused-rows"
    ru = "Не принято строк: {count}. Первая: {row}. Ничего не сохранено."
    en = "Rows that do not fit: {count}. The first one: {row}. Nothing was stored."


@dataclass(frozen=True)
class Source:
    """Which table it was, for the audit."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Issued:
    """The token made for one phone; it exists in this form once."""

    mac: str
    serial: str
    token: str


@dataclass(frozen=True)
class Done:
    """What an import stored."""

    added: int
    skipped: int
    issued: Sequence[Issued] = ()


def look(
    session: Session, place: Installation, table: DeviceTable, now: datetime
) -> Sequence[Judged]:
    """Every row's verdict against the register of this moment."""
    register = knowing.register_for(session, place, table.entries)
    return judging.judge(table.entries, register, moscow_date(now))


def require_fit(rows: Sequence[Judged]) -> None:
    """Raises RefusedRowsError when any row does not fit."""
    if unfit := judging.refused(rows):
        raise RefusedRowsError(count=len(unfit), row=unfit[0].entry.row)


def take_in(
    session: Session,
    place: Installation,
    table: DeviceTable,
    source: Source,
    *,
    actor: str,
    now: datetime,
    with_tokens: bool = False,
) -> Done:
    """Store every new phone of a table; raises RefusedRowsError when any row does not fit."""
    rows = look(session, place, table, now)
    require_fit(rows)
    new = [row.wanted for row in rows if row.verdict is Verdict.NEW and row.wanted]
    issued: list[Issued] = []
    for start in range(0, len(new), _BATCH):
        part = new[start : start + _BATCH]
        ids = _add(session, part, actor, now)
        _add_handovers(session, part, ids, actor, now)
        own_settings.add(session, place.seal, part, actor, now)
        if with_tokens:
            issued += _issue(session, part, ids, actor, now)
    skipped = len(rows) - len(new)
    subject = f"import:{source.sha256[:16]}"
    told = {"file": source.name[:200], "sha256": source.sha256, "skipped": skipped}
    audit.record(session, actor, "device.import", subject, now, added=len(new), **told)
    return Done(len(new), skipped, issued)


def _add(session: Session, part: Sequence[Wanted], actor: str, now: datetime) -> Mapping[str, int]:
    """Put devices in, with their audit entries and the calls they made before; ids by MAC."""
    products = {code: number for number, code in session.execute(select(Product.id, Product.code))}
    bulk.put(session, Device, [_device_row(one, products, now) for one in part])
    ids: dict[str, int] = {}
    for start in range(0, len(part), _ASKED_AT_ONCE):
        macs = [one.mac.hex for one in part[start : start + _ASKED_AT_ONCE]]
        found = select(Device.mac, Device.id).where(Device.mac.in_(macs))
        ids |= {row.mac: row.id for row in session.execute(found)}
        _adopt_calls(session, macs)
    told = [("device.add", one, {"product": one.product}) for one in part]
    bulk.audit(session, told, actor, now)
    return ids


def _adopt_calls(session: Session, macs: Sequence[str]) -> None:
    """What a phone asked for before it was known belongs to its story."""
    owner = select(Device.id).where(Device.mac == CheckIn.mac).scalar_subquery()
    calls = update(CheckIn).where(CheckIn.mac.in_(macs), CheckIn.device_id.is_(None))
    session.execute(calls.values(device_id=owner), execution_options={"synchronize_session": False})


def _device_row(one: Wanted, products: Mapping[str, int], now: datetime) -> Mapping[str, Any]:
    return {
        "mac": one.mac.hex,
        "serial": one.serial.text if one.serial else None,
        "serial_raw": one.serial.raw if one.serial else "",
        "product_id": products[one.product],
        "hardware": one.hardware,
        "site_id": one.site_id,
        "organisation_id": one.organisation_id,
        "group_name": one.group,
        "channel": DEFAULT_CHANNEL,
        "created_at": now,
    }


def _add_handovers(
    session: Session, part: Sequence[Wanted], ids: Mapping[str, int], actor: str, now: datetime
) -> None:
    dated = [one for one in part if one.handover is not None]
    rows = [
        {
            "device_id": ids[one.mac.hex],
            "kind": HandoverKind.CONTRACT,
            "handed_over_on": one.handover,
            "reference": one.contract,
            "contract": one.contract,
            "recorded_by": actor,
            "recorded_at": now,
        }
        for one in dated
    ]
    if not rows:
        return
    bulk.put(session, Handover, rows)
    told = [
        (
            "device.handover",
            one,
            {"kind": HandoverKind.CONTRACT, "on": str(one.handover), "paper": one.contract},
        )
        for one in dated
    ]
    bulk.audit(session, told, actor, now)


def _issue(
    session: Session, part: Sequence[Wanted], ids: Mapping[str, int], actor: str, now: datetime
) -> Sequence[Issued]:
    issued = [
        Issued(
            one.mac.hex,
            one.serial.text if one.serial else "",
            _new_token(),
        )
        for one in part
    ]
    rows = [
        {
            "device_id": ids[one.mac],
            "kind": CredentialKind.TOKEN,
            "token_sha256": credentials.digest(one.token),
            "valid_from": now,
        }
        for one in issued
    ]
    bulk.put(session, DeviceCredential, rows)
    told = [("device.credential.new", one, {"kind": CredentialKind.TOKEN}) for one in part]
    bulk.audit(session, told, actor, now)
    return issued


def _new_token() -> str:
    """A token for a table: one that begins with a dash would be a formula there."""
    while (token := secrets.token_urlsafe(credentials.TOKEN_BYTES)).startswith("-"):
        continue
    return token
