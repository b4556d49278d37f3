"""The first request of a connection, answered before anything is made that could hold it.

Most phones ask once and go: accept, read, send, close, and nothing of it stays. Whatever is not as
simple as that becomes a Connection, which goes on from where it stands.
"""

import socket
from functools import partial

from portal.phone_listener import answers
from portal.phone_listener.connection import READ_BYTES, Connection
from portal.phone_listener.desk import Desk
from portal.phone_listener.request_head import Head, read_head
from provision.phone_door import Reply

_AND_GO_ON = socket.MSG_DONTWAIT
#: The last bytes wait for the end that follows at once, and go out in one packet with it.
_AND_END = socket.MSG_DONTWAIT | socket.MSG_MORE


def read(accepted: socket.SocketType, address: str, desk: Desk) -> None:
    """Read what is there of a connection that was just accepted, and have it answered."""
    try:
        received = accepted.recv(READ_BYTES, socket.MSG_DONTWAIT)
    except BlockingIOError:
        Connection(accepted, address, desk).take(None)
        return
    except OSError:
        received = b""
    head = read_head(received)
    # With a body, or with more behind it, it is not answered at once.
    if not isinstance(head, Head) or head.body_bytes != 0 or head.size < len(received):
        Connection(accepted, address, desk).take(received)
    elif head.method == "GET":
        then = partial(_answered, accepted, address, desk, head)
        desk.ask_door(head, address, then, accepted.close)
    else:
        Connection(accepted, address, desk).ask_views(head)


def _answered(
    accepted: socket.SocketType, address: str, desk: Desk, head: Head, reply: Reply | None
) -> None:
    if reply is None:
        Connection(accepted, address, desk).ask_views(head)
        return
    keeps_alive = head.keeps_alive
    told = answers.head(head.minor, reply.status, reply.headers, keeps_alive=keeps_alive)
    data = told + reply.body
    try:
        count = accepted.send(data, _AND_GO_ON if keeps_alive else _AND_END)
    except BlockingIOError:
        count = 0
    except OSError:
        accepted.close()
        return
    if count < len(data):
        Connection(accepted, address, desk).send_rest(head, data[count:])
    elif keeps_alive:
        Connection(accepted, address, desk).wait_for_next()
    else:
        _end(accepted)


def _end(accepted: socket.SocketType) -> None:
    """Say the end before closing: with bytes unread, closing alone would drop what waits for it."""
    try:
        accepted.shutdown(socket.SHUT_WR)
    except OSError:
        # The other side is gone.
        pass
    finally:
        accepted.close()
