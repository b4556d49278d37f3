"""Digest as RFC 7616 counts it, and the choice among challenges."""

import pytest

from simulator.digest import (
    Challenge,
    DigestProof,
    Login,
    UnusableChallengeError,
    authorization,
    choose,
    parse_challenges,
)

# RFC 7616, section 3.9.1.
LOGIN = Login("Mufasa", "Circle of Life")
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ],
)
def test_the_example_of_the_standard(algorithm: str, response: str) -> None:
    proof = DigestProof(
        algorithm,
        "http-auth@example.org",
        NONCE,
        "00000001",
        CNONCE,
        "GET",
        "/dir/index.html",
    )
    assert proof.response(LOGIN) == response


def test_challenges_are_found_in_one_header_or_in_several() -> None:
    one = 'Digest realm="a, b", nonce="1", qop="auth, auth-int", algorithm=MD5'
    two = 'Digest realm="x", nonce="2", qop="auth", algorithm=SHA-256, opaque="\\"o"'
    expected = (
        Challenge("a, b", "1", "MD5", ("auth", "auth-int"), None),
        Challenge("x", "2", "SHA-256", ("auth",), '"o'),
    )
    assert parse_challenges([one, two]) == expected
    assert parse_challenges([f'Basic realm="z", {one}, {two}']) == expected
    assert parse_challenges(["Negotiate", "nonsense=1"]) == ()


def test_sha256_is_chosen_before_md5_wherever_it_stands() -> None:
    md5 = Challenge("r", "1", "MD5", ("auth",), None)
    sha = Challenge("r", "2", "SHA-256", ("auth",), None)
    assert choose([md5, sha]) is sha
    assert choose([md5]) is md5


@pytest.mark.parametrize(
    "challenge",
    [
        Challenge("r", "1", "SHA-512-256", ("auth",), None),
        Challenge("r", "1", "MD5", ("auth-int",), None),
        Challenge("r", "1", "MD5", ("",), None),
        Challenge("r", "", "MD5", ("auth",), None),
    ],
)
def test_a_challenge_that_a_phone_cannot_meet_is_refused(challenge: Challenge) -> None:
    with pytest.raises(UnusableChallengeError):
        choose([challenge])


def test_an_answer_quotes_what_it_repeats() -> None:
    challenge = Challenge('a "b"', "n", "SHA-256", ("auth",), "o")
    header = authorization(challenge, "GET", "/x", Login("u", "p"), "c")
    assert header.startswith('Digest username="u", realm="a \\"b\\"", nonce="n", uri="/x", ')
    plain = Challenge("r", "n", "MD5", ("auth",), None)
    assert "opaque" not in authorization(plain, "GET", "/x", Login("u", "p"), "c")
    assert header.endswith('opaque="o", algorithm=SHA-256, qop=auth, nc=00000001')
