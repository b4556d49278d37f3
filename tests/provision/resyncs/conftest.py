"""SIPp as the phone: Debian's program plays a scenario on a port of its own."""

import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from provision import checkins
from provision.checkins import Visit
from provision.devices import registry
from provision.models import CheckInKind
from provision.readers.networks import ReadOptions
from storage.installation import Installation
from tests.ports import free_port
from tests.provision import estate as estates
from tests.provision.conftest import LOOPBACK, wait_until_bound
from tests.provision.estate import MAC, NOW

RECEIVE = '<recv request="NOTIFY">{action}</recv>'
SEND = """<send><![CDATA[

SIP/2.0 {status}
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
{more}Content-Length: 0

]]></send>"""


def receive(action: str = "") -> str:
    return RECEIVE.format(action=action)


def send(status: str, *more: str) -> str:
    return SEND.format(status=status, more="".join(f"{line}\n" for line in more))


@dataclass
class SippPhone:
    """A phone that SIPp plays; `finished` is whether its scenario ran to its end."""

    port: int
    process: "subprocess.Popen[bytes]"
    folder: Path
    address: IPv4Address = field(default=LOOPBACK)

    def finished(self) -> bool:
        return self.process.wait(80) == 0

    def messages(self) -> str:
        return (self.folder / "messages.log").read_text("utf-8", "replace")


Phone = Callable[..., SippPhone]


SECOND = "02f1a7000002"


@pytest.fixture
def ours(installation: Installation) -> Installation:
    """Two phones at a site, of which one proved itself at 127.0.0.1, which may be asked."""
    estates.build(installation)
    visit = Visit(
        at=NOW - timedelta(hours=1),
        kind=CheckInKind.CONFIGURATION,
        method="GET",
        path_kind="configuration",
        status=200,
        address="127.0.0.1",
        user_agent="FlatPhone/1.0.0",
        mac=MAC,
        proof="token",
    )
    with installation.database.writing() as session:
        estates.add_phone(session, SECOND, None)
        registry.get(session, MAC).address = "127.0.0.1"
        checkins.record(session, visit)
    allowed = ReadOptions(networks=(IPv4Network("127.0.0.0/8"),))
    return replace(installation, options={**installation.options, ReadOptions: allowed})


@pytest.fixture
def sipp(tmp_path: Path) -> Iterator[Phone]:
    """Start SIPp with these parts of a scenario; it ends after one call."""
    program = shutil.which("sipp")
    if program is None:
        pytest.skip("SIPp is not installed (apt-get install sip-tester)")
    with contextlib.ExitStack() as stack:

        def start(*parts: str) -> SippPhone:
            port = free_port()
            folder = tmp_path / f"sipp-{port}"
            folder.mkdir()
            body = "\n".join(parts)
            file = folder / "phone.xml"
            file.write_text(
                f'<?xml version="1.0"?>\n<scenario name="phone">\n{body}\n</scenario>\n'
            )
            command = [program, "-sf", file, "-i", "127.0.0.1", "-p", str(port), "-m", "1"]
            command += ["-nostdin", "-timeout", "60s", "-timeout_error", "-trace_msg"]
            command += ["-message_file", folder / "messages.log", "-skip_rlimit"]
            process = subprocess.Popen(
                command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            wait_until_bound(port, process, folder / "log")
            return SippPhone(port, process, folder)

        yield start
