"""The bytes of one SNMP v2c GET, written by pysnmp once, so that no BER is written by hand here.

Only the request id in it changes; it has four bytes and is positive, so the length stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pyasn1.codec.ber import encoder
from pysnmp.proto.api import v2c

from provision.readers.snmp_ber import AnswerReader

#: Ids lie from here to twice this: four bytes in BER, never negative, never 0.
ID_BASE = 1 << 30


@dataclass(frozen=True)
class Question:
    """A GET up to its request id, what stands behind it, and who reads the answers."""

    before: bytes
    behind: bytes
    reader: AnswerReader

    def datagram(self, request_id: int) -> bytes:
        return self.before + request_id.to_bytes(4, "big") + self.behind


def question(community: str, oids: Sequence[str]) -> Question:
    """The question for these OIDs, numeric ones."""
    one, other = (_encoded(community, oids, ID_BASE | mark) for mark in (0, 0x3FFFFFFF))
    # The id's four bytes are where the two differ, from the second half of the first byte on.
    at = next(place for place, byte in enumerate(one) if byte != other[place])
    return Question(
        before=one[:at],
        behind=one[at + 4 :],
        reader=AnswerReader(
            community.encode(),
            tuple(bytes(encoder.encode(v2c.ObjectIdentifier(oid))) for oid in oids),
        ),
    )


def _encoded(community: str, oids: Sequence[str], request_id: int) -> bytes:
    pdu = v2c.GetRequestPDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, request_id)
    v2c.apiPDU.set_varbinds(pdu, [(oid, v2c.null) for oid in oids])
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, community)
    v2c.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))
