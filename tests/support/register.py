"""The register that this room's tests stand on: one customer, two phones of ours, one not."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from accounts import users
from accounts.models import OrganisationKind
from catalogue import products
from provision.devices import registry
from provision.devices.identity import MacAddress, SerialNumber, make_serial
from provision.devices.models import Device, HandoverKind
from provision.devices.registry import NewDevice, NewHandover
from storage.db import Database

REGISTERED_AT = datetime(2025, 11, 22, 9, 0, tzinfo=UTC)
CUSTOMER = "ООО «Ромашка»"
FIRST_MAC = "02f1a70a0001"


@dataclass(frozen=True)
class Register:
    """`first` and `second` are serial numbers of ours, `foreign` is of another maker's phone."""

    database: Database
    first: str
    second: str
    foreign: str

    def prove(
        self,
        serial: str,
        on: date,
        reference: str = "УПД № 311",
        *,
        kind: HandoverKind = HandoverKind.USER_DOCUMENT,
        contract: str = "",
    ) -> None:
        """Record a proof of the phone's handover."""
        new = NewHandover(kind, on, reference, contract)
        with self.database.writing() as session:
            registry.add_handover(
                session, device_row(session, serial), new, actor="test", now=REGISTERED_AT
            )


def stocked(database: Database) -> Register:
    """A register with its three phones, nothing proved of any."""
    rand = random.Random(1)
    ours = [make_serial("FP-B2", 2025, week, rand) for week in (46, 47)]
    foreign = SerialNumber.parse("00155D-7710")
    with database.writing() as session:
        _prepare(session)
        for number, serial in enumerate((*ours, foreign)):
            product = "T46S" if serial is foreign else "FP-B2"
            mac = MacAddress(f"{int(FIRST_MAC, 16) + number:012x}")
            new = NewDevice(mac, product, serial, organisation=CUSTOMER)
            registry.add_device(session, new, actor="test", now=REGISTERED_AT)
    return Register(database, ours[0].text, ours[1].text, foreign.text)


def device_row(session: Session, serial: str) -> Device:
    found = registry.by_serial(session, SerialNumber.parse(serial))
    assert found is not None
    return found


def _prepare(session: Session) -> None:
    users.add_organisation(session, CUSTOMER, OrganisationKind.CUSTOMER)
    for code, ours in (("FP-B2", True), ("T46S", False)):
        new = products.NewProduct(code, f"Телефон {code}", f"{code} phone")
        product = products.add(session, new, actor="test", now=REGISTERED_AT)
        product.own_product = ours
