"""An upstream's signed lists (manifests, checksums): fetched, and checked by its minisign key."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import delete
from sqlalchemy.orm import Session
from tuf.ngclient import FetcherInterface, TargetFile

from catalogue import minisign, signed_files
from catalogue.minisign import PublicKey
from catalogue.models import SignedFile
from catalogue.tuf.layout import View
from storage.blobs import BlobStore
from storage.refusals import RefusedError

LIMIT_BYTES = 32 << 20
SIGNATURE_SUFFIX = ".minisig"
_COMMENT = re.compile(r"serial:(\d{1,18}) .*issued:(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
#: A key of the document itself: both lists are written with one blank before those, and no more.
_EXPIRES = re.compile(rb'^ "expires": "(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"', re.MULTILINE)


class ListRefusedError(RefusedError):
    code = "mirror-list-refused"
    ru = "Список источника {path} отвергнут, ничего не изменилось: {ru}"
    en = "The upstream's list {path} was refused, nothing was changed: {en}"


class Upstream(Protocol):
    """Where a mirror takes from: a server, or a bundle that was carried here."""

    name: str

    def base(self, view: View) -> str: ...

    def first_root(self, view: View) -> bytes: ...

    def text(self, address: str, limit: int) -> bytes | None: ...

    def bring(self, target: TargetFile, blobs: BlobStore) -> None: ...

    def agree(self, wanted: Collection[str], allowed: Collection[str]) -> None:
        """Raise what tells that files are missing, or that there are some nobody signed for."""

    @property
    def fetcher(self) -> FetcherInterface: ...


@dataclass(frozen=True)
class SignedList:
    """A list whose signature holds; `serial` only rises."""

    path: str
    body: bytes
    signature: str
    serial: int
    issued_at: datetime

    @property
    def expires_at(self) -> datetime:
        """What the body says, as an upstream's own rule may be another than ours; else our rule."""
        said = _EXPIRES.search(self.body) if self.path.endswith(".json") else None
        if said is None:
            return self.issued_at + signed_files.LIFETIME
        return datetime.strptime(said[1].decode(), _INSTANT).replace(tzinfo=UTC)


def fetch(upstream: Upstream, path: str, key: PublicKey) -> SignedList | None:
    """The list at an address, or None where the upstream has none; raises ListRefusedError."""
    body = upstream.text(path, LIMIT_BYTES)
    if body is None:
        return None
    raw = upstream.text(path + SIGNATURE_SUFFIX, 1 << 16)
    try:
        signature = (raw or b"").decode()
        comment = minisign.verify(body, signature, key)
    except (RefusedError, UnicodeDecodeError) as error:
        reason = error.text("ru") if isinstance(error, RefusedError) else "подпись не текст"
        raise ListRefusedError(path=path, ru=reason, en=str(error)) from error
    said = _COMMENT.search(comment)
    if said is None:
        raise ListRefusedError(path=path, ru="в подписи нет номера", en="no serial is signed")
    issued = datetime.strptime(said[2], _INSTANT).replace(tzinfo=UTC)
    return SignedList(path, body, signature, int(said[1]), issued)


def refuse_older(session: Session, found: Mapping[str, SignedList]) -> None:
    """Raise ListRefusedError for a list with a lower serial than the one that is held."""
    for path, signed in found.items():
        held = session.get(SignedFile, path)
        if held is not None and held.serial > signed.serial:
            numbers = f"{signed.serial} < {held.serial}"
            raise ListRefusedError(path=path, ru=f"он старее: {numbers}", en=f"older: {numbers}")


def store(session: Session, found: Mapping[str, SignedList]) -> None:
    """Serve these lists, byte for byte as they were signed, and no others."""
    session.execute(delete(SignedFile).where(SignedFile.path.not_in(list(found))))
    for path, signed in found.items():
        row = session.get(SignedFile, path) or SignedFile(path=path)
        row.body, row.signature, row.serial = signed.body, signed.signature, signed.serial
        is_json = path.endswith(".json")
        row.content_type = signed_files.JSON_TYPE if is_json else signed_files.TEXT_TYPE
        row.issued_at = signed.issued_at
        row.expires_at = signed.expires_at
        session.add(row)
    session.flush()
