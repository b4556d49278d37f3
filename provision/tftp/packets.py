"""What is said over TFTP, as tftpy writes and reads it; its exceptions end here.

Of tftpy only the packets are used. Its server joins names to a folder, takes files in, serves text
mode as bytes, and cannot send more than 65,535 blocks (docs/adr/0017).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from tftpy.TftpPacketFactory import TftpPacketFactory
from tftpy.TftpPacketTypes import TftpPacketDAT, TftpPacketERR, TftpPacketOACK
from tftpy.TftpShared import TftpException

#: RFC 2347: a request fits into 512 bytes.
REQUEST_BYTES_MAX = 512
_OPCODE_BYTES = 2
_READ, _WRITE, _ACK, _ERROR = 1, 2, 4, 5


class ErrorCode(IntEnum):
    """RFC 1350, appendix."""

    UNDEFINED = 0
    NOT_FOUND = 1
    ACCESS = 2
    ILLEGAL = 4


@dataclass(frozen=True)
class ReadRequest:
    """`mode` and the names of options are in lower case."""

    name: str
    mode: str
    options: Mapping[str, str]


@dataclass(frozen=True)
class WriteRequest:
    """Somebody wants to send a file."""


@dataclass(frozen=True)
class Malformed:
    """It begins like a request and is none."""


@dataclass(frozen=True)
class Acknowledged:
    block: int


@dataclass(frozen=True)
class PeerError:
    """The other side gave up; its words are not read."""


Request = ReadRequest | WriteRequest | Malformed


def read_request(datagram: bytes) -> Request | None:
    """The request in a datagram; None for one that must not be answered (errors, stray blocks)."""
    opcode = int.from_bytes(datagram[:_OPCODE_BYTES], "big")
    if opcode == _WRITE:
        return WriteRequest()
    if opcode != _READ:
        return None
    if len(datagram) > REQUEST_BYTES_MAX:
        return Malformed()
    try:
        packet = TftpPacketFactory().parse(datagram)
    except (TftpException, struct.error, UnicodeDecodeError):
        return Malformed()
    options = {name.lower(): value for name, value in packet.options.items()}
    return ReadRequest(packet.filename, packet.mode, options)


def read_reply(datagram: bytes) -> Acknowledged | PeerError | None:
    """What the receiver of a file says; None for what no receiver says."""
    if len(datagram) < 4:
        return None
    opcode, number = struct.unpack("!HH", datagram[:4])
    if opcode == _ACK:
        return Acknowledged(number)
    return PeerError() if opcode == _ERROR else None


def data(number: int, payload: bytes) -> bytes:
    """A block; its number goes round after 65,535."""
    packet = TftpPacketDAT()
    packet.blocknumber, packet.data = number & 0xFFFF, payload
    return bytes(packet.encode().buffer)


def agreement(options: Mapping[str, str]) -> bytes:
    """The options that are taken (RFC 2347)."""
    packet = TftpPacketOACK()
    packet.options = dict(options)
    return bytes(packet.encode().buffer)


def error(code: ErrorCode, words: str) -> bytes:
    """A refusal, in ASCII words of ours."""
    packet = TftpPacketERR()
    packet.errorcode, packet.errmsgs = int(code), {int(code): words.encode("ascii")}
    return bytes(packet.encode().buffer)
