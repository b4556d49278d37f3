"""The ports of a phone opened together: inside a running loop, or from ordinary code."""

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from simulator.digest import Login
from simulator.hostile_faces import HostileDatagrams, HostileStream, Hostility
from simulator.http_face import HttpFace, Phone
from simulator.sip_face import SipFace
from simulator.snmp_face import SnmpFace
from simulator.snmp_v3 import UserSecurity
from simulator.ssh_face import SshFace


@dataclass(frozen=True)
class FaceOptions:
    """Where a phone answers and to whom; port 0 = any free one, None = not at all."""

    address: str = "127.0.0.1"
    snmp_port: int | None = 0
    http_port: int | None = 0
    snmp_community: str = "public"
    snmp_v3: UserSecurity | None = None
    http_login: Login | None = None
    ssh_port: int | None = None
    sip_port: int | None = None
    hostile: Hostility | None = None


class Face(Protocol):
    """One port of a phone."""

    async def open(self, address: str, port: int) -> int: ...
    async def close(self) -> None: ...


class TakenPort(NamedTuple):
    """A face that stays closed: "SNMP", "HTTP", "SSH" or "SIP", where, and what the system said."""

    face: str
    address: str
    port: int
    reason: str


def _reason(error: OSError) -> str:
    # asyncio words its own with the address in it, which would make of each port another reason.
    return os.strerror(error.errno) if error.errno else str(error)


class Faces:
    """The open ports of one phone; a port that is taken is listed in `taken` and left out."""

    def __init__(self, phone: Phone, options: FaceOptions) -> None:
        self.address = options.address
        self.snmp_port: int | None = None
        self.http_port: int | None = None
        self.ssh_port: int | None = None
        self.sip_port: int | None = None
        self.taken: list[TakenPort] = []
        self._options = options
        self._snmp, self._http, self._ssh = _made(phone, options)
        hostile = options.hostile
        self._sip: Face = HostileDatagrams(hostile) if hostile else SipFace(phone)

    async def open(self) -> None:
        """Open what the options ask for. Without `http_login` there is neither HTTP nor SSH."""
        options = self._options
        if options.snmp_port is not None:
            self.snmp_port = await self._try("SNMP", self._snmp, options.snmp_port)
        if options.http_port is not None and self._http is not None:
            self.http_port = await self._try("HTTP", self._http, options.http_port)
        if options.ssh_port is not None and self._ssh is not None:
            self.ssh_port = await self._try("SSH", self._ssh, options.ssh_port)
        if options.sip_port is not None:
            self.sip_port = await self._try("SIP", self._sip, options.sip_port)

    async def close(self) -> None:
        """Close them again."""
        await self._snmp.close()
        await self._sip.close()
        if self._http is not None:
            await self._http.close()
        if self._ssh is not None:
            await self._ssh.close()

    async def _try(self, name: str, face: Face, port: int) -> int | None:
        try:
            return await face.open(self.address, port)
        except OSError as error:
            self.taken.append(TakenPort(name, self.address, port, _reason(error)))
            return None


def _made(phone: Phone, options: FaceOptions) -> tuple[Face, Face | None, Face | None]:
    """SNMP, HTTP and SSH; a phone that is hostile has all three."""
    if options.hostile is not None:
        stream = HostileStream(options.hostile)
        return HostileDatagrams(options.hostile), stream, HostileStream(options.hostile)
    snmp = SnmpFace(phone.facts, community=options.snmp_community, v3=options.snmp_v3)
    login = options.http_login
    if login is None:
        return snmp, None, None
    return snmp, HttpFace(phone, login), SshFace(phone.facts, login)


@contextmanager
def serve_faces(phone: Phone, options: FaceOptions | None = None) -> Iterator[Faces]:
    """Serve a phone's ports from a thread of their own; raises OSError where one is taken."""
    faces = Faces(phone, options or FaceOptions())
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="phone-faces", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(faces.open(), loop).result()
        if faces.taken:
            raise OSError(f"the {faces.taken[0].face} port is taken: {faces.taken[0].reason}")
        yield faces
    finally:
        asyncio.run_coroutine_threadsafe(_wind_up(faces), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _wind_up(faces: Faces) -> None:
    await faces.close()
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    # One more turn, in which closed transports give their sockets back.
    await asyncio.sleep(0)
