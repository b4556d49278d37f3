"""The plan: headers that belong together, sizes that add up, and no request text that breaks it."""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.http_answers.byte_ranges import ByteRange
from storage.http_answers.conditions import RequestConditions
from storage.serving import Cache, Plan, Representation, plan_response

IMAGE = bytes(range(100))
SHA256 = hashlib.sha256(IMAGE).hexdigest()
DIGEST = base64.b64encode(hashlib.sha256(IMAGE).digest()).decode()
SHOWN = Representation(
    sha256=SHA256,
    size=len(IMAGE),
    content_type="application/pdf",
    file_name="Паспорт.pdf",
    last_modified=datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
    cache=Cache.revalidate(60),
    vary="Accept-Language",
)
ENCODED = "%D0%9F%D0%B0%D1%81%D0%BF%D0%BE%D1%80%D1%82.pdf"
SMALL = 100
MULTIPART_OVERHEAD = 64 * 1024


def plan_for(shown: Representation = SHOWN, method: str = "GET", **headers: str) -> Plan:
    return plan_response(
        shown,
        RequestConditions.from_headers(
            method, {name.replace("_", "-"): value for name, value in headers.items()}
        ),
    )


def sent_bytes(plan: Plan, data: bytes) -> bytes:
    return b"".join(
        data[piece.first : piece.last + 1] if isinstance(piece, ByteRange) else piece
        for piece in plan.body
    )


def test_the_whole_file_comes_with_everything_a_client_may_check() -> None:
    plan = plan_for()
    assert plan.status == 200
    assert plan.headers == (
        ("Content-Type", "application/pdf"),
        ("Content-Length", "100"),
        ("ETag", f'"sha256-{SHA256}"'),
        ("Cache-Control", "public, max-age=60, must-revalidate, no-transform"),
        ("Vary", "Accept-Language"),
        ("Last-Modified", "Sun, 22 Nov 2026 10:00:00 GMT"),
        ("Accept-Ranges", "bytes"),
        ("Repr-Digest", f"sha-256=:{DIGEST}:"),
        (
            "Content-Disposition",
            "attachment; filename=\"Pasport.pdf\"; filename*=UTF-8''" + ENCODED,
        ),
        ("X-Content-Type-Options", "nosniff"),
    )
    assert plan.ranges == (ByteRange(0, 99),)
    assert plan.body_wanted


def test_not_modified_carries_what_a_cache_refreshes_and_nothing_else() -> None:
    plan = plan_for(If_None_Match="*")
    assert (plan.status, plan.content_length, plan.body_wanted) == (304, None, False)
    assert [name for name, _ in plan.headers] == ["ETag", "Cache-Control", "Vary"]


def test_several_ranges_are_one_multipart_answer() -> None:
    plan = plan_for(Range="bytes=20-29,0-9")
    headers = dict(plan.headers)
    boundary = headers["Content-Type"].removeprefix("multipart/byteranges; boundary=")
    expected = (
        f"--{boundary}\r\nContent-Type: application/pdf\r\n"
        "Content-Range: bytes 20-29/100\r\n\r\n".encode()
        + IMAGE[20:30]
        + f"\r\n--{boundary}\r\nContent-Type: application/pdf\r\n"
        "Content-Range: bytes 0-9/100\r\n\r\n".encode()
        + IMAGE[:10]
        + f"\r\n--{boundary}--\r\n".encode()
    )
    assert plan.status == 206
    assert "Content-Range" not in headers
    assert sent_bytes(plan, IMAGE) == expected
    assert headers["Content-Length"] == str(plan.content_length) == str(len(expected))


@pytest.mark.parametrize(
    ("status", "headers"),
    [(412, {"If_Match": '"x"'}), (416, {"Range": "bytes=100-"}), (405, {"method": "POST"})],
)
def test_a_refusal_is_short_plain_and_kept_by_nobody(status: int, headers: dict[str, str]) -> None:
    plan = plan_for(replace(SHOWN, cache=Cache.immutable()), **headers)
    fields = dict(plan.headers)
    assert plan.status == status
    assert fields["Cache-Control"] == "no-store"
    assert fields["Content-Type"] == "text/plain; charset=utf-8"
    assert plan.content_length == len(sent_bytes(plan, b"")) < SMALL
    assert plan.ranges == ()


def test_another_method_is_refused_whatever_its_conditions() -> None:
    plan = plan_for(method="PUT", If_Match='"x"')
    assert plan.status == 405
    assert ("Allow", "GET, HEAD") in plan.headers


@pytest.mark.parametrize(
    "headers",
    [{}, {"If_Match": '"x"'}, {"If_None_Match": "*"}, {"Range": "bytes=100-"}],
)
def test_head_says_what_get_would_without_a_body(headers: dict[str, str]) -> None:
    head = plan_for(method="HEAD", **headers)
    get = plan_for(**{name: value for name, value in headers.items() if name != "Range"})
    assert (head.status, head.headers, head.content_length) == (
        get.status,
        get.headers,
        get.content_length,
    )
    assert not head.body_wanted


def test_an_empty_file_is_whole_whatever_the_range() -> None:
    empty = replace(SHOWN, size=0, sha256=hashlib.sha256(b"").hexdigest())
    for header in ("bytes=0-", "bytes=-5", "bytes=0-0,5-9"):
        plan = plan_for(empty, Range=header)
        assert (plan.status, plan.content_length, plan.body) == (200, 0, ())


def test_sizes_past_4_gib_stay_exact() -> None:
    size = 5 * 1024**3 + 7
    large = replace(SHOWN, size=size)
    tail = plan_for(large, Range=f"bytes={size - 3}-")
    assert dict(tail.headers)["Content-Range"] == f"bytes {size - 3}-{size - 1}/{size}"
    assert plan_for(large).content_length == size
    several = plan_for(large, Range=f"bytes=0-{2**32},{2**32 + 2}-")
    assert sum(piece.size for piece in several.ranges) == size - 1
    assert several.content_length is not None
    assert size < several.content_length < size + MULTIPART_OVERHEAD


@pytest.mark.parametrize(
    ("cache", "header"),
    [
        (Cache.immutable(), "public, max-age=31536000, immutable, no-transform"),
        (Cache.revalidate(0), "public, max-age=0, must-revalidate, no-transform"),
        (Cache.private(), "private, no-cache, no-transform"),
    ],
)
def test_no_policy_lets_the_bytes_be_changed_on_the_way(cache: Cache, header: str) -> None:
    for conditions in ({}, {"If_None_Match": "*"}, {"Range": "bytes=0-9"}):
        plan = plan_for(replace(SHOWN, cache=cache), **conditions)
        assert dict(plan.headers)["Cache-Control"] == header


@pytest.mark.parametrize(
    "wrong",
    [
        {"sha256": SHA256.upper()},
        {"sha256": "abc"},
        {"size": -1},
        {"last_modified": datetime(2026, 11, 22)},  # noqa: DTZ001 - naive is what is refused
        {"content_type": "a/b\r\nX: y"},
        {"content_type": "a" * 5000},
        {"content_type": ""},
        {"vary": "Ключ"},
    ],
)
def test_a_representation_that_no_header_could_carry_is_a_fault(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"representation|last_modified|content_type"):
        replace(SHOWN, **wrong)  # type: ignore[arg-type]


specs = st.builds("{}-{}".format, st.integers(0, 120), st.integers(0, 120)) | st.text(max_size=8)
range_texts = st.lists(specs, max_size=20).map(lambda parts: "bytes=" + ",".join(parts))
tags = st.sampled_from([f'"sha256-{SHA256}"', f'W/"sha256-{SHA256}"', '"x"', "*"]) | st.text()
dates = st.sampled_from(["Sun, 22 Nov 2026 10:00:00 GMT", "Mon, 01 Jan 2001 00:00:00 GMT"])
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "If_Match": tags,
        "If_Unmodified_Since": dates | st.text(),
        "If_None_Match": tags,
        "If_Modified_Since": dates | st.text(),
        "If_Range": tags | dates,
        "Range": range_texts | st.text(),
    },
)


@given(method=st.sampled_from(["GET", "HEAD", "POST", ""]), headers=CONDITIONS)
def test_any_request_gets_a_plan_whose_sizes_add_up(method: str, headers: dict[str, str]) -> None:
    plan = plan_for(method=method, **headers)
    assert plan.status in {200, 206, 304, 405, 412, 416}
    fields = dict(plan.headers)
    assert len(fields) == len(plan.headers), "no header twice"
    assert all(value.isascii() and value.isprintable() for value in fields.values())
    assert fields.get("Content-Length") == (plan.content_length and str(plan.content_length))
    assert "Content-Encoding" not in fields
    if plan.body_wanted:
        assert len(sent_bytes(plan, IMAGE)) == plan.content_length
        assert plan.content_length <= len(IMAGE) + MULTIPART_OVERHEAD
    if plan.status == 206:
        assert headers.get("If_Match") != '"x"'
        assert fields["Repr-Digest"] == f"sha-256=:{DIGEST}:"
