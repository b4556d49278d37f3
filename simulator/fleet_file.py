"""The fleet file: which phones there are, where their server is, and what they were told.

It holds the secrets of every phone in it, so it is written for its owner alone.
"""

import json
import stat
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from simulator.exchange import place_of
from simulator.facts import Network, PhoneLine, Quality, Trouble
from simulator.faults import Fault
from simulator.hostile_faces import Hostility
from simulator.identity import PhoneIdentity
from simulator.json_object import JsonObject
from simulator.private_file import write_private
from simulator.provisioning import Credential, PasswordCredential, TokenCredential
from simulator.refusal import RefusedError
from simulator.snmp_v3 import UserSecurity

_FORMAT = 1


class FleetFileError(RefusedError):
    """The fleet file cannot be read, or a value in it is wrong."""


@dataclass(frozen=True)
class PhonePlan:
    """One phone of a fleet: its label, its place, and its secrets."""

    address: str
    identity: PhoneIdentity
    credential: Credential
    http_password: str | None = None
    cut_after_bytes: int | None = None
    lines: tuple[PhoneLine, ...] = ()
    network: Network = field(default_factory=Network)
    quality: Quality = field(default_factory=Quality)
    trouble: Trouble = field(default_factory=Trouble)
    fault: Fault | None = None


@dataclass(frozen=True)
class FleetPlan:
    """A whole fleet; a port that is None means that the phones do not have that face."""

    server: str
    phones: tuple[PhonePlan, ...]
    online_keys: tuple[str, ...]
    firmware_keys: tuple[str, ...]
    snmp_port: int | None = None
    http_port: int | None = None
    ssh_port: int | None = None
    sip_port: int | None = None
    snmp_community: str = "public"
    snmp_v3: UserSecurity | None = None
    http_user: str = "admin"
    time_scale: float = 1.0


def load_fleet(path: Path) -> FleetPlan:
    """Read a fleet file; FleetFileError names the phone and the value that is wrong."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise FleetFileError(f"{path} cannot be read: {error}") from error
    return _plan(JsonObject(value, "the fleet file", FleetFileError))


def save_fleet(plan: FleetPlan, path: Path) -> None:
    """Write a fleet file that load_fleet reads back, mode 0600, whole or not at all."""
    write_private(path, json.dumps(_plain_plan(plan), ensure_ascii=False, indent=1) + "\n")


def readable_by_others(path: Path) -> bool:
    """Whether somebody besides the owner may read the secrets in this file."""
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _plan(fields: JsonObject) -> FleetPlan:
    if fields.number("format") != _FORMAT:
        raise FleetFileError(f"the fleet file has format {fields.number('format')}, not {_FORMAT}")
    server = fields.text("server")
    if place_of(server).target != "/":
        raise FleetFileError(f"the server's address has a path: {server}")
    phones = tuple(_phone(phone) for phone in fields.objects("phones"))
    if twice := _repeated(phone.identity.mac for phone in phones):
        raise FleetFileError(f"a MAC address stands twice: {', '.join(twice)}")
    return FleetPlan(
        server=server,
        phones=phones,
        online_keys=fields.texts("online_keys"),
        firmware_keys=fields.texts("firmware_keys"),
        snmp_port=_port(fields, "snmp_port"),
        http_port=_port(fields, "http_port"),
        ssh_port=_port(fields, "ssh_port"),
        sip_port=_port(fields, "sip_port"),
        snmp_community=_text(fields, "snmp_community", "public"),
        snmp_v3=_security(fields.object("snmp_v3")) if fields.has("snmp_v3") else None,
        http_user=_text(fields, "http_user", "admin"),
        time_scale=_scale(fields),
    )


def _phone(fields: JsonObject) -> PhonePlan:
    network = fields.object("network") if fields.has("network") else None
    address = fields.text("address")
    return PhonePlan(
        address=address,
        identity=PhoneIdentity(
            mac=fields.text("mac"),
            serial=fields.text("serial"),
            product=fields.text("product"),
            hardware=fields.text("hardware"),
            firmware=fields.text("firmware"),
        ),
        credential=_credential(fields),
        http_password=fields.optional_text("http_password"),
        cut_after_bytes=fields.optional_number("cut_after_bytes"),
        lines=tuple(_line(line) for line in fields.objects("lines")) if fields.has("lines") else (),
        network=Network(address) if network is None else _network(network, address),
        quality=_quality(fields.object("quality")) if fields.has("quality") else Quality(),
        trouble=_trouble(fields.object("trouble")) if fields.has("trouble") else Trouble(),
        fault=_fault(fields),
    )


def _fault(fields: JsonObject) -> Fault | None:
    text = fields.optional_text("fault")
    if text is not None and text not in set(Fault):
        raise fields.wrong("fault", "fault")
    return Fault(text) if text is not None else None


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _credential(fields: JsonObject) -> Credential:
    if fields.has("token") == fields.has("password"):
        raise FleetFileError(f"{fields.where}: exactly one of token and password is needed")
    if fields.has("password"):
        return PasswordCredential(fields.text("password"))
    return TokenCredential(fields.text("token"))


def _line(fields: JsonObject) -> PhoneLine:
    state = _text(fields, "state", "registered")
    return PhoneLine(fields.text("number"), _text(fields, "server", ""), state)


def _network(fields: JsonObject, address: str) -> Network:
    return Network(
        ip=address,
        vlan=fields.number("vlan") if fields.has("vlan") else 1,
        poe_class=fields.number("poe_class") if fields.has("poe_class") else 2,
        neighbour=_text(fields, "neighbour", ""),
        duplex=_text(fields, "duplex", "full"),
        link_mbps=fields.number("link_mbps") if fields.has("link_mbps") else 100,
    )


def _quality(fields: JsonObject) -> Quality:
    return Quality(
        fields.decimal("mos"), fields.decimal("loss_percent"), fields.decimal("jitter_ms")
    )


def _trouble(fields: JsonObject) -> Trouble:
    plain = Trouble()
    every_s = fields.decimal("reboot_every_s") if fields.has("reboot_every_s") else None
    if every_s is not None and every_s <= 0:
        raise fields.wrong("reboot_every_s", "positive number")
    return Trouble(
        clock_offset_s=fields.decimal("clock_offset_s") if fields.has("clock_offset_s") else 0.0,
        certificate_until=_text(fields, "certificate_until", ""),
        reboot_every_s=every_s,
        reboot_reason=_text(fields, "reboot_reason", plain.reboot_reason),
        keeps_settings=fields.flag("keeps_settings") if fields.has("keeps_settings") else False,
        hostile=_hostility(fields) if fields.has("hostile") else None,
    )


def _security(fields: JsonObject) -> UserSecurity:
    security = UserSecurity(
        fields.text("user"), fields.text("auth_password"), fields.text("priv_password")
    )
    if min(len(security.auth_password), len(security.priv_password)) < 8:
        raise FleetFileError(f"{fields.where}: a password is shorter than 8 characters")
    return security


def _hostility(fields: JsonObject) -> Hostility:
    text = fields.text("hostile")
    if text not in set(Hostility):
        raise fields.wrong("hostile", "kind of hostility")
    return Hostility(text)


def _text(fields: JsonObject, name: str, otherwise: str) -> str:
    return fields.text(name) if fields.has(name) else otherwise


def _port(fields: JsonObject, name: str) -> int | None:
    if not fields.has(name):
        return None
    port = fields.number(name)
    if not 0 <= port <= 65535:
        raise fields.wrong(name, "port")
    return port


def _scale(fields: JsonObject) -> float:
    scale = fields.decimal("time_scale") if fields.has("time_scale") else 1.0
    if scale <= 0:
        raise fields.wrong("time_scale", "positive number")
    return scale


def _plain_plan(plan: FleetPlan) -> dict[str, object]:
    values = {name: value for name, value in asdict(plan).items() if name != "phones"}
    return {"format": _FORMAT, **values, "phones": [_plain_phone(phone) for phone in plan.phones]}


def _plain_phone(phone: PhonePlan) -> dict[str, object]:
    return {
        "address": phone.address,
        **asdict(phone.identity),
        **asdict(phone.credential),
        "http_password": phone.http_password,
        "cut_after_bytes": phone.cut_after_bytes,
        "lines": [asdict(line) for line in phone.lines],
        "network": asdict(phone.network),
        "quality": asdict(phone.quality),
        "trouble": asdict(phone.trouble),
        "fault": phone.fault,
    }
