"""One SNMP v2c GET by pysnmp's v1arch.

pysnmp's own get_cmd believes a reply from any address, takes an answer for another OID and counts
its request ids upwards. So the question is ours, with a random id; a routing callback lets through
only its answer; pysnmp encodes, sends, repeats and decodes. Each question has its own socket.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pyasn1.codec.ber import decoder
from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.carrier.asyncio.dispatch import AsyncioDispatcher
from pysnmp.hlapi.v1arch.asyncio import CommunityData, SnmpDispatcher, UdpTransportTarget
from pysnmp.proto.api import v2c

from provision.readers.snmp_credentials import Community
from provision.readers.snmp_peer import Peer, silence
from provision.readers.snmp_question import request_pdu

_VERSION_2C = 1
_TICK_S = 0.02  # how often pysnmp looks whether a reply is overdue
_STRAY = "stray"  # pysnmp's name for the receiver of what is no answer


class _NumericTarget(UdpTransportTarget):  # type: ignore[misc] # pysnmp ships no types
    """Our addresses are numbers already: looking each up would cost a thread's turn."""

    async def _resolve_address(self, transportAddr: tuple[str, int]) -> tuple[str, int]:  # noqa: N803 - pysnmp's name
        return transportAddr


@dataclass
class _Question:
    """One request on the wire, and how many datagrams came that were not its answer."""

    peer: Peer
    community: str = field(repr=False)
    oids: Sequence[str]
    following: bool = False
    request_id: int = field(default_factory=lambda: 1 + secrets.randbelow(2**31 - 1))
    strays: int = 0

    def route(self, _domain: object, address: tuple[str, int], datagram: bytes) -> str | None:
        """The receiver of a datagram: None is the one that completes the request."""
        if tuple(address[:2]) == self.peer.place and self._fits(datagram):
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
                and bytes(message["community"]) == self.community.encode()
                and message["data"].getName() == "response"
                and pdu["request-id"] == self.request_id
                and (pdu["error-status"] != 0 or self._answers(echoed))
            )
        return False

    def _answers(self, echoed: Sequence[str]) -> bool:
        if self.following:
            return len(echoed) == len(self.oids)
        return echoed == list(self.oids)


async def ask_community(
    peer: Peer, credential: Community, oids: Sequence[str], *, following: bool = False
) -> Any:
    """The answer's PDU; raises a ReadError for silence."""
    question = _Question(peer, credential.text, oids, following)
    carrier = AsyncioDispatcher()
    carrier.set_timer_resolution(_TICK_S)
    carrier.register_transport(udp.DOMAIN_NAME, udp.UdpAsyncioTransport().open_client_mode())
    carrier.register_routing_callback(question.route)
    carrier.register_recv_callback(lambda *_: None, _STRAY)
    dispatcher = SnmpDispatcher(carrier)
    answer = asyncio.get_running_loop().create_future()
    try:
        target = await _NumericTarget.create(
            peer.place, timeout=peer.timeout_s, retries=peer.retries
        )
        # pysnmp calls back with four or five arguments; the PDU is the last but one of both.
        dispatcher.send_pdu(
            CommunityData(question.community),
            target,
            request_pdu(oids, question.request_id, following=following),
            lambda *told: None if answer.done() else answer.set_result(told[-2]),
        )
        pdu = await answer
    finally:
        dispatcher.close()
        carrier.close_dispatcher()
    if pdu is None:
        raise silence(peer, question.strays)
    return pdu
