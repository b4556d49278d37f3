"""Whom a phone believes: minisign signatures (prehashed Ed25519) under keys put in at the factory.

The online key says which releases are current; only the firmware key can make a phone install
one. The two lists are kept apart for that reason.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from simulator.refusal import RefusedError

_TRUSTED = "trusted comment: "


class BadSignatureError(RefusedError):
    """The signature is missing, malformed, by a stranger, or not of these bytes."""


class BadKeyError(RefusedError):
    """A public key of the phone's own list cannot be read."""


@dataclass(frozen=True)
class PublicKey:
    """One minisign public key; `key_id` are the eight bytes that a signature names it by."""

    key_id: bytes
    key: Ed25519PublicKey

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the base64 line of a key, alone or as the last line of a public key file."""
        line = text.strip().splitlines()[-1:] or [""]
        raw = _base64(line[0])
        if raw is None or len(raw) != 42 or not raw.startswith(b"Ed"):
            raise BadKeyError(f"no minisign public key: {line[0][:60]!r}")
        return cls(raw[2:10], Ed25519PublicKey.from_public_bytes(raw[10:]))


@dataclass(frozen=True)
class Trust:
    """The keys in the phone: `online` for manifests, `firmware` for statements of releases."""

    online: tuple[PublicKey, ...]
    firmware: tuple[PublicKey, ...]

    @classmethod
    def of(cls, online: Iterable[str], firmware: Iterable[str]) -> Self:
        """Trust in keys given as text."""
        return cls(
            tuple(PublicKey.parse(text) for text in online),
            tuple(PublicKey.parse(text) for text in firmware),
        )


def verify(message: bytes, signature: str, keys: Iterable[PublicKey]) -> str:
    """The trusted comment of a good signature over `message` by one of `keys`."""
    lines = signature.split("\n")
    if len(lines) < 4 or not lines[2].startswith(_TRUSTED):
        raise BadSignatureError("no minisign signature")
    own, whole = _base64(lines[1]), _base64(lines[3])
    if own is None or whole is None or len(own) != 74 or not own.startswith(b"ED"):
        raise BadSignatureError("no prehashed minisign signature")
    comment = lines[2].removeprefix(_TRUSTED)
    key = _signer(own[2:10], keys)
    try:
        key.verify(own[10:], hashlib.blake2b(message).digest())
        key.verify(whole, own[10:] + comment.encode())
    except InvalidSignature as error:
        raise BadSignatureError("the signature is not of these bytes") from error
    return comment


def _signer(key_id: bytes, keys: Iterable[PublicKey]) -> Ed25519PublicKey:
    for known in keys:
        if known.key_id == key_id:
            return known.key
    raise BadSignatureError(f"signed by key {key_id[::-1].hex().upper()}, a stranger")


def _base64(line: str) -> bytes | None:
    try:
        return base64.b64decode(line.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
