"""Whom a sweep asks, by which ids, and who has answered."""

import os
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from socket import inet_aton, inet_ntoa
from sys import byteorder

from provision.readers.snmp_question import ID_BASE

_BYTES = 4
_STRETCH = 64
#: The first byte of an id: positive, and never shorter in BER than four bytes.
_FIRST = bytes(ID_BASE >> 24 | byte & (ID_BASE - 1 >> 24) for byte in range(256))


class Asked:
    """Addresses in the order in which they are asked; each has a place in it.

    Packed, as strings and a dictionary of them would take four times as much.
    """

    def __init__(self, addresses: Iterable[str]) -> None:
        packed = bytearray()
        for address in addresses:
            packed += inet_aton(address)
        self._packed = bytes(packed)
        #: Each address as a number with its place behind it, in order of the numbers.
        self._places = array(
            "Q", sorted(number << 32 | at for at, number in enumerate(_numbers(self._packed)))
        )
        #: Where each stretch of them begins: in a list numbers are found faster.
        self._stretches = self._places[::_STRETCH].tolist()
        #: By pass: as they are sent, and as they are compared.
        self._drawn: list[bytes] = []
        self._ids: list[array[int]] = []
        self._heard = bytearray(len(self._places))

    def is_over(self) -> bool:
        """Whether everybody has answered."""
        return 0 not in self._heard

    def silent(self) -> Sequence[int]:
        """The places of those that have not answered yet."""
        return array("I", (place for place, heard in enumerate(self._heard) if not heard))

    def draw_ids(self) -> None:
        """New ids for everybody, which nobody can guess; the older ones count still."""
        drawn = bytearray(os.urandom(len(self._packed)))
        drawn[::_BYTES] = drawn[::_BYTES].translate(_FIRST)
        self._drawn.append(bytes(drawn))
        self._ids.append(_numbers(self._drawn[-1]))

    def asking(self, places: Iterable[int]) -> Iterator[tuple[bytes, str]]:
        """The id of this pass and the address of each of these places."""
        packed, drawn = self._packed, self._drawn[-1]
        for place in places:
            at = place * _BYTES
            yield drawn[at : at + _BYTES], inet_ntoa(packed[at : at + _BYTES])

    def place(self, address: str) -> int | None:
        """Where an address stands, if it is asked at all."""
        number = int.from_bytes(inet_aton(address), "big")
        stretch = bisect_left(self._stretches, number + 1 << 32) - 1
        if stretch < 0:
            return None
        begin, places = stretch * _STRETCH, self._places
        at = bisect_left(places, number << 32, begin, min(begin + _STRETCH, len(places)))
        if at == len(places) or places[at] >> 32 != number:
            return None
        return places[at] & 0xFFFFFFFF

    def hear(self, place: int, request_id: int) -> bool | None:
        """Note an answer; whether it is the first. None for an id that no pass asked by."""
        for ids in self._ids:
            if ids[place] == request_id:
                first = not self._heard[place]
                self._heard[place] = 1
                return first
        return None


def _numbers(packed: bytes) -> "array[int]":
    """Four bytes each, in the order of the network."""
    found = array("I", packed)
    if byteorder == "little":
        found.byteswap()
    return found
