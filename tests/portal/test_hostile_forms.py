"""Public forms meet awkward names, values and bodies: they keep or refuse them, and never fail."""

import io
import re
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts import access
from tests.browserless import form_token

TEXTS = [
    *(
        "",
        " ",
        "\t",
        "a\0b",
        "a\r\nSet-Cookie: x=y",
        "a\nb",
        "\u2028",
        "\u0085",
        "\x1b[31m",
        "\x7f",
    ),
    *("../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "C:\\x", "CON", "nul.txt", ".", ".."),
    *(
        "'; DROP TABLE device; --",
        '" OR ""="',
        "%s%s%n",
        "{{ 7*7 }}",
        "${7*7}",
        "<script>x</script>",
    ),
    *(
        "й",
        "и\u0306",
        "\u202etxt.exe",
        "\u200b",
        "\ufeff",
        "\U0001f4de",
        "\ufffd",
        "\ud800",
        "\uffff",
    ),
    *(
        "=1+1",
        "+1",
        "-1",
        "@x",
        "NaN",
        "1e999",
        "-0",
        "٣",
        "0x1F",
        "9" * 400,
        "99999999999999999999",
    ),
    *(
        "a" * 300,
        "я" * 255,
        "." * 256,
        "%00",
        "%2e%2e%2f",
        "a;b",
        'a"b',
        "a'b",
        "a`id`",
        "$(id)",
        "|id",
    ),
    *(
        "None",
        "null",
        "true",
        "[]",
        "{}",
        "2026-02-30",
        "31.02.2026",
        "0000-00-00",
        "x@",
        "@x",
        "a@b c",
    ),
]
#: More of the same, for the long run: each control character, what the eye does not see, and names
#: that some system keeps for itself.
MORE_TEXTS = [
    *(f"a{chr(code)}b" for code in (*range(1, 32), *range(0x80, 0xA0))),
    *(
        f"a{sign}b.txt"
        for sign in "\u00ad\u061c\u180e\u200e\u200f\u202a\u202b\u202d\u2060\u2066\u2069"
    ),
    *(f"{name}.{end}" for name in ("PRN", "AUX", "COM1", "LPT9", "CLOCK$") for end in ("txt", "")),
    *(f"x.{end}" for end in ("exe", "html", "svg", "js", "php", "htaccess", "lnk", "desktop")),
    *("x.pdf.exe", "x.exe ", "x.", " x", "x:y", "x::$DATA", "~", "-rf", "--help", "a\\b", "*", "?"),
    *(
        "x" * 200 + ".pdf",
        "\u0410" * 130 + ".pdf",
        "e\u0301" * 100,
        "👩\u200d👩\u200d👧",
        "\U000e0041",
    ),
]
SECOND_S = 1.0
MIB = 1024**2


@pytest.fixture
def backend() -> str:
    return "sqlite"


@dataclass(frozen=True)
class Form:
    address: str
    fields: tuple[str, ...]
    files: tuple[str, ...]


def public_forms(app: Flask) -> list[Form]:
    """Every form that anybody may post and whose page stands at its own address."""
    found = []
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.arguments:
            continue
        page = app.test_client().get(str(rule))
        if access.rule_of(app, rule.endpoint) is not None and page.status_code == 200:
            text = page.get_data(as_text=True)
            inputs = set(re.findall(r'<(?:input|textarea|select)[^>]*\bname="([^"]+)"', text))
            files = set(re.findall(r'<input(?=[^>]*type="file")[^>]*\bname="([^"]+)"', text))
            found.append(Form(str(rule), tuple(sorted(inputs - files)), tuple(sorted(files))))
    return found


def post(client: FlaskClient, form: Form, text: str) -> tuple[int, list[str]]:
    """Post the text in every field and as the name of every file; the status and header values."""
    told = dict.fromkeys(form.fields, text) | {"csrf_token": form_token(client, form.address)}
    files = {name: (io.BytesIO(b"x"), text or "x") for name in form.files}
    body = told | files
    answer = client.post(form.address, data=body, content_type="multipart/form-data")
    return answer.status_code, [value for _, value in answer.headers]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "texts",
    [TEXTS, pytest.param([*TEXTS, *MORE_TEXTS], marks=pytest.mark.prove)],
    ids=["66", "175"],
)
def test_proof_s11_no_awkward_text_makes_a_public_form_fail(
    app: Flask, client: FlaskClient, texts: list[str]
) -> None:
    forms = public_forms(app)
    assert len(forms) >= 4
    assert any(form.files for form in forms)
    failed = []
    for number, text in enumerate(texts):
        client.environ_base["REMOTE_ADDR"] = f"192.0.2.{number}"
        for form in forms:
            sent = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
            status, headers = post(client, form, sent)
            if status >= 500 or any("\n" in value for value in headers):
                failed.append((form.address, text, status))
    assert failed == []
    print(f"S11: {len(texts)} texts in each field of {len(forms)} public forms, 0 failures")  # noqa: T201


BOUNDARY = b"b0undary"
HEAD = b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="%b"\r\n\r\n'


class Body(io.RawIOBase):
    """A body that is made while it is read, so that its size is only the reader's fault."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: bytearray) -> int:  # type: ignore[override]  # any buffer
        while not self._rest and (part := next(self._parts, b"")):
            self._rest = part
        size = min(len(target), len(self._rest))
        target[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def many_parts(count: int) -> Iterator[bytes]:
    yield from (HEAD % b"a" + b"x\r\n" for _ in range(count))
    yield b"--" + BOUNDARY + b"--\r\n"


def one_field(size: int) -> Iterator[bytes]:
    yield HEAD % b"text"
    yield from (b"x" * MIB for _ in range(size // MIB))
    yield b"\r\n--" + BOUNDARY + b"--\r\n"


@pytest.mark.parametrize(
    ("parts", "size"),
    [
        (lambda: many_parts(100_000), None),
        (lambda: many_parts(2_000), None),
        (lambda: one_field(1024 * MIB), 1024 * MIB),
        (lambda: one_field(1024 * MIB), None),
    ],
    ids=["100000 parts", "2000 parts", "1 GiB announced", "1 GiB without a length"],
)
def test_proof_s21_a_body_of_too_much_is_refused_at_once_in_little_memory(
    app: Flask, parts: Callable[[], Iterator[bytes]], size: int | None
) -> None:
    client = app.test_client()
    client.get("/support/new")
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}
    tracemalloc.start()
    began = time.thread_time()
    answer = client.post(
        "/support/new",
        headers=headers,
        environ_overrides={
            "wsgi.input": io.BufferedReader(Body(parts())),
            **({"CONTENT_LENGTH": str(size)} if size else {"wsgi.input_terminated": True}),
        },
    )
    took_s = time.thread_time() - began
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"S21: {answer.status_code} after {took_s:.2f} s, {peak / MIB:.1f} MiB at most")  # noqa: T201
    assert answer.status_code in {400, 413}
    assert took_s < SECOND_S
    assert peak < 16 * MIB
