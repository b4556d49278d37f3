"""A product with two hardware revisions, and releases put on its shelf as a command does it."""

import io
from dataclasses import dataclass

from catalogue import keys, products
from catalogue.phone_manifest import PhoneManifest, parse
from firmware import publishing
from firmware.images import build_image
from firmware.paths import Problem
from firmware.publishing import NewRelease
from firmware.version_marks import marking
from firmware.version_marks.marking import NewMark
from storage.clock import now
from storage.installation import Installation

CODE = "FP-B2"


@dataclass
class Shelf:
    installation: Installation

    def add_product(self) -> None:
        new = products.NewProduct(CODE, "Телефон B2", "Phone B2", ("A", "B"))
        with self.installation.database.writing() as session:
            products.add(session, new, actor="test", now=now())

    def publish(
        self,
        version: str,
        min_from: str | None = None,
        hardware: str = "AB",
        channel: str = "stable",
        *,
        as_step: bool = False,
        notes: str = "",
        product: str = CODE,
    ) -> None:
        image = build_image(product, version, tuple(hardware), version.encode() * 1000)
        stored = publishing.store_image(self.installation.blobs, io.BytesIO(image))
        new = NewRelease(
            product=product, version=version, file_name=f"{product}-{version}.bin", channel=channel,
            hardware=tuple(hardware), min_from=min_from, as_step=as_step, notes_ru=notes,
        )  # fmt: skip
        with self.installation.database.writing() as session:
            ring = keys.of(self.installation)
            publishing.publish(session, new, stored, ring, actor="test", now=now())

    def withdraw(self, version: str, replacement: str | None = None) -> list[Problem]:
        with self.installation.database.writing() as session:
            ring = keys.of(self.installation)
            found = publishing.withdraw(
                session, CODE, version, ring,
                reason="зависает", replacement=replacement, actor="test", now=now(),
            )  # fmt: skip
            return publishing.stranded(session, found.product)

    def mark(
        self, version: str, kind: str, hardware: str | None = None, reason: str = "зависает"
    ) -> list[Problem]:
        new = NewMark(CODE, version, kind, hardware, reason)
        with self.installation.database.writing() as session:
            ring = keys.of(self.installation)
            return marking.set_mark(session, new, ring, actor="test", now=now())

    def unmark(self, version: str, kind: str, hardware: str | None = None) -> list[Problem]:
        gone = NewMark(CODE, version, kind, hardware)
        with self.installation.database.writing() as session:
            ring = keys.of(self.installation)
            return marking.remove_mark(session, gone, ring, actor="test", now=now())

    def manifest(self, channel: str = "stable") -> PhoneManifest:
        from catalogue import signed_files  # noqa: PLC0415

        with self.installation.database.reading() as session:
            return parse(
                signed_files.get(session, f"/firmware/{CODE}/{channel}/manifest.json").body
            )
