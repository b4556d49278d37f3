"""Software beside firmware: programs for people, published and reviewed as releases are.

They lie under paths of their own (`sw/…`), which no phone manifest, upgrade graph or offer reads.
"""

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from catalogue import products, repository, targets
from catalogue.keys import KeyRing
from catalogue.tuf.layout import SOFTWARE, public_address
from catalogue.versions import Version
from firmware import publishing
from firmware.models import ReleaseState, Software
from firmware.reviewing import sign_offs
from firmware.reviewing.options import SignOffOptions
from firmware.withdrawal import AlreadyWithdrawnError, ReasonMissingError
from storage.blob_keeping import blob_models
from storage.blobs import StoredBlob
from storage.refusals import ConflictError, NotFoundError, RefusedError

_PREFIX = f"{SOFTWARE}/"
_TITLE_CHARS = 120


class UnknownSoftwareError(NotFoundError):
    code = "unknown-software"
    ru = "Такой программы нет."
    en = "There is no such software."


class SoftwareExistsError(ConflictError):
    code = "software-exists"
    field = "file"
    ru = "Файл {file} версии {version} у изделия {product} уже есть."
    en = "The product {product} already has a file {file} of version {version}."


class TitleMissingError(RefusedError):
    code = "title-missing"
    field = "title_ru"
    ru = "Нужно название на обоих языках, до 120 знаков."
    en = "A title is needed in both languages, of 120 characters at most."


class NotADraftError(ConflictError):
    code = "not-a-draft"
    ru = "Это уже не черновик."
    en = "This is no draft any more."


@dataclass(frozen=True)
class NewSoftware:
    """What a publisher says of a program."""

    product: str
    version: str
    file_name: str
    title_ru: str
    title_en: str
    notes_ru: str = ""
    notes_en: str = ""


def check(session: Session, new: NewSoftware) -> None:
    """Refuse what can be refused before any byte is received."""
    product = products.get(session, new.product)
    version = Version.parse(new.version)
    publishing.check_file_name(new.file_name)
    if not all(0 < len(title.strip()) <= _TITLE_CHARS for title in (new.title_ru, new.title_en)):
        raise TitleMissingError
    taken = select(Software.id).where(
        Software.product_id == product.id,
        Software.canonical == version.canonical,
        Software.file_name == unicodedata.normalize("NFC", new.file_name),
    )
    if session.scalar(taken) is not None:
        raise SoftwareExistsError(product=product.code, version=version, file=new.file_name)


def hand_in(
    session: Session,
    new: NewSoftware,
    blob: StoredBlob,
    keys: KeyRing,
    options: SignOffOptions,
    *,
    actor: str,
    now: datetime,
) -> Software:
    """Publish a stored program; where people must agree, keep it as a draft."""
    check(session, new)
    version = Version.parse(new.version)
    made = Software(
        product=products.get(session, new.product),
        version=str(version),
        canonical=version.canonical,
        title_ru=new.title_ru.strip(),
        title_en=new.title_en.strip(),
        notes_ru=new.notes_ru.strip(),
        notes_en=new.notes_en.strip(),
        file_name=unicodedata.normalize("NFC", new.file_name),
        sha256=blob.sha256,
        size=blob.size,
        state=ReleaseState.DRAFT,
        uploaded_by=actor,
        signed_by=[],
        published_at=now,
    )
    blob_models.record(session, blob, _owner(made), now)
    session.add(made)
    session.flush()
    if options.required:
        audit.record(session, actor, "software.draft", subject(made), now, sha256=blob.sha256)
    else:
        _put_out(session, made, keys, actor, now)
    return made


def sign_off(
    session: Session,
    found: Software,
    login: str,
    options: SignOffOptions,
    *,
    actor: str,
    now: datetime,
) -> None:
    """Note that this person agrees; doing it twice changes nothing."""
    _check_draft(found)
    if login not in sign_offs.able(session, (login,)):
        raise sign_offs.MayNotSignOffError(login=login)
    if options.required and login == found.uploaded_by:
        raise sign_offs.OwnSignOffError
    if login not in found.signed_by:
        found.signed_by = [*found.signed_by, login]
        audit.record(session, actor, "software.sign-off", subject(found), now, login=login)
    session.flush()


def counted(session: Session, found: Software) -> Sequence[str]:
    """Those who have agreed and may still sign off."""
    able = sign_offs.able(session, found.signed_by)
    return [login for login in found.signed_by if login in able and login != found.uploaded_by]


def publish(
    session: Session,
    found: Software,
    keys: KeyRing,
    options: SignOffOptions,
    *,
    actor: str,
    now: datetime,
) -> None:
    """List a draft that enough people have signed off."""
    _check_draft(found)
    signed = len(counted(session, found))
    if signed < options.required:
        raise sign_offs.SignOffsMissingError(
            version=found.version, found=signed, required=options.required
        )
    _put_out(session, found, keys, actor, now)


def withdraw(
    session: Session, found: Software, keys: KeyRing, *, reason: str, actor: str, now: datetime
) -> None:
    """Stop offering a program and say why; one that nobody saw is forgotten."""
    if found.is_withdrawn:
        raise AlreadyWithdrawnError(version=found.version)
    path = target_path(found)
    if found.is_draft or found.is_awaiting:
        audit.record(session, actor, "software.discard", subject(found), now)
        blob_models.release(session, _owner(found))
        was_awaiting = found.is_awaiting
        session.delete(found)
        session.flush()
        if was_awaiting:
            targets.discard(session, path)
            repository.publish(session, keys, [path], now)
        return
    if not reason.strip():
        raise ReasonMissingError
    found.state = ReleaseState.WITHDRAWN
    found.withdrawn_at = now
    found.withdrawn_reason = reason.strip()
    targets.withdraw(session, path, now)
    session.flush()
    audit.record(session, actor, "software.withdraw", subject(found), now, reason=reason.strip())
    repository.publish(session, keys, [path], now)


def offer(session: Session, paths: Collection[str], keys: KeyRing, now: datetime) -> None:  # noqa: ARG001 - receivers take the same
    """What happens when a signed list names programs: they are offered."""
    for path in sorted(path for path in paths if path.startswith(_PREFIX)):
        _, code, version, name = path.split("/")
        found = get(session, code, version, name)
        found.state = ReleaseState.PUBLISHED
        found.published_at = now
    session.flush()


def every(session: Session) -> Sequence[Software]:
    """All programs, those that only staff see too, the newest first."""
    return session.scalars(
        select(Software).order_by(Software.product_id, Software.published_at.desc(), Software.id)
    ).all()


def of_product(session: Session, product_id: int) -> list[Software]:
    """The programs of a product that anyone may see, the highest version first."""
    seen = (ReleaseState.PUBLISHED, ReleaseState.WITHDRAWN)
    found = session.scalars(
        select(Software).where(Software.product_id == product_id, Software.state.in_(seen))
    )
    ordered = sorted(found, key=lambda item: item.title_en)
    return sorted(ordered, key=lambda item: Version.parse(item.version), reverse=True)


def get(session: Session, product_code: str, version: str, file_name: str) -> Software:
    """One program; raises UnknownSoftwareError."""
    product = products.get(session, product_code)
    found = session.scalar(
        select(Software).where(
            Software.product_id == product.id,
            Software.canonical == Version.parse(version).canonical,
            Software.file_name == unicodedata.normalize("NFC", file_name),
        )
    )
    if found is None:
        raise UnknownSoftwareError
    return found


def target_path(found: Software) -> str:
    """The name that mirrors and tools know the file by."""
    return f"{_PREFIX}{found.product.code}/{found.version}/{found.file_name}"


def address(found: Software) -> str:
    """Where people download it: path-absolute, percent-encoded."""
    return quote(public_address(target_path(found)))


def subject(found: Software) -> str:
    """How the audit trail names it."""
    return f"software:{found.product.code}/{found.version}/{found.file_name}"


def _put_out(session: Session, found: Software, keys: KeyRing, actor: str, now: datetime) -> None:
    path = target_path(found)
    found.state = ReleaseState.AWAITING
    found.published_at = now
    targets.register(session, path, StoredBlob(found.sha256, found.size), now)
    audit.record(session, actor, "software.publish", subject(found), now, sha256=found.sha256)
    visible = repository.publish(session, keys, [path], now)
    offer(session, visible, keys, now)


def _check_draft(found: Software) -> None:
    if not found.is_draft:
        raise NotADraftError


def _owner(found: Software) -> str:
    return f"firmware.{subject(found)}"
