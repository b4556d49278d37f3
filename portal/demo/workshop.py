"""The demo's service centre: one repair that is over, one on the bench, one that is awaited."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.demo.world import CUSTOMER
from provision.models import Device
from storage.clock import moscow_date
from storage.installation import Installation
from support.attachments.content import inspect
from support.cases.models import RepairUnit
from support.cases.vocabulary import PhotoKind
from support.repairs import (
    deciding,
    filing,
    mending,
    parcels,
    photos,
    receiving,
    records,
    shipping,
)
from support.repairs.act import Act, ActPhone
from support.repairs.filing import NewAct
from support.repairs.judging import Finding
from support.repairs.receiving import Receipt
from support.repairs.shipping import Waybill
from support.requests.vocabulary import Symptom

ACTOR = "admin"
#: What the bench writes is shown as it was written, in either language: readings need no words.
MEASURED = "PoE 48 V → 3V3: 0.02 V; R = 0.4 Ω"
MENDED = "PoE 48 V → 3V3: 3.31 V, 24 h"
PART = "FP-B2 PWR-2"


@dataclass(frozen=True)
class DemoCase:
    """An act filed `days_ago`; `phones` are numbers of the demo's phones with what fails."""

    days_ago: int
    phones: tuple[tuple[int, str, Symptom], ...]


OVER = DemoCase(300, ((2, "Не включается после грозы", Symptom.POWER),))
#: Its phone runs the current firmware already: a phone in repair is offered none.
ON_THE_BENCH = DemoCase(9, ((6, "В трубке нет звука, динамик исправен", Symptom.SOUND),))
AWAITED = DemoCase(
    2,
    (
        (10, "Клавиша «5» не нажимается", Symptom.DISPLAY),
        (11, "Порт ПК не работает", Symptom.NETWORK),
    ),
)


def fill(installation: Installation, instant: datetime) -> None:
    """Cases at three stages, and a parcel that nobody can name."""
    with installation.database.writing() as session:
        serials = session.scalars(select(Device.serial).order_by(Device.mac)).all()
        [over] = _file(session, installation, OVER, serials, instant)
        _repair(session, installation, over, instant - timedelta(days=OVER.days_ago))
        [bench] = _file(session, installation, ON_THE_BENCH, serials, instant)
        _open(session, installation, bench, instant - timedelta(days=6))
        _file(session, installation, AWAITED, serials, instant)
        parcels.arrive(
            session, "", Waybill("Почта России", "RA123456789RU"),
            "Коробка без акта и без обратного адреса", actor=ACTOR, now=instant,
        )  # fmt: skip


def _file(
    session: Session,
    installation: Installation,
    case: DemoCase,
    serials: Sequence[str | None],
    instant: datetime,
) -> Sequence[RepairUnit]:
    at = instant - timedelta(days=case.days_ago)
    act = Act(
        contact="Анна Петрова",
        email="anna@severny-veter.example",
        phone="+7 495 000-00-11",
        return_address="Москва, ул. Складочная, д. 1",
        signed_by="Петрова А. А.",
        signed_on=moscow_date(at),
        phones=tuple(
            ActPhone(serials[number - 1] or "", fault, symptom, contents="телефон, трубка")
            for number, fault, symptom in case.phones
        ),
        organisation=CUSTOMER,
        erased=True,
    )
    new = NewAct(act, f"demo:{case.days_ago}", "demo")
    return filing.file(session, installation, new, actor="anna", now=at).units


def _open(session: Session, installation: Installation, unit: RepairUnit, at: datetime) -> None:
    found = records.unit_to_change(session, unit.id)
    receipt = Receipt(with_act=True, waybill=Waybill("СДЭК", "1455667788"))
    receiving.receive(session, installation, found, receipt, actor=ACTOR, now=at)
    picture = inspect("before.png", _picture(found.serial))
    photos.add(
        session, installation.blobs, found, PhotoKind.BEFORE_OPENING, [picture],
        actor=ACTOR, now=at + timedelta(minutes=10),
    )  # fmt: skip
    deciding.open_phone(session, found, actor=ACTOR, now=at + timedelta(minutes=20))


def _repair(
    session: Session, installation: Installation, unit: RepairUnit, filed_at: datetime
) -> None:
    day = timedelta(days=1)
    _open(session, installation, unit, filed_at + 3 * day)
    finding = Finding(
        covered=True,
        reason=None,
        evidence=MEASURED,
    )
    deciding.propose(session, installation, unit, finding, actor=ACTOR, now=filed_at + 4 * day)
    mending.eliminated(
        session, unit, MENDED, PART,
        tested=True, actor=ACTOR, now=filed_at + 9 * day,
    )  # fmt: skip
    waybill = Waybill("СДЭК", "1455667799")
    shipping.send(session, installation, unit, waybill, actor=ACTOR, now=filed_at + 10 * day)
    shipping.handed_over(session, unit, actor=ACTOR, now=filed_at + 13 * day)


def _picture(serial: str) -> bytes:
    """A drawing that stands for a photo of the phone."""
    sheet = Image.new("RGB", (640, 480), "#d9dee0")
    pen = ImageDraw.Draw(sheet)
    pen.rounded_rectangle((120, 60, 520, 420), 24, fill="#2b3336")
    pen.rectangle((280, 90, 490, 200), fill="#9fb8bd")
    for row in range(4):
        for column in range(3):
            left, top = 300 + column * 62, 225 + row * 46
            pen.rounded_rectangle((left, top, left + 48, top + 32), 6, fill="#4a5559")
    pen.rounded_rectangle((145, 85, 240, 395), 30, fill="#111618")
    pen.text((150, 440), serial, fill="#2b3336")
    made = io.BytesIO()
    sheet.save(made, "PNG")
    return made.getvalue()
