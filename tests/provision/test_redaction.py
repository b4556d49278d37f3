"""What the redactor takes out: known secrets in every spelling, and what is named like one."""

import base64
import hashlib
import html
import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.redaction import HIDDEN, Secrets, redact_tree, redactor

SECRET = 'pa&ss "wörd"/7'
TOKEN = "tok-" + "A1b2" * 8
SECRETS = Secrets(
    frozenset({SECRET, "1234"}),
    frozenset({"admin"}),
    frozenset({hashlib.sha256(TOKEN.encode()).hexdigest()}),
)


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        html.escape(SECRET),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        SECRET.encode().hex(),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(f"admin:{SECRET}".encode()).decode(),
        base64.b64encode(b"admin:1234").decode(),
        TOKEN,
    ],
)
def test_a_known_secret_is_hidden_in_every_spelling(spelled: str) -> None:
    told = redactor(SECRETS)(f"log: x={spelled}; end")
    assert spelled.strip('"') not in told
    assert HIDDEN in told
    assert told.endswith("; end")


def test_a_short_secret_hides_whole_words_only() -> None:
    assert (
        redactor(SECRETS)("pin 1234, at 10.1234.0.1 x12345")
        == f"pin {HIDDEN}, at 10.1234.0.1 x12345"
    )


@pytest.mark.parametrize(
    "line",
    [
        'sip.1.password = "hunter2"',
        "Authorization: Basic YWRtaW46eA==",
        "community=private",
        "api_key: abcdef",
        "GET /p/AAAAAAAAAAAAAAAAAAAAAAAA/02f1a7000001.cfg",
        "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_what_is_named_like_a_secret_is_hidden_whatever_it_is(line: str) -> None:
    told = redactor(Secrets())(line)
    assert HIDDEN in told
    for word in ("hunter2", "YWRtaW46eA", "private\n", "abcdef", "A" * 24, "\nabc"):
        assert word not in told


def test_plain_words_stay_as_they_are() -> None:
    line = "line 101: registered at sip.example, up 42 s, sha256 " + "ab" * 32
    assert redactor(SECRETS)(line) == line


def test_every_text_of_a_tree_is_redacted_its_names_too() -> None:
    tree = {"a": [SECRET, 7, {"1234": None}], "b": ("x", True)}
    hidden = redact_tree(tree, redactor(SECRETS))
    assert hidden == {"a": [HIDDEN, 7, {HIDDEN: None}], "b": ["x", True]}


@given(
    st.text(min_size=6, max_size=30, alphabet=st.characters(codec="utf-8")), st.text(max_size=40)
)
def test_no_secret_survives_whatever_it_is_made_of(secret: str, around: str) -> None:
    told = redactor(Secrets(frozenset({secret})))(around + secret + around)
    assert secret not in told or secret in HIDDEN


def test_a_hostile_log_costs_no_time() -> None:
    redacted = redactor(SECRETS)
    for log in ("a." * 200_000, "password" + " " * 300_000, "-----BEGIN PRIVATE KEY-----" * 9_000):
        started = time.process_time()
        redacted(log)
        assert time.process_time() - started < 3
