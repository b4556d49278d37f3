"""The bytes of one SNMP question, written by pysnmp once, so that no BER is written by hand here.

Only the request id in it changes; it has four bytes and is positive, so the length stays.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pyasn1.codec.ber import encoder
from pysnmp.proto import rfc1905
from pysnmp.proto.api import v2c
from pysnmp.proto.mpmod.rfc3412 import ScopedPDU, SNMPv3Message
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters

from provision.readers.snmp_ber import AnswerReader, Reader
from provision.readers.snmp_report import ReportReader

#: Ids lie from here to twice this: four bytes in BER, never negative, never 0.
ID_BASE = 1 << 30
_REPORTABLE = b"\x04"
_MESSAGE_MAX = 65_507
_USM = 3


@dataclass(frozen=True)
class Question:
    """A message up to its id, what stands behind it, and who reads the answers."""

    before: bytes
    behind: bytes
    reader: Reader

    def datagram(self, request_id: int) -> bytes:
        return self.before + request_id.to_bytes(4, "big") + self.behind


def question(community: str, oids: Sequence[str]) -> Question:
    """The v2c question for these OIDs, numeric ones."""
    reader = AnswerReader(
        community.encode(),
        tuple(bytes(encoder.encode(v2c.ObjectIdentifier(oid))) for oid in oids),
    )
    return _question(reader, lambda number: _get(community, oids, number))


def discovery() -> Question:
    """The v3 question of a stranger, which every v3 agent answers with its engine's id."""
    return _question(ReportReader(), _probe)


def _question(reader: Reader, encoded: Callable[[int], bytes]) -> Question:
    one, other = (encoded(ID_BASE | mark) for mark in (0, 0x3FFFFFFF))
    # The id's four bytes are where the two differ, from the second half of the first byte on.
    at = next(place for place, byte in enumerate(one) if byte != other[place])
    return Question(before=one[:at], behind=one[at + 4 :], reader=reader)


def _get(community: str, oids: Sequence[str], request_id: int) -> bytes:
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, community)
    v2c.apiMessage.set_pdu(message, request_pdu(oids, request_id))
    return bytes(encoder.encode(message))


def _probe(message_id: int) -> bytes:
    scoped = ScopedPDU()
    scoped["contextEngineId"] = scoped["contextName"] = b""
    scoped["data"] = rfc1905.PDUs()
    pdu = request_pdu((), ID_BASE)
    scoped["data"].setComponentByType(pdu.tagSet, pdu)
    usm = UsmSecurityParameters()
    usm["msgAuthoritativeEngineId"] = usm["msgUserName"] = b""
    usm["msgAuthoritativeEngineBoots"] = usm["msgAuthoritativeEngineTime"] = 0
    usm["msgAuthenticationParameters"] = usm["msgPrivacyParameters"] = b""
    message = SNMPv3Message()
    message["msgVersion"] = 3
    header = message["msgGlobalData"]
    header["msgID"], header["msgMaxSize"] = message_id, _MESSAGE_MAX
    header["msgFlags"], header["msgSecurityModel"] = _REPORTABLE, _USM
    message["msgSecurityParameters"] = encoder.encode(usm)
    message["msgData"]["plaintext"] = scoped
    return bytes(encoder.encode(message))


def request_pdu(oids: Sequence[str], request_id: int, *, following: bool = False) -> Any:
    """A GET for these OIDs, as pysnmp has it, or a GETNEXT for those that follow them."""
    pdu = v2c.GetNextRequestPDU() if following else v2c.GetRequestPDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, request_id)
    v2c.apiPDU.set_varbinds(pdu, [(oid, v2c.null) for oid in oids])
    return pdu
