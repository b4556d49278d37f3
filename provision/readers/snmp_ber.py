"""The strict reader of answers to one SNMP v2c question (pure).

It knows what the question was, so that it looks for those bytes and for nothing else: the same
version and community, the same OIDs in the same order, every length exact to the last byte.
"""

from typing import NamedTuple, Protocol

SEQUENCE, INTEGER, OCTETS, NULL, OID = 0x30, 0x02, 0x04, 0x05, 0x06
IP_ADDRESS, COUNTER, GAUGE, TICKS, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x46
_RESPONSE = 0xA2
_VERSION_2C = b"\x02\x01\x01"
VERSION_3 = b"\x02\x01\x03"
_LONG = 0x80
_LENGTH_BYTES_MAX = 4
_NUMBER_BYTES_MAX = 9
_NUMBERS = frozenset({INTEGER, COUNTER, GAUGE, TICKS, COUNTER64})
_IP_BYTES = 4
_TICKS_A_SECOND = 100

#: A value as it came: its tag and its bytes.
Raw = tuple[int, bytes]
Value = bytes | int | str


class MalformedError(Exception):
    """These bytes are no answer to the question."""


class Answer(NamedTuple):
    """An answer that fits: its id, and the values in the order of the question.

    With a `status` other than 0 the agent refused, and there are no values. A tuple, as a frozen
    dataclass takes three times as long to make, and a sweep makes a hundred thousand a second.
    """

    request_id: int
    status: int
    values: tuple[Raw, ...]


class Reader(Protocol):
    """Takes the answers to one question apart; raises MalformedError for everything else."""

    def read(self, datagram: bytes) -> Answer: ...


class AnswerReader:
    """Reads the answers to one question, whose OIDs are given as encoded (tag, length, bytes)."""

    def __init__(self, community: bytes, oids: tuple[bytes, ...]) -> None:
        self._head = _VERSION_2C + _framed(OCTETS, community)
        self._oids = oids

    def read(self, datagram: bytes) -> Answer:
        """The answer in `datagram`; raises MalformedError for everything else."""
        try:
            return self._read(datagram)
        except IndexError:
            raise MalformedError from None

    def _read(self, data: bytes) -> Answer:
        at = enter(data, 0, SEQUENCE, len(data))
        if not data.startswith(self._head, at):
            raise MalformedError
        at = enter(data, at + len(self._head), _RESPONSE, len(data))
        request_id, at = integer(data, at)
        status, at = integer(data, at)
        _index, at = integer(data, at)
        at = enter(data, at, SEQUENCE, len(data))
        if status:
            return Answer(request_id, status, ())
        values = []
        for oid in self._oids:
            if data[at] != SEQUENCE:
                raise MalformedError
            size = data[at + 1]
            at += 2
            if size >= _LONG:
                size, at = length(data, at - 1)
            end = at + size
            if not data.startswith(oid, at):
                raise MalformedError
            at += len(oid)
            tag = data[at]
            size = data[at + 1]
            at += 2
            if size >= _LONG:
                size, at = length(data, at - 1)
            if at + size != end:
                raise MalformedError
            values.append((tag, data[at:end]))
            at = end
        if at != len(data):
            raise MalformedError
        return Answer(request_id, 0, tuple(values))


def value_of(raw: Raw) -> Value | None:
    """A value as Python has it, TimeTicks in seconds; None for absent, unknown or impossible."""
    tag, body = raw
    if tag == OCTETS:
        return body
    if tag in _NUMBERS and 0 < len(body) <= _NUMBER_BYTES_MAX:
        number = int.from_bytes(body, "big", signed=tag == INTEGER)
        return number // _TICKS_A_SECOND if tag == TICKS else number
    if tag == IP_ADDRESS and len(body) == _IP_BYTES:
        return ".".join(map(str, body))
    return _dotted(body) if tag == OID else None


def message_id(datagram: bytes) -> int | None:
    """The id of an SNMP v3 message; None for whatever is none."""
    try:
        at = enter(datagram, 0, SEQUENCE, len(datagram))
        if not datagram.startswith(VERSION_3, at) or datagram[at + 3] != SEQUENCE:
            return None
        _size, at = length(datagram, at + 4)
        return integer(datagram, at)[0]
    except (IndexError, MalformedError):
        return None


def _framed(tag: int, body: bytes) -> bytes:
    if len(body) < _LONG:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes(2, "big").lstrip(b"\0")
    return bytes((tag, _LONG | len(size))) + size + body


def enter(data: bytes, at: int, tag: int, end: int) -> int:
    """The place of the first byte in a frame that must have `tag` and go on to `end`."""
    if data[at] != tag:
        raise MalformedError
    size, inside = length(data, at + 1)
    if inside + size != end:
        raise MalformedError
    return inside


def length(data: bytes, at: int) -> tuple[int, int]:
    """A length in either form, and the place behind it; never the indefinite one."""
    first = data[at]
    if first < _LONG:
        return first, at + 1
    count = first - _LONG
    if not 0 < count <= _LENGTH_BYTES_MAX or at + 1 + count > len(data):
        raise MalformedError
    return int.from_bytes(data[at + 1 : at + 1 + count], "big"), at + 1 + count


def integer(data: bytes, at: int) -> tuple[int, int]:
    """An INTEGER, with as many leading zeros as some phones like, and the place behind it."""
    size = data[at + 1]
    end = at + 2 + size
    if data[at] != INTEGER or not 0 < size <= _NUMBER_BYTES_MAX or end > len(data):
        raise MalformedError
    return int.from_bytes(data[at + 2 : end], "big", signed=True), end


def _dotted(body: bytes) -> str | None:
    """An OBJECT IDENTIFIER as text; None when its last number does not end."""
    numbers: list[int] = []
    number = 0
    for byte in body:
        number = number << 7 | byte & 0x7F
        if byte < _LONG:
            numbers.append(number)
            number = 0
    if not numbers or body[-1] >= _LONG:
        return None
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))
