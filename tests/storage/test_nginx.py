"""The promises of test_serving_http.py behind a real nginx that sends the files itself.

One difference is known: nginx before 1.23 refuses a repeated If-None-Match (400) instead of reading
the lines as one list. No client sends it; nothing wrong is served.
"""

import hashlib
import random
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response, request

from firmware.images import build_image
from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.http_answers.conditions import RequestConditions
from storage.http_answers.handing_over import bucket_may_send, nginx_may_send, to_nginx
from storage.http_answers.sending import respond
from storage.serving import Plan, Representation, plan_response
from tests.nginx import Nginx, find_nginx
from tests.served import Served, serving
from tests.storage import test_serving_http as table
from tests.storage.http_answers import test_sending_resume as resume
from tests.waitress_app import waitress

pytestmark = pytest.mark.skipif(find_nginx() is None, reason="nginx is not installed")

show, etag = table.show, table.etag
test_head = table.test_head
test_another_method_is_refused = table.test_another_method_is_refused
test_several_ranges = table.test_several_ranges_come_as_parts_in_the_order_asked
test_overlapping_ranges = table.test_overlapping_ranges_never_send_a_byte_twice
test_the_same_digest = table.test_the_same_digest_names_the_whole_file_on_200_206_and_head
test_an_http_1_0_phone = table.test_an_http_1_0_phone_without_host_gets_its_range
test_a_kept_connection = table.test_a_kept_connection_answers_in_step
test_an_empty_file = table.test_an_empty_file_is_whole
test_a_cyrillic_name = table.test_a_cyrillic_name_arrives_in_both_forms
test_a_compressed_file = table.test_a_compressed_file_is_not_called_encoded
test_a_file_past_4_gib = table.test_a_file_past_4_gib_is_ranged_exactly
test_resumed_downloads = (
    resume.test_proof_r11_downloads_cut_on_the_wire_and_replaced_end_with_the_right_hash
)


REFUSED_BY_NGINX = ("If-None-Match twice",)
ROWS = [row for row in table.TABLE if row[0] not in REFUSED_BY_NGINX]


@pytest.mark.parametrize(
    ("headers", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_get(headers: str, expected: str, ask: table.Ask, etag: str, image: bytes) -> None:
    table.test_get(headers, expected, ask, etag, image)


@pytest.mark.parametrize("name", REFUSED_BY_NGINX)
def test_what_nginx_refuses_is_never_answered_wrongly(name: str, ask: table.Ask, etag: str) -> None:
    (headers,) = (row[1] for row in table.TABLE if row[0] == name)
    assert ask("/image", *table.header_lines(headers, etag)).status in {304, 400}


@pytest.fixture(scope="module")
def handed() -> list[str]:
    """The conditions under which nginx was told to send."""
    return []


@pytest.fixture(scope="module")
def shelf_app(shelf: LocalBlobStore, shown: dict[str, Representation], handed: list[str]) -> Flask:
    app = Flask("shelf")

    @app.route("/<name>", methods=["GET", "HEAD", "POST"], provide_automatic_options=False)
    def file(name: str) -> Response:
        now = shown[name]

        def hand_over(conditions: RequestConditions, plan: Plan) -> Plan | None:
            if not nginx_may_send(conditions, plan):
                return None
            handed.append(repr(conditions))
            return to_nginx(plan, now, "/stored")

        return respond(now, lambda: shelf.open(now.sha256), request, handed_over=hand_over)

    return app


@pytest.fixture(scope="module")
def port(
    shelf_app: Flask, shelf: LocalBlobStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """Nginx's port; the program listens behind it."""
    with waitress(shelf_app) as behind:
        nginx = Nginx.start(tmp_path_factory.mktemp("nginx") / "it", behind, shelf.root)
        yield nginx.port
        nginx.close()


def test_nginx_did_send_whole_files_ranges_and_resumed_ranges(
    ask: table.Ask, etag: str, handed: list[str], image: bytes
) -> None:
    for lines in ((), ("Range: bytes=0-9",), ("Range: bytes=0-9", f"If-Range: {etag}")):
        before = len(handed)
        answer = ask("/image", *lines)
        assert len(handed) == before + 1
        assert answer.body == (image[:10] if lines else image)
        assert "x-accel-redirect" not in answer.headers


def test_the_internal_folder_is_nobodys_to_ask(
    ask: table.Ask, show: table.Show, shelf: LocalBlobStore
) -> None:
    sha256 = show("secret", b"not yet published").sha256
    assert shelf.exists(sha256)
    assert ask(f"/stored/{sha256[:2]}/{sha256[2:]}").status == 404


@pytest.fixture
def fronted(tmp_path: Path) -> Iterator[tuple[Served, str]]:
    """The whole product behind nginx, and nginx's address."""
    settings = {"FLATPRO_DEMO": "0", "FLATPRO_ACCEL_PREFIX": "/stored"}
    with serving(tmp_path / "data", **settings) as served:
        upstream = int(served.public.rsplit(":", 1)[1])
        nginx = Nginx.start(tmp_path / "nginx", upstream, tmp_path / "data" / "blobs")
        yield served, f"http://127.0.0.1:{nginx.port}"
        nginx.close()


def test_the_product_behind_nginx_serves_refuses_and_keeps_its_names(
    fronted: tuple[Served, str], tmp_path: Path
) -> None:
    served, front = fronted
    body = build_image("FP-N1", "1.0.0", ["A"], random.Random(2).randbytes(300_000))
    sha256 = hashlib.sha256(body).hexdigest()
    image = tmp_path / "fp-n1.bin"
    image.write_bytes(body)
    served.flatpro(*("product", "add", "FP-N1", "--name-ru", "Н", "--name-en", "N", "--hw", "A"))
    served.flatpro("firmware", "publish", "FP-N1", "1.0.0", str(image))
    address = f"{front}/firmware/FP-N1/1.0.0/fp-n1.bin"
    with urllib.request.urlopen(address, timeout=20) as answer:
        assert answer.read() == body
        assert answer.headers["ETag"] == f'"sha256-{sha256}"'
        assert "fp-n1.bin" in answer.headers["Content-Disposition"]
        assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
    direct = urllib.request.Request(f"{served.public}/firmware/FP-N1/1.0.0/fp-n1.bin")
    with urllib.request.urlopen(direct, timeout=20) as answer:
        assert answer.headers["X-Accel-Redirect"] == f"/stored/{sha256[:2]}/{sha256[2:]}"
    phone = served.phones + "/firmware/FP-N1/1.0.0/fp-n1.bin"
    with urllib.request.urlopen(phone, timeout=20) as answer:
        assert answer.read() == body, "what a phone takes is sent, and recorded, by us"
    (tmp_path / "data" / "blobs" / sha256[:2] / sha256[2:]).unlink()
    served.flatpro("storage", "scrub", "--all", code=1)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address, timeout=20)
    refused.value.close()
    assert (refused.value.code, refused.value.headers["Retry-After"]) == (503, "5")


ETAG = f'"sha256-{"a" * 64}"'
DATE = "Fri, 01 Jan 2100 00:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "nginx", "bucket"),
    [
        ({}, True, True),
        ({"Range": "bytes=0-9"}, True, True),
        ({"Range": "bytes=0-9", "If-Range": ETAG}, True, False),
        ({"Range": "bytes=0-9", "If-Range": '"other"'}, False, False),
        ({"Range": "bytes=0-9", "If-Range": DATE}, False, False),
        ({"Range": "bytes=0-9,20-29"}, False, False),
        ({"Range": "items=0-9"}, False, False),
        ({"Range": "bytes=9999-"}, False, False),
        ({"If-Match": ETAG}, False, False),
        ({"If-Match": '"other"'}, False, False),
        ({"If-Unmodified-Since": DATE}, False, False),
        ({"If-None-Match": ETAG}, False, False),
        ({"If-None-Match": '"other"'}, True, True),
        ({"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}, True, False),
    ],
)
def test_only_what_another_server_answers_alike_is_handed_over(
    headers: dict[str, str], nginx: bool, bucket: bool
) -> None:
    shown = Representation(
        sha256="a" * 64,
        size=1000,
        content_type="application/octet-stream",
        file_name="x.bin",
        last_modified=resume.datetime(2026, 11, 22, tzinfo=resume.UTC),
        cache=resume.Cache.immutable(),
    )
    for method, wanted in (("GET", (nginx, bucket)), ("HEAD", (False, False))):
        conditions = RequestConditions.from_headers(method, headers)
        plan = plan_response(shown, conditions)
        assert (nginx_may_send(conditions, plan), bucket_may_send(conditions, plan)) == wanted
