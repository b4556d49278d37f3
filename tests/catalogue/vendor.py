"""A vendor who publishes, the people who keep its keys, and a mirror that may lie."""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask
from securesystemslib.signer import Key, Signer
from tuf.ngclient import TargetFile, Updater

from catalogue import key_files, keys, products, repository
from catalogue.keys import FIRMWARE_PUBLIC_FILE
from catalogue.minisign import SigningKey
from catalogue.receivers import ListingReceivers
from catalogue.signing import ceremony
from catalogue.signing.ceremony import Received
from catalogue.signing.signing_request import SigningRequest
from catalogue.tuf import role_keys
from catalogue.tuf.layout import OFFLINE_PURPOSES, Purpose, keys_wanted
from docs_store import publishing as documents
from docs_store.publishing import NewEdition, UploadOptions
from firmware import publishing
from firmware.images import build_image
from firmware.publishing import NewRelease
from firmware.reviewing.options import SignOffOptions
from firmware.software import programs
from firmware.software.programs import NewSoftware
from storage.clock import now
from storage.installation import Installation
from tests.waitress_app import waitress

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
CODE = "FP-B2"
MANUAL = "docs/b2-manual/ru/1.0/Руководство 100% #1?.pdf"
MANUAL_NAME = "docs/b2-manual/ru/1.0/Руководство 100%25 %231%3F.pdf"


@dataclass
class Vendor:
    """Publishes into an installation as a command does."""

    installation: Installation

    def add_product(self, code: str = CODE) -> None:
        new = products.NewProduct(code, code, code, ("A",))
        with self.installation.database.writing() as session:
            products.add(session, new, actor="test", now=now())

    def publish(
        self, version: str, code: str = CODE, at: datetime | None = None, size: int = 3000
    ) -> str:
        """Publish a release; its target path."""
        image = build_image(code, version, ("A",), version.encode() * size)
        stored = publishing.store_image(self.installation.blobs, io.BytesIO(image))
        name = f"{code}-{version}.bin"
        new = NewRelease(product=code, version=version, file_name=name, channel="stable")
        ring = keys.of(self.installation)
        with self.installation.database.writing() as session:
            publishing.publish(session, new, stored, ring, actor="test", now=at or now())
        return f"fw/{code}/{version}/{code}-{version}.bin"

    def publish_document(self, content: bytes = PDF, at: datetime | None = None) -> str:
        """Publish a manual whose name is hard on URLs; its target path."""
        name = MANUAL.rpartition("/")[2]
        new = NewEdition("b2-manual", "manual", "ru", "1.0", "Руководство", name, (CODE,))
        blobs, ring = self.installation.blobs, keys.of(self.installation)
        blob = documents.store_file(blobs, io.BytesIO(content), name, UploadOptions())
        with self.installation.database.writing() as session:
            documents.publish(session, new, blob, ring, actor="test", now=at or now())
        return MANUAL

    def publish_software(self, code: str = CODE) -> str:
        """Publish a program for people; its target path."""
        blob = self.installation.blobs.put(io.BytesIO(b"MZ a program"))
        new = NewSoftware(code, "3.1", "set-up.exe", "Настройка", "Set-up tool")
        ring, options = keys.of(self.installation), SignOffOptions()
        with self.installation.database.writing() as session:
            programs.hand_in(session, new, blob, ring, options, actor="test", now=now())
        return f"sw/{code}/3.1/set-up.exe"

    def withdraw(self, version: str, code: str = CODE) -> None:
        ring = keys.of(self.installation)
        with self.installation.database.writing() as session:
            publishing.withdraw(
                session, code, version, ring,
                reason="a fault", replacement=None, actor="test", now=now(),
            )  # fmt: skip

    def set_up(self, at: datetime | None = None) -> None:
        """Mode local: all keys lie here."""
        with self.installation.database.writing() as session:
            repository.ensure(session, keys.of(self.installation), at or now())


@dataclass
class People:
    """Those who keep keys away from the server (mode offline), by the names of their keys."""

    vendor: Vendor
    signers: dict[str, Signer] = field(default_factory=dict)
    statement_key: SigningKey = field(default_factory=SigningKey.generate)

    def set_up(self, at: datetime | None = None) -> None:
        """Give the server the public keys; nothing is signed yet."""
        named: dict[Purpose, Sequence[tuple[str, Key]]] = {}
        for purpose in OFFLINE_PURPOSES:
            names = [f"{purpose}-{number + 1}" for number in range(keys_wanted(purpose))]
            named[purpose] = [(name, self.hire(name)) for name in names]
        installation = self.vendor.installation
        folder = keys.folder_of(installation)
        key_files.make_folder(folder)
        public = self.statement_key.public.text().encode()
        key_files.store(public, folder / FIRMWARE_PUBLIC_FILE)
        with installation.database.writing() as session:
            repository.set_up(session, keys.of(installation), named, at or now())

    def hire(self, name: str) -> Key:
        """A new person's public key."""
        self.signers[name] = role_keys.signer_of(SigningKey.generate())
        return self.signers[name].public_key

    def request(self) -> SigningRequest:
        with self.vendor.installation.database.reading() as session:
            carried = ceremony.request(session, now())
        return SigningRequest.parse(carried.to_json())

    def hand_in(self, request: SigningRequest, at: datetime | None = None) -> Received:
        installation, instant = self.vendor.installation, at or now()
        ring = keys.of(installation)
        signed = SigningRequest.parse(request.to_json())
        with installation.database.writing() as session:
            received = ceremony.receive(session, ring, signed, actor="test", now=instant)
            receivers = installation.option(ListingReceivers)
            receivers.tell(session, received.listed, ring, instant)
        return received

    def sign(self, *names: str, statements: bool = False) -> Received:
        """These people sign what waits for them."""
        request = self.request()
        for name in names:
            request = request.signed_by(self.signers[name])
        return self.hand_in(request.stated_by(self.statement_key) if statements else request)

    def sign_all(self) -> Received:
        return self.sign(*self.signers, statements=True)


@dataclass
class LyingMirror:
    """The server as an attacker on the way shows it: `lies` replace the bytes of an address."""

    app: Flask
    lies: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode()
        if path in self.lies:
            body = self.lies[path]
            self.asked.append((path, len(body)))
            start_response("200 OK", [("Content-Length", str(len(body)))])
            return [body]
        body = b"".join(answer := self.app.wsgi_app(environ, start_response))
        answer.close()  # type: ignore[attr-defined]  # Werkzeug's answers close their file
        self.asked.append((path, len(body)))
        return [body]


def fetch(app: Flask, path: str) -> bytes:
    """The bytes at an address of ours, past any mirror."""
    answer = app.test_client().get(path, buffered=True)
    assert answer.status_code == 200, path
    return answer.data


@contextmanager
def serving(app: Callable[..., Iterable[bytes]]) -> Iterator[str]:
    """The address of a real server on a port of its own."""
    with waitress(app, threads=4) as port:
        yield f"http://127.0.0.1:{port}"


@dataclass
class Client:
    """A machine with TUF's own client: its cache outlives each look, as on a disk."""

    folder: Path
    base: str
    bootstrap: bytes
    metadata: str = "/metadata/"

    def updater(self) -> Updater:
        for name in ("metadata", "targets"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        return Updater(
            str(self.folder / "metadata"), self.base + self.metadata,
            str(self.folder / "targets"), f"{self.base}/targets/", bootstrap=self.bootstrap,
        )  # fmt: skip

    def look(self, name: str) -> TargetFile | None:
        """Refresh and look a target up."""
        return self.updater().get_targetinfo(name)

    def install(self, name: str) -> bytes:
        """Refresh and download a target; its verified bytes."""
        updater = self.updater()
        info = updater.get_targetinfo(name)
        assert info is not None, f"no list names {name}"
        return Path(updater.download_target(info)).read_bytes()
