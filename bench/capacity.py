"""What phones cost the database: `python -m bench.capacity [PHONES [DATABASE_URL]]`.

Phones and tokens are stored as rows, check-ins go the way of the journal. Reported: bytes a phone
and a check-in, check-ins taken a second, a look-up by token with a thousand phones and with all.
"""

import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from catalogue import products
from catalogue.products import NewProduct
from portal import migrations
from provision import folding
from provision.checkins import Visit
from provision.devices.models import Device
from provision.models import CheckInKind, CredentialKind, DeviceCredential
from provision.phone_fetches import checkin_lines
from provision.phone_fetches.checkin_lines import Line
from storage.db import Database, sqlite_url

PHONES = 100_000
FEW = 1000
BATCH = 1000
LOOKS = 2000
AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
_LOOK = "SELECT device_id, valid_to, revoked_at FROM device_credential WHERE token_sha256 = {}"


def main(number: int, url: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(url or sqlite_url(Path(folder) / "flatpro.sqlite"))
        migrations.upgrade(database)
        product_id = _product(database)
        add(database, product_id, 0, FEW)
        few_us = look_up_us(database, FEW)
        before = size_of(database)
        began = time.monotonic()
        add(database, product_id, FEW, number)
        stored_s = time.monotonic() - began
        phone_bytes = (size_of(database) - before) / (number - FEW)
        all_us = look_up_us(database, number)
        before = size_of(database)
        began = time.monotonic()
        visit_all(database, number)
        taken_s = time.monotonic() - began
        visit_bytes = (size_of(database) - before) / number
        engine = "SQLite" if database.is_sqlite else "PostgreSQL"
        database.dispose()
    phones_a_second, visits_a_second = (number - FEW) / stored_s, number / taken_s
    print(f"capacity, {engine}, {number} phones")
    print(f"  a phone with its token  {phone_bytes:8.0f} B, {phones_a_second:.0f} a second")
    print(f"  a check-in              {visit_bytes:8.0f} B, {visits_a_second:.0f} a second")
    print(f"  look-up by token        {all_us:8.0f} us, {all_us / few_us:.2f} x of {FEW} phones")


def _product(database: Database) -> int:
    with database.writing() as session:
        new = NewProduct("FP-BENCH", "Стенд", "Bench", hardware=("A",))
        return products.add(session, new, actor="bench", now=AT).id


def add(database: Database, product_id: int, first: int, last: int) -> None:
    for start in range(first, last, BATCH):
        numbers = range(start, min(start + BATCH, last))
        with database.writing(lasting=False) as session:
            _insert(session, product_id, numbers)


def _insert(session: Session, product_id: int, numbers: Sequence[int]) -> None:
    devices = [
        {"id": number + 1, "mac": mac_of(number), "serial": f"S{number:010}",
         "serial_raw": f"S{number:010}", "product_id": product_id, "hardware": "A",
         "group_name": "", "channel": "stable", "created_at": AT}
        for number in numbers
    ]  # fmt: skip
    tokens = [
        {"device_id": number + 1, "kind": CredentialKind.TOKEN,
         "token_sha256": token_of(number), "valid_from": AT}
        for number in numbers
    ]  # fmt: skip
    session.execute(insert(Device), devices)
    session.execute(insert(DeviceCredential), tokens)


def visit_all(database: Database, number: int) -> None:
    """One configuration of each phone, a second after the other."""
    for start in range(0, number, BATCH):
        numbers = range(start, min(start + BATCH, number))
        lines = [checkin_lines.written(Line(visit_of(which))) for which in numbers]
        with database.writing(lasting=False) as session:
            folding.take(session, lines)


def visit_of(number: int) -> Visit:
    mac = mac_of(number)
    return Visit(
        at=AT + timedelta(seconds=number), kind=CheckInKind.CONFIGURATION, method="GET",
        path_kind="token", status=200, address="10.20.30.40", mac=mac, firmware="2.4.1",
        user_agent=f"FlatPhone/2.4.1 (FP-BENCH; hw A; sn S{number:010}; mac {mac})",
        proof="token", revision=token_of(number)[:32],
    )  # fmt: skip


def look_up_us(database: Database, number: int) -> float:
    """The median of a look-up on the held connection that the door uses, in microseconds."""
    statement = _LOOK.format("?" if database.is_sqlite else "%s")
    step = max(number // LOOKS, 1)
    took = []
    for which in range(0, number, step):
        name = token_of(which)
        began = time.perf_counter()
        found = database.look_up(statement, (name,))
        took.append(time.perf_counter() - began)
        assert len(found) == 1
    return statistics.median(took) * 1e6


def mac_of(number: int) -> str:
    return f"02f1b0{number:06x}"


def token_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def size_of(database: Database) -> int:
    """Bytes of the database's file, or files."""
    told = (
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        if database.is_sqlite
        else "SELECT pg_database_size(current_database())"
    )
    with database.reading() as session:
        return int(session.scalar(text(told)) or 0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PHONES, "".join(sys.argv[2:3]))
