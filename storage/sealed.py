"""Secrets at rest: AES-GCM, bound to the table, row and column they belong to.

A ciphertext copied into another row does not open. The key lives in a file of its own
(FLATPRO_KEY_FILE), never in the database.
"""

import os
import secrets
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.refusals import UnavailableError

KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = b"\x01"


class UnsealError(UnavailableError):
    code = "unseal-failed"
    ru = "Секрет не открывается этим файлом ключа."
    en = "The secret does not open with this key file."


class KeyFileError(UnavailableError):
    code = "key-file"
    ru = "Файл ключа {path} не годится: {reason}"
    en = "The key file {path} is unusable: {reason}"


class Place(NamedTuple):
    """Where a secret belongs; `row` is its owner's stable name (a MAC), not a row number."""

    table: str
    row: str
    column: str

    def as_bytes(self) -> bytes:
        return f"{self.table}:{self.row}:{self.column}".encode()


class Seal:
    """Seals and opens secrets with one key."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def close(self, plaintext: str, place: Place) -> bytes:
        """The sealed form of `plaintext`, which opens only at `place`."""
        return self.close_bytes(plaintext.encode(), place)

    def open(self, sealed: bytes, place: Place) -> str:
        """The plaintext; raises UnsealError for another key, place or a changed byte."""
        try:
            return self.open_bytes(sealed, place).decode()
        except UnicodeDecodeError as error:
            raise UnsealError from error

    def close_bytes(self, plain: bytes, place: Place) -> bytes:
        """The sealed form of bytes that need be no text."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _FORMAT + nonce + self._aead.encrypt(nonce, plain, place.as_bytes())

    def open_bytes(self, sealed: bytes, place: Place) -> bytes:
        """The plain bytes; raises UnsealError as `open` does."""
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._aead.decrypt(nonce, body, place.as_bytes())
        except (InvalidTag, ValueError) as error:
            raise UnsealError from error


def load_or_create_key(path: Path) -> bytes:
    """The key in `path`; made (mode 0600) when the file does not exist yet."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise KeyFileError(path=path, reason=f"{len(key)} bytes, not {KEY_BYTES}") from None
        return key
    except OSError as error:
        raise KeyFileError(path=path, reason=error.strerror) from error
    with os.fdopen(descriptor, "wb") as file:
        key = secrets.token_bytes(KEY_BYTES)
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key
