"""Short words for this room's tests: an act that is filed, and what is done with its phones."""

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from sqlalchemy import select

from storage.clock import MOSCOW
from storage.installation import Installation
from support.mailroom.models import OutgoingMail
from support.repairs import filing, records
from support.repairs.act import Act, ActPhone
from support.repairs.filing import NewAct
from support.repairs.models import FaultReport, RepairUnit
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
