"""The room's parts: Debian's agent with users of SNMP v3, which can be started anew."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from provision.readers.snmp_credentials import AuthProtocol, PrivProtocol, UsmUser
from tests.ports import free_port
from tests.provision.conftest import wait_until_bound

AUTH_PASSWORD, PRIV_PASSWORD = "signing-words", "sealing-words"
OWN = "1.3.6.1.4.1.32473.1"
USERS = {
    "md5-des": UsmUser("md5des", AuthProtocol.MD5, AUTH_PASSWORD, PrivProtocol.DES, PRIV_PASSWORD),
    "sha-aes": UsmUser("shaaes", AuthProtocol.SHA, AUTH_PASSWORD, PrivProtocol.AES, PRIV_PASSWORD),
    "sha256-aes": UsmUser(
        "sha256aes", AuthProtocol.SHA256, AUTH_PASSWORD, PrivProtocol.AES, PRIV_PASSWORD
    ),
    "sha256-signed-only": UsmUser("signer", AuthProtocol.SHA256, AUTH_PASSWORD),
}
_CONFIGURATION = f"""
agentAddress udp:{{address}}:{{port}}
rocommunity public 127.0.0.1
exactEngineID {{engine}}
sysDescr Flat Phone on a Debian agent
createUser md5des MD5 {AUTH_PASSWORD} DES {PRIV_PASSWORD}
createUser shaaes SHA {AUTH_PASSWORD} AES {PRIV_PASSWORD}
createUser sha256aes SHA-256 {AUTH_PASSWORD} AES {PRIV_PASSWORD}
createUser signer SHA-256 {AUTH_PASSWORD}
rouser md5des priv
rouser shaaes priv
rouser sha256aes priv
rouser signer auth
override {OWN}.1.0 octet_str "FP-B2"
override {OWN}.3.0 octet_str "FP2648B2K7Q2XM6"
override {OWN}.5.0 octet_str "2.4.1"
override 1.3.6.1.2.1.47.1.1.1.1.8.1 octet_str "B"
override 1.3.6.1.2.1.2.2.1.6.1 octet_str "02:f1:a7:00:00:01"
override {OWN}.8.1.2.1 octet_str "101"
"""


@dataclass
class Agent:
    """snmpd on a port of its own; what it must remember (boots) outlives a restart."""

    folder: Path
    program: str
    address: str = "127.0.0.1"
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None
    started_s: float = 0.0

    def start(self, engine: str = "0x80007ed903021122334455") -> None:
        self.stop()
        configuration = self.folder / "snmpd.conf"
        configuration.write_text(
            _CONFIGURATION.format(address=self.address, port=self.port, engine=engine)
        )
        command = [self.program, "-f", "-r", "-Lf", self.folder / "log", "-C", "-c", configuration]
        environment = {
            "PATH": os.environ["PATH"],
            "SNMP_PERSISTENT_DIR": str(self.folder / "kept"),
            "MIBS": "",
        }
        self.started_s = time.monotonic()
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        wait_until_bound(self.port, self.process, self.folder / "log")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


@pytest.fixture
def debian(tmp_path: Path) -> Iterator[Agent]:
    """An agent of this test alone."""
    yield from _started(tmp_path)


@pytest.fixture(scope="session")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """An agent that nobody restarts."""
    yield from _started(tmp_path_factory.mktemp("snmpd-v3"))


@pytest.fixture(scope="session")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """One agent at every address of 127/8."""
    yield from _started(tmp_path_factory.mktemp("snmpd-everywhere"), "0.0.0.0")


def _started(folder: Path, address: str = "127.0.0.1") -> Iterator[Agent]:
    program = shutil.which("snmpd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("Debian's package snmpd is not installed")
    found = Agent(folder, program, address)
    found.start()
    try:
        yield found
    finally:
        found.stop()
