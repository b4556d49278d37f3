"""Reading a phone over SSH, with paramiko: a few fixed commands, and never a word more.

The host key is compared before anything of ours is sent. Whatever a hostile server does (no
banner, an endless one, a hang after any step, output without end), the leash ends it.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import paramiko
from paramiko.ssh_exception import AuthenticationException, IncompatiblePeer, SSHException

from provision.families.family import Family, SshMap
from provision.readers.errors import (
    AccessDeniedError,
    HostKeyChangedError,
    HostKeyUnknownError,
    NoCredentialError,
    Phrase,
    ReadError,
    UnexpectedAnswerError,
    UnreachableError,
    UnreadableWayError,
)
from provision.readers.facts import DeviceFacts, Found, gather
from provision.readers.networks import Target
from provision.readers.ssh_leash import SshLeash
from provision.readers.ssh_shell import OUTPUT_MAX, typed_in
from provision.readers.ways import SshLogin

VIA = "SSH"
WALL_CLOCK_S = 20.0
CONNECT_S = 3.0
BYTES_MAX = 1 << 20
_CHUNK = 16 * 1024
_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)

# What every phone of the last ten years knows. SHA-1, CBC and MD5 are for families that ask for it.
_STRICT_KEX = (
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group14-sha256",
)
_STRICT_CIPHERS = (
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
)
_STRICT_MACS = (
    "hmac-sha2-256",
    "hmac-sha2-512",
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
)
_STRICT_KEYS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)

# paramiko writes a traceback for every phone that hangs up; our errors say it in one sentence.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Said:
    """What the phone said to one command; `cut` when it said more than we keep."""

    command: str
    output: str
    cut: bool = False


@dataclass(frozen=True)
class SshVisit:
    """One session: the facts in it, and its transcript."""

    facts: DeviceFacts
    said: tuple[Said, ...]
    fingerprint: str

    @property
    def transcript(self) -> str:
        return "\n".join(
            f"$ {one.command}\n{one.output}{'[…]' if one.cut else ''}\n" for one in self.said
        )


def read_ssh(
    target: Target,
    family: Family,
    login: SshLogin | None,
    *,
    ping_host: str | None = None,
    timeout_s: float = CONNECT_S,
    wall_clock_s: float = WALL_CLOCK_S,
) -> SshVisit:
    """What the family's commands tell; raises a ReadError.

    `ping_host` fills the commands that name a {host}; without one they are left out.
    """
    places = family.ssh
    if places is None:
        raise UnreadableWayError(address=target.address, family=family.name, via=VIA)
    if login is None:
        raise NoCredentialError(address=target.address, via=VIA)
    with _session(target, places, timeout_s, wall_clock_s) as (transport, leash):
        shown = transport.get_remote_server_key().fingerprint
        _compare(target, login.fingerprint, shown)
        transport.auth_password(login.user, login.password)
        said = tuple(_said(transport, leash, places, ping_host))
    return SshVisit(_facts(places, family.vendor, said), said, shown)


def _compare(target: Target, pinned: str | None, shown: str) -> None:
    if pinned is None:
        raise HostKeyUnknownError(address=target.address, fingerprint=shown)
    if pinned != shown:
        raise HostKeyChangedError(address=target.address, fingerprint=shown, pinned=pinned)


@contextmanager
def _session(
    target: Target, places: SshMap, timeout_s: float, wall_clock_s: float
) -> Iterator[tuple[paramiko.Transport, SshLeash]]:
    """A transport behind the key exchange, before anybody says who he is; always closed."""
    address = (str(target.address), target.port or places.port)
    try:
        leash = SshLeash.connect_to(address, min(timeout_s, wall_clock_s), wall_clock_s, BYTES_MAX)
    except OSError as error:
        reason = Phrase("соединение не принято", "the connection is not accepted")
        raise UnreachableError(address=target.address, via=VIA, reason=reason) from error
    transport: paramiko.Transport | None = None
    try:
        with _errors(target, leash):
            transport = paramiko.Transport(leash)
            _limit(transport, places, leash)
            transport.start_client(timeout=leash.seconds_left)
            yield transport, leash
    finally:
        if transport is not None:
            transport.close()
        leash.close()
        if transport is not None:
            transport.join(CONNECT_S)


def _limit(transport: paramiko.Transport, places: SshMap, leash: SshLeash) -> None:
    for name in ("banner_timeout", "handshake_timeout", "auth_timeout", "channel_timeout"):
        setattr(transport, name, leash.seconds_left)
    if places.legacy:
        return
    options = transport.get_security_options()
    options.kex = _STRICT_KEX
    options.ciphers = _STRICT_CIPHERS
    options.digests = _STRICT_MACS
    options.key_types = _STRICT_KEYS


def _commands(places: SshMap, ping_host: str | None) -> Iterator[str]:
    """The family's commands in their order; a host goes in only if it is nothing but a host."""
    for command in places.commands.values():
        if "{host}" not in command:
            yield command
        elif ping_host is not None and _HOST.fullmatch(ping_host):
            yield command.replace("{host}", ping_host)


def _said(
    transport: paramiko.Transport, leash: SshLeash, places: SshMap, ping_host: str | None
) -> Iterator[Said]:
    commands = _commands(places, ping_host)
    if places.prompt is None:
        yield from (_say(transport, leash, command) for command in commands)
        return
    for one in typed_in(transport, leash, commands, places.prompt):
        yield Said(one.command, printable(one.raw), one.cut)


def _say(transport: paramiko.Transport, leash: SshLeash, command: str) -> Said:
    channel = transport.open_session(timeout=leash.seconds_left)
    try:
        channel.settimeout(leash.seconds_left)
        channel.set_combine_stderr(True)
        channel.exec_command(command)
        heard = bytearray()
        while len(heard) <= OUTPUT_MAX:
            channel.settimeout(leash.seconds_left)
            more = channel.recv(_CHUNK)
            if not more:
                break
            heard += more
    finally:
        channel.close()
    return Said(command, printable(bytes(heard[:OUTPUT_MAX])), len(heard) > OUTPUT_MAX)


def printable(raw: bytes) -> str:
    """Output as text: lines stay lines, anything else that does not print is left out."""
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    return "".join(one for one in text if one.isprintable() or one in "\n\t").strip("\n")


def _facts(places: SshMap, vendor: str, said: Sequence[Said]) -> DeviceFacts:
    by_command: Mapping[str, str] = {one.command: one.output for one in said}
    found = []
    for name, order in places.fields.items():
        for place in order:
            match = place.pattern.search(by_command.get(places.commands[place.command], ""))
            if match is not None:
                found.append(Found(name, match["value"], f"ssh {places.commands[place.command]}"))
    if found:
        found.append(Found("vendor", vendor, "ssh"))
    return gather(found)


_OVERRUNS: Mapping[str, Callable[[], Phrase]] = {
    "time": lambda: Phrase("сеанс тянется слишком долго", "the session takes too long"),
    "size": lambda: Phrase("сказано слишком много", "it says too much"),
}


@contextmanager
def _errors(target: Target, leash: SshLeash) -> Iterator[None]:
    """Turn whatever the session raised into a ReadError."""
    try:
        yield
    except ReadError:
        raise
    except AuthenticationException as error:
        if leash.overrun is not None:
            raise _unexpected(target, _OVERRUNS[leash.overrun]()) from error
        raise AccessDeniedError(address=target.address, via=VIA) from error
    except IncompatiblePeer as error:
        reason = Phrase(
            "у него только устаревшие алгоритмы (разрешаются в файле семейства: legacy)",
            "it knows only outdated algorithms (the family file may allow them: legacy)",
        )
        raise _unexpected(target, reason) from error
    except (SSHException, EOFError, OSError) as error:
        if leash.overrun is not None:
            raise _unexpected(target, _OVERRUNS[leash.overrun]()) from error
        reason = Phrase("сеанс оборвался", "the session broke off")
        raise _unexpected(target, reason) from error
    except Exception as error:
        # paramiko trusts its peer here and there (ValueError, KeyError, struct.error): what a
        # phone says must never end as a fault of ours.
        reason = Phrase("ответ не читается", "it is unreadable")
        raise _unexpected(target, reason) from error


def _unexpected(target: Target, reason: Phrase) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(address=target.address, via=VIA, reason=reason)
