"""Images that phones take, whole, cut and resumed."""

import hashlib
import re
import socket

import pytest

from provision.models import CheckIn, CheckInKind
from tests.provision import estate as estates
from tests.provision.estate import IMAGE_BYTES, MAC, Estate
from tests.provision.phone_api.conftest import check_ins, curl
from tests.provision.phone_plane import ask
from tests.waiting import until


def test_a_due_release_stands_in_the_configuration_and_at_the_phones_own_address(
    port: int, estate: Estate
) -> None:
    image = estates.publish(estate.installation, "2.4.1")
    agent = f"User-Agent: {estate.agent('2.3.1')}"
    told = ask(port, f"/p/{estate.token}/{MAC}.cfg", agent).body.decode()
    assert 'version = "2.4.1"' in told
    assert f'url = "http://phones.test/p/{estate.token}/firmware"' in told
    assert f'size = "{len(image)}"' in told
    assert hashlib.sha256(image).hexdigest() in told
    answer = ask(port, f"/p/{estate.token}/firmware", agent)
    assert (answer.status, answer.body) == (200, image)
    assert (
        ask(port, f"/p/{estate.token}/firmware", f"User-Agent: {estate.agent('2.4.1')}").status
        == 204
    )
    settled = ask(port, f"/p/{estate.token}/{MAC}.cfg", f"User-Agent: {estate.agent('2.4.1')}")
    assert b"[firmware]" not in settled.body


def test_a_phone_with_a_password_takes_its_image_from_the_public_address(
    port: int, estate: Estate
) -> None:
    estates.publish(estate.installation, "2.4.1")
    login = f"{MAC}:{estate.password}"
    done = curl(port, f"/p/auth/{MAC}.cfg", "--digest", "-u", login, "-A", estate.agent("2.3.1"))
    assert b"http://phones.test/firmware/FP-B2/2.4.1/fp-b2-2.4.1.img" in done.stdout
    path = "/firmware/FP-B2/2.4.1/fp-b2-2.4.1.img"
    answer = ask(port, path, f"User-Agent: {estate.agent('2.3.1')}")
    assert len(answer.body) == IMAGE_BYTES
    row = _finished(estate, 1)[0]
    assert (row.strength, row.version, row.complete) == ("claimed", "2.4.1", True)
    assert (row.bytes_sent, row.total_bytes) == (IMAGE_BYTES, IMAGE_BYTES)


def _finished(estate: Estate, number: int) -> list[CheckIn]:
    """The first `number` downloads, once the server has noted how they ended."""

    def noted() -> list[CheckIn]:
        return [row for row in check_ins(estate, CheckInKind.FIRMWARE) if row.finished_at]

    until(lambda: len(noted()) >= number)
    return noted()


@pytest.mark.parametrize("by_token", [True, False])
def test_a_cut_and_a_resumed_download_are_on_record(
    port: int, estate: Estate, *, by_token: bool
) -> None:
    size = 16_000_000  # more than any socket buffers between the two hold
    image = estates.publish(estate.installation, "2.4.1", size)
    path = f"/p/{estate.token}/firmware" if by_token else "/firmware/FP-B2/2.4.1/fp-b2-2.4.1.img"
    agent = f"User-Agent: {estate.agent('2.3.1')}"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(f"GET {path} HTTP/1.0\r\n{agent}\r\n\r\n".encode())
        got = b""
        while len(got) < 1_500_000:
            got += client.recv(65536)
        etag = re.search(rb'(?i)etag: ("[^"]+")', got)
        assert etag
    have = len(got.partition(b"\r\n\r\n")[2])
    cut = _finished(estate, 1)[0]
    assert cut.complete is False
    assert cut.bytes_sent is not None
    assert have <= cut.bytes_sent < size
    rest = ask(port, path, agent, f"Range: bytes={have}-", f"If-Range: {etag[1].decode()}")
    assert (rest.status, rest.body) == (206, image[have:])
    resumed = _finished(estate, 2)[1]
    assert (resumed.first_byte, resumed.bytes_sent, resumed.complete) == (have, size - have, True)
    assert resumed.strength == ("proved" if by_token else "claimed")


def test_people_who_download_an_image_leave_no_check_in(port: int, estate: Estate) -> None:
    estates.publish(estate.installation, "2.4.1")
    path = "/firmware/FP-B2/2.4.1/fp-b2-2.4.1.img"
    assert len(ask(port, path, "User-Agent: Mozilla/5.0").body) == IMAGE_BYTES
    assert ask(port, path, f"User-Agent: {estate.agent('2.3.1')}", method="HEAD").status == 200
    assert ask(port, "/firmware/FP-B2/stable/manifest.json").status == 200
    assert check_ins(estate, CheckInKind.FIRMWARE) == []
