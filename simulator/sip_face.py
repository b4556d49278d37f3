"""The SIP port of one phone: it answers NOTIFY check-sync and then fetches, or restarts.

A question that comes again is answered as the first time and acted on once (RFC 3261 17.2.2).
"""

import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from simulator.datagram_face import DatagramFace
from simulator.http_face import Phone

_REQUEST_LINE = re.compile(r"(?P<method>[A-Z]+) sips?:\S+ SIP/2\.0")
_BRANCH = re.compile(r";\s*branch=(?P<branch>[^\s;,]+)")
_RPORT = re.compile(r";\s*rport(?=[;\s]|$)")
_REBOOT = re.compile(r";\s*reboot\s*=\s*true\b", re.IGNORECASE)
_SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "o": "event"}
_NEEDED = ("via", "from", "to", "call-id", "cseq")
_KEPT = 64


@dataclass(frozen=True)
class _Asked:
    method: str
    headers: dict[str, list[str]]

    def first(self, name: str) -> str:
        return self.headers.get(name, [""])[0]


class SipFace(DatagramFace):
    """Answers on one address; whoever says what is no SIP request hears nothing."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self._answered: OrderedDict[str, bytes] = OrderedDict()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        answer = self.answer(data, str(addr[0]), addr[1])
        if answer is not None:
            self.send(answer, addr)

    def answer(self, datagram: bytes, address: str, port: int) -> bytes | None:
        """The datagram that answers this one, None for silence."""
        asked = _read(datagram)
        if asked is None or asked.method == "ACK":
            return None
        branch = _BRANCH.search(asked.first("via"))
        if branch is not None and branch["branch"] in self._answered:
            return self._answered[branch["branch"]]
        status, more = self._obey(asked)
        written = _written(asked, status, more, address, port)
        if branch is not None:
            self._answered[branch["branch"]] = written
            if len(self._answered) > _KEPT:
                self._answered.popitem(last=False)
        return written

    def _obey(self, asked: _Asked) -> tuple[str, tuple[str, ...]]:
        if asked.method != "NOTIFY":
            return "405 Method Not Allowed", ("Allow: NOTIFY",)
        event = asked.first("event")
        if event.partition(";")[0].strip().lower() != "check-sync":
            return "489 Bad Event", ("Allow-Events: check-sync",)
        if _REBOOT.search(event):
            self._phone.reboot()
        else:
            self._phone.resync()
        return "200 OK", ()


def _read(datagram: bytes) -> _Asked | None:
    first, *lines = datagram.decode("latin-1").partition("\r\n\r\n")[0].split("\r\n")
    line = _REQUEST_LINE.fullmatch(first)
    if line is None:
        return None
    headers: dict[str, list[str]] = {}
    for name, _, value in (one.partition(":") for one in lines):
        plain = name.strip().lower()
        headers.setdefault(_SHORT.get(plain, plain), []).append(value.strip())
    if any(name not in headers for name in _NEEDED):
        return None
    return _Asked(line["method"], headers)


def _written(asked: _Asked, status: str, more: tuple[str, ...], address: str, port: int) -> bytes:
    top, *others = asked.headers["via"]
    top = _RPORT.sub(f";rport={port};received={address}", top)
    to = asked.first("to")
    lines = [
        f"SIP/2.0 {status}",
        *(f"Via: {value}" for value in (top, *others)),
        f"From: {asked.first('from')}",
        f"To: {to}" if ";tag=" in to else f"To: {to};tag=flatphone",
        f"Call-ID: {asked.first('call-id')}",
        f"CSeq: {asked.first('cseq')}",
        *more,
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
