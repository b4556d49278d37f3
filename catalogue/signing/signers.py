"""Keys that people hold: in a file on their own machine, on a token, in a key service.

Whatever goes wrong with a token or a file becomes one SignerError; no other module knows the
libraries behind it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.exceptions import Error as LibraryError
from securesystemslib.signer import CryptoSigner, HSMSigner, Key, Signer, SSlibKey

from catalogue import key_files
from catalogue.minisign import SigningKey
from catalogue.signing.signing_request import SigningRequest
from storage.refusals import RefusedError

KIND = "flatpro-public-key"
HSM = "hsm"
#: Gets the name of a secret (pin, passphrase) and gives the secret.
Ask = Callable[[str], str]

try:
    from pkcs11.exceptions import PKCS11Error
except ImportError:  # the extra `pkcs11` is not installed: HSMSigner says so itself

    class PKCS11Error(Exception):  # type: ignore[no-redef]  # nobody raises this one
        pass


_FAULTS = (ValueError, OSError, LibraryError, PKCS11Error)


class SignerError(RefusedError):
    code = "signer"
    ru = "Ключом {key} подписать нельзя: {reason}"
    en = "The key {key} cannot sign: {reason}"


class BadPublicKeyFileError(RefusedError):
    code = "public-key-file"
    ru = "Файл открытого ключа {path} не годится: {reason}."
    en = "The public key file {path} is unusable: {reason}."


@dataclass(frozen=True)
class PublicKeyFile:
    """A public key and what its holder calls it: what a person hands to the server's admin."""

    name: str
    key: Key

    def to_json(self) -> str:
        """The file's text."""
        document = {
            "kind": KIND,
            "name": self.name,
            "keyid": self.key.keyid,
            "key": self.key.to_dict(),
        }
        return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    @classmethod
    def load(cls, path: Path) -> Self:
        """The key in a file; raises BadPublicKeyFileError."""
        try:
            document = json.loads(path.read_text())
            if document["kind"] != KIND:
                raise BadPublicKeyFileError(path=path, reason="it is of another kind")
            return cls(
                str(document["name"]), Key.from_dict(str(document["keyid"]), document["key"])
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadPublicKeyFileError(path=path, reason=type(error).__name__) from error


def make(path: Path, passphrase: str) -> Key:
    """Make an Ed25519 key in a new PEM file (mode 0600), encrypted unless the passphrase is empty.

    Raises SignerError for a file that exists.
    """
    if path.exists():
        raise SignerError(key=path, reason="the file exists")
    private = load_pem_private_key(SigningKey.generate().to_pem(), None)
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    try:
        key_files.store(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption), path)
    except OSError as error:
        raise SignerError(key=path, reason=error.strerror) from error
    return SSlibKey.from_crypto(private.public_key())


def open_signer(where: str, ask: Ask, public: Key | None = None) -> Signer:
    """The signer at a URI of securesystemslib, or at the path of a PEM file; raises SignerError.

    A token (`hsm:2?label=qa`) and a file tell their public key; any other scheme needs `public`.
    A secret is asked for once.
    """
    once = cache(ask)
    scheme, _, path = where.partition(":")
    try:
        if scheme == HSM:
            return _token(where, once)
        if scheme in {"file", "file2"} or not path:
            return _file(Path(path or where), once)
        if public is None:
            raise SignerError(key=where, reason="its public key file is needed (--public)")
        return Signer.from_priv_key_uri(where, public, once)
    except _FAULTS as error:
        raise SignerError(key=where, reason=_reason(error)) from error


def sign(request: SigningRequest, signer: Signer) -> SigningRequest:
    """The request with the signer's signatures; raises SignerError."""
    try:
        return request.signed_by(signer)
    except _FAULTS as error:
        raise SignerError(key=signer.public_key.keyid[:8], reason=_reason(error)) from error


def _file(path: Path, ask: Ask) -> Signer:
    pem = path.read_bytes()
    try:
        private: Any = load_pem_private_key(pem, None)
    except TypeError:
        # The library's word for: it is encrypted.
        private = load_pem_private_key(pem, ask("passphrase").encode())
    return CryptoSigner(private, SSlibKey.from_crypto(private.public_key()))


def _token(uri: str, ask: Ask) -> Signer:
    parts = urlsplit(uri)
    number = int(parts.path) if parts.path else None
    label = dict(parse_qsl(parts.query)).get("label")
    found, key = HSMSigner.import_(number, label, ask)
    return HSMSigner.from_priv_key_uri(found, key, ask)


def _reason(error: Exception) -> str:
    # The errors of PKCS#11 have a name and no text: PinIncorrect, TokenNotPresent.
    return str(error) or type(error).__name__
