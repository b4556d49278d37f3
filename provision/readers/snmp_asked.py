"""Whom a sweep asks, by which ids, and who has answered: seventeen bytes for each address."""

import os
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from socket import inet_aton, inet_ntoa

from provision.readers.snmp_question import ID_BASE

_ID_BYTES = 4
#: The first byte of an id: positive, and never shorter in BER than four bytes.
_FIRST = bytes(ID_BASE >> 24 | byte & (ID_BASE - 1 >> 24) for byte in range(256))


class Asked:
    """Addresses in the order in which they are asked; each has a place in it.

    Strings and a dictionary of them would take ten times as much.
    """

    def __init__(self, addresses: Iterable[str]) -> None:
        packed = bytearray()
        for address in addresses:
            packed += inet_aton(address)
        self._packed = bytes(packed)
        numbers = memoryview(self._packed).cast("I")
        #: Each number with its place behind it, in order of the numbers.
        self._places = array("Q", sorted(number << 32 | at for at, number in enumerate(numbers)))
        #: By pass.
        self._ids: list[bytes] = []
        self._heard = bytearray(len(numbers))

    def is_over(self) -> bool:
        """Whether everybody has answered."""
        return 0 not in self._heard

    def silent(self) -> Sequence[int]:
        """The places of those that have not answered yet."""
        return array("I", (place for place, heard in enumerate(self._heard) if not heard))

    def draw_ids(self) -> None:
        """New ids for everybody, which nobody can guess; the older ones count still."""
        drawn = bytearray(os.urandom(len(self._packed)))
        drawn[::_ID_BYTES] = drawn[::_ID_BYTES].translate(_FIRST)
        self._ids.append(bytes(drawn))

    def address(self, place: int) -> str:
        at = place * 4
        return inet_ntoa(self._packed[at : at + 4])

    def request_id(self, place: int) -> bytes:
        """By which id this place is asked in this pass."""
        at = place * _ID_BYTES
        return self._ids[-1][at : at + _ID_BYTES]

    def place(self, address: str) -> int | None:
        """Where an address stands, if it is asked at all."""
        number = memoryview(inet_aton(address)).cast("I")[0]
        at = bisect_left(self._places, number << 32)
        if at == len(self._places) or self._places[at] >> 32 != number:
            return None
        return self._places[at] & 0xFFFFFFFF

    def was_asked(self, place: int, request_id: int) -> bool:
        """Whether this place was asked by that id, in any pass."""
        at = place * _ID_BYTES
        asked = [int.from_bytes(ids[at : at + _ID_BYTES], "big") for ids in self._ids]
        return request_id in asked

    def hear(self, place: int) -> bool:
        """Note an answer; whether it is the first one."""
        first = not self._heard[place]
        self._heard[place] = 1
        return first
