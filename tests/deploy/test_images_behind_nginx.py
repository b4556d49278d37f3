"""People's images behind the shipped nginx: who names the file, and who says all the rest."""

import hashlib
import http.client
import json
import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from firmware.images import build_image
from tests.nginx import Nginx, find_nginx
from tests.served import Served, serving

pytestmark = pytest.mark.skipif(find_nginx() is None, reason="nginx is not installed")

BODY = build_image("FP-N1", "1.0.0", ["A"], random.Random(3).randbytes(300_000))
ETAG = f'"sha256-{hashlib.sha256(BODY).hexdigest()}"'
ADDRESS = "/firmware/FP-N1/1.0.0/fp-n1.bin"


def publish(served: Served, version: str, body: bytes, name: str = "fp-n1.bin") -> None:
    image = served.data_dir.parent / name
    image.write_bytes(body)
    served.flatpro("firmware", "publish", "FP-N1", version, str(image))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def is_page(self) -> bool:
        return (self.headers["Content-Type"] or "").startswith("text/html")


@dataclass(frozen=True)
class Front:
    """nginx before the product, which has one image."""

    served: Served
    port: int

    def ask(self, path: str = ADDRESS, method: str = "GET", **headers: str) -> Answer:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as line:
            line.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            answer = line.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def records(self, agent: str) -> list[dict[str, object]]:
        lines = (self.served.data_dir / "flatpro.log").read_text().splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [record for record in found if record.get("agent") == agent]


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("front")
    with serving(
        folder / "data",
        FLATPRO_DEMO="0",
        FLATPRO_ACCEL_PREFIX="/stored",
        FLATPRO_TRUSTED_PROXIES="127.0.0.1",
    ) as served:
        pages, phones = (urlsplit(one).port or 0 for one in (served.public, served.phones))
        named = ("--name-ru", "Н", "--name-en", "N", "--hw", "A")
        served.flatpro("product", "add", "FP-N1", *named)
        publish(served, "1.0.0", BODY)
        nginx = Nginx.start(folder / "nginx", pages, folder / "data" / "blobs", phones=phones)
        with closing(nginx):
            yield Front(served, nginx.port)


def test_an_image_is_named_to_nginx_by_the_phones_listener_and_is_on_record(front: Front) -> None:
    answer = front.ask(User_Agent="a person")
    assert (answer.status, answer.body) == (200, BODY)
    assert answer.headers["ETag"] == ETAG
    assert answer.headers["Cache-Control"] == "public, max-age=300, must-revalidate, no-transform"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="fp-n1.bin"'
    assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "X-Accel-Redirect" not in answer.headers
    [record] = front.records("a person")
    assert (record["path"], record["status"]) == (ADDRESS, 200)
    assert record["address"] == "127.0.0.1"
    # The pages give each request a name, the phones' listener gives none.
    assert "request_id" not in record


def test_a_resumed_download_gets_the_rest_and_no_other_version(front: Front) -> None:
    rest = front.ask(Range="bytes=1000-", If_Range=ETAG, User_Agent="resumes")
    assert (rest.status, rest.body) == (206, BODY[1000:])
    assert rest.headers["Content-Range"] == f"bytes 1000-{len(BODY) - 1}/{len(BODY)}"
    whole = front.ask(Range="bytes=1000-", If_Range='"another"')
    assert (whole.status, whole.body) == (200, BODY)
    [record] = front.records("resumes")
    assert "request_id" not in record


def test_everything_else_is_answered_by_the_pages_as_ever(front: Front) -> None:
    head = front.ask(method="HEAD")
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(BODY)))
    assert front.ask(If_None_Match=ETAG).status == 304
    assert front.ask(If_Match='"another"').status == 412
    parts = front.ask(Range="bytes=0-1,5-6")
    assert parts.status == 206
    assert parts.headers["Content-Type"].startswith("multipart/byteranges")
    # A form without its token, which pages alone know of.
    assert front.ask(method="DELETE").status == 400
    nothing = front.ask("/firmware/FP-N1/1.0.0/another.bin", User_Agent="mistaken")
    assert (nothing.status, nothing.is_page) == (404, True)
    assert "request_id" in front.records("mistaken")[0]
    assert front.ask("/firmware/FP-N1/stable/manifest.json").status in {200, 404}
    assert front.ask("/en" + ADDRESS).body == BODY


def test_a_withdrawn_image_is_gone_at_once_and_the_page_says_so(front: Front) -> None:
    publish(front.served, "1.1.0", build_image("FP-N1", "1.1.0", ["A"], b"1.1.0"), "next.bin")
    address = "/firmware/FP-N1/1.1.0/next.bin"
    assert front.ask(address).status == 200
    front.served.flatpro("firmware", "withdraw", "FP-N1", "1.1.0", "--reason", "зависает")
    gone = front.ask(address)
    assert (gone.status, gone.is_page) == (410, True)
