"""The first request of a connection: read, answered at the end of the turn, and nothing held."""

import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from portal.phone_listener import first_request
from portal.phone_listener.desk import Desk
from portal.phone_listener.door_turn import DoorTurn
from portal.phone_listener.views_pool import ViewsPool
from portal.phone_listener.watch import Watch
from provision.phone_door import DoorRequest, Environ, Reply, StartResponse

BODY = b"x" * 4000


class Door:
    def replies(self, asked: Sequence[DoorRequest]) -> list[Reply | None]:
        return [Reply(200, b"Content-Length: 4000\r\n", BODY) for _ in asked]


def nobody(_environ: Environ, _start_response: StartResponse) -> list[bytes]:
    raise AssertionError("the views were asked")


@dataclass
class Line:
    """A phone, and the end of its connection that the listener has accepted."""

    phone: socket.socket
    accepted: socket.socket
    desk: Desk


@pytest.fixture
def line() -> Iterator[Line]:
    views = ViewsPool(nobody, ("127.0.0.1", 1), lambda act: act())
    desk = Desk(DoorTurn(Door()), views, Watch(10, time.monotonic()))
    with socket.create_server(("127.0.0.1", 0)) as server:
        phone = socket.create_connection(server.getsockname(), timeout=20)
        accepted, _ = server.accept()
        with phone, accepted:
            yield Line(phone, accepted, desk)
    views.shutdown()


def received(phone: socket.socket) -> bytes:
    return b"".join(iter(lambda: phone.recv(1 << 16), b""))


def test_it_is_answered_whole_and_nothing_is_held(line: Line) -> None:
    line.phone.sendall(b"GET /door HTTP/1.0\r\n\r\n")
    first_request.read(line.accepted, "127.0.0.1", line.desk)
    line.desk.door.tell()
    assert received(line.phone).endswith(b"\r\n\r\n" + BODY)
    assert not line.desk.watch.held


def test_what_comes_behind_it_costs_no_byte_of_its_answer(line: Line) -> None:
    """A blank line too many must not make the phone lose what was sent."""
    line.phone.sendall(b"GET /door HTTP/1.0\r\n\r\n")
    first_request.read(line.accepted, "127.0.0.1", line.desk)
    line.phone.sendall(b"\r\n")
    line.desk.door.tell()
    answer = bytearray()
    try:
        while part := line.phone.recv(1 << 16):
            answer += part
    except ConnectionResetError:
        pass
    assert answer.endswith(b"\r\n\r\n" + BODY)


def test_one_that_is_gone_harms_nobody(line: Line) -> None:
    line.phone.sendall(b"GET /door HTTP/1.0\r\n\r\n")
    first_request.read(line.accepted, "127.0.0.1", line.desk)
    line.phone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    line.phone.close()
    line.desk.door.tell()
    assert line.accepted.fileno() < 0
    assert not line.desk.watch.held


def test_one_that_goes_on_is_held_from_then_on(line: Line) -> None:
    line.phone.sendall(b"GET /door HTTP/1.1\r\n\r\n")
    first_request.read(line.accepted, "127.0.0.1", line.desk)
    assert not line.desk.watch.held
    line.desk.door.tell()
    [held] = line.desk.watch.held
    line.phone.sendall(b"GET /door HTTP/1.1\r\nConnection: close\r\n\r\n")
    held.ready()
    line.desk.door.tell()
    assert received(line.phone).count(BODY) == 2
    assert not line.desk.watch.held
