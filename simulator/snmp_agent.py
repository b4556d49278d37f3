"""SNMP requests and their answers (RFC 3416), whichever version of the message carries them."""

from collections.abc import Callable, Sequence
from typing import Any

from pyasn1.codec.ber import encoder
from pysnmp.proto.api import v2c

from simulator.snmp_tree import Leaf, Oid, Tree

# One Ethernet frame: a phone's stack does not answer in fragments.
MAX_ANSWER = 1472
_ROOM_FOR_WRAPPING = 160
_MAX_BINDINGS = 100
_TOO_BIG = 1
_NOT_WRITABLE = 17

# pyasn1 objects have no useful static types; they stay inside the SNMP modules.
Pdu = Any
Binding = tuple[Oid, object]


def answer_pdu(request: Pdu, tree: Tree) -> Pdu | None:
    """The response to a request, None for what is no request of a manager."""
    respond = _RESPONDERS.get(request.tagSet)
    if respond is None:
        return None
    return respond(request, tree)


def _get(request: Pdu, tree: Tree) -> Pdu:
    return _response(request, [_exact(tree, oid) for oid in _asked(request)])


def _get_next(request: Pdu, tree: Tree) -> Pdu:
    return _response(request, [_next(tree, oid) for oid in _asked(request)])


def _get_bulk(request: Pdu, tree: Tree) -> Pdu:
    asked = _asked(request)
    first = max(0, int(v2c.apiBulkPDU.get_non_repeaters(request)))
    repetitions = max(0, int(v2c.apiBulkPDU.get_max_repetitions(request)))
    bindings = [_next(tree, oid) for oid in asked[:first]]
    row = asked[first:]
    while row and repetitions and len(bindings) < _MAX_BINDINGS:
        found = [_next(tree, oid) for oid in row]
        bindings += found
        row = [oid for oid, _ in found]
        repetitions -= 1
        if all(value is v2c.rfc1905.endOfMibView for _, value in found):
            break
    return _fitting(request, bindings)


def _set(request: Pdu, _tree: Tree) -> Pdu:
    """Nothing on a phone is writable over SNMP."""
    response = v2c.apiPDU.get_response(request)
    v2c.apiPDU.set_varbinds(response, v2c.apiPDU.get_varbinds(request))
    v2c.apiPDU.set_error_status(response, _NOT_WRITABLE)
    v2c.apiPDU.set_error_index(response, 1)
    return response


_RESPONDERS: dict[object, Callable[[Pdu, Tree], Pdu]] = {
    v2c.GetRequestPDU.tagSet: _get,
    v2c.GetNextRequestPDU.tagSet: _get_next,
    v2c.GetBulkRequestPDU.tagSet: _get_bulk,
    v2c.SetRequestPDU.tagSet: _set,
}


def _asked(request: Pdu) -> list[Oid]:
    return [tuple(name) for name, _ in v2c.apiPDU.get_varbinds(request)]


def _exact(tree: Tree, oid: Oid) -> Binding:
    leaf = tree.exact(oid)
    if leaf is not None:
        return _binding(leaf)
    absent = v2c.rfc1905.noSuchInstance if tree.knows(oid) else v2c.rfc1905.noSuchObject
    return oid, absent


def _next(tree: Tree, oid: Oid) -> Binding:
    leaf = tree.after(oid)
    return (oid, v2c.rfc1905.endOfMibView) if leaf is None else _binding(leaf)


def _binding(leaf: Leaf) -> Binding:
    return leaf.oid, leaf.encoded()


def _fitting(request: Pdu, bindings: Sequence[Binding]) -> Pdu:
    """As many bindings of a bulk answer as one frame holds, cut at the end."""
    while True:
        response = _filled(request, bindings)
        if len(bindings) <= 1 or _size(response) <= MAX_ANSWER - _ROOM_FOR_WRAPPING:
            return response
        bindings = bindings[: len(bindings) * 3 // 4]


def _response(request: Pdu, bindings: Sequence[Binding]) -> Pdu:
    response = _filled(request, bindings)
    if _size(response) <= MAX_ANSWER - _ROOM_FOR_WRAPPING:
        return response
    refusal = _filled(request, [])
    v2c.apiPDU.set_error_status(refusal, _TOO_BIG)
    return refusal


def _filled(request: Pdu, bindings: Sequence[Binding]) -> Pdu:
    response = v2c.apiPDU.get_response(request)
    v2c.apiPDU.set_varbinds(response, bindings)
    return response


def _size(response: Pdu) -> int:
    return len(encoder.encode(response))
