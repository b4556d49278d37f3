"""The secrets of devices: making, checking and ending them.

A device has at most two live secrets of a kind: the one it uses, and a new one. The old one ends
when the device was seen using the new one, so a rotation never locks a phone out.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import BindParameter, Select, bindparam, or_, select
from sqlalchemy.orm import Session

from accounts import audit
from provision.devices.identity import MacAddress
from provision.devices.models import Device
from provision.models import CredentialKind, DeviceCredential
from provision.proving.certificates import ClientCertificate
from storage.db import UtcDateTime
from storage.sealed import Place, Seal

#: 256 bits: more than anyone can try.
TOKEN_BYTES = 32
PASSWORD_BYTES = 18
#: Secrets of a kind that one device has at a time.
LIVE_MAX = 2


@dataclass(frozen=True)
class Holder:
    """Whose secret it is, and which of the device's secrets."""

    credential_id: int
    device_id: int
    mac: MacAddress
    #: Whether it was used before; until then an older one may be valid beside it.
    is_used: bool = True


@dataclass(frozen=True)
class KnownPassword:
    """A password that is valid now, for the arithmetic of Digest."""

    credential_id: int
    text: str = field(repr=False)
    is_used: bool = True


@dataclass(frozen=True)
class CredentialSummary:
    """What staff may see of a secret: everything but the secret."""

    kind: CredentialKind
    valid_from: datetime
    valid_to: datetime | None
    first_used_at: datetime | None
    is_live: bool


def digest(token: str) -> str:
    """What is stored of a token: SHA-256, hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue_token(session: Session, device: Device, *, actor: str, now: datetime) -> str:
    """A new token of `device`; this is the only time its text exists here."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = DeviceCredential(
        device_id=device.id, kind=CredentialKind.TOKEN, token_sha256=digest(token), valid_from=now
    )
    _store(session, device, row, actor, now)
    return token


def issue_password(
    session: Session,
    device: Device,
    seal: Seal,
    *,
    actor: str,
    now: datetime,
    text: str | None = None,
) -> str:
    """A new Digest password: `text` from the factory's list or the label, or a random one."""
    password = text or secrets.token_urlsafe(PASSWORD_BYTES)
    sealed = seal.close(password, _place(device.mac))
    row = DeviceCredential(
        device_id=device.id, kind=CredentialKind.PASSWORD, sealed=sealed, valid_from=now
    )
    _store(session, device, row, actor, now)
    return password


def verify_token(
    session: Session, token: str, mac: MacAddress | None, now: datetime
) -> Holder | None:
    """Whose live token this is; None for any other text, and for the token of another MAC."""
    stored = digest(token)
    found = session.execute(_OF_TOKEN, {"stored": stored, "now": now}).first()
    if found is None:
        return None
    row, device_mac = found
    same = hmac.compare_digest(row.token_sha256 or "", stored)
    same &= mac is None or hmac.compare_digest(device_mac, mac.hex)
    used = row.first_used_at is not None
    return Holder(row.id, row.device_id, MacAddress(device_mac), used) if same else None


def verify_certificate(
    session: Session, certificate: ClientCertificate, mac: MacAddress, now: datetime
) -> Holder | None:
    """The device of this MAC, if the certificate is its own and not over.

    One that was never shown before is taken (its number is 0 until it is noted), unless it was
    issued before another of this device was revoked: then somebody may have copied it.
    """
    device = session.scalar(select(Device).where(Device.mac == mac.hex))
    if device is None or not certificate.is_of(mac, device.serial):
        return None
    rows = session.scalars(_certificates(device)).all()
    known = next((row for row in rows if row.token_sha256 == certificate.fingerprint), None)
    if known is None:
        ended = [row.revoked_at for row in rows if row.revoked_at is not None]
        copied = any(certificate.issued_at <= at for at in ended)
        return None if copied else Holder(0, device.id, mac, is_used=False)
    over = known.revoked_at is not None or (known.valid_to is not None and known.valid_to <= now)
    return None if over else Holder(known.id, device.id, mac, known.first_used_at is not None)


def note_certificate(
    session: Session, mac: MacAddress, certificate: ClientCertificate, now: datetime
) -> int:
    """Note a certificate that proved its device; its number. Twice is once."""
    device = session.execute(select(Device).where(Device.mac == mac.hex)).unique().scalar_one()
    fingerprint = certificate.fingerprint
    for row in session.scalars(_certificates(device)):
        if row.token_sha256 == fingerprint:
            return row.id
    row = DeviceCredential(
        device_id=device.id,
        kind=CredentialKind.CERTIFICATE,
        token_sha256=fingerprint,
        valid_from=now,
    )
    session.add(row)
    session.flush()
    audit.record(session, "phone", "device.credential.new", device.subject, now, kind=row.kind)
    return row.id


def passwords_of(
    session: Session, mac: MacAddress, seal: Seal, now: datetime
) -> Sequence[KnownPassword]:
    """The live passwords of the device with this MAC; none for an unknown one, after as long."""
    # Columns and not rows: to make a credential of each would take longer where there is one.
    query = (
        _live(now)
        .where(Device.mac == mac.hex, DeviceCredential.sealed.is_not(None))
        .with_only_columns(
            DeviceCredential.id, DeviceCredential.sealed, DeviceCredential.first_used_at
        )
    )
    place = _place(mac.hex)
    found = [
        KnownPassword(number, seal.open(sealed or b"", place), used is not None)
        for number, sealed, used in session.execute(query)
    ]
    for _ in range(LIVE_MAX - len(found)):
        # To seal costs what to open does.
        seal.close("", place)
    return found


def every_password(session: Session, device: Device, seal: Seal) -> Sequence[str]:
    """Every password that the device ever had, so that it can be kept out of what leaves us."""
    rows = session.scalars(
        select(DeviceCredential.sealed).where(
            DeviceCredential.device_id == device.id, DeviceCredential.sealed.is_not(None)
        )
    )
    return [seal.open(sealed, _place(device.mac)) for sealed in rows if sealed]


def token_digests(session: Session, device: Device) -> frozenset[str]:
    """The digests of every token that the device ever had: a token itself is not known here."""
    rows = session.scalars(
        select(DeviceCredential.token_sha256).where(
            DeviceCredential.device_id == device.id, DeviceCredential.token_sha256.is_not(None)
        )
    )
    return frozenset(text for text in rows if text)


def note_use(session: Session, credential_id: int, now: datetime) -> None:
    """The device uses this secret: from its first use on, older ones of its kind are over."""
    used = session.get(DeviceCredential, credential_id)
    if used is None or used.first_used_at is not None:
        return
    used.first_used_at = now
    for older in _others(session, used, now):
        if older.id < used.id:
            older.valid_to = now


def revoke(
    session: Session,
    device: Device,
    *,
    actor: str,
    now: datetime,
    kind: CredentialKind | None = None,
) -> int:
    """End the device's secrets (of one kind, or all) at once; how many were live."""
    query = _live(now).where(DeviceCredential.device_id == device.id)
    if kind is not None:
        query = query.where(DeviceCredential.kind == kind)
    rows = [row for row, _mac in session.execute(query)]
    for row in rows:
        row.revoked_at = now
    audit.record(
        session,
        actor,
        "device.credential.revoke",
        device.subject,
        now,
        kind=kind or "all",
        ended=len(rows),
    )
    return len(rows)


def summaries(session: Session, device: Device, now: datetime) -> Sequence[CredentialSummary]:
    """Every secret that the device ever had, the newest first, without the secret itself."""
    rows = session.scalars(
        select(DeviceCredential)
        .where(DeviceCredential.device_id == device.id)
        .order_by(DeviceCredential.id.desc())
    )
    return [
        CredentialSummary(
            kind=CredentialKind(row.kind),
            valid_from=row.valid_from,
            valid_to=row.revoked_at or row.valid_to,
            first_used_at=row.first_used_at,
            is_live=row.revoked_at is None and (row.valid_to is None or row.valid_to > now),
        )
        for row in rows
    ]


def _store(
    session: Session, device: Device, row: DeviceCredential, actor: str, now: datetime
) -> None:
    """Add a secret; one that was made before and never used ends, as this one takes its place."""
    session.add(row)
    session.flush()
    for other in _others(session, row, now):
        if other.first_used_at is None:
            other.valid_to = now
    audit.record(session, actor, "device.credential.new", device.subject, now, kind=row.kind)


def _others(session: Session, row: DeviceCredential, now: datetime) -> Sequence[DeviceCredential]:
    query = _live(now).where(
        DeviceCredential.device_id == row.device_id,
        DeviceCredential.kind == row.kind,
        DeviceCredential.id != row.id,
    )
    return [other for other, _mac in session.execute(query)]


def _certificates(device: Device) -> Select[DeviceCredential]:
    """Every certificate that the device ever showed."""
    return select(DeviceCredential).where(
        DeviceCredential.device_id == device.id,
        DeviceCredential.kind == CredentialKind.CERTIFICATE,
    )


def _live(now: datetime | BindParameter[datetime]) -> Select[DeviceCredential, str]:
    return (
        select(DeviceCredential, Device.mac)
        .join(Device, Device.id == DeviceCredential.device_id)
        .where(
            DeviceCredential.revoked_at.is_(None),
            or_(DeviceCredential.valid_to.is_(None), DeviceCredential.valid_to > now),
        )
        .order_by(DeviceCredential.id.desc())
    )


#: Each fetch by a token asks it: putting it together costs as much as asking.
_OF_TOKEN = _live(bindparam("now", type_=UtcDateTime())).where(
    DeviceCredential.token_sha256 == bindparam("stored"),
    DeviceCredential.kind == CredentialKind.TOKEN,
)


def _place(mac: str) -> Place:
    return Place("device_credential", mac, "sealed")
