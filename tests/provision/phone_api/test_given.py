"""What a phone is given, and to whom."""

import re

from flask import Flask

from tests.provision.estate import MAC, SIP_PASSWORD, UNKNOWN, Estate
from tests.provision.phone_api.conftest import closes_well
from tests.provision.phone_plane import ask


def without_names(body: bytes) -> bytes:
    """A bootstrap with its MAC and its closing hash taken out."""
    nameless = re.sub(rb"02f1a7[0-9a-f]{6}", b"MAC", body)
    return re.sub(rb"# sha256 [0-9a-f]{64}", b"# sha256", nameless)


def test_a_bootstrap_tells_nothing_of_whether_the_mac_is_known(port: int) -> None:
    known, unknown = ask(port, f"/p/{MAC}.cfg"), ask(port, f"/p/{UNKNOWN}.cfg")
    assert known.status == unknown.status == 200
    assert without_names(known.body) == without_names(unknown.body)
    assert known.body != unknown.body
    names = set(known.headers) - {"etag", "content-length"}
    assert names == set(unknown.headers) - {"etag", "content-length"}
    assert not re.search(rb"password|secret|token", known.body, re.IGNORECASE)
    assert f"http://phones.test/p/auth/{MAC}.cfg".encode() in known.body
    assert closes_well(known.body)


SPELLINGS = [
    "/p/02F1A7000001.cfg",
    "/p/02:f1:a7:00:00:01.cfg",
    "/p/02-F1-A7-00-00-01.CFG",
    "/p/02%3Af1%3Aa7%3A00%3A00%3A01.cfg",
    "//p///02f1a7000001.cfg",
    "/p//02f1.a700.0001.cfg",
    "/p/./02f1a7000001.cfg",
    "http://any.host.example/p/02f1a7000001.cfg",
]


def test_every_spelling_of_a_mac_gets_the_same_bootstrap(port: int) -> None:
    usual = ask(port, f"/p/{MAC}.cfg").body
    for target in SPELLINGS:
        answer = ask(port, target)
        assert (answer.status, answer.body) == (200, usual), target


def test_a_token_opens_its_own_configuration_and_it_is_not_sent_twice(
    port: int, estate: Estate
) -> None:
    target = f"/p/{estate.token}/{MAC}.cfg"
    answer = ask(port, target, f"User-Agent: {estate.agent('2.3.1')}")
    assert answer.status == 200
    assert closes_well(answer.body)
    assert f'password = "{SIP_PASSWORD}"'.encode() in answer.body
    assert answer.first("cache-control") == "private, no-store"
    assert "set-cookie" not in answer.headers
    again = ask(port, target, f"If-None-Match: {answer.first('etag')}")
    assert (again.status, again.body) == (304, b"")
    assert again.first("etag") == answer.first("etag")


def test_head_tells_the_length_without_the_bytes(port: int, estate: Estate) -> None:
    target = f"/p/{estate.token}/{MAC}.cfg"
    whole, head = ask(port, target), ask(port, target, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.first("content-length") == str(len(whole.body))


def test_what_a_product_shares_holds_no_secret(port: int, estate: Estate) -> None:
    for target in ("/p/FP-B2.cfg", "/p/fp-b2.cfg", f"/p/{estate.token}/FP-B2.cfg"):
        answer = ask(port, target)
        assert answer.status == 200, target
        assert closes_well(answer.body)
        assert b"password" not in answer.body
    assert ask(port, "/p/FP-XX.cfg").body == b"404\n"


def test_a_server_that_does_not_tell_the_raw_target_is_served_too(
    estate: Estate, phones: Flask
) -> None:
    untold = {"REQUEST_URI": "", "RAW_URI": ""}
    client = phones.test_client()
    for path in (f"/p/{estate.token}/{MAC}.cfg", "/p/02%3Af1%3Aa7%3A00%3A00%3A01.cfg?x=1"):
        assert client.get(path, environ_overrides=untold).status_code == 200
    assert client.get("/p/%2e%2e/x", environ_overrides=untold).status_code == 404
