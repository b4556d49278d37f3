"""A face that hears datagrams on one address: opened, closed, and told each of them."""

import asyncio
from typing import Any, cast


class DatagramFace(asyncio.DatagramProtocol):
    """What is heard comes to `datagram_received` of whoever speaks a protocol."""

    _transport: asyncio.DatagramTransport | None = None

    async def open(self, address: str, port: int) -> int:
        """Start listening; the port, which was chosen by the system if 0. OSError if taken."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(address, port))
        return int(transport.get_extra_info("sockname")[1])

    async def close(self) -> None:
        """Stop listening."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def send(self, datagram: bytes, to: tuple[str | Any, int]) -> None:
        """Send one, unless we were closed meanwhile."""
        if self._transport is not None:
            self._transport.sendto(datagram, to)
