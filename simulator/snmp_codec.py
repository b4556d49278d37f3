"""BER in, with one way to fail: whatever the library makes of noise, callers see NoSnmpError."""

from typing import Any

from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto.api import decodeMessageVersion
from pysnmp.proto.error import ProtocolError

# Found by feeding spoiled messages to pyasn1: its own error is not the only one that comes out.
_NOISE = (
    PyAsn1Error,
    ProtocolError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class NoSnmpError(Exception):
    """These bytes are no SNMP message, or not only one."""


def version_of(datagram: bytes) -> int:
    """The version number that an SNMP message begins with: 0, 1 or 3."""
    try:
        return int(decodeMessageVersion(datagram))
    except _NOISE as error:
        raise NoSnmpError("no SNMP version") from error


def decoded(raw: bytes, shape: object, *, padded: bool = False) -> Any:
    """`raw` read as `shape`; bytes behind it are refused unless it may be `padded`."""
    try:
        value, rest = decoder.decode(raw, asn1Spec=shape)
    except _NOISE as error:
        raise NoSnmpError("not of the expected shape") from error
    if rest and not padded:
        raise NoSnmpError("bytes behind the message")
    return value
