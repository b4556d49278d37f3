"""How a phone proves itself, and what whoever is not it is told: the same as everybody."""

import re
import shutil
import socket
import subprocess

import pytest

from provision import credentials
from provision.devices import registry
from provision.models import CheckInKind
from provision.proving.doorkeeper import FAILURES_PER_MINUTE
from storage.clock import now
from tests.provision.estate import MAC, SIP_PASSWORD, UNKNOWN, Estate
from tests.provision.phone_api.conftest import check_ins, curl, device
from tests.provision.phone_plane import Answer, ask, send


def test_a_wrong_token_and_a_path_that_is_none_get_one_and_the_same_refusal(
    port: int, estate: Estate
) -> None:
    guessed = "A" * len(estate.token)
    refusals = [
        ask(port, f"/p/{guessed}/{MAC}.cfg"),
        ask(port, f"/p/{guessed}/{UNKNOWN}.cfg"),
        ask(port, f"/p/{estate.token}/{UNKNOWN}.cfg"),
        ask(port, f"/p/{guessed}/firmware"),
        ask(port, f"/p/{estate.token}x/{MAC}.cfg"),
        ask(port, "/p/nothing/of/ours"),
        ask(port, f"/p/{guessed}/FP-B2.cfg"),
    ]
    assert {answer.status for answer in refusals} == {404}
    assert {answer.body for answer in refusals} == {b"404\n"}
    assert len({tuple(sorted(answer.headers)) for answer in refusals}) == 1


def test_a_phone_of_which_the_request_says_two_macs_gets_no_secret(
    port: int, estate: Estate
) -> None:
    agent = estate.agent("2.3.1", mac="02f1a7000009")
    answer = ask(port, f"/p/{estate.token}/{MAC}.cfg", f"User-Agent: {agent}")
    assert (answer.status, answer.body) == (404, b"404\n")
    assert [row.status for row in check_ins(estate, CheckInKind.REFUSED)] == [404]
    assert device(estate).last_check_in_at is None


def test_a_challenge_comes_first_and_is_alike_for_unknown_macs(port: int) -> None:
    known, unknown = ask(port, f"/p/auth/{MAC}.cfg"), ask(port, f"/p/auth/{UNKNOWN}.cfg")
    assert (known.status, known.body) == (unknown.status, unknown.body) == (401, b"401\n")

    def shape(answer: Answer) -> list[str]:
        challenges = answer.headers["www-authenticate"]
        return [re.sub(r'nonce="[^"]+"', 'nonce="…"', challenge) for challenge in challenges]

    assert shape(known) == shape(unknown)
    assert [found.split("algorithm=")[1][:3] for found in shape(known)] == ["SHA", "MD5"]


def test_curl_proves_itself_by_digest(port: int, estate: Estate) -> None:
    for user in (MAC, "02-F1-A7-00-00-01"):
        done = curl(port, f"/p/auth/{MAC}.cfg", "--digest", "-u", f"{user}:{estate.password}")
        body, _, status = done.stdout.rpartition(b"\n")
        assert status == b"200", done
        assert SIP_PASSWORD.encode() in body
        assert f"http://phones.test/p/auth/{MAC}.cfg".encode() in body


@pytest.mark.parametrize("target", [f"/p/auth/{MAC}.cfg", f"/p/auth/{UNKNOWN}.cfg"])
def test_a_wrong_password_is_challenged_again_alike_for_unknown_macs(
    port: int, estate: Estate, target: str
) -> None:
    user = target.rpartition("/")[2].removesuffix(".cfg")
    done = curl(port, target, "--digest", "-u", f"{user}:not-{estate.password}")
    assert done.stdout.rpartition(b"\n")[2] == b"401"


def test_a_captured_digest_answer_opens_nothing_again(port: int, estate: Estate) -> None:
    target = f"/p/auth/{MAC}.cfg"
    with socket.create_server(("127.0.0.1", 0)) as tap:
        done = _curl_through(tap, port, target, f"{MAC}:{estate.password}")
    assert b"Authorization: Digest" in done
    replayed = send(port, done.replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert replayed.status == 401
    assert "stale=true" in (replayed.first("www-authenticate") or "")


def _curl_through(tap: socket.socket, port: int, target: str, login: str) -> bytes:
    """The last request of a curl that reached the server through our wire tap."""
    program = shutil.which("curl")
    assert program, "curl is one of the phones of these tests"
    url = f"http://127.0.0.1:{tap.getsockname()[1]}{target}"
    command = [program, "-sS", "--http1.0", "--digest", "-u", login, url]
    request = b""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        for _ in range(2):
            client, _address = tap.accept()
            with client, socket.create_connection(("127.0.0.1", port)) as server:
                request = client.recv(65536)
                server.sendall(request)
                client.sendall(b"".join(iter(lambda: server.recv(65536), b"")))
        process.wait(20)
    return request


def test_guessing_is_slowed_down_but_first_contacts_and_right_proofs_are_not(
    port: int, estate: Estate
) -> None:
    guessed = "B" * 43
    statuses = [ask(port, f"/p/{guessed}/{MAC}.cfg").status for _ in range(FAILURES_PER_MINUTE + 3)]
    assert statuses == [404] * FAILURES_PER_MINUTE + [429] * 3
    assert ask(port, f"/p/{guessed}/{MAC}.cfg").first("retry-after") == "60"
    assert ask(port, f"/p/{UNKNOWN}.cfg").status == 200
    assert ask(port, f"/p/{estate.token}/{MAC}.cfg").status == 200


def test_the_old_token_ends_when_the_new_one_is_used(port: int, estate: Estate) -> None:
    ask(port, f"/p/{estate.token}/{MAC}.cfg")
    with estate.installation.database.writing() as session:
        phone = registry.get(session, MAC)
        newer = credentials.issue_token(session, phone, actor="test", now=now())
    assert ask(port, f"/p/{estate.token}/{MAC}.cfg").status == 200
    assert ask(port, f"/p/{newer}/{MAC}.cfg").status == 200
    assert ask(port, f"/p/{estate.token}/{MAC}.cfg").status == 404
