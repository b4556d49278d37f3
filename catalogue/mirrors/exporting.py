"""Writes a bundle: what the air gap's view names, its lists, and the bytes; whole or not at all."""

import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalogue import product_list
from catalogue.mirrors import bundle, generations, mode, tar
from catalogue.mirrors import lists as mirror_lists
from catalogue.mirrors.bundle import BLOBS, LISTS, METADATA
from catalogue.mirrors.selection import Selection
from catalogue.models import RoleFile, SignedFile
from catalogue.receivers import MirrorReceivers
from catalogue.tuf import layout, role_files, roles
from catalogue.tuf.layout import ROOT, SNAPSHOT, TARGETS, TIMESTAMP, View
from storage.blobs import BlobStore, StorageFaultError
from storage.durable_files import CHUNK_BYTES
from storage.installation import Installation
from storage.refusals import ConflictError


class NothingToExportError(ConflictError):
    code = "mirror-nothing-to-export"
    ru = "Выгружать нечего: {reason}"
    en = "There is nothing to export: {reason}"


@dataclass(frozen=True)
class Exported:
    """A bundle as it was written; `size` in bytes."""

    targets: int
    size: int
    sha256: str
    believed_until: datetime


@dataclass(frozen=True)
class _Contents:
    """Small members by name, and the blobs by hash with their sizes."""

    texts: Mapping[str, bytes]
    blobs: Mapping[str, int]
    believed_until: datetime


def export(installation: Installation, path: Path, chosen: Selection, now: datetime) -> Exported:
    """Write what is offered behind the air gap, or the chosen part of it.

    Raises NothingToExportError and what a store raises for missing bytes; then no file is left.
    """
    with installation.database.reading() as session:
        row = mode.of(session)
        held = generations.selection_of(row) if row else Selection()
        if chosen == Selection():
            chosen = held
        if not held.covers(chosen):
            raise NothingToExportError(reason=f"{held}")
        contents = _contents(session, installation, chosen, now)
        source = row.upstream if row else installation.public_url
    sizes = {name: len(body) for name, body in contents.texts.items()}
    sizes |= {f"{BLOBS}{sha256}": size for sha256, size in contents.blobs.items()}
    header = {
        "format": bundle.FORMAT,
        "kind": bundle.KIND,
        "made": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "source": source,
        "chosen": {
            "products": sorted(chosen.products),
            "kinds": sorted(chosen.kinds),
            "languages": sorted(chosen.languages),
        },
        "files": sizes,
    }
    first = (json.dumps(header, ensure_ascii=False, indent=1) + "\n").encode()
    size, sha256 = _write(path, first, contents, installation.blobs)
    return Exported(len(contents.blobs), size, sha256, contents.believed_until)


def _contents(
    session: Session, installation: Installation, chosen: Selection, now: datetime
) -> _Contents:
    timestamp = role_files.newest(session, View.AIR_GAP, TIMESTAMP)
    snapshot = role_files.newest(session, View.AIR_GAP, SNAPSHOT)
    if timestamp is None or snapshot is None:
        raise NothingToExportError(reason="the air gap's view has not been signed yet")
    if timestamp.expires_at <= now:
        raise NothingToExportError(reason=f"its signature expired {timestamp.expires_at:%Y-%m-%d}")
    roots = session.scalars(
        select(RoleFile).where(RoleFile.view == View.AIR_GAP, RoleFile.role == ROOT)
    )
    texts = {f"{METADATA}{root.version}.root.json": root.body for root in roots}
    texts[f"{METADATA}timestamp.json"] = timestamp.body
    texts[f"{METADATA}{snapshot.version}.snapshot.json"] = snapshot.body
    blobs: dict[str, int] = {}
    products = []
    for name, meta in roles.from_bytes(snapshot.body).signed.meta.items():
        role = name.removesuffix(".json")
        file = role_files.get(session, View.AIR_GAP, role, meta.version)
        texts[f"{METADATA}{meta.version}.{role}.json"] = file.body
        kind, _, product = role.partition("-")
        if kind == layout.FIRMWARE and chosen.wants_product(product):
            products.append(product)
        if role != TARGETS:
            blobs |= _blobs(file.body, chosen)
    texts |= _lists(session, installation, chosen, products)
    until = generations.believed_until(session, View.AIR_GAP)
    return _Contents(texts, blobs, until)


def _blobs(body: bytes, chosen: Selection) -> Mapping[str, int]:
    listed = roles.from_bytes(body).signed.targets.values()
    return {
        target.hashes["sha256"]: target.length
        for target in listed
        if chosen.wants(layout.path_of(target.path), target.custom or {})
    }


def _lists(
    session: Session, installation: Installation, chosen: Selection, products: list[str]
) -> Mapping[str, bytes]:
    paths = [product_list.PATH]
    for receiver in installation.option(MirrorReceivers).receivers:
        if chosen.wants_kind(receiver.kind):
            paths += [path for code in products for path in receiver.lists(code)]
    texts = {}
    for path in paths:
        file = session.get(SignedFile, path)
        if file is not None:
            texts[f"{LISTS}{path}"] = file.body
            texts[f"{LISTS}{path}{mirror_lists.SIGNATURE_SUFFIX}"] = file.signature.encode()
    return texts


class _HashedFile:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, piece: bytes) -> None:
        self._file.write(piece)
        self.digest.update(piece)
        self.size += len(piece)


def _write(path: Path, first: bytes, contents: _Contents, blobs: BlobStore) -> tuple[int, str]:
    """Write beside the final name, sync, rename; the size and the hash."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            out = _HashedFile(file)
            _add(out, bundle.HEADER, len(first), io.BytesIO(first))
            for name, body in contents.texts.items():
                _add(out, name, len(body), io.BytesIO(body))
            for sha256, size in contents.blobs.items():
                with blobs.open(sha256) as blob:
                    _add(out, f"{BLOBS}{sha256}", size, blob)
            out.write(tar.end())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise StorageFaultError(reason=f"{part}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return out.size, out.digest.hexdigest()


def _add(out: _HashedFile, name: str, size: int, stream: BinaryIO) -> None:
    out.write(tar.header(name, size))
    left = size
    while left and (piece := stream.read(min(left, CHUNK_BYTES))):
        out.write(piece)
        left -= len(piece)
    if left:
        raise StorageFaultError(reason=f"{name} is shorter than it was")
    out.write(tar.padding(size))
