"""Many phones whose configurations are kept already, made in bulk after one that was fetched."""

import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import insert, select

from bench.configurations import Phone, prepare
from portal import health
from portal.app import Plane, create_app
from portal.settings import Settings
from provision import folding, phone_plane
from provision.credentials import digest
from provision.devices.models import Device
from provision.models import DeviceCredential
from provision.rendered import answer as answers
from provision.rendered.answer import Answer
from provision.rendered.models import EVERY_DEVICE, Rendered, RenderingRevision
from provision.rendered.watching import unwatch, watch
from storage.installation import Installation

AT_ONCE = 10_000


def batched(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The rows in lists of so many."""
    remaining = iter(rows)
    while batch := list(islice(remaining, size)):
        yield batch


def target(phone: Phone) -> str:
    return f"/p/{phone.token}/{phone.mac}.cfg"


def agent(phone: Phone) -> str:
    return f"FlatPhone/2.3.1 (FP-BENCH; hw A; sn S{phone.mac}; mac {phone.mac})"


def fill(place: Installation, settings: Settings, number: int, whole: int) -> list[Phone]:
    """So many phones; the first `whole` of them have a configuration that opens.

    The other rows are there for the index to hold. Nothing counts while the devices are put in.
    """
    [first] = prepare(place, 1)
    sample, row, device = _sample(place, settings, first)
    phones = [first]
    phones += [Phone(f"02f1b{index:07x}", secrets.token_urlsafe(32)) for index in range(1, number)]
    with place.database.writing(lasting=False) as session:
        unwatch(session.connection())
        start = device["id"] + 1
        for some in batched(enumerate(phones[1:], start), AT_ONCE):
            session.execute(insert(Device), [_device(device, first, *one) for one in some])
            session.execute(insert(DeviceCredential), [_credential(*one) for one in some])
    watch(place.database)
    with place.database.writing(lasting=False) as session:
        revisions = select(RenderingRevision.device_id, RenderingRevision.revision)
        held = {one: revision for one, revision in session.execute(revisions)}  # noqa: C416
        rows = _rows(place, first, sample, row, phones, whole, held)
        for batch in batched(rows, AT_ONCE):
            session.execute(insert(Rendered), batch)
    return phones


def _sample(
    place: Installation, settings: Settings, phone: Phone
) -> tuple[Answer, dict[str, Any], dict[str, Any]]:
    """The answer, the kept row and the device of a phone that fetched until nothing was new."""
    app = create_app(place, settings, {Plane.PHONES})
    health.started(app).set()
    client = app.test_client()
    for _ in range(3):
        client.get(target(phone), headers={"User-Agent": agent(phone)})
        folding.reader_of(place).fold()
        phone_plane.keeper_of(app).flush()
    with place.database.reading() as session:
        row = dict(session.execute(select(Rendered.__table__)).mappings().one())
        device = dict(session.execute(select(Device.__table__)).mappings().one())
    request = answers.request_sha256(target(phone), agent(phone))
    return answers.opened(row["sealed"], request, place.seal), row, device


def _device(like: dict[str, Any], first: Phone, number: int, phone: Phone) -> dict[str, Any]:
    own = {
        name: value.replace(first.mac, phone.mac) if isinstance(value, str) else value
        for name, value in like.items()
    }
    serial = like["serial"]
    return own | {
        "id": number,
        "serial": serial and serial.replace(first.mac.upper(), phone.mac.upper()),
    }


def _credential(number: int, phone: Phone) -> dict[str, Any]:
    at = datetime.now(UTC)
    return {
        "id": number,
        "device_id": number,
        "kind": "token",
        "token_sha256": digest(phone.token),
        "valid_from": at,
        "first_used_at": at,
    }


def _rows(
    place: Installation,
    first: Phone,
    sample: Answer,
    row: dict[str, Any],
    phones: list[Phone],
    whole: int,
    held: dict[int, int],
) -> Iterator[dict[str, Any]]:
    filler = secrets.token_bytes(200)
    for number, phone in enumerate(phones, row["device_id"]):
        request = answers.request_sha256(target(phone), agent(phone))
        sealed = filler
        if number - row["device_id"] < whole:
            record = sample.record.replace(first.mac, phone.mac)
            record = record.replace(first.mac.upper(), phone.mac.upper())
            before, after = f'"credential_id":{row["credential_id"]}', f'"credential_id":{number}'
            record = record.replace(before, after)
            body = sample.body.replace(first.mac.encode(), phone.mac.encode())
            body = body.replace(first.token.encode(), phone.token.encode())
            own = Answer(sample.status, sample.etag, sample.media_type, record, body)
            sealed = answers.closed(own, request, place.seal)
        yield row | {
            "request_sha256": request,
            "credential_id": number,
            "device_id": number,
            "revision": held.get(EVERY_DEVICE, 0),
            "device_revision": held.get(number, 0),
            "sealed": sealed,
        }
