"""What may be shown to a phone's SNMP agent: a community, or a v3 user with its keys (pure)."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

_MEBIBYTE = 1 << 20


class AuthProtocol(StrEnum):
    """How a v3 message is signed: RFC 3414 and RFC 7860."""

    MD5 = "md5"
    SHA = "sha"
    SHA256 = "sha256"


class PrivProtocol(StrEnum):
    """How a v3 message is encrypted: RFC 3414 and RFC 3826 (128 bits)."""

    DES = "des"
    AES = "aes"


@dataclass(frozen=True)
class Community:
    """The read community of SNMP v2c."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class UsmUser:
    """A user of SNMP v3. Without a `priv_password` messages are signed but not encrypted."""

    name: str
    auth: AuthProtocol
    auth_password: str = field(repr=False)
    priv: PrivProtocol = PrivProtocol.AES
    priv_password: str | None = field(default=None, repr=False)
    context: str = ""

    def keys(self) -> "UsmKeys":
        """The master keys, which take a millisecond each: made once for many phones."""
        secret = self.priv_password
        return UsmKeys(
            auth=_master(self.auth, self.auth_password),
            priv=None if secret is None else _master(self.auth, secret),
        )


@dataclass(frozen=True)
class UsmKeys:
    """Master keys (Ku of RFC 3414); each phone's own come from them and its engine's id."""

    auth: bytes = field(repr=False)
    priv: bytes | None = field(repr=False)


SnmpCredential = Community | UsmUser


def _master(protocol: AuthProtocol, password: str) -> bytes:
    """RFC 3414 A.2: the digest of the password repeated to one megabyte."""
    raw = password.encode() or b"\0"
    digest = hashlib.new({"sha": "sha1"}.get(protocol, protocol.value), usedforsecurity=False)
    digest.update((raw * (_MEBIBYTE // len(raw) + 1))[:_MEBIBYTE])
    return digest.digest()
