"""How phones are read, according to the settings `read.*` of their profiles."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from provision import profiles
from provision.devices.models import Device
from provision.models import Level, ProfileSetting
from provision.profiles import Link, Setting
from provision.readers.snmp_credentials import (
    AuthProtocol,
    Community,
    PrivProtocol,
    SnmpCredential,
    UsmUser,
)
from provision.readers.ways import Credentials, Login, SshLogin, Via
from provision.vocabulary import Value
from storage.sealed import Seal

VERSION_2C, VERSION_3 = "2c", "3"
_PREFIX = "read."

Settings = Mapping[str, Value]


def credentials(settings: Settings, ssh_fingerprint: str | None) -> Credentials:
    """What the settings let us show to a phone; `ssh_fingerprint` is its pinned key's."""
    user = settings.get("read.http_user")
    login = Login(str(user), str(settings.get("read.http_password", ""))) if user else None
    return Credentials(
        snmp=snmp_credential(settings),
        login=login,
        ssh=_ssh_login(settings, ssh_fingerprint),
        certificate=plain_fingerprint(settings.get("read.http_fingerprint")),
    )


def of_devices(session: Session, seal: Seal) -> Callable[[Device], Settings]:
    """How each device is read, for many of them: every secret is opened once."""
    levels: dict[tuple[Level, str], list[Setting]] = defaultdict(list)
    for row in session.scalars(
        select(ProfileSetting).where(ProfileSetting.name.startswith(_PREFIX, autoescape=True))
    ):
        link = Link(Level(row.level), row.key)
        levels[link.level, link.key].append(Setting(row.name, link, row.value, row.sealed))

    @cache
    def opened(level: Level, key: str) -> Settings:
        return {one.name: one.opened(seal) for one in levels.get((level, key), ())}

    def settings(device: Device) -> Settings:
        found: dict[str, Value] = {}
        for link in profiles.chain_of(device):
            found |= opened(link.level, link.key)
        return found

    return settings


def address_of(device: Device, settings: Settings) -> str | None:
    """Where a device is read: a phone behind NAT is seen at its router's address."""
    own = settings.get("read.address")
    return str(own) if own is not None else device.address


def ports(settings: Settings) -> Mapping[Via, int | None]:
    """The port of each way, where it is not the family's."""
    return {via: _port(settings.get(f"read.{via}_port")) for via in Via}


def snmp_credential(settings: Settings, version: str | None = None) -> SnmpCredential | None:
    """The v3 user where one is set, else the community; `version` or read.snmp_version decides.

    A user without a password to sign with is none.
    """
    wanted = version or settings.get("read.snmp_version")
    user = _usm_user(settings)
    if wanted == VERSION_3 or (wanted is None and user is not None):
        return user
    community = settings.get("read.snmp_community")
    return None if community is None else Community(str(community))


def version_of(credential: SnmpCredential) -> str:
    """The version of SNMP that shows it."""
    return VERSION_2C if isinstance(credential, Community) else VERSION_3


def as_text(credential: SnmpCredential) -> str:
    """A credential as one text, to be sealed; `from_text` reads it back."""
    if isinstance(credential, Community):
        return credential.text
    return json.dumps(asdict(credential), ensure_ascii=False)


def from_text(version: str, text: str) -> SnmpCredential:
    """The credential in a text that `as_text` made."""
    if version == VERSION_2C:
        return Community(text)
    record = json.loads(text)
    auth, priv = AuthProtocol(record.pop("auth")), PrivProtocol(record.pop("priv"))
    return UsmUser(auth=auth, priv=priv, **record)


def plain_fingerprint(text: Value | None) -> str | None:
    """A fingerprint as people write it (colons, capitals, SHA256: in front) in plain hex."""
    if text is None:
        return None
    return str(text).casefold().removeprefix("sha256:").replace(":", "").replace(" ", "")


def _usm_user(settings: Settings) -> UsmUser | None:
    user, password = settings.get("read.snmp_user"), settings.get("read.snmp_auth_password")
    if not user or not password:
        return None
    secret = settings.get("read.snmp_priv_password")
    return UsmUser(
        name=str(user),
        auth=AuthProtocol(str(settings.get("read.snmp_auth", AuthProtocol.SHA256))),
        auth_password=str(password),
        priv=PrivProtocol(str(settings.get("read.snmp_priv", PrivProtocol.AES))),
        priv_password=str(secret) if secret else None,
        context=str(settings.get("read.snmp_context", "")),
    )


def _ssh_login(settings: Settings, fingerprint: str | None) -> SshLogin | None:
    user = settings.get("read.ssh_user")
    if user is None:
        return None
    return SshLogin(str(user), str(settings.get("read.ssh_password", "")), fingerprint)


def _port(value: Value | None) -> int | None:
    return None if value is None else int(value)
