"""The objects that a Flat Phone shows over SNMP, in the order in which a walk meets them.

MIB-2 system group, ifTable row 1, entPhysicalTable row 1 (the chassis) and FLATPRO-PHONE-MIB.
"""

from bisect import bisect_right
from dataclasses import dataclass

from pysnmp.proto.api import v2c

from simulator.facts import PhoneFacts, PhoneLine

Oid = tuple[int, ...]

_SYSTEM = (1, 3, 6, 1, 2, 1, 1)
_INTERFACES = (1, 3, 6, 1, 2, 1, 2)
_ENTITY = (1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1)
# 32473 is the example enterprise of RFC 5612; the vendor's own number takes its place.
_PHONE = (1, 3, 6, 1, 4, 1, 32473, 1)
_PHONE_CLASS = 3
_ETHERNET = 6
_APPLICATION_SERVICES = 72


@dataclass(frozen=True)
class Leaf:
    """One object: its OID, its SMI type, and its value in Python's terms."""

    oid: Oid
    syntax: type
    value: object

    def encoded(self) -> object:
        """The value as the codec wants it."""
        return self.syntax(self.value)


@dataclass(frozen=True)
class Tree:
    """All leaves, sorted by OID."""

    leaves: tuple[Leaf, ...]

    def exact(self, oid: Oid) -> Leaf | None:
        """The object of exactly this OID."""
        index = bisect_right(self.leaves, oid, key=_oid) - 1
        return self.leaves[index] if index >= 0 and self.leaves[index].oid == oid else None

    def after(self, oid: Oid) -> Leaf | None:
        """The first object past this OID, None at the end of the view."""
        index = bisect_right(self.leaves, oid, key=_oid)
        return self.leaves[index] if index < len(self.leaves) else None

    def knows(self, oid: Oid) -> bool:
        """Whether some instance of the object that `oid` names is in the tree."""
        parent = oid[:-1]
        return any(leaf.oid[: len(parent)] == parent for leaf in self.leaves)


def _oid(leaf: Leaf) -> Oid:
    return leaf.oid


def tree_of(facts: PhoneFacts) -> Tree:
    """The objects of a phone that says `facts` of itself."""
    leaves = [*_system(facts), *_interface(facts), *_entity(facts), *_phone(facts)]
    return Tree(tuple(sorted(leaves, key=_oid)))


def _text(oid: Oid, value: str) -> Leaf:
    return Leaf(oid, v2c.OctetString, value.encode())


def _ticks(facts: PhoneFacts) -> int:
    return int(facts.uptime_s * 100) % (1 << 32)


def _system(facts: PhoneFacts) -> list[Leaf]:
    description = f"FLAT-PRO Flat Phone {facts.product} hw {facts.hardware} fw {facts.firmware}"
    return [
        _text((*_SYSTEM, 1, 0), description),
        Leaf((*_SYSTEM, 2, 0), v2c.ObjectIdentifier, _PHONE),
        Leaf((*_SYSTEM, 3, 0), v2c.TimeTicks, _ticks(facts)),
        _text((*_SYSTEM, 4, 0), ""),
        _text((*_SYSTEM, 5, 0), f"fp-{facts.mac}"),
        _text((*_SYSTEM, 6, 0), ""),
        Leaf((*_SYSTEM, 7, 0), v2c.Integer32, _APPLICATION_SERVICES),
    ]


def _interface(facts: PhoneFacts) -> list[Leaf]:
    row = (*_INTERFACES, 2, 1)
    return [
        Leaf((*_INTERFACES, 1, 0), v2c.Integer32, 1),
        Leaf((*row, 1, 1), v2c.Integer32, 1),
        _text((*row, 2, 1), "eth0"),
        Leaf((*row, 3, 1), v2c.Integer32, _ETHERNET),
        Leaf((*row, 6, 1), v2c.OctetString, bytes.fromhex(facts.mac)),
    ]


def _entity(facts: PhoneFacts) -> list[Leaf]:
    return [
        _text((*_ENTITY, 2, 1), f"Flat Phone {facts.product}"),
        Leaf((*_ENTITY, 5, 1), v2c.Integer32, _PHONE_CLASS),
        _text((*_ENTITY, 8, 1), facts.hardware),
        _text((*_ENTITY, 10, 1), facts.firmware),
        _text((*_ENTITY, 11, 1), facts.serial),
        _text((*_ENTITY, 13, 1), facts.product),
    ]


def _phone(facts: PhoneFacts) -> list[Leaf]:
    return [
        _text((*_PHONE, 1, 0), facts.product),
        _text((*_PHONE, 2, 0), facts.hardware),
        _text((*_PHONE, 3, 0), facts.serial),
        Leaf((*_PHONE, 4, 0), v2c.OctetString, bytes.fromhex(facts.mac)),
        _text((*_PHONE, 5, 0), facts.firmware),
        Leaf((*_PHONE, 6, 0), v2c.TimeTicks, _ticks(facts)),
        _text((*_PHONE, 7, 0), facts.last_reboot_reason),
        *(leaf for row, line in enumerate(facts.lines, 1) for leaf in _line(row, line)),
    ]


def _line(row: int, line: PhoneLine) -> list[Leaf]:
    entry = (*_PHONE, 8, 1)
    return [
        Leaf((*entry, 1, row), v2c.Integer32, row),
        _text((*entry, 2, row), line.number),
        _text((*entry, 3, row), line.server),
        _text((*entry, 4, row), line.state),
    ]
