"""The SSH port of one phone: the commands of the dialect behind a password, and nothing else.

Connections are taken by the loop; each then lives in a thread of its own, as paramiko wants it.
"""

import asyncio
import hashlib
import io
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

from simulator.digest import Login
from simulator.facts import PhoneFacts

_SESSIONS_MAX = 4
_PATIENCE_S = 30.0
_PING = re.compile(r"ping (?P<host>[A-Za-z0-9.-]{1,253})")


def host_key(secret: str, mac: str) -> paramiko.PKey:
    """The phone's key: made of its own secret, so that it is the same after a restart."""
    seed = hashlib.sha256(f"flat-phone ssh {mac} {secret}".encode()).digest()
    private = Ed25519PrivateKey.from_private_bytes(seed)
    text = private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    return paramiko.Ed25519Key(file_obj=io.StringIO(text))


def told(command: str, facts: PhoneFacts) -> str | None:
    """What the phone prints for a command, None for one that it does not know."""
    ping = _PING.fullmatch(command)
    if ping is not None:
        return f"{ping['host']} is alive\n"
    answer = _COMMANDS.get(command)
    return answer(facts) if answer is not None else None


class SshFace:
    """Serves one phone on one address."""

    def __init__(self, facts: Callable[[], PhoneFacts], login: Login) -> None:
        self._facts = facts
        self._login = login
        self._listening: socket.socket | None = None
        self._taking: asyncio.Task[None] | None = None
        self._room = threading.BoundedSemaphore(_SESSIONS_MAX)

    async def open(self, address: str, port: int) -> int:
        """Start serving; the port, which was chosen by the system if 0. OSError if taken."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((address, port))
        except OSError:
            listening.close()
            raise
        listening.listen()
        listening.settimeout(0)
        self._listening = listening
        self._taking = asyncio.create_task(self._take(listening))
        return int(listening.getsockname()[1])

    async def close(self) -> None:
        """Stop serving; sessions under way end by themselves."""
        if self._taking is not None:
            self._taking.cancel()
            with suppress(asyncio.CancelledError):
                await self._taking
        if self._listening is not None:
            self._listening.close()

    async def _take(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _peer = await loop.sock_accept(listening)
            if not self._room.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(None)
            facts = self._facts()
            with paramiko.Transport(connection) as transport:
                transport.add_server_key(host_key(self._login.password, facts.mac))
                with suppress(paramiko.SSHException, EOFError, OSError):
                    transport.start_server(server=_Desk(self._login, self._facts))
                    transport.join(_PATIENCE_S)
        finally:
            connection.close()
            self._room.release()


class _Desk(paramiko.ServerInterface):
    """Who may come in, and what each command gets."""

    def __init__(self, login: Login, facts: Callable[[], PhoneFacts]) -> None:
        self._login = login
        self._facts = facts

    def get_allowed_auths(self, username: str) -> str:
        assert isinstance(username, str)
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        right = (username, password) == (self._login.username, self._login.password)
        return AUTH_SUCCESSFUL if right else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        assert chanid >= 0
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        text = command.decode("utf-8", "replace").strip()
        threading.Thread(target=self._answer, args=(channel, text), daemon=True).start()
        return True

    def _answer(self, channel: paramiko.Channel, command: str) -> None:
        output = told(command, self._facts())
        with suppress(OSError, EOFError, paramiko.SSHException):
            channel.sendall((output or f"unknown command: {command}\n").encode())
            channel.send_exit_status(0 if output is not None else 1)
            # No close: it could overtake the word that the command was taken. The client closes.
            channel.shutdown_write()


def _version(facts: PhoneFacts) -> str:
    return (
        f"model: {facts.product}\nhardware: {facts.hardware}\nserial: {facts.serial}\n"
        f"firmware: {facts.firmware}\nuptime: {int(facts.uptime_s)} s\n"
        f"last reboot: {facts.last_reboot_reason}\ntime: {facts.clock}\n"
    )


def _network(facts: PhoneFacts) -> str:
    at = facts.network
    return (
        f"mac: {facts.mac}\nip: {at.ip}\nvlan: {at.vlan}\npoe class: {at.poe_class}\n"
        f"link: {at.link_mbps} {at.duplex}\nneighbour: {at.neighbour}\n"
    )


def _sip(facts: PhoneFacts) -> str:
    lines = [f"line {one.number} {one.state} at {one.server}" for one in facts.lines]
    return "\n".join([*lines, ""]) or "no lines\n"


def _log(facts: PhoneFacts) -> str:
    quality = facts.quality
    return (
        f"boot: {facts.last_reboot_reason}\nconfiguration: {facts.configuration}\n"
        f"last call: mos {quality.mos} loss {quality.loss_percent} jitter {quality.jitter_ms}\n"
    )


_COMMANDS: dict[str, Callable[[PhoneFacts], str]] = {
    "show version": _version,
    "show network": _network,
    "show sip": _sip,
    "show log": _log,
}
