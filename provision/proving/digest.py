"""The server's side of HTTP Digest (RFC 7616) for phones, without any memory (pure).

The nonce carries its own time and is signed for one MAC: any process may check what another one
gave out, one phone's answer is worth nothing for another, and the challenge is alike for known
and unknown MACs. The same answer sent twice is told apart by `AnswersSeen`, where that matters.
"""

import base64
import binascii
import hashlib
import hmac
import re
import struct
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from provision.devices.identity import BadMacError, MacAddress

REALM = "flatphone"
LIFETIME = timedelta(minutes=5)
# Clocks are set back now and then; a nonce from further ahead is not ours.
CLOCK_STEP = timedelta(minutes=1)
HEADER_LENGTH_MAX = 4096

# In our order of preference; old phones know only MD5.
_ALGORITHMS = {"SHA-256": "sha256", "MD5": "md5"}
_SIGNATURE_BYTES = 16
_PARAMETER = re.compile(
    r"""\s*([A-Za-z0-9_*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",=]+))\s*(?:,|$)"""
)
_NOBODYS_PASSWORD = "\x00"  # noqa: S105 - no device can have it; it keeps the timing alike


@dataclass(frozen=True)
class Accepted:
    """The password was proved, by this nonce at this count."""

    nonce: str
    count: int


@dataclass(frozen=True)
class Refused:
    """Nothing was proved. `reason` is for our records, never for the asker."""

    reason: str


@dataclass(frozen=True)
class Stale:
    """The password is right, but the nonce is too old or not ours: ask again with stale=true."""


Verdict = Accepted | Refused | Stale


def challenge(secret: bytes, now: datetime, mac: MacAddress, *, stale: bool = False) -> list[str]:
    """The values of the WWW-Authenticate headers, best first, each to be sent on its own line."""
    nonce = _nonce(secret, _milliseconds(now), mac)
    suffix = ", stale=true" if stale else ""
    return [
        f'Digest realm="{REALM}", qop="auth", algorithm={name}, nonce="{nonce}"{suffix}'
        for name in _ALGORITHMS
    ]


def check(
    header: str | None,
    method: str,
    target: str,
    password: str | None,
    secret: bytes,
    now: datetime,
    mac: MacAddress,
) -> Verdict:
    """Whether the Authorization `header` proves that the asker knows `mac`'s `password`.

    `target` is the request target as it stood in the request line. A device without a password
    (None) is refused like one with another password.
    """
    answer = _parameters(header or "")
    if answer is None:
        return Refused("no readable answer")
    if fault := _fault(answer, target, mac):
        return Refused(fault)
    given = answer["response"].lower()
    right = hmac.compare_digest(_response(answer, method, password or _NOBODYS_PASSWORD), given)
    if not right or password is None:
        return Refused("wrong password")
    if not _is_fresh(answer["nonce"], secret, now, mac):
        return Stale()
    return Accepted(answer["nonce"], int(answer["nc"], 16))


class AnswersSeen:
    """The counts used up in each nonce, so that an overheard answer cannot be sent again.

    It knows this process only and forgets the oldest nonce past `limit`.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def is_first(self, answer: Accepted) -> bool:
        """Whether this count of this nonce is new; it is used up by asking."""
        with self._lock:
            if answer.count <= self._counts.get(answer.nonce, 0):
                return False
            self._counts[answer.nonce] = answer.count
            if len(self._counts) > self._limit:
                self._counts.popitem(last=False)
            return True


def _parameters(header: str) -> Mapping[str, str] | None:
    """The parameters of a Digest header, or None for anything but a well-formed one."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "digest" or len(header) > HEADER_LENGTH_MAX or not header.isascii():
        return None
    found: dict[str, str] = {}
    at = 0
    while at < len(rest):
        match = _PARAMETER.match(rest, at)
        if match is None or match[1].lower() in found:
            return None
        quoted, token = match[2], match[3]
        found[match[1].lower()] = token if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        at = match.end()
    return found


def _fault(answer: Mapping[str, str], target: str, mac: MacAddress) -> str | None:
    """Why an answer is refused before anything is computed, or None."""
    needed = ("username", "realm", "nonce", "uri", "response", "cnonce", "nc", "qop")
    if any(not answer.get(name) for name in needed):
        return "incomplete answer"
    if not _names(answer["username"], mac):
        return "another user"
    if answer["realm"] != REALM or answer["qop"].lower() != "auth" or not _algorithm(answer):
        return "not what was asked for"
    # Not compared, a captured header would fetch any other file (RFC 7616 section 3.4.6).
    if answer["uri"] != target:
        return "answer for another address"
    if not re.fullmatch(r"(?!0{8})[0-9A-Fa-f]{8}", answer["nc"]):
        return "bad count"
    return None


def _algorithm(answer: Mapping[str, str]) -> str:
    """The name that hashlib knows; MD5 when none is said (RFC 7616), "" for one of others."""
    return _ALGORITHMS.get(answer.get("algorithm", "MD5").upper(), "")


def _names(username: str, mac: MacAddress) -> bool:
    try:
        return MacAddress.parse(username) == mac
    except BadMacError:
        return False


def _response(answer: Mapping[str, str], method: str, password: str) -> str:
    """The answer that the password gives (RFC 7616 section 3.4.1), in hex."""
    algorithm = _algorithm(answer)

    def digest(*parts: str) -> str:
        once = hashlib.new(algorithm, ":".join(parts).encode(), usedforsecurity=False)
        return once.hexdigest()

    secret_part = digest(answer["username"], answer["realm"], password)
    request_part = digest(method, answer["uri"])
    once = (answer["nonce"], answer["nc"], answer["cnonce"], answer["qop"])
    return digest(secret_part, *once, request_part)


def _milliseconds(now: datetime) -> int:
    return int(now.astimezone(UTC).timestamp() * 1000)


def _nonce(secret: bytes, at_ms: int, mac: MacAddress) -> str:
    time = struct.pack(">Q", at_ms)
    signature = hmac.digest(secret, time + mac.hex.encode(), "sha256")[:_SIGNATURE_BYTES]
    return base64.urlsafe_b64encode(time + signature).decode()


def _is_fresh(nonce: str, secret: bytes, now: datetime, mac: MacAddress) -> bool:
    try:
        raw = base64.urlsafe_b64decode(nonce)
    except (binascii.Error, ValueError):
        return False
    if len(raw) != 8 + _SIGNATURE_BYTES:
        return False
    at_ms: int = struct.unpack(">Q", raw[:8])[0]
    if not hmac.compare_digest(_nonce(secret, at_ms, mac), nonce):
        return False
    age = timedelta(milliseconds=_milliseconds(now) - at_ms)
    return -CLOCK_STEP <= age <= LIFETIME
