"""Preconditions in the RFC's order: which header decides when several are sent."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from storage.http_answers.conditions import RequestConditions, Validators, Verdict

ETAG = '"sha256-aa"'
CURRENT = Validators(ETAG, datetime(2026, 11, 22, 10, 0, 0, 999_999, UTC))
BEFORE, SAME, AFTER = (
    f"Sun, 22 Nov 2026 {clock} GMT" for clock in ("09:59:59", "10:00:00", "10:00:01")
)
GO_ON, KNOWN, FAILED = Verdict.PROCEED, Verdict.NOT_MODIFIED, Verdict.FAILED


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ({}, GO_ON),
        # If-Match compares strongly.
        ({"If-Match": ETAG}, GO_ON),
        ({"If-Match": "*"}, GO_ON),
        ({"If-Match": f'"x", {ETAG}'}, GO_ON),
        ({"If-Match": f'"x,y",{ETAG}'}, GO_ON),
        ({"If-Match": f"W/{ETAG}"}, FAILED),
        ({"If-Match": '"x"'}, FAILED),
        ({"If-Match": ""}, FAILED),
        ({"If-Match": "sha256-aa"}, FAILED),
        ({"If-Match": '"sha256-aa'}, FAILED),
        # If-Unmodified-Since counts only without If-Match, and only as a date.
        ({"If-Unmodified-Since": BEFORE}, FAILED),
        ({"If-Unmodified-Since": SAME}, GO_ON),
        ({"If-Unmodified-Since": AFTER}, GO_ON),
        ({"If-Unmodified-Since": "nonsense"}, GO_ON),
        ({"If-Match": ETAG, "If-Unmodified-Since": BEFORE}, GO_ON),
        ({"If-Match": '"x"', "If-Unmodified-Since": AFTER}, FAILED),
        # If-None-Match compares weakly.
        ({"If-None-Match": ETAG}, KNOWN),
        ({"If-None-Match": f"W/{ETAG}"}, KNOWN),
        ({"If-None-Match": "*"}, KNOWN),
        ({"If-None-Match": f'"x", W/"y", {ETAG}'}, KNOWN),
        ({"If-None-Match": '"x"'}, GO_ON),
        ({"If-None-Match": ""}, GO_ON),
        # If-Modified-Since counts only without If-None-Match, and only as a date.
        ({"If-Modified-Since": BEFORE}, GO_ON),
        ({"If-Modified-Since": SAME}, KNOWN),
        ({"If-Modified-Since": AFTER}, KNOWN),
        ({"If-Modified-Since": "nonsense"}, GO_ON),
        ({"If-None-Match": '"x"', "If-Modified-Since": AFTER}, GO_ON),
        ({"If-None-Match": ETAG, "If-Modified-Since": BEFORE}, KNOWN),
        # The first pair is judged before the second.
        ({"If-Match": '"x"', "If-None-Match": ETAG}, FAILED),
        ({"If-Match": ETAG, "If-None-Match": ETAG}, KNOWN),
        ({"If-Unmodified-Since": BEFORE, "If-Modified-Since": AFTER}, FAILED),
        ({"If-Unmodified-Since": AFTER, "If-Modified-Since": SAME}, KNOWN),
    ],
)
def test_the_order_of_preconditions(headers: dict[str, str], verdict: Verdict) -> None:
    assert RequestConditions.from_headers("GET", headers).verdict(CURRENT) is verdict


@pytest.mark.parametrize(
    ("if_range", "applies"),
    [
        (None, True),
        (ETAG, True),
        (SAME, True),
        (f"W/{ETAG}", False),
        ('"x"', False),
        (f'{ETAG}, "x"', False),
        ("*", False),
        ("", False),
        (BEFORE, False),
        (AFTER, False),
    ],
)
def test_a_range_applies_only_to_the_same_bytes(if_range: str | None, *, applies: bool) -> None:
    headers = {"Range": "bytes=0-"} | ({} if if_range is None else {"If-Range": if_range})
    wanted = RequestConditions.from_headers("GET", headers).wanted_range(CURRENT)
    assert wanted == ("bytes=0-" if applies else None)


def test_head_and_a_lone_if_range_want_no_range() -> None:
    headers = {"Range": "bytes=0-", "If-Range": ETAG}
    assert RequestConditions.from_headers("HEAD", headers).wanted_range(CURRENT) is None
    assert RequestConditions(if_range=ETAG).wanted_range(CURRENT) is None


def test_header_names_are_read_in_any_case_and_repeats_are_one_list() -> None:
    headers = Headers([("iF-nOnE-mAtCh", '"x"'), ("IF-NONE-MATCH", f" {ETAG} "), ("Accept", "*")])
    conditions = RequestConditions.from_headers("GET", headers)
    assert conditions.if_none_match == f'"x", {ETAG}'
    assert conditions.verdict(CURRENT) is Verdict.NOT_MODIFIED


@given(st.text(), st.text(), st.text(), st.text(), st.text())
def test_no_text_raises(match: str, since: str, none: str, modified: str, same: str) -> None:
    conditions = RequestConditions("GET", match, since, none, modified, same, "bytes=0-")
    conditions.verdict(CURRENT)
    conditions.wanted_range(CURRENT)
