"""GETs by the general engine (pysnmp), whatever the version: what an answer comes to.

Each call has its own event loop; `answer` is for those who have one already.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address
from typing import Any

from pyasn1.type import univ
from pysnmp.proto.api import v2c

from provision.readers.errors import (
    AccessDeniedError,
    Phrase,
    UnexpectedAnswerError,
    UnreachableError,
)
from provision.readers.snmp_community import ask_community
from provision.readers.snmp_credentials import Community, SnmpCredential
from provision.readers.snmp_peer import VIA, Peer, Value
from provision.readers.snmp_usm import Engines

_TOO_BIG = 1
_NO_SUCH_NAME = 2
_AUTHORIZATION_ERROR = 16
_Ask = Callable[[Sequence[str]], Awaitable[Any]]


def get(peer: Peer, oids: Sequence[str], wall_clock_s: float) -> dict[str, Value]:
    """What `peer` answers for `oids`, without those it does not have. Numeric OIDs only.

    Raises a ReadError: for silence, refusal, nothing but wrong answers, or `wall_clock_s` gone.
    """

    async def alone() -> dict[str, Value]:
        general = General(peer.credential)
        try:
            return await general.answer(peer, oids, wall_clock_s)
        finally:
            general.close()

    return asyncio.run(alone())


class General:
    """The general engine for one credential."""

    def __init__(self, credential: SnmpCredential) -> None:
        self._credential = credential
        self._engines = None if isinstance(credential, Community) else Engines(credential)

    async def answer(
        self, peer: Peer, oids: Sequence[str], wall_clock_s: float
    ) -> dict[str, Value]:
        """As `get`."""
        try:
            async with asyncio.timeout(wall_clock_s):
                return await _get(peer, oids, lambda some: self._ask(peer, some))
        except TimeoutError as error:
            raise UnreachableError(
                address=peer.address,
                via=VIA,
                reason=Phrase("время на чтение вышло", "the time for one read is over"),
            ) from error

    async def next_to(self, peer: Peer, oid: str) -> tuple[str, Value | None] | None:
        """The first OID behind `oid` and its value; None at the end. Raises a ReadError."""
        pdu = await self._ask(peer, [oid], following=True)
        status = int(pdu["error-status"])
        if status == _NO_SUCH_NAME:
            return None
        if status:
            reason = Phrase(f"ошибка {status}", f"error {status}")
            raise UnexpectedAnswerError(address=peer.address, via=VIA, reason=reason)
        ((found, value),) = v2c.apiPDU.get_varbinds(pdu)
        return None if value.tagSet == v2c.EndOfMibView.tagSet else (str(found), _value(value))

    def close(self) -> None:
        if self._engines is not None:
            self._engines.close()

    async def _ask(self, peer: Peer, oids: Sequence[str], *, following: bool = False) -> Any:
        if self._engines is not None:
            return await self._engines.ask(peer, oids, following=following)
        assert isinstance(self._credential, Community), "a v3 user has engines"
        return await ask_community(peer, self._credential, oids, following=following)


async def _get(peer: Peer, oids: Sequence[str], ask: _Ask) -> dict[str, Value]:
    """One GET, asked again in halves when too big, and without an OID that the phone trips over."""
    if not oids:
        return {}
    pdu = await ask(oids)
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
        return await _get(peer, oids[:half], ask) | await _get(peer, oids[half:], ask)
    if 1 <= culprit <= len(oids):
        return await _get(peer, [*oids[: culprit - 1], *oids[culprit:]], ask)
    reason = Phrase(f"ошибка {status}", f"error {status}")
    raise UnexpectedAnswerError(address=peer.address, via=VIA, reason=reason)


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
