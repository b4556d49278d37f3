"""Client certificates of phones, as the proxy that ended TLS hands them over (pure).

That proxy has checked the chain and the dates. What is left is whose certificate it is: a subject
proves a device only where a whole value of it is this device's MAC or serial number, never a part.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from provision.devices.identity import BadMacError, MacAddress

#: More than any certificate of a phone, percent-encoded.
LENGTH_MAX = 16_384
_NAMES_MAX = 32


@dataclass(frozen=True)
class ClientCertificate:
    """`fingerprint` is SHA-256 in hex; `names` are the whole values that may name a device."""

    fingerprint: str
    issued_at: datetime
    names: frozenset[str]

    @classmethod
    def read(cls, escaped: str) -> Self | None:
        """The certificate of a percent-encoded PEM text; None for anything else."""
        if not 0 < len(escaped) <= LENGTH_MAX:
            return None
        try:
            found = x509.load_pem_x509_certificate(unquote(escaped).encode())
            names = frozenset(_names(found))
        except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
            return None
        if len(names) > _NAMES_MAX:
            return None
        return cls(found.fingerprint(SHA256()).hex(), found.not_valid_before_utc, names)

    def is_of(self, mac: MacAddress, serial: str | None) -> bool:
        """Whether it names exactly this device: one of its values, and no other MAC beside it."""
        macs = {found for name in self.names if (found := _mac(name)) is not None}
        if macs - {mac}:
            return False
        return bool(macs) or (serial is not None and serial in self.names)


def _names(certificate: x509.Certificate) -> Iterator[str]:
    for oid in (NameOID.COMMON_NAME, NameOID.SERIAL_NUMBER):
        for attribute in certificate.subject.get_attributes_for_oid(oid):
            if isinstance(attribute.value, str):
                yield attribute.value.strip()
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return
    yield from extension.value.get_values_for_type(x509.DNSName)


def _mac(name: str) -> MacAddress | None:
    try:
        return MacAddress.parse(name)
    except BadMacError:
        return None
