"""What is still to go out on one connection: bytes, and parts of files that the kernel copies."""

import fcntl
import os
import socket
import struct
import termios
from collections import deque
from collections.abc import Iterable

from storage.http_answers.sending import FilePart

#: How much goes out before another connection has its turn.
AT_ONCE_BYTES = 1024 * 1024


class ShortFileError(OSError):
    """A file ended before its part did: what was promised cannot be sent."""


class Outgoing:
    """Parts in their order; `sent` counts the bytes that the kernel took."""

    def __init__(self, parts: Iterable[bytes | FilePart] = ()) -> None:
        self._parts: deque[memoryview | FilePart] = deque()
        self.sent = 0
        for part in parts:
            self.add(part)

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add(self, part: bytes | FilePart) -> None:
        if isinstance(part, FilePart):
            self._parts.append(part)
        elif part:
            self._parts.append(memoryview(part))

    def send(self, connection: socket.SocketType) -> bool:
        """Send what the connection takes now; whether anything went out. Raises OSError."""
        before, left = self.sent, AT_ONCE_BYTES
        while self._parts and left > 0:
            part = self._parts[0]
            try:
                count = self._send_part(connection, part, left)
            except BlockingIOError:
                break
            left -= count
            self.sent += count
            if not self._advance(part, count):
                # The buffer is full: asking again would only tell us so.
                break
        return self.sent > before

    def _send_part(
        self, connection: socket.SocketType, part: memoryview | FilePart, most: int
    ) -> int:
        if isinstance(part, memoryview):
            return connection.send(part, socket.MSG_DONTWAIT)
        wanted = min(part.size, most)
        count = os.sendfile(connection.fileno(), part.descriptor, part.offset, wanted)
        if not count:
            raise ShortFileError
        return count

    def _advance(self, part: memoryview | FilePart, count: int) -> bool:
        """Take what went out from the first part; whether all of it did."""
        if isinstance(part, memoryview):
            if count == len(part):
                self._parts.popleft()
                return True
            self._parts[0] = part[count:]
            return False
        if count == part.size:
            self._parts.popleft()
            return True
        self._parts[0] = FilePart(part.descriptor, part.offset + count, part.size - count)
        return False


def not_received(connection: socket.SocketType) -> int:
    """How many bytes of what the kernel took the other side has not confirmed (SIOCOUTQ)."""
    try:
        found = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, struct.pack("i", 0))
    except OSError:
        return 0
    count: int = struct.unpack("i", found)[0]
    return count
