"""A phone manifest with one release, and the two keys that sign for it."""

import dataclasses
import io
from datetime import UTC, datetime
from hashlib import sha256

from catalogue.minisign import SigningKey
from catalogue.phone_manifest import (
    PART_BYTES,
    ManifestRelease,
    Notes,
    PhoneManifest,
    Rollout,
    Status,
    part_hashes,
    statement_text,
)

ONLINE, FIRMWARE = SigningKey.generate(), SigningKey.generate()

IMAGE = b"FLATFW" + bytes(PART_BYTES)


def statement_of(release: ManifestRelease, product: str = "FP-B2") -> str:
    return statement_text(
        product=product,
        version=release.version,
        hardware=release.hardware,
        file=release.file,
        size=release.size,
        sha256=release.sha256,
        min_from=release.min_from,
    )


def stated(release: ManifestRelease) -> ManifestRelease:
    statement = statement_of(release)
    signature = FIRMWARE.sign(statement.encode(), "release")
    return dataclasses.replace(release, statement=statement, statement_sig=signature)


RELEASE = stated(
    ManifestRelease(
        version="2.4.1",
        hardware=("A", "B"),
        file="FP-B2-2.4.1.img",
        url="/firmware/FP-B2/2.4.1/FP-B2-2.4.1.img",
        size=len(IMAGE),
        sha256=sha256(IMAGE).hexdigest(),
        part_size=PART_BYTES,
        parts=part_hashes(io.BytesIO(IMAGE)),
        min_from="1.8.3",
        steps=("1.8.3",),
        rollout=Rollout(percent=100, salt="5eed"),
        notes=Notes(ru="Исправлен «чёрный экран».", en="Fixed the black screen."),
        status=Status.CURRENT,
        statement="",
        statement_sig="",
    )
)

MANIFEST = PhoneManifest(
    product="FP-B2",
    channel="stable",
    serial=7,
    issued=datetime(2026, 11, 22, 10, tzinfo=UTC),
    expires=datetime(2027, 2, 20, 10, tzinfo=UTC),
    releases=(RELEASE,),
)
