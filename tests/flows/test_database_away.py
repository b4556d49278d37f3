"""The database goes away under a serving product, and comes back: phones notice nothing."""

import hashlib
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from firmware.images import build_image
from tests.postgres import Postgres, find_pg_ctl
from tests.served import Served, serving
from tests.waiting import until

pytestmark = [
    pytest.mark.skipif(find_pg_ctl() is None, reason="PostgreSQL is not installed"),
    pytest.mark.timeout(300),
]
MAC, SERIAL = "02f1a7000903", "FP2648B2K7Q2XM6"
AGENT = f"FlatPhone/1.0.0 (FP-B2; hw A; sn {SERIAL}; mac {MAC})"
IMAGE = build_image("FP-B2", "1.1.0", ("A",), b"firmware" * 40_000)


@dataclass(frozen=True)
class Got:
    status: int
    headers: Message
    body: bytes


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with (
        TemporaryDirectory(prefix="flatpro-pg-", ignore_cleanup_errors=True) as folder,
        closing(Postgres.start(Path(folder) / "server")) as server,
    ):
        yield server


@pytest.fixture(scope="module")
def served(database: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("product")
    url = database.url(database.create_database())
    with serving(folder / "data", FLATPRO_DEMO="0", FLATPRO_DATABASE_URL=url) as found:
        found.flatpro("product", "add", "FP-B2", "--name-ru", "B2", "--name-en", "B2", "--hw", "A")
        image = folder / "fp-b2-1.1.0.bin"
        image.write_bytes(IMAGE)
        found.flatpro("firmware", "publish", "FP-B2", "1.1.0", str(image), "--channel", "stable")
        found.flatpro(
            "device", "add", "--mac", MAC, "--serial", SERIAL, "--product", "FP-B2", "--hw", "A"
        )
        yield found


def get(served: Served, path: str, **headers: str) -> Got:
    asked = urllib.request.Request(served.phones + path, headers={"User-Agent": AGENT, **headers})
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return Got(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Got(error.code, error.headers, error.read())


def warmed(served: Served, path: str) -> Got:
    """The answer that the door gives by itself from now on; the views number theirs."""
    answers: list[Got] = []

    def by_door() -> bool:
        answers.append(get(served, path))
        return answers[-1].headers.get("X-Request-Id") is None

    until(by_door, each_s=0.4)
    return answers[-1]


def last_check_in(served: Served) -> str:
    (device,) = served.flatpro_json("device", "list")
    return str(device["last_check_in"])


def test_proof_r8_phones_are_served_while_the_database_is_away(
    served: Served, database: Postgres, leeway: float
) -> None:
    (issued,) = served.flatpro_json("device", "credential", MAC, "--new")
    token = str(issued["token"])
    configuration, image = f"/p/{token}/{MAC}.cfg", f"/p/{token}/firmware"
    known = warmed(served, configuration)
    assert known.status == 200
    assert "Age" not in known.headers
    assert hashlib.sha256(get(served, image).body).digest() == hashlib.sha256(IMAGE).digest()

    # By then what was fetched so far is on record: later, and the proof would only be milder.
    time.sleep(2.5)
    before = last_check_in(served)
    database.close()
    try:
        again = get(served, configuration)
        assert (again.status, again.body) == (200, known.body)
        assert 0 <= int(again.headers["Age"]) < 60
        unchanged = get(served, configuration, **{"If-None-Match": known.headers["ETag"]})
        assert unchanged.status == 304
        assert get(served, image).body == IMAGE
        rest = get(served, image, Range="bytes=100000-")
        assert (rest.status, rest.body) == (206, IMAGE[100_000:])
        began = time.monotonic()
        stranger = get(served, f"/p/{'x' * 43}/{MAC}.cfg")
        assert stranger.status == 503
        assert "Retry-After" in stranger.headers
        assert time.monotonic() - began < 5 * leeway
        # Whoever asks for a page is told, and nothing is shown that could be wrong.
        with pytest.raises(urllib.error.HTTPError, match="503"):
            served.get("/downloads/")
    finally:
        database.go_on()
    # The door finds its database again.
    until(lambda: get(served, configuration).headers.get("Age") is None, each_s=0.2)
    assert served.get("/downloads/")
    # What was fetched meanwhile is on record.
    until(lambda: last_check_in(served) > before)


def test_a_secret_that_was_revoked_before_opens_nothing_then(
    served: Served, database: Postgres
) -> None:
    (issued,) = served.flatpro_json("device", "credential", MAC, "--new")
    path = f"/p/{issued['token']}/{MAC}.cfg"
    assert warmed(served, path).status == 200
    image = f"/p/{issued['token']}/firmware"
    assert get(served, image).body == IMAGE
    served.flatpro("device", "credential", MAC, "--revoke")
    assert (get(served, path).status, get(served, image).status) == (404, 404)
    database.close()
    try:
        assert (get(served, path).status, get(served, image).status) == (503, 503)
    finally:
        database.go_on()
