"""Signatures in the format of Debian's minisign 0.11, made and checked without its program.

Only the prehashed kind ("ED": Ed25519 over BLAKE2b-512 of the file) is made and accepted. The
trusted comment is signed too; the untrusted one is decoration.
"""

import base64
import binascii
import os
from dataclasses import dataclass
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from storage.refusals import RefusedError, UnavailableError

_KEY_ALGORITHM = b"Ed"
_SIGNATURE_ALGORITHM = b"ED"
_KEY_ID_BYTES = 8
_KEY_BYTES = 32
_SIGNATURE_BYTES = 64
_UNTRUSTED = "untrusted comment: "
_TRUSTED = "trusted comment: "


class PublicKeyFormatError(RefusedError):
    code = "minisign-public-key"
    ru = "Это не открытый ключ minisign."
    en = "This is no minisign public key."


class SignatureFormatError(RefusedError):
    code = "minisign-format"
    ru = "Это не подпись minisign."
    en = "This is no minisign signature."


class WrongKeyError(RefusedError):
    code = "minisign-wrong-key"
    ru = "Подписано ключом {found}, а не {expected}."
    en = "It is signed by key {found}, not {expected}."


class BadSignatureError(RefusedError):
    code = "minisign-bad-signature"
    ru = "Подпись не подходит к этим данным."
    en = "The signature does not fit these data."


class TrustedCommentError(RefusedError):
    code = "minisign-trusted-comment"
    ru = "Подписанный комментарий изменён."
    en = "The trusted comment was changed."


class SigningKeyFileError(UnavailableError):
    code = "signing-key-file"
    ru = "Файл ключа подписи {path} не годится: {reason}"
    en = "The signing key file {path} is unusable: {reason}"


@dataclass(frozen=True)
class PublicKey:
    """What a signature is checked with."""

    key_id: bytes  # 8 bytes
    raw: bytes  # 32 bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key of a `.pub` file's text, or of its second line alone; PublicKeyFormatError."""
        lines = _lines(text)
        if len(lines) == 2 and lines[0].startswith(_UNTRUSTED):
            lines = lines[1:]
        blob = _decoded(lines[0]) if len(lines) == 1 else b""
        length = len(_KEY_ALGORITHM) + _KEY_ID_BYTES + _KEY_BYTES
        if len(blob) != length or not blob.startswith(_KEY_ALGORITHM):
            raise PublicKeyFormatError
        return cls(key_id=blob[2:10], raw=blob[10:])

    @property
    def id_text(self) -> str:
        """The key's id as minisign prints it: a number in hex, so without zeros before it."""
        return f"{int.from_bytes(self.key_id, 'little'):X}"

    @property
    def line(self) -> str:
        """The key in one line, as `minisign -P` takes it."""
        return _encoded(_KEY_ALGORITHM + self.key_id + self.raw)

    def text(self) -> str:
        """The text of the `.pub` file, as `minisign -p` takes it."""
        return f"{_UNTRUSTED}minisign public key {self.id_text}\n{self.line}\n"


class SigningKey:
    """A private key. Its id is the start of the public key's SHA-256, so its file holds no more."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        raw = private.public_key().public_bytes_raw()
        self.public = PublicKey(key_id=sha256(raw).digest()[:_KEY_ID_BYTES], raw=raw)

    @classmethod
    def generate(cls) -> Self:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> Self:
        """The key in the PEM file `path`, which others must not read; SigningKeyFileError."""
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                pem = file.read()
        except OSError as error:
            raise SigningKeyFileError(path=path, reason=error.strerror) from error
        if mode & 0o077:
            raise SigningKeyFileError(path=path, reason="others may read it: chmod 600")
        return cls(_private_key(pem, path))

    def to_pem(self) -> bytes:
        """The key as unencrypted PKCS #8, which openssl reads too: for a file of mode 0600."""
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, data: bytes, trusted_comment: str) -> str:
        """The text of a `.minisig` file for `data`; the comment is one printable line."""
        if not trusted_comment.isprintable():
            raise ValueError("a trusted comment is one printable line")
        signature = self._private.sign(_prehash(data))
        seal = self._private.sign(signature + trusted_comment.encode())
        blob = _encoded(_SIGNATURE_ALGORITHM + self.public.key_id + signature)
        return (
            f"{_UNTRUSTED}signature from key {self.public.id_text}\n{blob}\n"
            f"{_TRUSTED}{trusted_comment}\n{_encoded(seal)}\n"
        )


def verify(data: bytes, signature_text: str, public_key: PublicKey) -> str:
    """The trusted comment of a signature that `public_key` made over `data`.

    Raises SignatureFormatError, WrongKeyError, BadSignatureError or TrustedCommentError.
    """
    key_id, signature, comment, seal = _parts(signature_text)
    if key_id != public_key.key_id:
        found = PublicKey(key_id=key_id, raw=b"").id_text
        raise WrongKeyError(found=found, expected=public_key.id_text)
    if not _fits(public_key, signature, _prehash(data)):
        raise BadSignatureError
    if not _fits(public_key, seal, signature + comment.encode()):
        raise TrustedCommentError
    return comment


def _parts(text: str) -> tuple[bytes, bytes, str, bytes]:
    """Key id, signature, trusted comment and the signature over both."""
    lines = _lines(text) if _is_unicode(text) else []
    if len(lines) != 4 or not lines[0].startswith(_UNTRUSTED) or not lines[2].startswith(_TRUSTED):
        raise SignatureFormatError
    blob, seal = _decoded(lines[1]), _decoded(lines[3])
    length = len(_SIGNATURE_ALGORITHM) + _KEY_ID_BYTES + _SIGNATURE_BYTES
    if len(blob) != length or len(seal) != _SIGNATURE_BYTES:
        raise SignatureFormatError
    if not blob.startswith(_SIGNATURE_ALGORITHM):
        raise SignatureFormatError
    return blob[2:10], blob[10:], lines[2].removeprefix(_TRUSTED), seal


def _is_unicode(text: str) -> bool:
    """Whether `text` can be written as UTF-8: a signature inside JSON can hold half a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _lines(text: str) -> list[str]:
    """Lines as minisign sees them: `str.splitlines` would also split at U+2028 in a comment."""
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


def _encoded(blob: bytes) -> str:
    return base64.b64encode(blob).decode("ascii")


def _decoded(line: str) -> bytes:
    """The bytes of one Base64 line; none for a line that encoding them would not give."""
    try:
        blob = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return blob if _encoded(blob) == line else b""


def _prehash(data: bytes) -> bytes:
    return blake2b(data).digest()


def _fits(public_key: PublicKey, signature: bytes, data: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key.raw).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _private_key(pem: bytes, path: Path) -> Ed25519PrivateKey:
    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise SigningKeyFileError(path=path, reason="not an unencrypted PEM key") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise SigningKeyFileError(path=path, reason="not an Ed25519 key")
    return private
