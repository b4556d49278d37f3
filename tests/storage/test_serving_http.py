"""RFC 9110 §13-15 as raw HTTP against a running server: one row per promise."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from types import SimpleNamespace

import pytest

from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.serving import Cache, Representation

Ask = Callable[..., SimpleNamespace]
Show = Callable[[str, bytes], Representation]

SIZE = 200_123
BEFORE, SAME, AFTER = (
    f"Sun, 22 Nov 2026 {clock} GMT" for clock in ("09:59:59", "10:00:00", "10:00:01")
)
WORDS = {
    "SIZE": str(SIZE),
    "BEFORE": BEFORE,
    "SAME": SAME,
    "AFTER": AFTER,
    "OLD": "Mon, 01 Jan 2001 00:00:00 GMT",
    "LATE": "Fri, 01 Jan 2100 00:00:00 GMT",
    "NINES": "9" * 400,
    "SEVENTEEN": ",".join(f"{i}-{i}" for i in range(0, 34, 2)),
    "FLOOD": ",".join(f"{i}-{i}" for i in range(0, 4000, 2)),
}
MULTIPART_OVERHEAD = 64 * 1024

# promise | request headers, apart by ; | status and the bytes of the file that come
ROWS = """
whole file                          | | 200 all
one range                           | Range: bytes=0-9 | 206 0-9
unit in capitals                    | Range: BYTES=0-9 | 206 0-9
open range                          | Range: bytes=200000- | 206 200000-200122
range past the end                  | Range: bytes=200000-999999 | 206 200000-200122
suffix                              | Range: bytes=-5 | 206 200118-200122
suffix longer than the file         | Range: bytes=-9999999 | 206 0-200122
range across pieces                 | Range: bytes=65530-131080 | 206 65530-131080
adjacent ranges are one             | Range: bytes=0-9,10-19 | 206 0-19
overlapping ranges are one          | Range: bytes=0-50,40-99 | 206 0-99
one of two lies outside             | Range: bytes=0-9,999999- | 206 0-9
start at the end                    | Range: bytes={SIZE}- | 416
start far past the end              | Range: bytes={NINES}- | 416
suffix of nothing                   | Range: bytes=-0 | 416
all outside                         | Range: bytes=999999-,888888- | 416
unknown unit                        | Range: items=0-5 | 200 all
malformed range                     | Range: bytes=abc | 200 all
range backwards                     | Range: bytes=9-0 | 200 all
one malformed of two                | Range: bytes=0-9,abc | 200 all
empty Range                         | Range: | 200 all
Latin-1 noise                       | Range: bytes=\xe9\xff- | 200 all
Range twice                         | Range: bytes=0-9 ; Range: bytes=20-29 | 200 all
seventeen ranges                    | Range: bytes={SEVENTEEN} | 200 all
flood of ranges                     | Range: bytes={FLOOD} | 200 all

If-Match of these bytes             | If-Match: {ETAG} | 200 all
If-Match any                        | If-Match: * | 200 all
If-Match list                       | If-Match: "a", {ETAG} | 200 all
If-Match weak                       | If-Match: W/{ETAG} | 412
If-Match other                      | If-Match: "other" | 412
If-Match other + Range              | If-Match: "other" ; Range: bytes=0-9 | 412
If-Match same + Range               | If-Match: {ETAG} ; Range: bytes=0-9 | 206 0-9
If-Match any + Range                | If-Match: * ; Range: bytes=0-9 | 206 0-9
If-Unmodified-Since 2001            | If-Unmodified-Since: {OLD} | 412
If-Unmodified-Since a second before | If-Unmodified-Since: {BEFORE} | 412
If-Unmodified-Since same            | If-Unmodified-Since: {SAME} | 200 all
If-Unmodified-Since 2001 + Range    | If-Unmodified-Since: {OLD} ; Range: bytes=0-9 | 412
If-Unmodified-Since invalid         | If-Unmodified-Since: yesterday | 200 all
If-Match beats If-Unmodified-Since  | If-Match: {ETAG} ; If-Unmodified-Since: {OLD} | 200 all

If-None-Match same                  | If-None-Match: {ETAG} | 304
If-None-Match weak                  | If-None-Match: W/{ETAG} | 304
If-None-Match any                   | If-None-Match: * | 304
If-None-Match list                  | If-None-Match: "a", {ETAG} | 304
If-None-Match twice                 | If-None-Match: "a" ; If-None-Match: {ETAG} | 304
If-None-Match other                 | If-None-Match: "other" | 200 all
If-None-Match same + Range          | If-None-Match: {ETAG} ; Range: bytes=0-9 | 304
If-None-Match other + Range         | If-None-Match: "x" ; Range: bytes=0-9 | 206 0-9
If-None-Match same + Range outside  | If-None-Match: {ETAG} ; Range: bytes={SIZE}- | 304
If-Match before If-None-Match       | If-Match: "x" ; If-None-Match: {ETAG} | 412
If-Modified-Since same              | If-Modified-Since: {SAME} | 304
If-Modified-Since after             | If-Modified-Since: {AFTER} | 304
If-Modified-Since before            | If-Modified-Since: {BEFORE} | 200 all
If-Modified-Since as RFC 850        | If-Modified-Since: Sunday, 22-Nov-26 10:00:00 GMT | 304
If-Modified-Since as asctime        | If-Modified-Since: Sun Nov 22 10:00:00 2026 | 304
If-Modified-Since invalid           | If-Modified-Since: 2026-11-22 | 200 all
If-None-Match beats the date        | If-None-Match: "x" ; If-Modified-Since: {LATE} | 200 all

If-Range same                       | If-Range: {ETAG} ; Range: bytes=0-9 | 206 0-9
If-Range weak                       | If-Range: W/{ETAG} ; Range: bytes=0-9 | 200 all
If-Range other                      | If-Range: "other" ; Range: bytes=0-9 | 200 all
If-Range exact date                 | If-Range: {SAME} ; Range: bytes=0-9 | 206 0-9
If-Range later date                 | If-Range: {LATE} ; Range: bytes=0-9 | 200 all
If-Range earlier date               | If-Range: {BEFORE} ; Range: bytes=0-9 | 200 all
If-Range nonsense                   | If-Range: * ; Range: bytes=0-9 | 200 all
If-Range other, Range outside       | If-Range: "other" ; Range: bytes={SIZE}- | 200 all
If-Range same, Range outside        | If-Range: {ETAG} ; Range: bytes={SIZE}- | 416
If-Range without Range              | If-Range: {ETAG} | 200 all

gzip is never used                  | Accept-Encoding: gzip, br | 200 all
no encoding accepted                | Accept-Encoding: identity;q=0 | 200 all
nothing acceptable                  | Accept: image/png | 200 all
digest asked for                    | Want-Repr-Digest: sha-512=9, sha-256=1 | 200 all
"""
TABLE = [[cell.strip() for cell in row.split("|")] for row in ROWS.splitlines() if row]


@pytest.fixture(scope="module")
def show(shelf: LocalBlobStore, shown: dict[str, Representation]) -> Show:
    def put(name: str, data: bytes) -> Representation:
        stored = shelf.put(BytesIO(data))
        shown[name] = Representation(
            sha256=stored.sha256,
            size=stored.size,
            content_type="application/octet-stream",
            file_name=f"{name}.bin",
            last_modified=datetime(2026, 11, 22, 10, 0, 0, 250_000, UTC),
            cache=Cache.revalidate(60),
        )
        return shown[name]

    return put


@pytest.fixture(scope="module")
def etag(show: Show, image: bytes) -> str:
    """The tag of the file at /image."""
    assert len(image) == SIZE
    return f'"sha256-{show("image", image).sha256}"'


@pytest.mark.parametrize(
    ("headers", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_get(headers: str, expected: str, ask: Ask, etag: str, image: bytes) -> None:
    answer = ask("/image", *header_lines(headers, etag))
    status, _, part = expected.partition(" ")
    assert answer.status == int(status)
    check_body(answer, part, image)
    check_headers(answer, etag)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("", 200),
        ("Range: bytes=0-9", 200),
        ("Range: bytes={SIZE}-", 200),
        ("If-Match: *", 200),
        ("If-None-Match: {ETAG}", 304),
        ("If-Modified-Since: {SAME}", 304),
        ('If-Match: "other"', 412),
        ("If-Unmodified-Since: {OLD}", 412),
    ],
)
def test_head(headers: str, status: int, ask: Ask, etag: str) -> None:
    answer = ask("/image", *header_lines(headers, etag), method="HEAD")
    assert answer.status == status
    assert answer.body == b""
    assert "content-range" not in answer.headers
    if status == 200:
        assert answer.headers["content-length"] == str(SIZE)
    check_headers(answer, etag)


def test_another_method_is_refused(ask: Ask, etag: str) -> None:
    answer = ask("/image", f"If-None-Match: {etag}", method="POST")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def header_lines(headers: str, etag: str) -> list[str]:
    return [line for line in headers.format(ETAG=etag, **WORDS).split(" ; ") if line]


def check_body(answer: SimpleNamespace, part: str, image: bytes) -> None:
    """The bytes named by `part` ("all", "0-9"), or for "" the short or absent body of a refusal."""
    if part:
        first, last = (0, SIZE - 1) if part == "all" else map(int, part.split("-"))
        assert answer.body == image[first : last + 1]
        assert answer.headers["content-length"] == str(last - first + 1)
    elif answer.status == 304:
        assert answer.body == b""
    else:
        assert 0 < len(answer.body) < 100
    content_range = {200: None, 206: f"bytes {part}/{SIZE}", 416: f"bytes */{SIZE}"}
    assert answer.headers.get("content-range") == content_range.get(answer.status)


def check_headers(answer: SimpleNamespace, etag: str) -> None:
    """What every answer of this status carries, and what none does."""
    assert answer.headers["etag"] == etag
    assert "content-encoding" not in answer.headers
    if answer.status in {200, 206}:
        assert answer.headers["repr-digest"].startswith("sha-256=:")
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["last-modified"] == SAME
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"] == 'attachment; filename="image.bin"'
    if answer.status in {200, 206, 304}:
        assert answer.headers["cache-control"].endswith("no-transform")


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("0-9,20-29", [(0, 9), (20, 29)]),
        ("200000-,0-0", [(200_000, SIZE - 1), (0, 0)]),
        ("5-6,0-3,100-70000,5-5", [(5, 6), (0, 3), (100, 70_000)]),
        (",".join(f"{i}-{i}" for i in range(0, 32, 2)), [(i, i) for i in range(0, 32, 2)]),
    ],
)
def test_several_ranges_come_as_parts_in_the_order_asked(
    asked: str, given: list[tuple[int, int]], ask: Ask, etag: str, image: bytes
) -> None:
    answer = ask("/image", f"Range: bytes={asked}", f"If-Range: {etag}")
    assert answer.status == 206
    assert "content-range" not in answer.headers
    assert len(answer.body) == int(answer.headers["content-length"]) < SIZE + MULTIPART_OVERHEAD
    parts = [(f"bytes {a}-{b}/{SIZE}", image[a : b + 1]) for a, b in given]
    assert list(multipart(answer)) == parts


def test_overlapping_ranges_never_send_a_byte_twice(ask: Ask, etag: str, image: bytes) -> None:
    answer = ask("/image", "Range: bytes=0-,5-9,-1,999999-,40-41", f"If-Match: {etag}")
    assert (answer.status, answer.body) == (206, image)


def multipart(answer: SimpleNamespace) -> Iterator[tuple[str, bytes]]:
    """Content-Range and bytes of each part, split by hand."""
    kind, _, boundary = answer.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    head, *parts, tail = (b"\r\n" + answer.body).split(f"\r\n--{boundary}".encode())
    assert (head, tail) == (b"", b"--\r\n")
    for part in parts:
        header, _, data = part.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ") for line in header.split(b"\r\n")[1:])
        assert fields[b"Content-Type"] == b"application/octet-stream"
        yield fields[b"Content-Range"].decode(), data


def test_the_same_digest_names_the_whole_file_on_200_206_and_head(ask: Ask, etag: str) -> None:
    digest = base64.b64encode(bytes.fromhex(etag.strip('"').removeprefix("sha256-"))).decode()
    for answer in (
        ask("/image"),
        ask("/image", "Range: bytes=0-9"),
        ask("/image", "Range: bytes=0-9,20-29"),
        ask("/image", method="HEAD"),
    ):
        assert answer.headers["repr-digest"] == f"sha-256=:{digest}:"


@pytest.mark.usefixtures("etag")
def test_an_http_1_0_phone_without_host_gets_its_range(send: Ask, image: bytes) -> None:
    answer = send(b"GET /image HTTP/1.0\r\nRange: bytes=10-19\r\n\r\n")
    assert (answer.status, answer.body) == (206, image[10:20])


@pytest.mark.usefixtures("etag")
def test_a_kept_connection_answers_in_step(send: Ask) -> None:
    several = b"GET /image HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9,20-29\r\n\r\n"
    head = b"HEAD /image HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /image HTTP/1.0\r\nRange: bytes=999999-\r\n\r\n"
    answer = send(several + head + several + last)
    # A wrong length would leave what follows out of step with the lines it should begin on.
    assert answer.body.count(b"--\r\nHTTP/1.") == 2
    assert answer.body.endswith(b"416 Range Not Satisfiable\n")


def test_an_empty_file_is_whole(ask: Ask, show: Show) -> None:
    show("empty", b"")
    for line in ("Accept: */*", "Range: bytes=0-9", "Range: bytes=-5", "If-Match: *"):
        answer = ask("/empty", line)
        assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")


def test_a_cyrillic_name_arrives_in_both_forms(
    ask: Ask, show: Show, shown: dict[str, Representation]
) -> None:
    shown["guide"] = replace(show("guide", b"x"), file_name="Паспорт.pdf", inline=True)
    assert ask("/guide").headers["content-disposition"] == (
        "inline; filename=\"Pasport.pdf\"; filename*=UTF-8''"
        "%D0%9F%D0%B0%D1%81%D0%BF%D0%BE%D1%80%D1%82.pdf"
    )


def test_a_compressed_file_is_not_called_encoded(
    ask: Ask, show: Show, shown: dict[str, Representation]
) -> None:
    archive = replace(show("fw", b"\x1f\x8b"), file_name="fw.tar.gz", inline=True)
    shown["fw"] = replace(archive, content_type="application/gzip")
    answer = ask("/fw", "Accept-Encoding: gzip")
    assert answer.headers["content-type"] == "application/gzip"
    assert "content-encoding" not in answer.headers


def test_a_file_past_4_gib_is_ranged_exactly(
    ask: Ask, show: Show, shelf: LocalBlobStore, shown: dict[str, Representation]
) -> None:
    size = 5 * 1024**3
    path = shelf.path(show("large", b"head of a sparse file").sha256)
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(size - 4)
        file.write(b"tail")
    shown["large"] = replace(shown["large"], size=size)
    answer = ask("/large", f"Range: bytes={size - 4}-")
    assert (answer.status, answer.body) == (206, b"tail")
    assert answer.headers["content-range"] == f"bytes {size - 4}-{size - 1}/{size}"
    several = ask("/large", f"Range: bytes=0-3,{2**32}-{2**32 + 3},-4")
    assert [data for _, data in multipart(several)] == [b"head", bytes(4), b"tail"]
    assert ask("/large", method="HEAD").headers["content-length"] == str(size)
