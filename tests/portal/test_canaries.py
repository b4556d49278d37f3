"""S15: secrets that a running product used stand in no log, file, answer or process list."""

import base64
import http.client
import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ADMIN_PASSWORD
from tests.processes import children_of
from tests.provision.estate import SIP_PASSWORD
from tests.served import Served, serving
from tests.stocked import Stocked, stock

MAIL, BUCKET, TYPED = "canary-Mail-4711", "canary-Bucket-4712", "canary-Typed-4713"


@pytest.fixture
def backend() -> str:
    return "sqlite"


@dataclass(frozen=True)
class Place:
    served: Served
    stocked: Stocked
    folder: Path

    @property
    def canaries(self) -> Mapping[str, str]:
        return {
            "the administrator's password": ADMIN_PASSWORD,
            "a SIP password": SIP_PASSWORD,
            "a phone's token": self.stocked.token,
            "the mail server's password": MAIL,
            "the bucket's secret": BUCKET,
            "a password that was mistyped": TYPED,
        }

    def held(self, where: bytes) -> list[str]:
        return [what for what, secret in self.canaries.items() if secret.encode() in where]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    stocked = stock(tmp_path / "data")
    with serving(
        tmp_path / "data",
        FLATPRO_DEMO="0",
        FLATPRO_SMTP_URL=f"smtp://robot:{MAIL}@127.0.0.1:9",
        FLATPRO_BLOB_SECRET=BUCKET,
    ) as served:
        yield Place(served, stocked, tmp_path)


@dataclass(frozen=True)
class Person:
    """A browser, as far as a form goes."""

    base: str
    opener: urllib.request.OpenerDirector

    @classmethod
    def at(cls, base: str) -> "Person":
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        return cls(base, urllib.request.build_opener(cookies))

    def get(self, path: str, body: bytes | None = None, **headers: str) -> bytes:
        asked = urllib.request.Request(self.base + path, body, headers)
        try:
            with self.opener.open(asked, timeout=20) as answer:
                found: bytes = answer.read() + str(answer.headers).encode()
        except urllib.error.HTTPError as error:
            with error:
                found = error.read() + str(error.headers).encode()
        return found

    def log_in(self, password: str) -> bytes:
        token = re.search(rb'name="csrf_token" value="([^"]+)"', self.get("/login"))
        assert token
        form = {"login": "admin", "password": password, "csrf_token": token[1].decode()}
        return self.get("/login", urllib.parse.urlencode(form).encode())


def used(place: Place) -> Iterator[bytes]:
    """Every secret at work, rightly and wrongly; what comes back to whom it is none of."""
    public, phones = Person.at(place.served.public), Person.at(place.served.phones)
    stocked = place.stocked
    assert SIP_PASSWORD.encode() in phones.get(
        stocked.configuration, **{"User-Agent": stocked.agent}
    )
    phones.get(stocked.firmware, **{"User-Agent": stocked.agent})
    yield phones.get(f"/p/{stocked.token}/02f1a7009999.cfg")
    yield phones.get(f"/p/{stocked.token}x/firmware")
    typed = base64.b64encode(f"02f1a7000001:{TYPED}".encode()).decode()
    yield phones.get("/p/auth/02f1a7000001.cfg", Authorization=f"Basic {typed}")
    yield public.log_in(TYPED)
    yield public.log_in(ADMIN_PASSWORD)
    for path in ("/staff/", "/staff/devices/", "/staff/devices/02f1a7000001", "/staff/audit"):
        yield public.get(path)
    yield public.get("/api/v1/devices", Authorization=f"Bearer {TYPED}")
    yield public.get(f"/none/{TYPED[:0]}", Cookie=f"session={TYPED}")
    for path in ("/readyz", "/metrics", "/healthz"):
        yield public.get(path) + phones.get(path)
    raw = http.client.HTTPConnection(place.served.public.removeprefix("http://"), timeout=20)
    raw.request("POST", "/login", b"password=" + TYPED.encode(), {"Content-Length": "5"})
    yield raw.getresponse().read()
    raw.close()


@pytest.mark.prove
@pytest.mark.timeout(180)
def test_proof_s15_a_secret_that_was_used_stands_nowhere(place: Place) -> None:
    looked, told = 0, []
    for answer in used(place):
        told += [f"an answer holds {what}" for what in place.held(answer)]
        looked += 1
    place.served.flatpro("backup", str(place.folder / "backup.tar"))
    pids = [place.served.pid, *children_of(place.served.pid)]
    for pid in pids:
        told += [
            f"the process list holds {what}"
            for what in place.held(Path(f"/proc/{pid}/cmdline").read_bytes())
        ]
    files = [path for path in place.folder.rglob("*") if path.is_file()]
    for path in files:
        told += [f"{path.name} holds {what}" for what in place.held(path.read_bytes())]
    print(  # noqa: T201
        f"S15: {len(place.canaries)} secrets used; {looked} answers, {len(files)} files (database, "
        f"journal, log, backup) and {len(pids)} processes hold none"
    )
    assert told == []
    assert {"flatpro.log", "backup.tar", "flatpro.sqlite"} <= {path.name for path in files}
    assert (place.folder / "data" / "flatpro.log").stat().st_size > 0
