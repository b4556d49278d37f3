"""Short words for this room's tests: a request that comes, and what is done with it."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.clock import MOSCOW
from storage.installation import Installation
from support.agreements import agreements
from support.agreements.agreements import NewAgreement
from support.calendars import keeping
from support.mailroom.models import OutgoingMail
from support.packages.own import packages_of
from support.packages.package import Priority, Promise
from support.requests import intake, records, talking
from support.requests.messages import Text
from support.requests.models import SupportRequest
from support.requests.new_request import Contact, NewRequest
from support.requests.talking import Answer
from support.requests.vocabulary import Channel, Symptom
from support.sla.clocks import Clock
from support.sla.log import State
from tests.support.register import CUSTOMER, Register

ANNA = Contact("Анна Петрова", "anna@romashka.example", "+7 900 000-00-00")
AGENT = "olga"
_keys = itertools.count()


def moscow(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW).astimezone(UTC)


@dataclass(frozen=True)
class Desk:
    """The desk over one installation; instants are Moscow's, as text."""

    installation: Installation
    register: Register
    keys: "itertools.count[int]" = field(default_factory=lambda: _keys)

    def conclude(self, package: str = "STANDARD", number: str = "ТП-1", **more: object) -> None:
        new = NewAgreement(number, CUSTOMER, package, date(2026, 1, 1), date(2026, 12, 31))
        with self.installation.database.writing() as session:
            agreements.conclude(
                session,
                replace(new, **more),  # type: ignore[arg-type]
                packages_of(self.installation),
                actor="test",
                now=moscow("2026-01-01T09:00"),
            )

    def writes_for_customer(self, address: str = "@romashka.example") -> None:
        with self.installation.database.writing() as session:
            agreements.add_contact(
                session, address, CUSTOMER, actor="test", now=moscow("2026-01-01T09:00")
            )

    def comes(
        self,
        at: str = "2026-11-23T10:00",
        *,
        serial: str | None = None,
        priority: Priority = Priority.P2,
        **more: object,
    ) -> int:
        new = NewRequest(
            channel=Channel.FORM,
            subject="Нет звука",
            text="Собеседник меня не слышит.",
            contact=ANNA,
            intake_key=f"key-{next(self.keys)}",
            came_at=moscow(at),
            serials=[self.register.first if serial is None else serial],
            symptom=Symptom.SOUND,
            priority=priority,
            product="FP-B2",
            firmware="2.4.1",
            attested=True,
            source="192.0.2.1",
        )
        with self.installation.database.writing() as session:
            made = replace(new, **more)  # type: ignore[arg-type]
            return intake.register(
                session, self.installation, made, actor="anna", now=moscow(at)
            ).id

    def answers(
        self, number: int, at: str, then: State | None = None, *, attested: bool = False
    ) -> None:
        new = Answer(Text("Проверьте настройки."), f"a-{next(self.keys)}", then, attested)
        with self.installation.database.writing() as session:
            request = records.get_to_change(session, number)
            talking.answer(
                session, self.installation, request, new, actor=AGENT, name="Ольга", now=moscow(at)
            )

    def writes(self, number: int, at: str, words: str = "Проверили, не помогло.") -> None:
        with self.installation.database.writing() as session:
            request = records.get_to_change(session, number)
            talking.customer_writes(
                session, self.installation, request, Text(words),
                form_key=f"c-{next(self.keys)}", author_name="Анна", sender=ANNA.email,
                now=moscow(at),
            )  # fmt: skip

    def becomes(self, number: int, state: State, at: str) -> None:
        with self.installation.database.writing() as session:
            request = records.get_to_change(session, number)
            talking.set_state(session, request, state, actor=AGENT, now=moscow(at))

    def state(self, number: int) -> State:
        return State(self.request(number).state)

    def request(self, number: int) -> SupportRequest:
        with self.installation.database.reading() as session:
            return records.get(session, number)

    def clock(self, number: int, promise: Promise, at: str) -> Clock:
        with self.installation.database.reading() as session:
            request = records.get(session, number)
            log = records.logs(session, [number])[number]
            known = keeping.current(session)
            return records.clocks_of(request, log, known, moscow(at))[promise]

    def letters(self, purpose: str = "") -> list[OutgoingMail]:
        with self.installation.database.reading() as session:
            return letters_of(session, purpose)


def letters_of(session: Session, purpose: str = "") -> list[OutgoingMail]:
    found = session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).all()
    return [mail for mail in found if mail.purpose.startswith(purpose)]
