"""One person all over the product, and a look for what is left of her."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from accounts import users
from accounts.models import Role
from accounts.users import NewUser
from portal.backups import rows, saving
from portal.personal_data import erasing, finding
from portal.personal_data.bases import Basis
from portal.personal_data.erasing import Done
from storage import clock
from storage.blob_keeping import collecting
from storage.installation import Installation
from storage.people import Person
from support.attachments.content import inspect
from support.certificate_orders import ordering
from support.certificate_orders.lines import checked
from support.certificate_orders.ordering import NewOrder
from support.personal_data import consents
from support.public_checks.public_check import TypedLabel
from support.repairs import shipping
from support.requests import by_mail
from support.requests.vocabulary import Channel
from support.sla.log import State
from support.warranty_terms.entitlements import EntitlementKind
from support.warranty_terms.terms import TermPolicy
from tests.support.mailroom.letters_sent import letter
from tests.support.register import CUSTOMER, FIRST_MAC, Register
from tests.support.repairs.test_filing import pdf_text
from tests.support.repairs.workshop import Workshop, an_act, moscow
from tests.support.requests.desk import ANNA, Desk

EMAIL = "anna@romashka.example"
WHO = Person(frozenset({EMAIL}), logins=frozenset({"anna-p"}))
#: Whatever of her may stand anywhere; a company's name and a domain are nobody's.
NEEDLES = (
    EMAIL, "Анна Петрова", "+7 900 000-00-00", "Петрова А. А.", "ул. Строителей", "anna-p",
    "SECRET-OF-ANNA",
)  # fmt: skip


@dataclass(frozen=True)
class Story:
    """Anna's dealings with us over one installation; instants are Moscow's, as text."""

    installation: Installation
    register: Register

    @property
    def desk(self) -> Desk:
        return Desk(self.installation, self.register)

    @property
    def workshop(self) -> Workshop:
        return Workshop(self.installation, self.register)

    def asks(self) -> int:
        """A form with a consent and a file, a letter after it, an answer, and its end."""
        with self.installation.database.writing() as session:
            consent = consents.give(
                session, EMAIL, source="192.0.2.1", channel="form", now=moscow("2026-11-23T10:00")
            ).id
            user = users.add(
                session,
                NewUser("anna-p", "Анна Петрова", Role.CUSTOMER, "tests-Only-1234567", CUSTOMER),
                actor="admin",
                now=moscow("2026-11-01T10:00"),
            ).id
        number = self.desk.comes(
            consent_id=consent,
            user_id=user,
            text="Говорит Анна Петрова, мой номер +7 900 000-00-00.",
            files=[inspect("anna@romashka.example.txt", b"SECRET-OF-ANNA in a log\n")],
        )
        thread = self.desk.request(number).thread
        raw = letter("Пишет Анна Петрова, SECRET-OF-ANNA.\n", To=f"support+{thread}@flat-pro.ru")
        stream = io.BytesIO(raw.as_bytes())
        by_mail.receive(self.installation, stream, moscow("2026-11-23T12:00"))
        self.desk.answers(number, "2026-11-23T13:00", State.RESOLVED)
        return number

    def ends(self, number: int, at: str = "2026-11-30T10:00") -> None:
        self.desk.becomes(number, State.CLOSED, at)

    def somebody_else_asks(self) -> int:
        """A colleague of the same name and number, with another address, who quotes hers."""
        return self.desk.comes(
            "2026-11-24T10:00",
            contact=type(ANNA)("Анна Петрова", "other@romashka.example", ANNA.phone),
            text="Пишите мне, а не anna@romashka.example.",
            channel=Channel.FORM,
        )

    def sends_a_phone(self) -> int:
        """An act of the second phone, with a photo; it is on the bench."""
        self.register.prove(self.register.second, date(2026, 3, 1))
        act = an_act(self.register.second, remarks="Звоните Анна Петрова")
        unit_id = self.workshop.file_act(act)[0]
        self.workshop.receives(unit_id)
        self.workshop.photographs(unit_id)
        self.workshop.opens(unit_id)
        self.workshop.decides(unit_id)
        return unit_id

    def has_it_back(self, unit_id: int) -> None:
        self.workshop.repairs(unit_id)
        self.workshop.sends(unit_id)
        self.workshop.does(unit_id, shipping.handed_over, "2026-12-31T12:00")

    def orders(self) -> int:
        """A certificate, which nobody pays in time."""
        self.register.prove(self.register.first, date(2026, 1, 15))
        at = moscow("2026-11-23T15:00")
        label = TypedLabel(self.register.first, FIRST_MAC[-6:])
        with self.installation.database.writing() as session:
            line = checked(
                session, label, EntitlementKind.EXTENDED, None, date(2026, 11, 23), TermPolicy(),
                lambda: lambda: None,
            )  # fmt: skip
            new = NewOrder(
                EntitlementKind.EXTENDED, 24, "Анна Петрова", EMAIL, "order-1", "192.0.2.1"
            )
            return ordering.place(
                session, self.installation, new, [line], actor="Анна Петрова", now=at
            ).id

    def erases(self, at: str, who: Person = WHO, basis: Basis = Basis.WITHDRAWAL) -> Done:
        with self.installation.database.writing() as session:
            done = erasing.erase(
                session, self.installation, who, basis, actor="admin", now=moscow(at)
            )
        self.discard(done)
        return done

    def discard(self, done: Done) -> None:
        database, blobs = self.installation.database, self.installation.blobs
        collecting.discard(database, blobs, done.files, clock.now())
        database.empty_journal()

    def holds(self, who: Person = WHO) -> set[str]:
        """The classes of which something is held."""
        with self.installation.database.reading() as session:
            return {held.category for held in finding.held_of(session, who)}


def hits(installation: Installation) -> list[str]:
    """Where one of the needles still stands: in rows, in stored files, in the database's file."""
    found = [
        f"{name}: {needle}"
        for name, body in (*_rows(installation), *_blobs(installation), *_raw(installation))
        for needle in NEEDLES
        if _stands_in(needle, body)
    ]
    return sorted(set(found))


def columns_with(installation: Installation, needles: tuple[str, ...] = NEEDLES) -> set[str]:
    """Every column in which one of the needles stands."""
    found = set()
    for name, body in _rows(installation):
        for line in body.splitlines():
            for column, value in json.loads(line).items():
                if any(_stands_in(one, json.dumps(value, ensure_ascii=False)) for one in needles):
                    found.add(f"{name}.{column}")
    return found


def _stands_in(needle: str, body: str) -> bool:
    escaped = json.dumps(needle)[1:-1]
    return needle.lower() in body.lower() or escaped.lower() in body.lower()


def _rows(installation: Installation) -> Iterator[tuple[str, str]]:
    with installation.database.engine.connect() as connection:
        for table in saving.saved_tables():
            yield table.name, b"".join(rows.read(connection, table)).decode()


def _blobs(installation: Installation) -> Iterator[tuple[str, str]]:
    for name in installation.blobs.names():
        with installation.blobs.open(name) as stored:
            body = stored.read()
        yield "blob", pdf_text(body) if body.startswith(b"%PDF") else body.decode("utf-8", "ignore")


def _raw(installation: Installation) -> Iterator[tuple[str, str]]:
    """SQLite's own file and log: what was erased must not lie in free pages."""
    if installation.database.is_sqlite:
        for path in installation.data_dir.glob("flatpro.sqlite*"):
            yield path.name, path.read_bytes().decode("utf-8", "ignore")
