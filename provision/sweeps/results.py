"""What a sweep found: judged against the register in bulk, stored by upsert, listed, exported."""

import json
import socket
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from ipaddress import IPv4Network
from itertools import islice
from typing import Any, cast

from sqlalchemy import Table, Text, any_, bindparam, func, select
from sqlalchemy import column as sql_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from provision import csv_cells
from provision.devices import changes
from provision.devices.changes import Change
from provision.devices.models import Device
from provision.devices.readings import Match, MatchVerdict, OnRecord, judge
from provision.readers.facts import DeviceFacts
from provision.sweeps.models import SweepResult
from provision.sweeps.scanning import Swept

COLUMNS = ("address", "serial", "product", "hardware", "firmware", "mac", "verdict", "lane")
_BATCH = 500
_SUBNET_ADDRESSES = 256
#: A second look that is told less takes nothing away from the first.
_KEPT = ("serial", "mac", "product", "hardware", "firmware", "description")
_NOTED_MAX = 100
#: Stands in no MAC and in no serial number, as it is not printable.
_BETWEEN = "\x1f"
_DISPUTED = frozenset(
    {MatchVerdict.MAC_DIFFERS, MatchVerdict.SERIAL_DIFFERS, MatchVerdict.TWO_DEVICES}
)


def store(session: Session, sweep_id: int, found: Sequence[Swept], now: datetime) -> None:
    """Put results in; an address that is there already is brought up to date."""
    matches = _judged(session, [swept.facts or DeviceFacts() for swept in found])
    upsert(session, [_row(sweep_id, *pair, now) for pair in zip(found, matches, strict=True)])
    _note_disputes(session, zip(found, matches, strict=True), now)


def upsert(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of the table of results, those of one address last one wins, in bulk."""
    if session.get_bind().dialect.name == "sqlite":
        statement = _settled(sqlite.insert(_TABLE))
        for start in range(0, len(rows), _BATCH):
            session.execute(statement, rows[start : start + _BATCH])
        return
    moment = cache(datetime.isoformat)
    plain = [{**row, "at": moment(row["at"])} for row in rows]
    for start in range(0, len(rows), _BATCH):
        _upsert_as_one(session, plain[start : start + _BATCH])


def _upsert_as_one(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """One statement with all rows as one JSON text: thirteen values a row cost the driver more.

    It cannot touch one row twice, so rows of one address are made one before.
    """
    merged: dict[tuple[int, int], Mapping[str, Any]] = {}
    for row in rows:
        key = row["sweep_id"], row["number"]
        before = merged.get(key)
        kept = {name: before[name] for name in _KEPT if row[name] is None} if before else {}
        merged[key] = {**row, **kept}
    session.execute(_AS_ONE, {"rows": list(merged.values())})


def _settled(statement: Any) -> Any:
    """What becomes of a row that is there already."""
    fresh = statement.excluded
    kept = {name: func.coalesce(fresh[name], _TABLE.c[name]) for name in _KEPT}
    changed = {name: fresh[name] for name in ("lane", "verdict", "device_mac", "at")}
    return statement.on_conflict_do_update(
        index_elements=["sweep_id", "number"], set_=kept | changed
    )


def _from_json() -> Any:
    columns = [sql_column(one.name, one.type) for one in _TABLE.columns]
    rows = bindparam("rows", type_=postgresql.JSON())
    told = func.json_to_recordset(rows).table_valued(*columns).render_derived(with_types=True)
    chosen = select(*(told.c[name] for name in _NAMES))
    return _settled(postgresql.insert(_TABLE).from_select(_NAMES, chosen))


_TABLE = cast("Table", SweepResult.__table__)
_NAMES = [one.name for one in _TABLE.columns]
_AS_ONE = _from_json()


def found(session: Session, sweep_id: int) -> int:
    """How many addresses answered."""
    counted = select(func.count()).where(SweepResult.sweep_id == sweep_id)
    return session.scalar(counted) or 0


def verdicts(session: Session, sweep_id: int) -> Counter[str]:
    """How many addresses have each verdict."""
    query = (
        select(SweepResult.verdict, func.count().label("count"))
        .where(SweepResult.sweep_id == sweep_id)
        .group_by(SweepResult.verdict)
    )
    return Counter({str(one.verdict): one.count for one in session.execute(query)})


def listed(
    session: Session, sweep_id: int, within: IPv4Network | None = None, limit: int | None = None
) -> Sequence[SweepResult]:
    """The results in order of address, all of them or those in one network."""
    query = select(SweepResult).where(SweepResult.sweep_id == sweep_id)
    if within is not None:
        first, last = int(within.network_address), int(within.broadcast_address)
        query = query.where(SweepResult.number.between(first, last))
    return session.scalars(query.order_by(SweepResult.number).limit(limit)).all()


def subnets(session: Session, sweep_id: int, limit: int) -> list[tuple[IPv4Network, int]]:
    """The /24 networks in which something answered, and how many addresses did."""
    block = (SweepResult.number // _SUBNET_ADDRESSES).label("block")
    query = (
        select(block, func.count().label("answered"))
        .where(SweepResult.sweep_id == sweep_id)
        .group_by(block)
        .order_by(block)
        .limit(limit)
    )
    return [
        (IPv4Network((int(one.block) * _SUBNET_ADDRESSES, 24)), one.answered)
        for one in session.execute(query)
    ]


def exported(session: Session, sweep_id: int) -> Sequence[Mapping[str, object]]:
    """All results as programs get them; no object is made of a row, which would cost memory."""
    columns = [_TABLE.c[name] for name in COLUMNS]
    query = select(*columns).where(_TABLE.c.sweep_id == sweep_id).order_by(_TABLE.c.number)
    return [dict(zip(COLUMNS, row, strict=True)) for row in session.execute(query)]


def as_rows(found: Iterable[SweepResult]) -> Sequence[Mapping[str, object]]:
    """Results as programs get them."""
    return [{name: getattr(one, name) for name in COLUMNS} for one in found]


def csv_lines(found: Iterable[SweepResult]) -> Iterator[str]:
    """Results as CSV; no cell that a phone filled can become a formula of a spreadsheet."""
    yield ",".join(COLUMNS) + "\r\n"
    for row in as_rows(found):
        yield csv_cells.line(row[name] for name in COLUMNS)


def _judged(session: Session, facts: Sequence[DeviceFacts]) -> Sequence[Match[OnRecord]]:
    """The verdict on each, with two queries for every few hundred."""
    macs: dict[str, OnRecord] = {}
    serials: dict[str, OnRecord] = {}
    for start in range(0, len(facts), _BATCH):
        part = facts[start : start + _BATCH]
        wanted = [one.mac.hex for one in part if one.mac]
        macs |= {one.mac: one for one in _known(session, Device.mac, wanted)}
        texts = [one.serial.text for one in part if one.serial]
        by_serial = _known(session, Device.serial, texts)
        serials |= {one.serial: one for one in by_serial if one.serial}
    return [
        judge(
            one,
            macs.get(one.mac.hex) if one.mac else None,
            serials.get(one.serial.text) if one.serial else None,
        )
        for one in facts
    ]


def _known(session: Session, which: Any, texts: Sequence[str]) -> list[OnRecord]:
    """The devices on record whose column is one of these texts.

    They go over as one value: with five hundred, reading the statement costs more than running it.
    """
    if session.get_bind().dialect.name == "sqlite":
        given, listed = json.dumps(texts), func.json_each(bindparam("texts")).table_valued("value")
        among = which.in_(select(listed.c.value))
    else:
        given = _BETWEEN.join(texts)
        among = which == any_(func.string_to_array(bindparam("texts", type_=Text), _BETWEEN))
    query = select(Device.id, Device.mac, Device.serial).where(among)
    return [OnRecord(*one) for one in session.execute(query, {"texts": given})]


def _note_disputes(
    session: Session, pairs: Iterable[tuple[Swept, Match[OnRecord]]], now: datetime
) -> None:
    """What contradicts the register lives on with the device; a flood of liars is cut short."""
    disputed = (
        (swept.facts, match.device, match.verdict)
        for swept, match in pairs
        if match.verdict in _DISPUTED and swept.facts and match.device
    )
    for facts, known, verdict in islice(disputed, _NOTED_MAX):
        device = session.get_one(Device, known.id)
        if verdict is MatchVerdict.MAC_DIFFERS and facts.mac:
            told = Change(now, "mac", device.mac, facts.mac.hex, changes.SWEEP, applied=False)
            changes.note(session, device, told)
        elif facts.serial:
            serial = facts.serial.text
            told = Change(now, "serial", device.serial, serial, changes.SWEEP, applied=False)
            changes.note(session, device, told)


def _row(sweep_id: int, swept: Swept, match: Match[OnRecord], now: datetime) -> Mapping[str, Any]:
    facts = swept.facts or DeviceFacts()
    return {
        "sweep_id": sweep_id,
        "number": int.from_bytes(socket.inet_pton(socket.AF_INET, swept.address), "big"),
        "address": swept.address,
        "lane": swept.lane,
        "serial": facts.serial.text if facts.serial else None,
        "mac": facts.mac.hex if facts.mac else None,
        "product": facts.product,
        "hardware": facts.hardware,
        "firmware": facts.firmware,
        "description": facts.description,
        "verdict": (match.verdict if swept.facts else MatchVerdict.NAMELESS).value,
        "device_mac": match.device.mac if match.device else None,
        "at": now,
    }
