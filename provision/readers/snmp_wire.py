"""One SNMP v2c GET by pysnmp; the only module that knows pysnmp.

pysnmp's own get_cmd believes a reply from any address, takes an answer for another OID and counts
its request ids upwards. So the question is ours, with a random id; a routing callback lets through
only its answer; pysnmp encodes, sends, repeats and decodes. Each call has its own event loop.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any

from pyasn1.codec.ber import decoder
from pyasn1.type import univ
from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.carrier.asyncio.dispatch import AsyncioDispatcher
from pysnmp.hlapi.v1arch.asyncio import CommunityData, SnmpDispatcher, UdpTransportTarget
from pysnmp.proto.api import v2c

from provision.readers.errors import (
    AccessDeniedError,
    Phrase,
    UnexpectedAnswerError,
    UnreachableError,
)

VIA = "SNMP"

_VERSION_2C = 1
_TOO_BIG = 1
_AUTHORIZATION_ERROR = 16
_TICK_S = 0.02  # how often pysnmp looks whether a reply is overdue
_STRAY = "stray"  # pysnmp's name for the receiver of what is no answer

# OCTET STRING as bytes, TimeTicks in seconds, OBJECT IDENTIFIER and IpAddress as dotted text.
Value = bytes | int | str


@dataclass(frozen=True)
class Peer:
    """Whom to ask and how patiently: `retries` more tries of `timeout_s` seconds each."""

    address: IPv4Address
    port: int
    community: str = field(repr=False)
    timeout_s: float
    retries: int


@dataclass
class _Question:
    """One request on the wire, and how many datagrams came that were not its answer."""

    peer: Peer
    oids: Sequence[str]
    request_id: int = field(default_factory=lambda: 1 + secrets.randbelow(2**31 - 1))
    strays: int = 0

    def route(self, _domain: object, address: tuple[str, int], datagram: bytes) -> str | None:
        """The receiver of a datagram: None is the one that completes the request."""
        if tuple(address[:2]) == (str(self.peer.address), self.peer.port) and self._fits(datagram):
            return None
        self.strays += 1
        return _STRAY

    def _fits(self, datagram: bytes) -> bool:
        # A hostile packet makes pyasn1 raise TypeError and ValueError beside its own errors.
        with contextlib.suppress(Exception):
            message, rest = decoder.decode(datagram, asn1Spec=v2c.Message())
            pdu = v2c.apiMessage.get_pdu(message)
            echoed = [str(oid) for oid, _ in v2c.apiPDU.get_varbinds(pdu)]
            return bool(
                not rest
                and message["version"] == _VERSION_2C
                and bytes(message["community"]) == self.peer.community.encode()
                and message["data"].getName() == "response"
                and pdu["request-id"] == self.request_id
                and (pdu["error-status"] != 0 or echoed == list(self.oids))
            )
        return False


def get(peer: Peer, oids: Sequence[str], wall_clock_s: float) -> dict[str, Value]:
    """What `peer` answers for `oids`, without those it does not have. Numeric OIDs only.

    Raises a ReadError: for silence, refusal, nothing but wrong answers, or `wall_clock_s` gone.
    """
    return asyncio.run(_bounded(peer, oids, wall_clock_s))


async def _bounded(peer: Peer, oids: Sequence[str], wall_clock_s: float) -> dict[str, Value]:
    try:
        async with asyncio.timeout(wall_clock_s):
            return await _get(peer, oids)
    except TimeoutError as error:
        raise UnreachableError(
            address=peer.address,
            via=VIA,
            reason=Phrase("время на чтение вышло", "the time for one read is over"),
        ) from error


async def _get(peer: Peer, oids: Sequence[str]) -> dict[str, Value]:
    """One GET, asked again in halves when too big, and without an OID that the phone trips over."""
    if not oids:
        return {}
    pdu = await _ask(_Question(peer, oids))
    status = int(pdu["error-status"])
    culprit = int(pdu["error-index"])
    if status == 0:
        return _values(pdu)
    if status == _AUTHORIZATION_ERROR:
        raise AccessDeniedError(address=peer.address, via=VIA)
    if status == _TOO_BIG:
        half = len(oids) // 2
        if half == 0:
            return {}
        return await _get(peer, oids[:half]) | await _get(peer, oids[half:])
    if 1 <= culprit <= len(oids):
        return await _get(peer, [*oids[: culprit - 1], *oids[culprit:]])
    reason = Phrase(f"ошибка {status}", f"error {status}")
    raise UnexpectedAnswerError(address=peer.address, via=VIA, reason=reason)


async def _ask(question: _Question) -> Any:
    """The answer's PDU."""
    peer = question.peer
    carrier = AsyncioDispatcher()
    carrier.set_timer_resolution(_TICK_S)
    carrier.register_transport(udp.DOMAIN_NAME, udp.UdpAsyncioTransport().open_client_mode())
    carrier.register_routing_callback(question.route)
    carrier.register_recv_callback(lambda *_: None, _STRAY)
    dispatcher = SnmpDispatcher(carrier)
    answer = asyncio.get_running_loop().create_future()
    try:
        target = await UdpTransportTarget.create(
            (str(peer.address), peer.port), timeout=peer.timeout_s, retries=peer.retries
        )
        # pysnmp calls back with four or five arguments; the PDU is the last but one of both.
        dispatcher.send_pdu(
            CommunityData(peer.community),
            target,
            _request(question),
            lambda *told: None if answer.done() else answer.set_result(told[-2]),
        )
        pdu = await answer
    finally:
        dispatcher.close()
        carrier.close_dispatcher()
    if pdu is None:
        raise _silence(question)
    return pdu


def _request(question: _Question) -> Any:
    pdu = v2c.GetRequestPDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, question.request_id)
    v2c.apiPDU.set_varbinds(pdu, [(oid, v2c.null) for oid in question.oids])
    return pdu


def _silence(question: _Question) -> UnreachableError | UnexpectedAnswerError:
    peer = question.peer
    if question.strays:
        reason = Phrase(
            f"получено пакетов: {question.strays}, ни один не отвечает на вопрос",
            f"packets received: {question.strays}, none of them answers the question",
        )
        return UnexpectedAnswerError(address=peer.address, via=VIA, reason=reason)
    seconds = peer.timeout_s * (peer.retries + 1)
    reason = Phrase(
        f"нет ответа за {seconds:g} с; аппарат выключен, не в сети или ждёт другое community",
        f"no answer in {seconds:g} s; it is off, not on the network or has another community",
    )
    return UnreachableError(address=peer.address, via=VIA, reason=reason)


def _values(pdu: Any) -> dict[str, Value]:
    values = {str(oid): _value(value) for oid, value in v2c.apiPDU.get_varbinds(pdu)}
    return {oid: value for oid, value in values.items() if value is not None}


def _value(value: Any) -> Value | None:
    """A value as Python has it; None for noSuchObject, noSuchInstance, endOfMibView and NULL."""
    if isinstance(value, univ.Null):
        return None
    if isinstance(value, v2c.IpAddress):
        return str(IPv4Address(bytes(value)))
    if isinstance(value, v2c.TimeTicks):
        return int(value) // 100
    if isinstance(value, univ.OctetString):
        return bytes(value)
    return int(value) if isinstance(value, univ.Integer) else str(value)
