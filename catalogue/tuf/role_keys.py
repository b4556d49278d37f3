"""The keys of the TUF repository: private ones in files of a folder, public ones in rows.

Which private keys lie in the folder is what the mode is: with those of a list's people there, the
server signs it at once (`local`); without them the list waits for the people (`offline`).
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner, Key, Signer, SSlibKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalogue import key_files
from catalogue.minisign import SigningKey
from catalogue.models import TrustKey
from catalogue.tuf.layout import Purpose
from storage.refusals import ConflictError, NotFoundError

RETIRED_FOLDER = "retired"


class KeyNameTakenError(ConflictError):
    code = "key-name-taken"
    ru = "Ключ «{name}» или под этим именем уже есть."
    en = "The key {name}, or one of this name, already exists."


class UnknownKeyError(NotFoundError):
    code = "unknown-key"
    ru = "Действующего ключа «{name}» нет."
    en = "There is no active key {name}."


class KeyFolder:
    """The private keys that lie on this server, one PEM file each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._signers: dict[str, Signer] = {}

    def make(self, name: str) -> Key:
        """The public half of the key `name`, which is made when there is none."""
        key_files.make_folder(self.path)
        return self._load(key_files.load_or_create(self._file(name))).public_key

    def signer(self, keyid: str) -> Signer | None:
        """Who signs with this key here, or None when its private half is elsewhere."""
        if keyid not in self._signers:
            # Another process may have made it since.
            for file in self.path.glob("*.pem"):
                self._load(SigningKey.load(file))
        return self._signers.get(keyid)

    def signers(self, keyids: Iterable[str]) -> list[Signer]:
        """Those of the keys that lie here."""
        found = (self.signer(keyid) for keyid in keyids)
        return [signer for signer in found if signer is not None]

    def has(self, name: str) -> bool:
        """Whether the private half of the key `name` lies here."""
        return self._file(name).exists()

    def retire(self, name: str) -> None:
        """Put a key that signs nothing any more out of reach of this class, not away."""
        if self.has(name):
            folder = self.path / RETIRED_FOLDER
            key_files.make_folder(folder)
            self._file(name).rename(folder / f"{name}.pem")
            self._signers.clear()

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.pem"

    def _load(self, key: SigningKey) -> Signer:
        signer = signer_of(key)
        self._signers[signer.public_key.keyid] = signer
        return signer


def signer_of(key: SigningKey) -> CryptoSigner:
    """An Ed25519 key as a signer of TUF."""
    private = load_pem_private_key(key.to_pem(), None)
    return CryptoSigner(private, SSlibKey.from_crypto(private.public_key()))


def add(session: Session, purpose: Purpose, name: str, key: Key, now: datetime) -> TrustKey:
    """Trust a key from the next root or list on; raises KeyNameTakenError."""
    # The same key under two ids would be two signatures to a client.
    known = [json.loads(row.public)["keyval"] for row in every(session)]
    taken = select(TrustKey.id).where((TrustKey.keyid == key.keyid) | (TrustKey.name == name))
    if key.keyval in known or session.scalar(taken.limit(1)) is not None:
        raise KeyNameTakenError(name=name)
    row = TrustKey(
        keyid=key.keyid,
        name=name,
        purpose=purpose,
        public=json.dumps(key.to_dict(), sort_keys=True),
        added_at=now,
    )
    session.add(row)
    session.flush()
    return row


def retire(session: Session, purpose: Purpose, name: str, now: datetime) -> None:
    """Trust a key no more from the next root or list on; raises UnknownKeyError."""
    for row in active(session, purpose):
        if row.name == name:
            row.retired_at = now
            session.flush()
            return
    raise UnknownKeyError(name=name)


def active(session: Session, purpose: Purpose) -> Sequence[TrustKey]:
    """The keys that the next file is to trust, the oldest first."""
    query = select(TrustKey).where(TrustKey.purpose == purpose, TrustKey.retired_at.is_(None))
    return session.scalars(query.order_by(TrustKey.id)).all()


def every(session: Session) -> Sequence[TrustKey]:
    """All keys that were ever trusted, the oldest first."""
    return session.scalars(select(TrustKey).order_by(TrustKey.id)).all()


def public(row: TrustKey) -> Key:
    """The key of a row."""
    return Key.from_dict(row.keyid, json.loads(row.public))


def next_name(session: Session, purpose: Purpose) -> str:
    """A name that no key of this purpose has had: `root-4`."""
    query = select(TrustKey.name).where(TrustKey.purpose == purpose)
    taken = set(session.scalars(query))
    number = len(taken) + 1
    while f"{purpose}-{number}" in taken:
        number += 1
    return f"{purpose}-{number}"
