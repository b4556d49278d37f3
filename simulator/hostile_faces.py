"""Ports of a phone that was taken over: they cost whoever asks as much as he lets them.

`garbage` says much that is nothing, `drip` a byte at a time, `silent` takes what comes and waits.
"""

import asyncio
import secrets
from contextlib import suppress
from enum import StrEnum

from simulator.datagram_face import DatagramFace

_CHUNK = 16 * 1024
_DRIP_S = 0.5


class Hostility(StrEnum):
    """How a phone's ports misbehave."""

    GARBAGE = "garbage"
    DRIP = "drip"
    SILENT = "silent"


class HostileDatagrams(DatagramFace):
    """In place of SNMP: noise, spoiled and cut answers, or nothing."""

    def __init__(self, hostility: Hostility) -> None:
        self._hostility = hostility

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._hostility is not Hostility.GARBAGE:
            return
        spoiled = bytearray(data)
        spoiled[secrets.randbelow(len(data)) if data else 0 :] = b"\xff\xff"
        for answer in (b"", b"\x30\x80", data[: len(data) // 2], bytes(spoiled), b"\x30" * 900):
            self.send(answer, addr)


class HostileStream:
    """In place of HTTP and SSH: bytes without end, one at a time, or none."""

    def __init__(self, hostility: Hostility) -> None:
        self._hostility = hostility
        self._server: asyncio.Server | None = None

    async def open(self, address: str, port: int) -> int:
        """Start listening; the port, which was chosen by the system if 0. OSError if taken."""
        self._server = await asyncio.start_server(self._serve, address, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            if self._hostility is Hostility.SILENT:
                while await reader.read(_CHUNK):
                    pass
            elif self._hostility is Hostility.DRIP:
                while True:
                    writer.write(b"H")
                    await writer.drain()
                    await asyncio.sleep(_DRIP_S)
            while self._hostility is Hostility.GARBAGE:
                writer.write(secrets.token_bytes(_CHUNK))
                await writer.drain()
        writer.close()
