"""The listener by itself, before a small app: order, keeping alive, time limits, cuts, its end."""

import contextlib
import hashlib
import io
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from flask import Flask, Response, request

from portal.phone_listener.desk import Patience
from portal.phone_listener.listener import PhoneListener
from portal.phone_listener.request_body import BODY_BYTES_MAX
from portal.phone_listener.views_pool import VIEW_THREADS
from portal.phone_listener.watch import BODIES_BYTES_MAX
from provision.phone_door import DoorRequest, Reply
from storage.clock import now
from storage.http_answers.sending import Sent, respond
from storage.serving import Cache, Representation
from tests.evented import listening
from tests.provision.phone_plane import Answer, ask, parsed, send
from tests.waiting import until

IMAGE = random.Random(7).randbytes(6_000_000)
SHORT = Patience(head_s=1, body_s=1, stalled_s=2, idle_s=1, linger_s=1)


class Door:
    """Knows /door alone, and fails at /broken."""

    def replies(self, asked: Sequence[DoorRequest]) -> list[Reply | None]:
        return [self._reply(one) for one in asked]

    def _reply(self, asked: DoorRequest) -> Reply | None:
        if asked.target == "/broken":
            raise RuntimeError("planted")
        if asked.target != "/door":
            return None
        return Reply(200, b"Content-Length: 4\r\n", b"door")


class App(Flask):
    """Says what it was asked, sends images, and remembers how far they came."""

    def __init__(self, folder: Path) -> None:
        super().__init__("small")
        self.sent: list[Sent] = []
        self.held: list[str] = []
        self.let_go = threading.Event()
        image = folder / "image"
        image.write_bytes(IMAGE)
        methods = ["GET", "PUT", "POST"]
        self.add_url_rule("/fail", "fail", lambda: 1 / 0)
        odd = {"X-Odd": "\u0436"}
        self.add_url_rule("/odd", "odd", lambda: Response("odd", headers=odd))
        self.add_url_rule("/empty", "empty", lambda: Response(status=204))
        self.add_url_rule("/image", "image", lambda: self._image(lambda: image.open("rb")))
        self.add_url_rule("/far", "far", lambda: self._image(lambda: io.BytesIO(IMAGE)))
        self.add_url_rule("/short", "short", self._short)
        self.add_url_rule("/<path:rest>", "echo", self._echo, methods=methods)

    def _echo(self, rest: str) -> bytes:
        if rest == "slow":
            time.sleep(0.3)
        if rest == "held":
            self.held.append(rest)
            self.let_go.wait(60)
        return f"{request.method} {rest} ".encode() + request.get_data()

    def _image(self, opened: Callable[[], io.BufferedIOBase]) -> Response:
        shown = Representation(
            sha256=hashlib.sha256(IMAGE).hexdigest(),
            size=len(IMAGE),
            content_type="application/octet-stream",
            file_name="image",
            last_modified=now(),
            cache=Cache.private(),
        )
        return respond(shown, opened, request, self.sent.append)

    def _short(self) -> Response:
        """Promises more than it gives."""
        pieces = iter([b"x" * 100_000])
        return Response(pieces, headers={"Content-Length": "200000"}, direct_passthrough=True)

    def finished(self, number: int = 1) -> list[Sent]:
        until(lambda: len(self.sent) >= number)
        assert len(self.sent) == number
        return self.sent


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(tmp_path)


@pytest.fixture
def listener(app: App) -> Iterator[PhoneListener]:
    with listening(app, Door()) as found:
        yield found


@pytest.fixture
def hasty(app: App) -> Iterator[PhoneListener]:
    """One that soon ends who does not go on; a busy machine may be slower than that."""
    with listening(app, Door(), SHORT) as found:
        yield found


@contextlib.contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        yield client


def to_the_end(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(1 << 16), b""))


def read_one(client: socket.socket) -> Answer:
    """One answer with a length, and no byte after it."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.recv(1)
    length = int(parsed(received).first("content-length") or 0)
    while len(parsed(received).body) < length:
        received += client.recv(1 << 16)
    return parsed(received)


def test_answers_come_in_the_order_of_their_requests_whoever_answers(
    listener: PhoneListener,
) -> None:
    targets = ["/slow", "/door", "/a", "/door", "/b"]
    raw = "".join(f"GET {target} HTTP/1.1\r\n\r\n" for target in targets)
    raw += "GET /c HTTP/1.1\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\n\r\n"
    with connected(listener.port) as client:
        client.sendall(raw.encode())
        received = to_the_end(client)
    said = re.findall(rb"(GET \w+|door|never)", received)
    assert said == [b"GET slow", b"door", b"GET a", b"door", b"GET b", b"GET c"]


@pytest.mark.parametrize("target", ["/door", "/a"])
@pytest.mark.parametrize(("version", "said"), [("1.0", "keep-alive"), ("1.1", None)])
def test_a_connection_that_is_kept_takes_the_next_request(
    listener: PhoneListener, target: str, version: str, said: str | None
) -> None:
    with connected(listener.port) as client:
        for _ in range(3):
            client.sendall(
                f"GET {target} HTTP/{version}\r\nConnection: keep-alive\r\n\r\n".encode()
            )
            answer = read_one(client)
            assert (answer.status, answer.first("connection")) == (200, said)
            assert answer.first("date")
        client.sendall(f"GET {target} HTTP/{version}\r\nConnection: close\r\n\r\n".encode())
        assert parsed(to_the_end(client)).first("connection") == "close"


@pytest.mark.parametrize("target", ["/door", "/a"])
def test_who_speaks_for_the_pages_without_being_a_trusted_proxy_gets_nothing(
    listener: PhoneListener, target: str
) -> None:
    answer = ask(listener.port, target, "X-For-Pages: yes")
    assert (answer.status, answer.body) == (404, b"404\n")


def test_a_request_that_comes_byte_by_byte_is_the_same_request(listener: PhoneListener) -> None:
    raw = b"PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    with connected(listener.port) as client:
        for byte in raw + b"GET /door HTTP/1.0\r\n\r\n":
            client.send(bytes([byte]))
            time.sleep(0.001)
        received = to_the_end(client)
    assert re.findall(rb"PUT a abc|door", received) == [b"PUT a abc", b"door"]


def test_who_asks_whether_to_go_on_is_told_so(listener: PhoneListener) -> None:
    with connected(listener.port) as client:
        client.sendall(b"PUT /a HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abc")
        assert read_one(client).body == b"PUT a abc"


def test_what_has_no_body_gets_none(listener: PhoneListener) -> None:
    head = ask(listener.port, "/a", method="HEAD")
    assert (head.status, head.body, head.first("content-length")) == (200, b"", "7")
    image = ask(listener.port, "/image", method="HEAD")
    assert (image.body, image.first("content-length")) == (b"", str(len(IMAGE)))
    empty = ask(listener.port, "/empty")
    assert (empty.status, empty.body, empty.first("content-length")) == (204, b"", None)


def test_an_answer_that_cannot_be_sent_ends_its_connection(listener: PhoneListener) -> None:
    with socket.create_connection(("127.0.0.1", listener.port), timeout=5) as phone:
        phone.sendall(b"GET /odd HTTP/1.1\r\nHost: x\r\n\r\n")
        assert phone.recv(1000) == b"", "nothing is held for ever that waits for nothing"


@pytest.mark.parametrize("target", ["/fail", "/broken"])
def test_a_fault_costs_one_connection_and_no_other(listener: PhoneListener, target: str) -> None:
    with contextlib.suppress(OSError, IndexError):
        assert ask(listener.port, target).status == 500
    assert ask(listener.port, "/door").body == b"door"


@pytest.mark.parametrize(
    ("begun", "status"),
    [
        (b"GET /door HTT", b"408"),
        (b"PUT /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc", b"408"),
        (b"PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", b"408"),
        (b"GET /door HTTP/1.1\r\n\r\nGET /do", b"408"),
        (b"GET /door HTTP/1.1\r\n\r\n", b"200"),
    ],
)
def test_who_does_not_go_on_is_ended(
    hasty: PhoneListener, begun: bytes, status: bytes, leeway: float
) -> None:
    """Also who sends a byte now and then."""
    with connected(hasty.port) as client:
        client.sendall(begun)
        started = time.monotonic()
        received = to_the_end(client)
    assert re.findall(rb"HTTP/1.1 (\d+)", received)[-1] == status
    assert time.monotonic() - started < 5 * leeway


def test_a_reader_that_takes_nothing_is_cut_off_and_on_record(
    hasty: PhoneListener, app: App
) -> None:
    with connected(hasty.port) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(b"GET /image HTTP/1.0\r\n\r\n")
        [cut] = app.finished()
        assert not cut.complete
        assert len(to_the_end_or_reset(client)) < len(IMAGE)


def to_the_end_or_reset(client: socket.socket) -> bytes:
    received = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while part := client.recv(1 << 16):
            received += part
    return bytes(received)


@pytest.mark.parametrize("target", ["/image", "/far"])
def test_images_come_whole_and_in_parts(listener: PhoneListener, app: App, target: str) -> None:
    assert ask(listener.port, target).body == IMAGE
    part = ask(listener.port, target, "Range: bytes=1000000-4999999")
    assert (part.status, part.body) == (206, IMAGE[1_000_000:5_000_000])
    several = ask(listener.port, target, "Range: bytes=0-99999, 5000000-5999999")
    assert IMAGE[:100_000] in several.body
    assert IMAGE[5_000_000:6_000_000] in several.body
    sent = app.finished(3)
    assert [(one.bytes_sent, one.complete) for one in sent] == [
        (6_000_000, True),
        (4_000_000, True),
        (1_100_000, True),
    ]


@pytest.mark.parametrize(("target", "most"), [("/image", 300_000), ("/far", 600_000)])
def test_a_cut_download_is_on_record_at_what_the_phone_got(
    listener: PhoneListener, app: App, target: str, most: int
) -> None:
    """What the phone's own buffer took but it never read is all that may be too much."""
    with connected(listener.port) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.sendall(f"GET {target} HTTP/1.1\r\n\r\n".encode())
        got = b""
        while len(got) < 1_500_000:
            got += client.recv(65_536)
        time.sleep(0.2)
    have = len(got.partition(b"\r\n\r\n")[2])
    [cut] = app.finished()
    assert not cut.complete
    assert have - 131_072 <= cut.bytes_sent <= have + most


def test_a_body_that_ends_too_early_is_not_passed_for_whole(listener: PhoneListener) -> None:
    with connected(listener.port) as client:
        client.sendall(b"GET /short HTTP/1.1\r\n\r\nGET /door HTTP/1.1\r\n\r\n")
        answer = parsed(to_the_end_or_reset(client))
    assert len(answer.body) == 100_000


def test_too_many_are_turned_away_and_whole_requests_are_answered(app: App) -> None:
    with listening(app, Door(), most=3) as listener, contextlib.ExitStack() as held:
        for _ in range(3):
            client = held.enter_context(connected(listener.port))
            client.sendall(b"GET /half")
        time.sleep(0.3)
        with connected(listener.port) as client:
            client.sendall(b"GET /half")
            answer = parsed(to_the_end_or_reset(client))
        assert (answer.status, answer.first("retry-after")) == (503, "60")
        assert ask(listener.port, "/door").status == 200


def test_bodies_of_many_take_no_more_room_than_there_is(app: App) -> None:
    begun = b"PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na"
    with listening(app, Door()) as listener:
        with contextlib.ExitStack() as held:
            for _ in range(BODIES_BYTES_MAX // BODY_BYTES_MAX):
                held.enter_context(connected(listener.port)).sendall(begun)
            with connected(listener.port) as one_more:
                one_more.sendall(begun)
                assert parsed(to_the_end_or_reset(one_more)).status == 503
        whole = b"PUT /a HTTP/1.1\r\nConnection: close\r\nContent-Length: 1\r\n\r\na"
        until(lambda: send(listener.port, whole).status == 200)


def test_told_to_stop_it_finishes_what_it_sends_and_takes_no_more(app: App) -> None:
    got = bytearray()
    with listening(app, Door()) as listener, connected(listener.port) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.sendall(b"GET /image HTTP/1.1\r\n\r\n")
        got += client.recv(1000)
        with connected(listener.port) as idle:
            idle.sendall(b"GET /door HTTP/1.1\r\n\r\n")
            assert read_one(idle).status == 200
            listener.stop()
            assert idle.recv(100) == b"", "nothing is asked on it"
        with pytest.raises(OSError):
            ask(listener.port, "/door")
        while part := client.recv(100_000):
            got += part
            time.sleep(0.005)
    assert bytes(got).partition(b"\r\n\r\n")[2] == IMAGE
    assert app.finished()[0].complete


def test_random_bytes_get_a_refusal_or_an_answer_and_never_a_fault(
    listener: PhoneListener,
) -> None:
    source = random.Random(11)
    words = [b"GET ", b"/a", b" HTTP/1.1", b"\r\n", b"Host: x\r\n", b"Content-Length: 2\r\n", b"\n"]
    words += [b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n", b"\xff\0", b"Connection: close\r\n"]
    for _ in range(150):
        raw = b"".join(source.choices(words, k=source.randint(1, 12))) + source.randbytes(3)
        with connected(listener.port) as client:
            for at in range(0, len(raw), 9):
                with contextlib.suppress(OSError):
                    client.sendall(raw[at : at + 9])
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_WR)
            received = to_the_end_or_reset(client)
        statuses = set(re.findall(rb"^HTTP/1\.\d (\d+)", received, re.MULTILINE))
        assert statuses <= {b"200", b"204", b"400", b"404", b"405", b"501", b"505"}, raw
    assert ask(listener.port, "/door").status == 200


def test_many_views_at_once_leave_the_door_free(listener: PhoneListener, app: App) -> None:
    done: list[int] = []

    def slow() -> None:
        done.append(send(listener.port, b"GET /held HTTP/1.0\r\n\r\n").status)

    threads = [threading.Thread(target=slow) for _ in range(32)]
    try:
        for thread in threads:
            thread.start()
        until(lambda: len(app.held) == VIEW_THREADS)
        for _ in range(3):
            assert ask(listener.port, "/door").status == 200
        assert done == [], "none of the views has come to its end"
    finally:
        app.let_go.set()
    for thread in threads:
        thread.join()
    assert done == [200] * 32
