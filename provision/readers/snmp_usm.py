"""SNMP v3 GETs by pysnmp's v3arch, on engines that are thrown away after a hundred phones.

One shared engine would be the obvious thing, and is quadratic: every new phone adds a row to the
engine's tables, rows are never removed, and caches over all of them are made anew with each. Ten
thousand phones would take twenty minutes and 60 KB each. One engine holds one credential: two sets
of keys under one user name fight over its rows.

pysnmp believes a reply from any address and counts its message ids upwards; a Report is not signed.
So the ids are ours, and a datagram counts only if it comes from where its id was sent to.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pyasn1.error import PyAsn1Error
from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.carrier.asyncio.dispatch import AsyncioDispatcher
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413.cmdgen import CommandGenerator
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch.asyncio import UdpTransportTarget, UsmUserData
from pysnmp.hlapi.v3arch.asyncio.lcd import CommandGeneratorLcdConfigurator
from pysnmp.proto import errind
from pysnmp.proto.api import v2c

from provision.readers.errors import (
    Phrase,
    ReadError,
    UnexpectedAnswerError,
    UnreachableError,
)
from provision.readers.snmp_ber import message_id
from provision.readers.snmp_credentials import AuthProtocol, PrivProtocol, UsmUser
from provision.readers.snmp_peer import VIA, Peer, SnmpV3RefusedError, silence
from provision.readers.snmp_question import request_pdu

PHONES_AN_ENGINE = 100
_TICK_S = 0.05
_V3 = 3
_AUTH = {
    AuthProtocol.MD5: config.USM_AUTH_HMAC96_MD5,
    AuthProtocol.SHA: config.USM_AUTH_HMAC96_SHA,
    AuthProtocol.SHA256: config.USM_AUTH_HMAC192_SHA256,
}
_PRIV = {
    PrivProtocol.DES: config.USM_PRIV_CBC56_DES,
    PrivProtocol.AES: config.USM_PRIV_CFB128_AES,
}
#: The agent's engine is not the one that we knew, or its clock is not: learn it anew, once.
_STALE = (errind.UnknownEngineID, errind.NotInTimeWindow)
_REFUSED = {
    errind.UnknownUserName: Phrase("такого пользователя нет", "it knows no such user"),
    errind.UnknownSecurityName: Phrase("такого пользователя нет", "it knows no such user"),
    errind.WrongDigest: Phrase(
        "неверный пароль или алгоритм подписи", "wrong authentication password or protocol"
    ),
    errind.AuthenticationFailure: Phrase(
        "неверный пароль или алгоритм подписи", "wrong authentication password or protocol"
    ),
    errind.DecryptionError: Phrase(
        "неверный пароль или алгоритм шифрования", "wrong privacy password or protocol"
    ),
    errind.UnsupportedSecurityLevel: Phrase(
        "другой уровень защиты: нужны и подпись, и шифрование, или только подпись",
        "another level of security: it wants signing and encryption, or signing alone",
    ),
    errind.NotInTimeWindow: Phrase(
        "его часы расходятся с теми, что он сам назвал", "its clock differs from what it tells"
    ),
    errind.UnknownEngineID: Phrase(
        "он отвечает под одним именем движка и не признаёт его", "it denies its own engine id"
    ),
}


class _Wire(udp.UdpAsyncioTransport):  # type: ignore[misc] # pysnmp ships no types
    """A socket that knows which id went where; whatever fits none is counted and dropped."""

    def __init__(self) -> None:
        super().__init__()
        self._sent: dict[int, tuple[str, int]] = {}
        self.strays: Counter[tuple[str, int]] = Counter()

    def send_message(self, outgoingMessage: bytes, transportAddress: Any) -> None:  # noqa: N803 - pysnmp's names
        number = message_id(outgoingMessage)
        if number is not None:
            self._sent[number] = (str(transportAddress[0]), int(transportAddress[1]))
        super().send_message(outgoingMessage, transportAddress)

    def datagram_received(self, datagram: bytes, transportAddress: Any) -> None:  # noqa: N803 - pysnmp's
        came_from = (str(transportAddress[0]), int(transportAddress[1]))
        asked = self._sent.get(message_id(datagram) or 0)
        if asked != came_from or self._callback_function is None:
            self.strays[asked or came_from] += 1
            return
        try:
            self._callback_function(self, transportAddress, datagram)
        except Exception:  # noqa: BLE001 - a hostile packet makes pysnmp raise anything
            self.strays[came_from] += 1

    def error_received(self, exc: Exception) -> None:
        """An ICMP answer to an earlier packet: that phone stays silent."""


class _NumericTarget(UdpTransportTarget):  # type: ignore[misc] # no types there
    """Our addresses are numbers already: looking each up would cost a thread's turn."""

    async def _resolve_address(self, transportAddr: tuple[str, int]) -> tuple[str, int]:  # noqa: N803 - pysnmp's
        return transportAddr


class _Engine:
    """One engine and its socket; `phones` counts those that it was ever asked about."""

    def __init__(self) -> None:
        self.engine = SnmpEngine()
        # Private, but the ids of Reports, which nobody signs, must not be guessed.
        self.engine.message_processing_subsystems[_V3]._cache.new_message_id = _fresh_id  # noqa: SLF001 - see above
        self.dispatcher = AsyncioDispatcher()
        self.dispatcher.set_timer_resolution(_TICK_S)
        self.engine.register_transport_dispatcher(self.dispatcher)
        self.wire = _Wire()
        config.add_transport(self.engine, udp.DOMAIN_NAME, self.wire.open_client_mode())
        self.generator = CommandGenerator()
        self.configurator = CommandGeneratorLcdConfigurator()
        self.phones = self.busy = 0
        self.is_retired = False

    def retire(self) -> None:
        """Take no more phones; close as soon as nobody waits."""
        self.is_retired = True
        if not self.busy:
            self.engine.close_dispatcher()


class Engines:
    """The engines for one credential, each for a hundred phones."""

    def __init__(self, user: UsmUser) -> None:
        self._user = user
        keys = user.keys()
        self._auth_data = UsmUserData(
            user.name,
            authKey=keys.auth,
            privKey=keys.priv,
            authProtocol=_AUTH[user.auth],
            privProtocol=_PRIV[user.priv] if keys.priv is not None else None,
            authKeyType=config.USM_KEY_TYPE_MASTER,
            privKeyType=config.USM_KEY_TYPE_MASTER,
        )
        self._current: _Engine | None = None
        self._asked: dict[tuple[str, int], _Engine] = {}

    async def ask(self, peer: Peer, oids: Sequence[str], *, following: bool = False) -> Any:
        """The answer's PDU; raises a ReadError for silence and for a refusal."""
        is_known = peer.place in self._asked
        try:
            return await self._ask(self._engine_for(peer), peer, oids, following=following)
        except (_StaleError, UnreachableError) as error:
            # It restarted since, or another phone has its address now, which pysnmp may take for
            # silence. One liar is not to cost the other ninety-nine their engine.
            if isinstance(error, UnreachableError) and not is_known:
                raise
            own = _Engine()
        try:
            return await self._ask(own, peer, oids, following=following)
        except _StaleError as error:
            raise _refusal(peer, error.told) from error
        finally:
            own.retire()

    def close(self) -> None:
        """Retire them all; those that somebody waits for close when he is done."""
        for engine in {*self._asked.values()}:
            self._retire(engine)

    async def _ask(self, used: _Engine, peer: Peer, oids: Sequence[str], *, following: bool) -> Any:
        before = used.wire.strays[peer.place]
        answer: asyncio.Future[tuple[Any, Any]] = asyncio.get_running_loop().create_future()
        used.busy += 1
        try:
            target = await _NumericTarget.create(
                peer.place, timeout=peer.timeout_s, retries=peer.retries
            )
            name, _ = used.configurator.configure(used.engine, self._auth_data, target)
            used.generator.send_pdu(
                used.engine,
                name,
                None,
                self._user.context,
                request_pdu(oids, _fresh_id(), following=following),
                lambda _engine, _handle, problem, pdu, _context: (
                    None if answer.done() else answer.set_result((problem, pdu))
                ),
                None,
            )
            problem, pdu = await answer
        except (PySnmpError, PyAsn1Error) as error:
            raise _odd(peer, type(error).__name__) from error
        finally:
            used.busy -= 1
            if used.is_retired:
                used.retire()
        if problem:
            raise _failure(peer, problem, used.wire.strays[peer.place] - before)
        return _checked(peer, oids, pdu, following=following)

    def _engine_for(self, peer: Peer) -> _Engine:
        """The engine that knows this phone, else the current one with room for it."""
        known = self._asked.get(peer.place)
        if known is not None:
            return known
        if self._current is None or self._current.phones >= PHONES_AN_ENGINE:
            if self._current is not None:
                self._retire(self._current)
            self._current = _Engine()
        self._current.phones += 1
        self._asked[peer.place] = self._current
        return self._current

    def _retire(self, engine: _Engine) -> None:
        engine.retire()
        if engine is self._current:
            self._current = None
        # An engine and its rows are megabytes: nobody keeps it for the sake of a name.
        self._asked = {place: one for place, one in self._asked.items() if one is not engine}


class _StaleError(Exception):
    def __init__(self, told: object) -> None:
        super().__init__(told)
        self.told = told


def _failure(peer: Peer, problem: object, strays: int) -> Exception:
    if isinstance(problem, errind.RequestTimedOut):
        return silence(peer, strays)
    if isinstance(problem, _STALE):
        return _StaleError(problem)
    return _refusal(peer, problem)


def _refusal(peer: Peer, problem: object) -> ReadError:
    reason = next((text for kind, text in _REFUSED.items() if isinstance(problem, kind)), None)
    if reason is None:
        return _odd(peer, str(problem)[:80])
    return SnmpV3RefusedError(address=peer.address, via=VIA, reason=reason)


def _checked(peer: Peer, oids: Sequence[str], pdu: Any, *, following: bool) -> Any:
    """The PDU, if it is for the OIDs that were asked, in their order, or for as many others."""
    echoed = [str(oid) for oid, _ in v2c.apiPDU.get_varbinds(pdu)]
    fits = len(echoed) == len(oids) if following else echoed == list(oids)
    if int(pdu["error-status"]) == 0 and not fits:
        raise _odd(peer, Phrase("ответ о другом", "it answers another question"))
    return pdu


def _odd(peer: Peer, reason: object) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(address=peer.address, via=VIA, reason=reason)


def _fresh_id() -> int:
    return 1 + secrets.randbelow(2**31 - 1)
