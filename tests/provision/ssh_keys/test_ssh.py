"""Reading over SSH: the key before the password, fixed commands, and hostile servers on a leash.

H7 and H8 of the hostile set: each stage that can hang costs its own wall clock and nothing more.
"""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

import paramiko
import pytest
from paramiko.common import AUTH_FAILED

from provision.families.family import Family
from provision.readers.errors import (
    AccessDeniedError,
    HostKeyChangedError,
    HostKeyUnknownError,
    NoCredentialError,
    ReadError,
    UnexpectedAnswerError,
    UnreachableError,
    UnreadableWayError,
)
from provision.readers.networks import Target
from provision.readers.ssh import OUTPUT_MAX, printable, read_ssh
from provision.readers.ways import SshLogin
from simulator.digest import Login
from simulator.faces import FaceOptions, Faces, serve_faces
from simulator.facts import Network, PhoneFacts, PhoneLine
from simulator.ssh_face import host_key
from tests.provision.estate import MAC, SERIAL
from tests.provision.ssh_keys.conftest import (
    HOST_KEY,
    READER_GONE,
    Desk,
    Play,
    Sshd,
    ssh_play,
)
from tests.waiting import until

PASSWORD = "ssh-Secret-7"
FINGERPRINT = host_key(PASSWORD, MAC).fingerprint
LOGIN = SshLogin("admin", PASSWORD, FINGERPRINT)
HOSTILE_LOGIN = SshLogin("admin", PASSWORD, HOST_KEY.fingerprint)
FACTS = PhoneFacts(
    product="FP-B2",
    hardware="A",
    serial=SERIAL,
    mac=MAC,
    firmware="2.4.1",
    uptime_s=77.5,
    last_reboot_reason="brownout",
    lines=(PhoneLine("101", "sip.example"),),
    network=Network("127.0.0.1", 20, 3, "sw-1 port 7", "half", 10),
    clock="2026-11-22T10:00:00+00:00",
)


@dataclass
class Phone:
    def facts(self) -> PhoneFacts:
        return FACTS

    def resync(self) -> None:
        raise AssertionError("a read asks for nothing")

    def reboot(self) -> None:
        raise AssertionError("a read asks for nothing")


@pytest.fixture
def faces() -> Iterator[Faces]:
    options = FaceOptions(http_login=Login("admin", PASSWORD), ssh_port=0, snmp_port=None)
    with serve_faces(Phone(), options) as opened:
        yield opened


@pytest.fixture
def phone(faces: Faces) -> Target:
    return Target(IPv4Address("127.0.0.1"), faces.ssh_port)


def test_the_family_s_commands_are_run_and_their_facts_found(
    phone: Target, flat_phone: Family
) -> None:
    visit = read_ssh(phone, flat_phone, LOGIN, ping_host="sip.example")
    facts = visit.facts
    assert (str(facts.serial), facts.mac and facts.mac.hex) == (SERIAL, MAC)
    assert (facts.firmware, facts.uptime_s, facts.duplex) == ("2.4.1", 77, "half")
    assert (facts.link_mbps, facts.vlan, facts.poe_class) == (10, 20, 3)
    assert facts.clock == FACTS.clock
    assert facts.sources["serial"] == "ssh show version"
    assert [one.command for one in visit.said] == [
        "show version",
        "show network",
        "show sip",
        "show log",
        "ping sip.example",
    ]
    assert "$ show version\nmodel: FP-B2\n" in visit.transcript
    assert visit.fingerprint == FINGERPRINT


@pytest.mark.parametrize("host", [None, "a b", "x;reboot", "-f", "$(reboot)", "a\nreboot", "." * 9])
def test_only_a_host_goes_into_a_command(
    phone: Target, flat_phone: Family, host: str | None
) -> None:
    said = read_ssh(phone, flat_phone, LOGIN, ping_host=host).said
    assert [one.command for one in said if not one.command.startswith("show ")] == []


def test_a_key_that_nobody_confirmed_gets_no_password(
    hostile: Callable[[Play], Target], flat_phone: Family
) -> None:
    asked: list[str] = []

    class Listening(Desk):
        def check_auth_password(self, username: str, password: str) -> int:
            asked.append(f"{username}:{password}")
            return AUTH_FAILED

        def check_auth_none(self, username: str) -> int:
            asked.append(username)
            return AUTH_FAILED

    target = hostile(ssh_play(Listening(lambda _channel: True)))
    with pytest.raises(HostKeyUnknownError) as unknown:
        read_ssh(target, flat_phone, replace(LOGIN, fingerprint=None))
    assert unknown.value.details["fingerprint"] == HOST_KEY.fingerprint
    with pytest.raises(HostKeyChangedError) as changed:
        read_ssh(target, flat_phone, LOGIN)
    assert changed.value.details["pinned"] == FINGERPRINT
    assert asked == [], "not even the user's name was sent"


def test_a_wrong_password_is_told_apart(phone: Target, flat_phone: Family) -> None:
    with pytest.raises(AccessDeniedError):
        read_ssh(phone, flat_phone, replace(LOGIN, password="other"))


def test_without_a_login_or_in_a_family_without_ssh_nothing_is_tried(
    flat_phone: Family,
) -> None:
    nowhere = Target(IPv4Address("127.0.0.1"), 9)
    with pytest.raises(NoCredentialError):
        read_ssh(nowhere, flat_phone, None)
    with pytest.raises(UnreadableWayError):
        read_ssh(nowhere, replace(flat_phone, ssh=None), LOGIN)
    with pytest.raises(UnreachableError):
        read_ssh(nowhere, flat_phone, LOGIN)


STRICT = {
    "ed25519": ("ed25519", ()),
    "rsa": ("rsa", ("HostKeyAlgorithms rsa-sha2-256,rsa-sha2-512",)),
    "ecdsa": ("ecdsa", ("KexAlgorithms ecdh-sha2-nistp256",)),
    "gcm": (
        "ed25519",
        ("Ciphers aes256-gcm@openssh.com", "KexAlgorithms curve25519-sha256@libssh.org"),
    ),
}
LEGACY = (
    "HostKeyAlgorithms ssh-rsa",
    "KexAlgorithms diffie-hellman-group14-sha1",
    "Ciphers aes128-cbc",
    "MACs hmac-sha1",
)


@pytest.mark.parametrize("name", STRICT)
def test_openssh_shows_its_key_and_refuses_a_stranger(
    name: str, sshd: Callable[..., Sshd], flat_phone: Family
) -> None:
    kind, lines = STRICT[name]
    server = sshd(kind, *lines)
    with pytest.raises(HostKeyUnknownError) as unknown:
        read_ssh(server.target, flat_phone, replace(LOGIN, fingerprint=None))
    assert unknown.value.details["fingerprint"] == server.fingerprint
    with pytest.raises(AccessDeniedError):
        read_ssh(server.target, flat_phone, SshLogin("nobody", "wrong", server.fingerprint))


def test_old_algorithms_only_where_the_family_allows_them(
    sshd: Callable[..., Sshd], flat_phone: Family
) -> None:
    server = sshd("rsa", *LEGACY)
    unknown = replace(LOGIN, fingerprint=None)
    with pytest.raises(UnexpectedAnswerError, match="outdated algorithms"):
        read_ssh(server.target, flat_phone, unknown)
    assert flat_phone.ssh is not None
    legacy = replace(flat_phone, ssh=replace(flat_phone.ssh, legacy=True))
    with pytest.raises(HostKeyUnknownError):
        read_ssh(server.target, legacy, unknown)


def silence(connection: socket.socket) -> None:
    assert connection.fileno() >= 0
    time.sleep(60)


def dripping_banner(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"x")
        time.sleep(0.2)


def endless_banner(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"y" * 65_536)


def many_lines(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"before the banner\r\n")
        time.sleep(0.1)


def no_ssh(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def garbage(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-x\r\n" + b"\xff" * 4096)
    time.sleep(60)


def hang_after_kex(connection: socket.socket) -> None:
    class Slow(Desk):
        def check_auth_password(self, username: str, password: str) -> int:
            time.sleep(60)
            return super().check_auth_password(username, password)

    ssh_play(Slow(lambda _channel: True))(connection)


def hang_after_auth(connection: socket.socket) -> None:
    class Slow(Desk):
        def check_channel_request(self, kind: str, chanid: int) -> int:
            time.sleep(60)
            return super().check_channel_request(kind, chanid)

    ssh_play(Slow(lambda _channel: True))(connection)


def hang_at_exec(connection: socket.socket) -> None:
    ssh_play(Desk(lambda _channel: time.sleep(60) is None))(connection)


def never_exits(connection: socket.socket) -> None:
    ssh_play(Desk(lambda _channel: True))(connection)


HANGS = (
    *(silence, dripping_banner, many_lines, garbage),
    *(hang_after_kex, hang_after_auth, hang_at_exec, never_exits),
)


@pytest.mark.parametrize("play", HANGS)
def test_a_server_that_hangs_costs_its_wall_clock_and_no_more(
    play: Play, hostile: Callable[[Play], Target], flat_phone: Family, leeway: float
) -> None:
    started = time.monotonic()
    with pytest.raises(UnexpectedAnswerError):
        read_ssh(hostile(play), flat_phone, HOSTILE_LOGIN, wall_clock_s=1.5)
    assert time.monotonic() - started < 1.5 + 2 * leeway


def test_a_banner_without_end_is_cut_at_its_bytes(
    hostile: Callable[[Play], Target], flat_phone: Family
) -> None:
    with pytest.raises(UnexpectedAnswerError, match=r"says too much|takes too long"):
        read_ssh(hostile(endless_banner), flat_phone, HOSTILE_LOGIN, wall_clock_s=5)


def test_who_speaks_no_ssh_is_no_fault_of_ours(
    hostile: Callable[[Play], Target], flat_phone: Family
) -> None:
    with pytest.raises(ReadError):
        read_ssh(hostile(no_ssh), flat_phone, HOSTILE_LOGIN, wall_clock_s=3)


def test_output_without_end_is_cut_and_the_rest_is_kept(
    hostile: Callable[[Play], Target], flat_phone: Family
) -> None:
    def flood(channel: paramiko.Channel) -> bool:
        def pour() -> None:
            with contextlib.suppress(*READER_GONE):
                while True:
                    channel.sendall(b"firmware: 9\n" * 1000)

        threading.Thread(target=pour, daemon=True).start()
        return True

    target = hostile(ssh_play(Desk(flood)))
    with pytest.raises(UnexpectedAnswerError) as cut:
        read_ssh(target, flat_phone, HOSTILE_LOGIN, wall_clock_s=4)
    assert "phone-unexpected-answer" in cut.value.code


def test_a_hundred_hanging_phones_leave_no_thread_and_no_socket(
    hostile: Callable[[Play], Target], flat_phone: Family
) -> None:
    target = hostile(silence)
    before = set(threading.enumerate())
    for _ in range(100):
        with pytest.raises(ReadError):
            read_ssh(target, flat_phone, HOSTILE_LOGIN, wall_clock_s=0.05)

    def left() -> list[threading.Thread]:
        return [one for one in set(threading.enumerate()) - before if not _is_server(one)]

    until(lambda: len(left()) <= 2)


def _is_server(thread: threading.Thread) -> bool:
    """The test's own side: threads that play a phone."""
    return re.match(r"Thread-\d+ \((_played|serve)\)", thread.name) is not None


def test_what_is_kept_prints() -> None:
    raw = b"one\r\ntwo\x1b[31m red\x00\xff\n\ttab\n"
    assert printable(raw) == "one\ntwo[31m red\ufffd\n\ttab"
    assert OUTPUT_MAX == 65_536
