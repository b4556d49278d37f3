"""An installation that holds one of each secret that answers over HTTP, and enough names to try."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from accounts import passwords, tokens
from accounts.models import Organisation, OrganisationKind, Role, Site, User
from provision import credentials
from provision.collectors import keeping
from provision.devices import registry
from provision.devices.identity import MacAddress, make_serial
from provision.devices.registry import NewDevice
from provision.redirects import box_codes, judging
from storage.clock import now
from storage.installation import Installation
from support.certificate_orders import ordering
from support.public_checks.check_limits import LABEL_LIMIT
from support.requests import records
from tests.conftest import ADMIN_PASSWORD
from tests.support.certificate_orders.test_ordering import place as order
from tests.support.register import FIRST_MAC, Register, device_row, stocked
from tests.support.repairs.workshop import Workshop
from tests.support.requests.desk import Desk

LOGIN = "olga.petrova"
_MACS_FROM = 0x02F1A7100000


@dataclass(frozen=True)
class HeldSecrets:
    """What is right: who tries something a little else must not see it in the time of an answer.

    `labels` and `strangers` are serial numbers of phones on record and of none; `partners` the API
    tokens of partners, one of whom may be wrong a few times an hour only.
    """

    mac: str
    serial: str
    phone_token: str
    api_token: str
    collector_token: str
    #: The secret addresses of pages that people follow: what goes before the token, and it.
    followed: Mapping[str, str]
    labels: Sequence[str]
    strangers: Sequence[str]
    partners: Sequence[str]


def hold(place: Installation, pairs: int) -> HeldSecrets:
    """Fill an empty installation, for so many pairs of tries at each secret."""
    register, chance = stocked(place.database), random.Random(pairs)
    labels = -(-pairs // LABEL_LIMIT)
    serials = [make_serial("FP-B2", 2026, week % 52 + 1, chance) for week in range(2 * labels)]
    with place.database.writing() as session:
        device = device_row(session, register.first)
        phone_token = credentials.issue_token(session, device, actor="test", now=now())
        credentials.issue_password(session, device, place.seal, actor="test", now=now())
        box_codes.make(session, place, device, actor="test", now=now())
        for number, serial in enumerate(serials[:labels]):
            new = NewDevice(MacAddress(f"{_MACS_FROM + number:012x}"), "FP-B2", serial)
            registry.add_device(session, new, actor="test", now=now())
        api_token, *partners = people(session, -(-2 * pairs // judging.WRONG_TRIES_MAX))
        site = Site(organisation_id=device.organisation_id, name="Офис")
        session.add(site)
        session.flush()
        collector_token = keeping.add(session, site, actor="test", now=now())
    return HeldSecrets(
        FIRST_MAC, register.first, phone_token, api_token, collector_token,
        dict(followed(place, register)),
        [serial.text for serial in serials[:labels]],
        [serial.text for serial in serials[labels:]],
        partners,
    )  # fmt: skip


def people(session: Session, partners: int) -> Iterator[str]:
    """Somebody of staff and one of each partner, all with one password; their API tokens."""
    known = passwords.hash_password(ADMIN_PASSWORD)
    for number in range(partners + 1):
        owner = Organisation(name=f"Партнёр {number}", kind=OrganisationKind.PARTNER)
        user = User(
            login=f"partner{number}" if number else LOGIN,
            name="Ольга",
            role=Role.PARTNER if number else Role.ADMIN,
            password_hash=known,
            created_at=now(),
        )
        session.add_all([owner, user])
        session.flush()
        user.organisation_id = owner.id if number else None
        yield tokens.issue(session, user, "test", actor="test", now=now())


def followed(place: Installation, register: Register) -> Iterator[tuple[str, str]]:
    """A request, an act of repair and an order of a certificate, each followed by its address."""
    number = Desk(place, register).comes()
    with place.database.reading() as session:
        yield _parts(records.address_of(place, records.get(session, number)))
    workshop = Workshop(place, register)
    [unit] = workshop.file()
    yield _parts(workshop.address(unit))
    register.prove(register.first, date(2026, 2, 10))
    order(place, register, "2027-01-20T10:00", key="k-1")
    yield "/warranty/certificate/", ordering.token_of(place, "k-1")


def _parts(address: str) -> tuple[str, str]:
    """The path before the token, and the token."""
    before, _, token = urlsplit(address).path.rpartition("/")
    return f"{before}/", token
