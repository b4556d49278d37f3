"""A customer's installation that mirrors a vendor, and how it is asked and looked at."""

from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask

from catalogue.mirrors import bundle as mirror_bundle
from catalogue.mirrors import checking, exporting, syncing
from catalogue.mirrors.generations import Outcome
from catalogue.mirrors.http import HttpUpstream
from catalogue.mirrors.looking import Order
from catalogue.mirrors.options import MirrorOptions
from catalogue.mirrors.selection import Selection
from catalogue.tuf.layout import View
from portal import health
from portal.app import PAGES, create_app
from portal.installing import open_installation
from portal.settings import Settings
from storage.clock import now
from storage.installation import Installation

# A busy machine answers late and is waited for; only tests of silence give up early.
PATIENT = MirrorOptions(silence_s=20, patience_s=10, least_bytes_s=2000, tries=2)
HASTY = MirrorOptions(silence_s=2, patience_s=1, least_bytes_s=2000, tries=2)


@dataclass
class Site:
    """The mirror; `upstream` is the address of the vendor's server."""

    installation: Installation
    settings: Settings
    upstream: str
    options: MirrorOptions = PATIENT
    fetched: list[str] = field(default_factory=list)

    def sync(
        self,
        *,
        products: tuple[str, ...] = (),
        kinds: tuple[str, ...] = (),
        languages: tuple[str, ...] = (),
        root: bytes | None = None,
        chosen: bool = True,
    ) -> Outcome:
        """As the command does; without `chosen` what was chosen before holds."""
        selection = Selection.of(products, kinds, languages)
        order = Order(View.ONLINE, selection if chosen else None, root, progress=self._note)
        folder = self.installation.data_dir / "mirror" / "incoming"
        return syncing.take(
            self.installation, HttpUpstream(self.upstream, folder, self.options), order
        )

    def take(self, bundle: Path, *, root: bytes | None = None, narrow: bool = False) -> Outcome:
        """Import a bundle."""
        with mirror_bundle.opened(bundle) as opened:
            order = Order(View.AIR_GAP, opened.chosen, root, narrow)
            return syncing.take(self.installation, opened, order)

    def faults(self) -> list[str]:
        with self.installation.database.reading() as session:
            shown = checking.offered(session)
            found = checking.faults(session, self.installation.blobs, shown, now())
            return [str(fault) for fault in found]

    @property
    def app(self) -> Flask:
        made = create_app(self.installation, self.settings, PAGES)
        made.testing = False
        health.started(made).set()
        return made

    def seen(self) -> dict[str, bytes | int]:
        """What anyone sees at the addresses of a mirror: bytes, or the status of a refusal."""
        client = self.app.test_client()
        answers = {path: client.get(path, buffered=True) for path in ADDRESSES}
        return {
            path: answer.data if answer.status_code == 200 else answer.status_code
            for path, answer in answers.items()
        }

    def _note(self, _done: int, _of: int, name: str) -> None:
        if name:
            self.fetched.append(name)


ADDRESSES = (
    "/metadata/timestamp.json",
    "/metadata/1.root.json",
    "/metadata/offline/timestamp.json",
    "/metadata/offline/1.root.json",
    "/keys/root.json",
    "/keys/minisign.pub",
    "/keys/firmware.pub",
    "/firmware/FP-B2/manifest.json",
    "/firmware/FP-B2/manifest.json.minisig",
    "/firmware/FP-B2/stable/manifest.json",
    "/firmware/FP-B2/stable/manifest.json.minisig",
    "/firmware/FP-B2/SHA256SUMS",
    "/firmware/FP-B2/SHA256SUMS.minisig",
    "/firmware/FP-B2/1.0.0/FP-B2-1.0.0.bin",
    "/firmware/FP-B2/1.1.0/FP-B2-1.1.0.bin",
    "/products.json",
    "/products.json.minisig",
    "/manifest.json",
    "/PULP_MANIFEST",
)


def opened(folder: Path, upstream: str, database_url: str = "") -> Site:
    """A fresh installation for a mirror."""
    settings = Settings(
        data_dir=folder, database_url=database_url, demo=False, public_url="http://mirror.test"
    )
    return Site(open_installation(settings), settings, upstream)


def export(installation: Installation, path: Path, *products: str) -> Path:
    """A bundle of an installation."""
    exporting.export(installation, path, Selection.of(products, (), ()), now())
    return path
