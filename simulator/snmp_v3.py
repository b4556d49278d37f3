"""SNMPv3 of one phone: the User-based Security Model (RFC 3414) with one authPriv user.

HMAC-192-SHA-256 (RFC 7860) and AES-128 in CFB mode (RFC 3826). Every other level of security is
answered with the report that tells a manager what is wrong.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from pyasn1.codec.ber import encoder
from pysnmp.proto import rfc1905
from pysnmp.proto.api import v2c
from pysnmp.proto.mpmod.rfc3412 import ScopedPDU, SNMPv3Message
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters

from simulator.facts import PhoneFacts
from simulator.snmp_agent import answer_pdu
from simulator.snmp_codec import NoSnmpError, decoded
from simulator.snmp_tree import Oid, tree_of

_AUTH, _PRIV, _REPORTABLE = 1, 2, 4
_USM = 3
_MAC_SIZE = 24
_KEY_SIZE = 16
_WINDOW_S = 150
_STATS = (1, 3, 6, 1, 6, 3, 15, 1, 1)
_UNSUPPORTED_LEVEL: Oid = (*_STATS, 1, 0)
_NOT_IN_WINDOW: Oid = (*_STATS, 2, 0)
_UNKNOWN_USER: Oid = (*_STATS, 3, 0)
_UNKNOWN_ENGINE: Oid = (*_STATS, 4, 0)
_WRONG_DIGEST: Oid = (*_STATS, 5, 0)
_DECRYPTION_ERROR: Oid = (*_STATS, 6, 0)
# RFC 3411: enterprise 32473 with the high bit set, then format 3 = a MAC address.
_ENGINE_PREFIX = (0x80000000 | 32473).to_bytes(4, "big") + b"\x03"


@dataclass(frozen=True)
class UserSecurity:
    """The one v3 user of a phone; passwords are at least 8 characters long (RFC 3414)."""

    user: str
    auth_password: str
    priv_password: str


@dataclass(frozen=True)
class _Keys:
    auth: bytes
    priv: bytes


@dataclass(frozen=True)
class _Message:
    """One v3 message taken apart; `authenticated` is it with its MAC zeroed, as it was signed."""

    msg_id: int
    flags: int
    engine_id: bytes
    boots: int
    engine_time: int
    user: bytes
    mac: bytes
    salt: bytes
    data: Any
    authenticated: bytes


class _ReportError(Exception):
    """The request ends in a report of this counter, signed where the user is known."""

    def __init__(self, counter: Oid, flags: int = 0) -> None:
        super().__init__(counter)
        self.counter = counter
        self.flags = flags


class V3Agent:
    """Answers v3 datagrams for a phone; its engine id holds the phone's MAC address."""

    def __init__(self, security: UserSecurity, facts: Callable[[], PhoneFacts]) -> None:
        self._facts = facts
        self._user = security.user.encode()
        self._engine_id = _ENGINE_PREFIX + bytes.fromhex(facts().mac)
        self._keys = _Keys(
            auth=_localised(security.auth_password, self._engine_id),
            priv=_localised(security.priv_password, self._engine_id)[:_KEY_SIZE],
        )
        # Boots must rise over restarts of an engine that keeps its id; the wall clock does.
        self._boots = int(time.time()) % (1 << 31)
        self._started = time.monotonic()
        self._reports: dict[Oid, int] = {}

    def answer(self, datagram: bytes) -> bytes | None:
        """The answer or the report for one datagram; NoSnmpError for what is none."""
        message = _parsed(datagram)
        try:
            scoped = self._admitted(message)
        except _ReportError as report:
            if not message.flags & _REPORTABLE:
                return None
            return self._sealed(message, report.flags, self._report(report.counter))
        pdu = scoped["data"].getComponent()
        response = answer_pdu(pdu, tree_of(self._facts()))
        if response is None:
            return None
        context = bytes(scoped["contextName"])
        return self._sealed(message, _AUTH | _PRIV, self._scoped(response, context))

    def _admitted(self, message: _Message) -> Any:
        """The request inside, once the sender proved to be the user (RFC 3414 section 3.2)."""
        if message.engine_id != self._engine_id:
            raise _ReportError(_UNKNOWN_ENGINE)
        if message.user != self._user:
            raise _ReportError(_UNKNOWN_USER)
        if message.flags & (_AUTH | _PRIV) != _AUTH | _PRIV:
            raise _ReportError(_UNSUPPORTED_LEVEL)
        if not hmac.compare_digest(message.mac, self._mac(message.authenticated)):
            raise _ReportError(_WRONG_DIGEST)
        if message.boots != self._boots or abs(message.engine_time - self._time()) > _WINDOW_S:
            raise _ReportError(_NOT_IN_WINDOW, _AUTH)
        return self._decrypted(message)

    def _decrypted(self, message: _Message) -> Any:
        sealed = message.data["encryptedPDU"]
        if not sealed.isValue or len(message.salt) != 8:
            raise _ReportError(_DECRYPTION_ERROR)
        cipher = self._cipher(message.boots, message.engine_time, message.salt).decryptor()
        plain = cipher.update(bytes(sealed)) + cipher.finalize()
        return decoded(plain, ScopedPDU(), padded=True)

    def _report(self, counter: Oid) -> Any:
        self._reports[counter] = self._reports.get(counter, 0) + 1
        pdu = v2c.ReportPDU()
        v2c.apiPDU.set_defaults(pdu)
        v2c.apiPDU.set_varbinds(pdu, [(counter, v2c.Counter32(self._reports[counter]))])
        return self._scoped(pdu, b"")

    def _scoped(self, pdu: Any, context: bytes) -> Any:
        scoped = ScopedPDU()
        scoped["contextEngineId"] = self._engine_id
        scoped["contextName"] = context
        scoped["data"] = rfc1905.PDUs()
        scoped["data"].setComponentByType(pdu.tagSet, pdu)
        return scoped

    def _sealed(self, request: _Message, flags: int, scoped: Any) -> bytes:
        """The whole answer to `request` around `scoped`: encrypted and signed as `flags` say."""
        message = SNMPv3Message()
        message["msgVersion"] = 3
        header = message["msgGlobalData"]
        header["msgID"] = request.msg_id
        header["msgMaxSize"] = 65507
        header["msgFlags"] = bytes([flags])
        header["msgSecurityModel"] = _USM
        moment = self._time()
        salt = secrets.token_bytes(8) if flags & _PRIV else b""
        if flags & _PRIV:
            cipher = self._cipher(self._boots, moment, salt).encryptor()
            plain = encoder.encode(scoped)
            message["msgData"]["encryptedPDU"] = cipher.update(plain) + cipher.finalize()
        else:
            message["msgData"]["plaintext"] = scoped
        parameters = UsmSecurityParameters()
        parameters["msgAuthoritativeEngineId"] = self._engine_id
        parameters["msgAuthoritativeEngineBoots"] = self._boots
        parameters["msgAuthoritativeEngineTime"] = moment
        # The name that was asked with, known or not: a report tells a stranger nothing.
        parameters["msgUserName"] = request.user
        parameters["msgPrivacyParameters"] = salt
        if not flags & _AUTH:
            return _assembled(message, parameters, b"")
        unsigned = _assembled(message, parameters, bytes(_MAC_SIZE))
        return _assembled(message, parameters, self._mac(unsigned))

    def _cipher(self, boots: int, moment: int, salt: bytes) -> Cipher[CFB]:
        vector = boots.to_bytes(4, "big") + moment.to_bytes(4, "big") + salt
        return Cipher(algorithms.AES(self._keys.priv), CFB(vector))

    def _mac(self, message: bytes) -> bytes:
        return hmac.digest(self._keys.auth, message, "sha256")[:_MAC_SIZE]

    def _time(self) -> int:
        return int(time.monotonic() - self._started)


def _assembled(message: Any, parameters: Any, mac: bytes) -> bytes:
    parameters["msgAuthenticationParameters"] = mac
    message["msgSecurityParameters"] = encoder.encode(parameters)
    return bytes(encoder.encode(message))


def _parsed(datagram: bytes) -> _Message:
    message = decoded(datagram, SNMPv3Message())
    raw = bytes(message["msgSecurityParameters"])
    usm = decoded(raw, UsmSecurityParameters())
    header = message["msgGlobalData"]
    if int(header["msgSecurityModel"]) != _USM:
        raise NoSnmpError("another security model")
    mac = bytes(usm["msgAuthenticationParameters"])
    return _Message(
        msg_id=int(header["msgID"]),
        flags=bytes(header["msgFlags"])[0],
        engine_id=bytes(usm["msgAuthoritativeEngineId"]),
        boots=int(usm["msgAuthoritativeEngineBoots"]),
        engine_time=int(usm["msgAuthoritativeEngineTime"]),
        user=bytes(usm["msgUserName"]),
        mac=mac,
        salt=bytes(usm["msgPrivacyParameters"]),
        data=message["msgData"],
        authenticated=_blanked(datagram, raw, mac),
    )


def _blanked(datagram: bytes, parameters: bytes, mac: bytes) -> bytes:
    """The message with zeros for its MAC; only inside the parameters, where the MAC stands."""
    if not mac:
        return datagram
    start = datagram.index(parameters)
    at = datagram.index(mac, start)
    return datagram[:at] + bytes(len(mac)) + datagram[at + len(mac) :]


@lru_cache(maxsize=16)
def _master(password: str) -> bytes:
    """RFC 3414 A.2: the digest of the password repeated to one megabyte."""
    raw = password.encode()
    return hashlib.sha256((raw * ((1 << 20) // len(raw) + 1))[: 1 << 20]).digest()


def _localised(password: str, engine_id: bytes) -> bytes:
    master = _master(password)
    return hashlib.sha256(master + engine_id + master).digest()
