"""The demo's twelve phones: enrolled like any other, their secrets handed to the simulator.

Whoever makes phones prints the first secret on the box; here the fleet file (mode 0600) is the
box. No unproved answer of the server ever holds it.
"""

import random
import secrets
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from catalogue import keys
from portal.demo.world import CUSTOMER
from provision import credentials, profiles
from provision.devices import registry
from provision.devices.identity import MacAddress, SerialNumber, make_serial
from provision.devices.models import Device, HandoverKind
from simulator.facts import Network, PhoneLine, Quality, Trouble
from simulator.fleet_file import FleetPlan, PhonePlan, save_fleet
from simulator.identity import PhoneIdentity
from simulator.provisioning import Credential, PasswordCredential, TokenCredential
from simulator.ssh_face import host_key
from storage.clock import moscow_date
from storage.installation import Installation
from support import contracts

ACTOR = "demo"
SNMP_PORT = 16161
HTTP_PORT = 18088
SSH_PORT = 12222
SIP_PORT = 15060
HTTP_USER = "admin"
SIP_SERVER = "pbx.example.net"
#: A supply contract that gives three years instead of one.
CONTRACT = "Д-2025/17"
OFFICE, WAREHOUSE, SCHOOL = "Москва, офис", "Химки, склад", "Гимназия № 7"


@dataclass(frozen=True)
class DemoPhone:
    """A phone that left the factory with `firmware`; `sold_days_ago` is None if nobody told us."""

    product: str
    hardware: str
    firmware: str
    site: str
    sold_days_ago: int | None
    cut_after_bytes: int | None = None
    by_password: bool = False
    contract: str = ""
    port: Network = field(default_factory=Network)
    quality: Quality = field(default_factory=Quality)
    trouble: Trouble = field(default_factory=Trouble)
    line_state: str = "registered"
    key_on_record: bool = True


PHONES = (
    DemoPhone("FP-B2", "A", "2.3.1", OFFICE, 120, cut_after_bytes=1_400_000),
    DemoPhone("FP-B2", "A", "1.6.0", OFFICE, 500),
    DemoPhone("FP-B2", "B", "2.3.1", OFFICE, 120),
    DemoPhone("FP-B2", "B", "2.3.1", OFFICE, None, key_on_record=False),
    DemoPhone("FP-B2", "B", "2.3.1", WAREHOUSE, 400, by_password=True, contract=CONTRACT),
    DemoPhone("FP-B2", "B", "2.4.1", WAREHOUSE, 20),
    DemoPhone("FP-C5", "A", "3.0.2", OFFICE, 180),
    DemoPhone("FP-C5", "A", "3.0.2", SCHOOL, 364, line_state="unregistered"),
    DemoPhone("FP-C5", "A", "3.1.0", SCHOOL, 15),
    DemoPhone("FP-X7", "A", "1.2.0", OFFICE, 60),
    # What a diagnosis can find: a port fixed at half duplex, and speech that suffers from it.
    DemoPhone(
        "FP-X7",
        "A",
        "1.2.0",
        SCHOOL,
        60,
        port=Network(duplex="half", link_mbps=10),
        quality=Quality(mos=2.9, loss_percent=6.5, jitter_ms=48.0),
    ),
    # … a port that grants too little power, and a clock that never found its time server.
    DemoPhone(
        "FP-R1",
        "A",
        "1.0.4",
        OFFICE,
        30,
        port=Network(poe_class=1),
        trouble=Trouble(clock_offset_s=-220_000_000.0),
    ),
)


def enrol(installation: Installation, phone_url: str, fleet_file: Path, instant: datetime) -> None:
    """Add the devices with their profiles and secrets, and write the simulator's fleet file."""
    rand = random.Random("flat phone")  # noqa: S311 - serial numbers of a demo, no secret
    community, password = secrets.token_urlsafe(12), secrets.token_urlsafe(12)
    with installation.database.writing() as session:
        agreed = contracts.NewContract(CONTRACT, CUSTOMER, months=36)
        contracts.add(session, agreed, actor=ACTOR, now=instant)
        _common_settings(session, installation, community, password, instant)
        plans = tuple(
            _enrol_one(session, installation, number, phone, password, rand, instant)
            for number, phone in enumerate(PHONES, start=1)
        )
    ring = keys.of(installation)
    plan = FleetPlan(
        server=phone_url,
        phones=plans,
        online_keys=(ring.online.public.line,),
        firmware_keys=(ring.firmware_public.line,),
        snmp_port=SNMP_PORT,
        http_port=HTTP_PORT,
        ssh_port=SSH_PORT,
        sip_port=SIP_PORT,
        snmp_community=community,
        http_user=HTTP_USER,
    )
    save_fleet(plan, fleet_file)


def _common_settings(
    session: Session, installation: Installation, community: str, password: str, instant: datetime
) -> None:
    """What every phone of the demo shares: the SIP server, and how support reads them."""
    for name, text in (
        ("sip.1.server", SIP_SERVER),
        ("sip.1.transport", "tls"),
        ("provisioning.poll_s", "60"),
        ("firmware.spread_s", "0"),
        ("read.snmp_port", str(SNMP_PORT)),
        ("read.snmp_community", community),
        ("read.http_port", str(HTTP_PORT)),
        ("read.http_user", HTTP_USER),
        ("read.http_password", password),
        ("read.ssh_port", str(SSH_PORT)),
        ("read.sip_port", str(SIP_PORT)),
        ("read.ssh_user", HTTP_USER),
        ("read.ssh_password", password),
    ):
        profiles.put(
            session, installation.seal, profiles.GLOBAL, name, text, actor=ACTOR, now=instant
        )


def _enrol_one(
    session: Session,
    installation: Installation,
    number: int,
    phone: DemoPhone,
    http_password: str,
    rand: random.Random,
    instant: datetime,
) -> PhonePlan:
    today = moscow_date(instant)
    made_on = today - timedelta(days=(phone.sold_days_ago or 90) + 45)
    serial = make_serial(phone.product, made_on.year, made_on.isocalendar().week, rand)
    device = _add(session, number, phone, serial, instant)
    _tell_handover(session, device, phone, number, made_on, today, instant)
    extension = str(200 + number)
    link = profiles.link_for(session, device=device.mac)
    for name, text in (
        ("sip.1.number", extension),
        ("sip.1.user", extension),
        ("sip.1.display_name", f"Абонент {extension}"),
        ("sip.1.password", secrets.token_urlsafe(12)),
        *_ssh_record(device.mac, phone, http_password),
    ):
        profiles.put(session, installation.seal, link, name, text, actor=ACTOR, now=instant)
    address = f"127.0.77.{number}"
    return PhonePlan(
        address=address,
        identity=PhoneIdentity(
            mac=device.mac,
            serial=serial.text,
            product=phone.product,
            hardware=phone.hardware,
            firmware=phone.firmware,
        ),
        credential=_credential(session, installation, device, phone, instant),
        http_password=http_password,
        cut_after_bytes=phone.cut_after_bytes,
        lines=(PhoneLine(extension, SIP_SERVER, phone.line_state),),
        network=replace(
            phone.port,
            ip=address,
            vlan=20,
            neighbour=f"sw-{(number + 7) // 8} port {number}",
        ),
        quality=phone.quality,
        trouble=phone.trouble,
    )


def _ssh_record(mac: str, phone: DemoPhone, password: str) -> list[tuple[str, str]]:
    """The SSH key that the factory noted; where it noted none, a person confirms the key."""
    if not phone.key_on_record:
        return []
    return [("read.ssh_fingerprint", host_key(password, mac).fingerprint)]


def _add(
    session: Session, number: int, phone: DemoPhone, serial: SerialNumber, instant: datetime
) -> Device:
    new = registry.NewDevice(
        mac=MacAddress.parse(f"02f1a7{number:06x}"),
        product=phone.product,
        serial=serial,
        hardware=phone.hardware,
        site=phone.site,
    )
    return registry.add_device(session, new, actor=ACTOR, now=instant)


def _tell_handover(
    session: Session,
    device: Device,
    phone: DemoPhone,
    number: int,
    made_on: date,
    today: date,
    instant: datetime,
) -> None:
    proofs = [registry.NewHandover(HandoverKind.MANUFACTURE, made_on, "паспорт изделия")]
    if phone.sold_days_ago is not None:
        sold_on = today - timedelta(days=phone.sold_days_ago)
        paper = f"УПД № {1000 + number} от {sold_on:%d.%m.%Y}"
        proofs.append(
            registry.NewHandover(HandoverKind.USER_DOCUMENT, sold_on, paper, phone.contract)
        )
    for proof in proofs:
        registry.add_handover(session, device, proof, actor=ACTOR, now=instant)


def _credential(
    session: Session,
    installation: Installation,
    device: Device,
    phone: DemoPhone,
    instant: datetime,
) -> Credential:
    if phone.by_password:
        seal = installation.seal
        return PasswordCredential(
            credentials.issue_password(session, device, seal, actor=ACTOR, now=instant)
        )
    return TokenCredential(credentials.issue_token(session, device, actor=ACTOR, now=instant))
