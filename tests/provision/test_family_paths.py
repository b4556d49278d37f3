import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.families.paths import PATH_LENGTH_MAX, ReadPath, path_pattern, read_path


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("/p/02f1a7000001.cfg", "/p/02f1a7000001.cfg"),
        ("//p///02f1a7000001.cfg", "/p/02f1a7000001.cfg"),
        ("/p/./02f1a7000001.cfg", "/p/02f1a7000001.cfg"),
        ("p/02f1a7000001.cfg", "/p/02f1a7000001.cfg"),
        ("/p/02%3Af1%3aa7:00:00:01.cfg", "/p/02:f1:a7:00:00:01.cfg"),
        ("http://192.0.2.1:8081/p/02f1a7000001.cfg", "/p/02f1a7000001.cfg"),
        ("HTTPS://phones.example", "/"),
        ("/p/%252e%252e", "/p/%2e%2e"),
        ("", "/"),
        ("*", "/*"),
    ],
)
def test_odd_but_honest_paths_are_read_as_meant(raw: str, path: str) -> None:
    assert read_path(raw) == ReadPath(path, "")


def test_the_query_is_apart_and_decoded_once() -> None:
    assert read_path("/a?mac=02%3Af1&x=%2F?") == ReadPath("/a", "mac=02:f1&x=/?")


@pytest.mark.parametrize(
    "raw",
    [
        "/p/../etc/passwd",
        "/p/%2e%2e/x",
        "/p/..",
        "/p%2f02f1a7000001.cfg",
        "/p%5Cx",
        "/p\\x",
        "/p/x%00.cfg",
        "/p/x\n.cfg",
        "/p/%0a",
        "/p/%",
        "/p/%4",
        "/p/%zz",
        "/p?%zz",
        "/p?\x07",
        "/p/ä",
        "/" + "x" * PATH_LENGTH_MAX,
    ],
)
def test_what_no_phone_sends_is_nothing(raw: str) -> None:
    assert read_path(raw) is None


@given(st.text())
def test_any_text_is_read_or_nothing(raw: str) -> None:
    read = read_path(raw)
    assert read is None or read.path.startswith("/")


@given(st.binary())
def test_any_bytes_are_read_or_nothing(raw: bytes) -> None:
    read = read_path(raw.decode("latin-1"))
    assert read is None or "//" not in read.path


@pytest.mark.parametrize(
    ("word", "fits"),
    [("a" * 22, True), ("a" * 21, False), ("auth", False), ("a" * 129, False), ("_-9Z" * 6, True)],
)
def test_a_token_has_128_bits_or_it_is_none(word: str, fits: bool) -> None:
    assert bool(path_pattern("/p/{token}/firmware").fullmatch(f"/p/{word}/firmware")) is fits


def test_the_fixed_parts_of_a_shape_may_change_case_and_mean_no_pattern() -> None:
    shape = path_pattern("/p/{mac}.cfg")
    assert shape.fullmatch("/P/02F1A7000001.CFG")
    assert not shape.fullmatch("/p/02f1a7000001xcfg")
