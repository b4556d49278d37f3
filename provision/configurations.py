"""The files that phones get: a profile and a due release become values, and values bytes."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self
from urllib.parse import quote

from sqlalchemy.orm import Session

from catalogue.models import Product
from firmware.offering import OfferedRelease
from provision import profiles, rollouts
from provision.devices.identity import MacAddress
from provision.devices.models import DEFAULT_CHANNEL, Device
from provision.dialects import families_of, family_of
from provision.families.family import Family, TemplateName
from provision.families.identification import Identity
from provision.models import Level
from provision.phone_fetches.shared_inputs import Shared
from provision.profiles import GLOBAL, Link, Profile
from provision.rendering import (
    HIDDEN,
    BootstrapValues,
    ConfigurationValues,
    FirmwareValues,
    LineValues,
    NetworkValues,
    ProductValues,
    ProvisioningValues,
    ReleaseValues,
    masked,
    render,
)
from provision.vocabulary import LINES_MAX, OWN_SECTIONS, Value
from storage.installation import Installation
from storage.sealed import Seal

POLL_S = 3600
#: Stands for a token that is not known here; a preview hides it like one.
NO_TOKEN = "token-of-this-device-not-shown"  # noqa: S105 - not a secret, the place of one
_REVISION_LENGTH = 12


@dataclass(frozen=True)
class PhoneFile:
    """A finished file; the ETag is strong, as it is made of the bytes."""

    body: bytes = field(repr=False)
    media_type: str
    revision: str | None = None

    @property
    def etag(self) -> str:
        return f'"sha256-{hashlib.sha256(self.body).hexdigest()}"'


@dataclass(frozen=True)
class Press:
    """What makes files: a family's templates, the seal of secrets, where phones reach us."""

    family: Family
    seal: Seal
    key: bytes = field(repr=False)
    phone_url: str
    #: The other families: settings in a section of their name are theirs alone.
    strangers: frozenset[str] = frozenset()
    #: What was found for other phones at the revision that was read for this one.
    shared: Shared | None = None

    @classmethod
    def of(cls, installation: Installation, family: str | None = None) -> Self:
        return cls(
            family=family_of(installation, family),
            seal=installation.seal,
            key=installation.secret_key,
            phone_url=installation.phone_url,
            strangers=frozenset(one.name for one in families_of(installation))
            - {family_of(installation, family).name},
        )

    def file(self, body: bytes, revision: str | None = None) -> PhoneFile:
        return PhoneFile(body, self.family.output.media_type, revision)


def bootstrap(press: Press, mac: MacAddress) -> PhoneFile:
    """The file for anyone: the same for every MAC but for the MAC itself, and without a secret."""
    auth_url = f"{press.phone_url}/p/auth/{mac.hex}.cfg"
    values = BootstrapValues(mac=mac.hex, auth_url=auth_url, poll_s=POLL_S)
    return press.file(render(press.family, TemplateName.BOOTSTRAP, values))


def common(session: Session, press: Press, product: Product) -> PhoneFile:
    """What every phone of a product shares: settings of its upper two levels, no secret."""
    links = [GLOBAL, Link(Level.PRODUCT, product.code, product.code)]
    plain = {
        setting.name: setting.value
        for setting in profiles.resolve(session, links)
        if setting.value is not None
    }
    values = ProductValues(
        product=product.code,
        channel=DEFAULT_CHANNEL,
        poll_s=int(plain.get("provisioning.poll_s", POLL_S)),
        sections=_sections(plain, hidden=press.strangers | {"provisioning", "firmware", "read"}),
    )
    return press.file(render(press.family, TemplateName.PRODUCT, values))


def full(
    session: Session,
    press: Press,
    device: Device,
    now: datetime,
    *,
    token: str | None = None,
    identity: Identity | None = None,
) -> PhoneFile:
    """The whole configuration of a device that proved itself, by `token` or by Digest (None).

    `identity` is what the device says of itself in this request; a release is due by that.
    """
    settings = _profile(session, press, device).opened(press.seal)
    due = rollouts.release_due(session, device, now, identity, press.shared)
    values = ConfigurationValues(
        provisioning=_provisioning(press, device, settings, token),
        network=_network(settings),
        firmware=_firmware(press, device, settings, due, token) if due else None,
        lines=_lines(settings),
        sections=_sections(settings, hidden=OWN_SECTIONS | press.strangers),
    )
    revision = _revision(press, values)
    told = replace(values, provisioning=replace(values.provisioning, revision=revision))
    return press.file(render(press.family, TemplateName.CONFIGURATION, told), revision)


def release(
    session: Session,
    press: Press,
    device: Device,
    now: datetime,
    *,
    token: str | None = None,
    identity: Identity | None = None,
) -> PhoneFile:
    """The release that is due, for families that read it in a file of its own."""
    settings = _profile(session, press, device).opened(press.seal)
    due = rollouts.release_due(session, device, now, identity, press.shared)
    firmware = _firmware(press, device, settings, due, token) if due else None
    return press.file(render(press.family, TemplateName.RELEASE, ReleaseValues(firmware)))


def preview(session: Session, press: Press, device: Device, now: datetime) -> str:
    """What this device would get by token now, with every secret hidden."""
    made = full(session, press, device, now, token=NO_TOKEN)
    return masked(press.family, made.body).decode()


def preview_to_compare(session: Session, press: Press, device: Device, now: datetime) -> str:
    """The preview without its revision, which differs with the token."""
    made = full(session, press, device, now, token=NO_TOKEN)
    shown = masked(press.family, made.body).decode()
    return shown.replace(made.revision, HIDDEN) if made.revision else shown


def _profile(session: Session, press: Press, device: Device) -> Profile:
    """The settings of a device; those it shares with others may be known already."""
    chain = profiles.chain_of(device)
    if press.shared is None:
        return profiles.resolve(session, chain)
    shared = press.shared.profile(session, chain[:-1])
    return profiles.joined(shared, profiles.resolve(session, chain[-1:]))


def _provisioning(
    press: Press, device: Device, settings: Mapping[str, Value], token: str | None
) -> ProvisioningValues:
    own = token or "auth"
    return ProvisioningValues(
        url=f"{press.phone_url}/p/{own}/{device.mac}.cfg",
        poll_s=int(settings.get("provisioning.poll_s", POLL_S)),
        channel=device.channel,
        revision="",
        mac=device.mac,
    )


def _network(settings: Mapping[str, Value]) -> NetworkValues:
    def text(key: str) -> str | None:
        value = settings.get(f"network.{key}")
        return None if value is None else str(value)

    vlan = settings.get("network.vlan")
    return NetworkValues(
        vlan=None if vlan is None else int(vlan),
        ntp_server=text("ntp_server"),
        time_zone=text("time_zone"),
        syslog_server=text("syslog_server"),
    )


def _firmware(
    press: Press,
    device: Device,
    settings: Mapping[str, Value],
    due: OfferedRelease,
    token: str | None,
) -> FirmwareValues:
    """Who proved itself by token gets the image at its own address, others at the public one."""
    path = f"/p/{token}/firmware" if token else due.path
    spread_s = int(settings.get("firmware.spread_s", 0))
    return FirmwareValues(
        version=due.version,
        url=press.phone_url + quote(path, safe="/%"),
        size=due.size,
        sha256=due.sha256,
        not_before_s=_spread(f"{due.version}:{device.mac}", spread_s),
    )


def _spread(name: str, spread_s: int) -> int:
    """A second from 0 to `spread_s`, always the same for one device and release."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % (spread_s + 1)


def _lines(settings: Mapping[str, Value]) -> tuple[LineValues, ...]:
    """The SIP lines that have a number, in their order."""

    def line(index: int, number: str) -> LineValues:
        def text(key: str, otherwise: str = "") -> str:
            return str(settings.get(f"sip.{index}.{key}", otherwise))

        return LineValues(
            index=index,
            number=number,
            display_name=text("display_name", number),
            server=text("server"),
            user=text("user", number),
            password=text("password"),
            transport=text("transport", "udp"),
        )

    numbers = ((index, settings.get(f"sip.{index}.number")) for index in range(1, LINES_MAX + 1))
    return tuple(line(index, str(number)) for index, number in numbers if number is not None)


def _sections(
    settings: Mapping[str, Value], hidden: frozenset[str]
) -> Mapping[str, Mapping[str, Value]]:
    """Settings by section, in the order of their names, without the `hidden` sections."""
    found: dict[str, dict[str, Value]] = {}
    for name in sorted(settings):
        section, _, key = name.rpartition(".")
        if name.partition(".")[0] not in hidden:
            found.setdefault(section, {})[key] = settings[name]
    return found


def _revision(press: Press, values: ConfigurationValues) -> str:
    """A short name of the values; keyed, as a plain hash would let a short password be tried."""
    # As asdict() would have it, without copying every setting first.
    text = json.dumps(values, default=vars, sort_keys=True, ensure_ascii=False)
    return hmac.new(press.key, text.encode(), hashlib.sha256).hexdigest()[:_REVISION_LENGTH]
