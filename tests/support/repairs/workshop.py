"""Short words for this room's tests: an act that is filed, and what is done with its phones."""

import io
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from inspect import signature

from PIL import Image
from sqlalchemy import select

from storage.clock import MOSCOW, moscow_date
from storage.installation import Installation
from support.attachments.content import inspect
from support.calendars import keeping
from support.cases.models import FaultReport, RepairEvent, RepairUnit
from support.cases.vocabulary import PhotoKind, Reason
from support.mailroom.models import OutgoingMail
from support.repairs import deciding, filing, mending, photos, quoting, receiving, records, shipping
from support.repairs.act import Act, ActPhone
from support.repairs.clock import RepairClock, clock_of
from support.repairs.filing import NewAct
from support.repairs.judging import Finding
from support.repairs.receiving import Receipt
from support.repairs.shipping import Waybill
from support.requests.vocabulary import Symptom
from tests.support.register import CUSTOMER, Register

_keys = itertools.count()
ENGINEER, CHIEF = "ivan", "olga"


def moscow(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW).astimezone(UTC)


def an_act(*serials: str, **more: object) -> Act:
    phones = tuple(ActPhone(serial, "Нет звука в трубке", Symptom.SOUND) for serial in serials)
    act = Act(
        contact="Анна Петрова",
        email="anna@romashka.example",
        phone="+7 900 000-00-00",
        return_address="Москва, ул. Строителей, д. 3",
        signed_by="Петрова А. А.",
        signed_on=date(2026, 12, 14),
        phones=phones,
        organisation=CUSTOMER,
    )
    return replace(act, **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Workshop:
    """The service centre over one installation; instants are Moscow's, as text."""

    installation: Installation
    register: Register

    def file(self, *serials: str, at: str = "2026-12-14T10:00", **more: object) -> list[int]:
        """File an act with these phones (the first one by default); the numbers of its cases."""
        return self.file_act(an_act(*(serials or (self.register.first,)), **more), at=at)

    def file_act(self, act: Act, *, at: str = "2026-12-14T10:00", key: str = "") -> list[int]:
        new = NewAct(act, key or f"key-{next(_keys)}", "192.0.2.1")
        with self.installation.database.writing() as session:
            report = filing.file(session, self.installation, new, actor="anna", now=moscow(at))
            return [unit.id for unit in report.units]

    def unit(self, unit_id: int) -> RepairUnit:
        with self.installation.database.reading() as session:
            return records.unit(session, unit_id)

    def report(self, unit_id: int) -> FaultReport:
        with self.installation.database.reading() as session:
            return records.unit(session, unit_id).report

    def address(self, unit_id: int) -> str:
        """The path of the page that the sender follows."""
        found = records.address_of(self.installation, self.report(unit_id))
        return found.removeprefix(self.installation.public_url)

    def letters(self, purpose: str = "") -> list[OutgoingMail]:
        with self.installation.database.reading() as session:
            found = session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).all()
            return [mail for mail in found if mail.purpose.startswith(purpose)]

    def does(
        self,
        unit_id: int,
        deed: Callable[..., object],
        at: str,
        *words: object,
        by: str = ENGINEER,
        **more: object,
    ) -> None:
        """Do one thing to a phone: `deed` takes the installation where it asks for it."""
        with self.installation.database.writing() as session:
            unit = records.unit_to_change(session, unit_id)
            place = [self.installation] if "installation" in signature(deed).parameters else []
            deed(session, *place, unit, *words, actor=by, now=moscow(at), **more)

    def receives(
        self, unit_id: int, at: str = "2026-12-17T15:00", *, with_act: bool = True, **more: object
    ) -> None:
        self.does(unit_id, receiving.receive, at, Receipt(with_act=with_act, **more))  # type: ignore[arg-type]

    def opens(self, unit_id: int, at: str = "2026-12-18T10:00") -> None:
        self.does(unit_id, deciding.open_phone, at, no_photos="нет фотоаппарата")

    def photographs(
        self, unit_id: int, at: str = "2026-12-17T16:00", kind: PhotoKind = PhotoKind.BEFORE_OPENING
    ) -> None:
        with self.installation.database.writing() as session:
            unit = records.unit_to_change(session, unit_id)
            photos.add(
                session,
                self.installation.blobs,
                unit,
                kind,
                [inspect("1.png", a_picture())],
                actor=ENGINEER,
                now=moscow(at),
            )

    def decides(
        self,
        unit_id: int,
        reason: Reason | None = None,
        at: str = "2026-12-18T11:00",
        by: str = ENGINEER,
    ) -> None:
        finding = Finding(reason is None, reason, "Осмотр и измерения в протоколе")
        self.does(unit_id, deciding.propose, at, finding, by=by)

    def repairs(self, unit_id: int, at: str = "2026-12-28T17:00") -> None:
        self.does(
            unit_id, mending.eliminated, at, "Заменён разъём трубки", "Разъём RJ9", tested=True
        )

    def sends(self, unit_id: int, at: str = "2026-12-29T12:00") -> None:
        self.does(
            unit_id,
            shipping.send,
            at,
            Waybill("СДЭК", "1234567890", "Следы жидкости, от ремонта отказались"),
        )

    def in_repair(self, serial: str | None = None) -> int:
        """A covered phone on the bench."""
        first = serial or self.register.first
        self.register.prove(first, date(2026, 3, 1))
        [unit_id] = self.file(first)
        self.receives(unit_id)
        self.opens(unit_id)
        self.decides(unit_id)
        return unit_id

    def clock(self, unit_id: int, at: str) -> RepairClock | None:
        with self.installation.database.reading() as session:
            unit = records.unit(session, unit_id)
            return clock_of(unit, keeping.current(session).calendar, moscow_date(moscow(at)))

    def events(self, unit_id: int) -> list[RepairEvent]:
        with self.installation.database.reading() as session:
            return list(reversed(records.events(session, [unit_id])))


def a_picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 6), "red").save(made, "PNG")
    return made.getvalue()


def on_the_bench(workshop: Workshop, *, pictured: bool = True) -> int:
    workshop.register.prove(workshop.register.first, date(2026, 3, 1))
    [unit_id] = workshop.file()
    workshop.receives(unit_id)
    if pictured:
        workshop.photographs(unit_id)
    workshop.opens(unit_id)
    return unit_id


def refused(workshop: Workshop) -> int:
    unit_id = on_the_bench(workshop)
    workshop.decides(unit_id, Reason.LIQUID)
    return unit_id


def offer(workshop: Workshop, unit_id: int, at: str = "2026-12-20T10:00") -> None:
    workshop.does(unit_id, quoting.offer, at, Decimal(3500), "Чистка и замена платы")
