"""The list of a release's parts (SBOM), attached as a CycloneDX or SPDX file in JSON."""

import io
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from firmware import listing
from firmware.models import Release, Sbom
from storage.blob_keeping import blob_models
from storage.blobs import BlobStore, Readable, StoredBlob, TooLargeError
from storage.refusals import NotFoundError, RefusedError

MAX_SBOM_BYTES = 16 * 1024**2


class NotAnSbomError(RefusedError):
    code = "not-an-sbom"
    field = "sbom"
    ru = "Это не состав (SBOM) в JSON: нужен CycloneDX или SPDX ({reason})."
    en = "This is no SBOM in JSON: CycloneDX or SPDX is needed ({reason})."


class SbomMissingError(NotFoundError):
    code = "sbom-missing"
    ru = "У выпуска {version} состава (SBOM) нет."
    en = "Release {version} has no SBOM."


@dataclass(frozen=True)
class StoredSbom:
    """An SBOM whose bytes are safe on disk; `standard` reads “CycloneDX 1.6”."""

    blob: StoredBlob
    standard: str
    components: int


def store(blobs: BlobStore, stream: Readable) -> StoredSbom:
    """Store an SBOM; raises NotAnSbomError, TooLargeError or what the store raises."""
    body = stream.read(MAX_SBOM_BYTES + 1)
    if len(body) > MAX_SBOM_BYTES:
        raise TooLargeError(limit=MAX_SBOM_BYTES)
    standard, components = inspect(body)
    return StoredSbom(blobs.put(io.BytesIO(body)), standard, components)


def inspect(body: bytes) -> tuple[str, int]:
    """The standard that the document follows, and how many parts it lists."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotAnSbomError(reason="no JSON") from error
    if not isinstance(document, dict):
        raise NotAnSbomError(reason="no object")
    if document.get("bomFormat") == "CycloneDX" and _short(document.get("specVersion")):
        return f"CycloneDX {document['specVersion']}", _count(document, "components")
    if _short(document.get("spdxVersion")).startswith("SPDX-"):
        return str(document["spdxVersion"]).replace("-", " ", 1), _count(document, "packages")
    if "spdx.org" in str(document.get("@context", ""))[:200]:
        return "SPDX 3", _count(document, "@graph")
    raise NotAnSbomError(reason="bomFormat, spdxVersion")


def attach(session: Session, release: Release, stored: StoredSbom, now: datetime) -> None:
    """Keep the SBOM with the release, in the place of an older one."""
    blob_models.release(session, _owner(release))
    blob_models.record(session, stored.blob, _owner(release), now)
    release.sbom = Sbom(
        sha256=stored.blob.sha256,
        size=stored.blob.size,
        standard=stored.standard,
        components=stored.components,
        attached_at=now,
    )
    session.flush()


def get(release: Release) -> Sbom:
    """The SBOM of a release; raises SbomMissingError."""
    if release.sbom is None:
        raise SbomMissingError(version=release.version)
    return release.sbom


def forget(session: Session, release: Release) -> None:
    """The release's SBOM is nobody's any more."""
    blob_models.release(session, _owner(release))


def _owner(release: Release) -> str:
    return f"firmware.sbom:{listing.subject(release).removeprefix('release:')}"


def _short(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 20 and value.isprintable() else ""


def _count(document: dict[str, Any], key: str) -> int:
    found = document.get(key)
    return len(found) if isinstance(found, list) else 0
