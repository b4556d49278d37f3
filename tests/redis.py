"""A real Redis for tests, on a port and in a folder of its own."""

import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port
from tests.waiting import until


def find_redis() -> str | None:
    return shutil.which("redis-server")


@dataclass
class Redis:
    """One running server; `close` ends it by its process."""

    process: "subprocess.Popen[bytes]"
    port: int

    @classmethod
    def start(cls, folder: Path, port: int | None = None) -> "Redis":
        program = find_redis()
        assert program is not None
        folder.mkdir(parents=True, exist_ok=True)
        port = port or free_port()
        process = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        server = cls(process, port)
        until(server._answers, within_s=40)
        return server

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def close(self) -> None:
        self.process.kill()
        self.process.wait()

    def _answers(self) -> bool:
        assert self.process.poll() is None
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
