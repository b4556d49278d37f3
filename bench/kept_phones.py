"""Many phones whose configurations are kept already, made in bulk after one that was fetched.

Rows go past the ORM, in the driver's own words: a million phones take minutes otherwise.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from bench.configurations import Phone, prepare
from portal import health
from portal.app import Plane, create_app
from portal.settings import Settings
from provision import folding
from provision.credentials import digest
from provision.phone_fetches import phone_plane
from provision.rendered import answer as answers
from provision.rendered.answer import Answer
from storage.installation import Installation
from storage.sealed import Seal

AT_ONCE = 50_000
#: Hashes come in no order: their indexes are filled in memory, not page by page from the disk.
_CACHE = "PRAGMA cache_size = -400000"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Sample:
    """A phone that fetched until nothing was new, and its rows as the driver gives them."""

    phone: Phone
    answer: Answer
    device: Row
    credential: Row
    kept: Row


def batched(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The rows in lists of so many."""
    remaining = iter(rows)
    while batch := list(islice(remaining, size)):
        yield batch


def fill(place: Installation, settings: Settings, number: int, whole: int) -> list[Phone]:
    """So many phones; the first `whole` of them have a configuration that opens.

    The other rows are there for the index to hold. SQLite.
    """
    [first] = prepare(place, 1)
    like = _sample(place, settings, first)
    phones = [first]
    phones += [Phone(f"02f1b{index:07x}", secrets.token_urlsafe(32)) for index in range(1, number)]
    others = list(enumerate(phones[1:], like.device["id"] + 1))
    for some in batched(others, AT_ONCE):
        with place.database.writing(lasting=False) as session:
            connection = session.connection()
            connection.exec_driver_sql(_CACHE)
            _put(connection, "device", like.device, (_device(like, *one) for one in some))
            _put(connection, "device_credential", like.credential, (_secret(*one) for one in some))
    filler = secrets.token_bytes(200)
    opening, closed = others[: whole - 1], others[whole - 1 :]
    rows = [_whole(like, place.seal, *one) for one in opening]
    rows += [_kept(*one, filler) for one in closed]
    rows.sort(key=lambda row: bytes(row["request_sha256"]))
    for part in batched(rows, AT_ONCE):
        with place.database.writing(lasting=False) as session:
            _put(session.connection(), "rendered", like.kept, part)
    return phones


def _put(connection: Connection, table: str, like: Row, changes: Iterable[Row]) -> None:
    """Rows like one that is there, each with its own values in some columns."""
    marks = ", ".join("?" * len(like))
    statement = f"INSERT INTO {table} ({', '.join(like)}) VALUES ({marks})"
    rows = [tuple({**like, **own}.values()) for own in changes]
    if rows:
        connection.exec_driver_sql(statement, rows)


def _sample(place: Installation, settings: Settings, phone: Phone) -> Sample:
    """The answer and the rows of a phone that fetched until nothing was new."""
    app = create_app(place, settings, {Plane.PHONES})
    health.started(app).set()
    client = app.test_client()
    for _ in range(3):
        client.get(phone.path, headers={"User-Agent": phone.agent})
        folding.reader_of(place).fold()
        phone_plane.keeper_of(app).flush()
    with place.database.engine.connect() as connection:
        tables = ("device", "device_credential", "rendered")
        device, credential, kept = (_only(connection, table) for table in tables)
    request = answers.request_sha256(phone.path, phone.agent)
    answer = answers.opened(kept["sealed"], request, place.seal)
    return Sample(phone, answer, device, credential, kept)


def _only(connection: Connection, table: str) -> Row:
    rows = connection.exec_driver_sql(f"SELECT * FROM {table}")
    return dict(rows.mappings().one())


def _device(like: Sample, number: int, phone: Phone) -> Row:
    serial = like.device["serial"]
    return {
        "id": number,
        "mac": phone.mac,
        "serial": serial and serial.replace(like.phone.mac.upper(), phone.mac.upper()),
    }


def _secret(number: int, phone: Phone) -> Row:
    return {"id": number, "device_id": number, "token_sha256": digest(phone.token)}


def _kept(number: int, phone: Phone, sealed: bytes) -> Row:
    return {
        "request_sha256": answers.request_sha256(phone.path, phone.agent),
        "credential_id": number,
        "device_id": number,
        "device_revision": 0,
        "sealed": sealed,
    }


def _whole(like: Sample, seal: Seal, number: int, phone: Phone) -> Row:
    """The sample's answer as this phone's own."""
    first, answer = like.phone, like.answer
    record = answer.record.replace(first.mac, phone.mac)
    record = record.replace(first.mac.upper(), phone.mac.upper())
    before = f'"credential_id":{like.credential["id"]}'
    record = record.replace(before, f'"credential_id":{number}')
    body = answer.body.replace(first.mac.encode(), phone.mac.encode())
    body = body.replace(first.token.encode(), phone.token.encode())
    request = answers.written(phone.path, phone.agent)
    own = Answer(answer.status, answer.etag, answer.media_type, record, body, request)
    name = answers.request_sha256(phone.path, phone.agent)
    return _kept(number, phone, answers.closed(own, name, seal))
