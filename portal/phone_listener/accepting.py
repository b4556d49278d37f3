"""The socket that phones connect to."""

import socket

BACKLOG = 4096
#: So little is on its way to a phone that its record of a cut download is close to what it got. The
#: kernel would take a small image whole at once, and a phone that went away would have had it all.
SEND_BUFFER_BYTES = 524_288


class Accepting(socket.socket):
    """Bound to one address and listening; it never blocks."""

    def __init__(self, place: tuple[str, int], silent_s: float) -> None:
        self._of = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        super().__init__(self._of, socket.SOCK_STREAM)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit these.
        self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_DEFER_ACCEPT"):
            # We are told of a connection when its first bytes are there.
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, int(silent_s))
        try:
            self.bind(place)
            self.listen(BACKLOG)
        except OSError:
            self.close()
            raise
        self.settimeout(0)

    def take(self) -> tuple[socket.SocketType, str]:
        """The next connection and its address; raises BlockingIOError when there is none.

        It is the bare kind of socket: what `accept` wraps around it costs as much as accepting.
        """
        descriptor, peer = self._accept()  # type: ignore[attr-defined]  # the types leave it out
        return socket.SocketType(self._of, socket.SOCK_STREAM, 0, descriptor), peer[0]
