"""The HTTP port of one phone: its status page and two buttons, behind Digest.

One request a connection. The nonce is sealed with a key of this process and dies of age, so the
phone remembers nothing between requests.
"""

import asyncio
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Protocol

from simulator.digest import ALGORITHMS, DigestProof, Login, parse_parameters
from simulator.facts import PhoneFacts

_REALM = "flatphone"
_PATIENCE_S = 10.0
_HEAD_LIMIT = 16 * 1024
_BODY_LIMIT = 64 * 1024
_NONCE_AGE_S = 300
_STATUS, _RESYNC, _REBOOT = "/api/v1/status", "/api/v1/resync", "/api/v1/reboot"
_METHODS = {_STATUS: ("GET", "HEAD"), _RESYNC: ("POST",), _REBOOT: ("POST",)}


class Phone(Protocol):
    """What the pages show and what the buttons do."""

    def facts(self) -> PhoneFacts: ...
    def resync(self) -> None: ...
    def reboot(self) -> None: ...


@dataclass(frozen=True)
class _Request:
    method: str
    target: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class _Answer:
    status: HTTPStatus
    body: bytes = b""
    fields: tuple[tuple[str, str], ...] = ()


class HttpFace:
    """Serves one phone on one address; `login` opens every page of it."""

    def __init__(self, phone: Phone, login: Login) -> None:
        self._phone = phone
        self._login = login
        self._seal = secrets.token_bytes(16)
        self._server: asyncio.Server | None = None

    async def open(self, address: str, port: int) -> int:
        """Start serving; the port, which was chosen by the system if 0. OSError if taken."""
        self._server = await asyncio.start_server(self._serve, address, port, limit=_HEAD_LIMIT)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop serving; connections under way end by themselves."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_PATIENCE_S):
                request = await _read(reader)
                answer = _refused() if request is None else self._answer(request)
                writer.write(_written(answer, with_body=not request or request.method != "HEAD"))
                await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def _answer(self, request: _Request) -> _Answer:
        path = request.target.partition("?")[0]
        methods = _METHODS.get(path)
        if methods is None:
            return _Answer(HTTPStatus.NOT_FOUND)
        if request.method not in methods:
            return _Answer(HTTPStatus.METHOD_NOT_ALLOWED, fields=(("Allow", ", ".join(methods)),))
        if not self._proved(request):
            return _Answer(HTTPStatus.UNAUTHORIZED, fields=self._challenges(request))
        if path == _STATUS:
            return _Answer(HTTPStatus.OK, _status(self._phone.facts()))
        if path == _RESYNC:
            self._phone.resync()
        else:
            self._phone.reboot()
        return _Answer(HTTPStatus.ACCEPTED, b'{"accepted": true}\n')

    def _proved(self, request: _Request) -> bool:
        given = _proof_parameters(request)
        algorithm = given.get("algorithm", "MD5").upper()
        if algorithm not in ALGORITHMS or given.get("qop") != "auth":
            return False
        if given.get("uri") != request.target or given.get("realm") != _REALM:
            return False
        proof = DigestProof(
            algorithm=algorithm,
            realm=_REALM,
            nonce=given.get("nonce", ""),
            nc=given.get("nc", ""),
            cnonce=given.get("cnonce", ""),
            method=request.method,
            uri=request.target,
        )
        right = proof.response(self._login).encode()
        same = hmac.compare_digest(right, given.get("response", "").encode())
        known = given.get("username") == self._login.username
        return known and same and self._fresh(proof.nonce)

    def _challenges(self, request: _Request) -> tuple[tuple[str, str], ...]:
        nonce = _proof_parameters(request).get("nonce", "")
        stale = ", stale=true" if self._ours(nonce) and not self._fresh(nonce) else ""
        common = f'realm="{_REALM}", qop="auth", nonce="{self._nonce(int(time.time()))}"{stale}'
        return tuple(
            ("WWW-Authenticate", f"Digest {common}, algorithm={algorithm}")
            for algorithm in ALGORITHMS
        )

    def _nonce(self, moment: int) -> str:
        stamp = f"{moment:x}"
        return f"{stamp}-{hmac.digest(self._seal, stamp.encode(), 'sha256')[:12].hex()}"

    def _ours(self, nonce: str) -> bool:
        stamp = nonce.partition("-")[0]
        try:
            return hmac.compare_digest(self._nonce(int(stamp, 16)).encode(), nonce.encode())
        except ValueError:
            return False

    def _fresh(self, nonce: str) -> bool:
        return self._ours(nonce) and time.time() - int(nonce.partition("-")[0], 16) < _NONCE_AGE_S


def _proof_parameters(request: _Request) -> dict[str, str]:
    schemes = parse_parameters(request.headers.get("authorization", ""))
    return next((given for scheme, given in schemes if scheme == "digest"), {})


def _status(facts: PhoneFacts) -> bytes:
    page = {
        "model": facts.product,
        "hardware": facts.hardware,
        "serial": facts.serial,
        "mac": facts.mac,
        "firmware": facts.firmware,
        "uptime_s": int(facts.uptime_s),
        "last_reboot_reason": facts.last_reboot_reason,
        "network": asdict(facts.network),
        "lines": [asdict(line) for line in facts.lines],
        "time": facts.clock,
        "certificate_until": facts.certificate_until,
        "configuration": facts.configuration,
        "quality": asdict(facts.quality),
    }
    return json.dumps(page, ensure_ascii=False, indent=1).encode() + b"\n"


async def _read(reader: asyncio.StreamReader) -> _Request | None:
    """The request with its body read and thrown away; None for what is no HTTP."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        return None
    first, *lines = raw.decode("latin-1")[:-4].split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        return None
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > _BODY_LIMIT:
        return None
    await reader.readexactly(int(length))
    return _Request(words[0], words[1], headers)


def _refused() -> _Answer:
    return _Answer(HTTPStatus.BAD_REQUEST)


def _written(answer: _Answer, *, with_body: bool) -> bytes:
    fields = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Length", str(len(answer.body))),
        ("Cache-Control", "no-store"),
        ("Connection", "close"),
        *answer.fields,
    ]
    lines = [f"HTTP/1.1 {answer.status.value} {answer.status.phrase}"]
    lines += [f"{name}: {value}" for name, value in fields]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head + answer.body if with_body else head
