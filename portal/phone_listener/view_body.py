"""A body of the views on its way out, closed once, with what really went out noted."""

import socket
from collections.abc import Callable, Iterator

from portal.phone_listener.outgoing import Outgoing, not_received
from portal.phone_listener.views_pool import ViewsPool
from storage.http_answers.sending import FilePart, SendableBody


class ViewBody:
    """Its files are copied by the kernel; what has none is read piece by piece in threads."""

    def __init__(self, body: Iterator[bytes], told: bytes, length: int, views: ViewsPool) -> None:
        parts: tuple[bytes | FilePart, ...] | None = None
        if isinstance(body, SendableBody):
            parts = body.parts()
        self.out = Outgoing([told, *(parts or ())])
        self._head_bytes = len(told)
        self._body = body
        self._is_iterated = parts is None
        self._left = length
        self._views = views
        self._is_reading = False
        #: How much had gone out when it was cut.
        self._cut_at: int | None = None

    def read_on(self, then: Callable[[bytes | None], None]) -> bool:
        """Have `then` told the next piece, once all before went out; False where there is none."""
        if not self._is_iterated:
            return False
        # Also after the last one: asked on, the body knows that it was taken.
        self._is_reading = True
        self._views.read(self._body, then)
        return True

    def take(self, piece: bytes | None) -> bool:
        """Take a piece that was read; False where it is not what was promised. None is the end."""
        self._is_reading = False
        if self._cut_at is not None:
            self._close(self._cut_at)
            return False
        if piece is None:
            return not self._left
        if not piece or len(piece) > self._left:
            return False
        self._left -= len(piece)
        self.out.add(piece)
        return True

    def finish(self) -> None:
        """All of it went out."""
        self._close(self.out.sent)

    def cut(self, connection: socket.SocketType) -> None:
        """It ends here; what the other side has not confirmed did not go out."""
        self._cut_at = self.out.sent - not_received(connection)
        if not self._is_reading:
            # Else the piece that is being read comes back first.
            self._close(self._cut_at)

    def _close(self, sent: int) -> None:
        if isinstance(self._body, SendableBody):
            self._body.went_out(max(sent - self._head_bytes, 0))
        self._views.close_body(self._body)
