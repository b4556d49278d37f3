"""The SNMP port of one phone: v2c with a read community, v3 with one authPriv user.

Whoever says the wrong community, or nothing that is SNMP, hears nothing: so does a real phone.
"""

from collections.abc import Callable
from typing import Any

from pyasn1.codec.ber import encoder
from pysnmp.proto.api import SNMP_VERSION_2C, v2c

from simulator.datagram_face import DatagramFace
from simulator.facts import PhoneFacts
from simulator.snmp_agent import answer_pdu
from simulator.snmp_codec import NoSnmpError, decoded, version_of
from simulator.snmp_tree import tree_of
from simulator.snmp_v3 import UserSecurity, V3Agent

_VERSION_3 = 3


class SnmpFace(DatagramFace):
    """Answers on one address; every answer is made of the facts of that moment."""

    def __init__(
        self,
        facts: Callable[[], PhoneFacts],
        *,
        community: str = "public",
        v3: UserSecurity | None = None,
    ) -> None:
        self._facts = facts
        self._community = community.encode()
        self._v3 = V3Agent(v3, facts) if v3 is not None else None

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        answer = self.answer(data)
        if answer is not None:
            self.send(answer, addr)

    def answer(self, datagram: bytes) -> bytes | None:
        """The datagram that answers this one, None for silence."""
        try:
            version = version_of(datagram)
            if version == SNMP_VERSION_2C:
                return self._answer_v2c(datagram)
            if version == _VERSION_3 and self._v3 is not None:
                return self._v3.answer(datagram)
        except NoSnmpError:
            return None
        return None

    def _answer_v2c(self, datagram: bytes) -> bytes | None:
        message = decoded(datagram, v2c.Message())
        if v2c.apiMessage.get_community(message).asOctets() != self._community:
            return None
        response = answer_pdu(v2c.apiMessage.get_pdu(message), tree_of(self._facts()))
        if response is None:
            return None
        v2c.apiMessage.set_pdu(message, response)
        return bytes(encoder.encode(message))
