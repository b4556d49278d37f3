"""The set of deploy/ on one machine, started from its own files, without containers or systemd.

The commands come from the systemd units, the settings from flatpro.env.example, the front is
nginx/flatpro-tls.conf with gunicorn.py behind it; only ports, folders and passwords are replaced.
"""

import contextlib
import os
import re
import shlex
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.conftest import ADMIN_PASSWORD
from tests.nginx import PROJECT, Nginx, Site
from tests.ports import free_port
from tests.postgres import Postgres
from tests.redis import Redis
from tests.seaweedfs import BUCKET, KEY_ID, SECRET, SeaweedFS
from tests.served import Served
from tests.waiting import until

DEPLOY = PROJECT / "deploy"
INSTALLED = Path("/opt/flatpro")
READY_S = 90


def command_of(unit: str) -> list[str]:
    """What a unit starts, with this checkout in the place where it would be installed."""
    text = (DEPLOY / "systemd" / f"flatpro-{unit}.service").read_text()
    (line,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    programs = Path(sys.executable).parent
    installed = {str(INSTALLED / "venv" / "bin"): str(programs), str(INSTALLED): str(PROJECT)}
    for there, here in installed.items():
        line = line.replace(f"{there}/", f"{here}/")
    return shlex.split(line)


def example_settings() -> dict[str, str]:
    """The variables of flatpro.env.example, those in comments left out."""
    lines = (DEPLOY / "flatpro.env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@dataclass
class WholeSet:
    """The running set; `served` reaches people's pages and phones through nginx."""

    served: Served
    certificate: Path
    folder: Path
    running: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.certificate)

    def start(self, name: str, unit: str) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        self.running[name] = subprocess.Popen(
            command_of(unit),
            env=self.served.environ,
            cwd=PROJECT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()

    def kill(self, name: str) -> None:
        """kill -9 of one service with its processes, and of nothing else."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)

    def web_processes(self) -> list[int]:
        """The processes of gunicorn that answer."""
        parent = self.running["pages"].pid
        found = Path(f"/proc/{parent}/task/{parent}/children").read_text()
        return [int(pid) for pid in found.split()]

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(
            self.served.public + path, timeout=20, context=self.trust
        ) as answer:
            body: bytes = answer.read()
        return body

    def wait(self) -> None:
        for plane in (self.served.public, self.served.phones):
            until(partial(self._answers, f"{plane}/healthz"), within_s=READY_S, each_s=0.2)

    def _answers(self, address: str) -> bool:
        for name, process in self.running.items():
            assert process.poll() is None, (self.folder / f"{name}.log").read_text()[-3000:]
        with contextlib.suppress(OSError, urllib.error.URLError):
            urllib.request.urlopen(address, timeout=5, context=self.trust).close()
            return True
        return False

    def close(self) -> None:
        for process in self.running.values():
            process.terminate()
        for name, process in list(self.running.items()):
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill(name)


@contextlib.contextmanager
def whole_set(folder: Path, postgres: Postgres) -> Iterator[WholeSet]:
    """PostgreSQL, an S3 server, Redis, gunicorn with two processes, phones, a worker, nginx."""
    certificate = make_certificate(folder / "tls")
    ports = {name: free_port() for name in ("pages", "phones", "http", "443", "8443", "8881")}
    data = folder / "data"
    with contextlib.ExitStack() as parts:
        weed = SeaweedFS.start(folder / "weed")
        parts.callback(weed.close)
        weed.make_bucket()
        redis = Redis.start(folder / "redis")
        parts.callback(redis.close)
        database = postgres.create_database()
        environ = {
            **os.environ,
            **example_settings(),
            "FLATPRO_DATA_DIR": str(data),
            "FLATPRO_KEY_FILE": str(folder / "secrets.key"),
            "FLATPRO_ADMIN_PASSWORD": ADMIN_PASSWORD,
            "FLATPRO_PUBLIC_URL": f"https://localhost:{ports['443']}",
            "FLATPRO_PHONE_URL": f"http://localhost:{ports['8881']}",
            "FLATPRO_DATABASE_URL": postgres.url(database),
            "FLATPRO_BROKER_URL": redis.url,
            "FLATPRO_BLOB_URL": f"s3://{BUCKET}/blobs",
            "FLATPRO_BLOB_ENDPOINT": weed.endpoint,
            "FLATPRO_BLOB_KEY_ID": KEY_ID,
            "FLATPRO_BLOB_SECRET": SECRET,
            "FLATPRO_READ_NETWORKS": "127.0.0.0/8",
            "FLATPRO_SMTP_URL": "",
            "FLATPRO_PORT": str(ports["pages"]),
            "FLATPRO_BIND": f"127.0.0.1:{ports['pages']}",
            "FLATPRO_PHONE_PORT": str(ports["phones"]),
            "FLATPRO_LOG_FILE": str(folder / "flatpro.log"),
            "PROMETHEUS_MULTIPROC_DIR": str(folder / "counters"),
        }
        # Either nginx or the bucket sends files.
        del environ["FLATPRO_ACCEL_PREFIX"]
        served = Served(environ["FLATPRO_PUBLIC_URL"], environ["FLATPRO_PHONE_URL"], data, environ)
        found = WholeSet(served, certificate, folder)
        served.flatpro("setup")
        parts.callback(found.close)
        for name in ("pages", "phones"):
            found.start(name, name)
        nginx = Nginx.start_site(
            folder / "nginx", tls_site(ports, data, folder / "tls"), ports["443"]
        )
        parts.callback(nginx.close)
        found.wait()
        yield found


def make_certificate(folder: Path) -> Path:
    """A self-signed certificate for localhost, and an authority of phones that signed nobody."""
    folder.mkdir()
    for name in ("ecdsa", "phones-ca"):
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"),
                *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost"),
                *("-addext", "subjectAltName=DNS:localhost"),
                *("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"),
            ],
            check=True,
            capture_output=True,
        )
    return folder / "ecdsa.crt"


def tls_site(ports: dict[str, int], data: Path, tls: Path) -> Site:
    """flatpro-tls.conf with these ports and folders."""
    return Site(
        "flatpro-tls.conf",
        (
            (r"server 127\.0\.0\.1:8080;", f"server 127.0.0.1:{ports['pages']};"),
            (r"server 127\.0\.0\.1:8081;", f"server 127.0.0.1:{ports['phones']};"),
            (r"listen 80;", f"listen 127.0.0.1:{ports['http']};"),
            (r"listen 443 ", f"listen 127.0.0.1:{ports['443']} "),
            (r"listen 8443 ", f"listen 127.0.0.1:{ports['8443']} "),
            (r"listen 8881;", f"listen 127.0.0.1:{ports['8881']};"),
            (r"/etc/flatpro/tls/", f"{tls}/"),
            (r"/var/lib/flatpro/blobs/", f"{data}/blobs/"),
        ),
    )
