"""SSH servers: Debian's sshd in a configuration, and phones that misbehave at any stage."""

import contextlib
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import paramiko
import pytest
from paramiko.common import AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from provision.readers.networks import Target
from tests.ports import free_port
from tests.waiting import until

LOOPBACK = IPv4Address("127.0.0.1")
Play = Callable[[socket.socket], None]


@dataclass(frozen=True)
class Sshd:
    """A running sshd; `fingerprint` is what ssh-keygen says of its key."""

    target: Target
    fingerprint: str


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Callable[..., Sshd]]:
    """Start sshd with a key of a kind and lines of configuration; nobody can log in there."""
    program = shutil.which("sshd", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("Debian's package openssh-server is not installed")
    # sshd wants it where it runs as root; else it does without.
    with contextlib.suppress(OSError):
        Path("/run/sshd").mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:

        def start(kind: str, *lines: str) -> Sshd:
            folder = tmp_path / f"sshd-{kind}-{len(lines)}"
            folder.mkdir()
            key = folder / "key"
            made = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(key)]
            subprocess.run(made, check=True, stdin=subprocess.DEVNULL)
            shown = subprocess.run(
                ["ssh-keygen", "-lf", f"{key}.pub"], check=True, capture_output=True, text=True
            )
            port = free_port()
            common = (
                f"Port {port}",
                "ListenAddress 127.0.0.1",
                f"HostKey {key}",
                f"PidFile {folder / 'pid'}",
                "UsePAM no",
                "PasswordAuthentication yes",
                "PermitRootLogin no",
            )
            (folder / "config").write_text("\n".join([*common, *lines, ""]))
            command = [program, "-D", "-e", "-f", str(folder / "config")]
            log = stack.enter_context((folder / "log").open("wb"))
            process = stack.enter_context(subprocess.Popen(command, stderr=log))
            stack.callback(process.terminate)
            _wait_for(port, process, folder / "log")
            return Sshd(Target(LOOPBACK, port), shown.stdout.split()[1])

        yield start


@pytest.fixture
def hostile() -> Iterator[Callable[[Play], Target]]:
    """A server that plays `play` with every connection, in a thread of its own."""
    with contextlib.ExitStack() as stack:

        def start(play: Play) -> Target:
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def serve() -> None:
                while True:
                    try:
                        connection, _peer = listening.accept()
                    except OSError:
                        return
                    stack.callback(connection.close)
                    threading.Thread(target=_played, args=(play, connection), daemon=True).start()

            threading.Thread(target=serve, daemon=True).start()
            return Target(LOOPBACK, int(listening.getsockname()[1]))

        yield start


class Desk(paramiko.ServerInterface):
    """Lets everybody in; what a command gets is the test's business."""

    def __init__(self, exec_request: Callable[[paramiko.Channel], bool]) -> None:
        self._exec_request = exec_request

    def check_auth_password(self, username: str, password: str) -> int:
        assert username
        assert password
        return AUTH_SUCCESSFUL

    def get_allowed_auths(self, username: str) -> str:
        assert username
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        assert kind
        assert chanid >= 0
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        assert command
        return self._exec_request(channel)


HOST_KEY = paramiko.ECDSAKey.generate()


def ssh_play(desk: paramiko.ServerInterface) -> Play:
    """A server that speaks SSH well until `desk` decides otherwise."""

    def play(connection: socket.socket) -> None:
        transport = paramiko.Transport(connection)
        transport.add_server_key(HOST_KEY)
        transport.start_server(server=desk)
        transport.join(60)

    return play


#: What a server meets when its reader has hung up, in the words of sockets and of paramiko.
READER_GONE = (OSError, EOFError, ValueError, paramiko.SSHException)


def _played(play: Play, connection: socket.socket) -> None:
    with contextlib.suppress(*READER_GONE):
        play(connection)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            return True
        return False

    until(answers, within_s=40, each_s=0.02)
