"""What came in on one connection, as far as the request that stands in it."""

from portal.phone_listener.request_body import BODY_BYTES_MAX, Body
from portal.phone_listener.request_head import BadHead, Head, read_head
from portal.phone_listener.watch import Watch


class BadRequestError(Exception):
    """No request, or none that there is room for: `status` says so, and the connection ends."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Incoming:
    """One request after the other; the bodies of all connections share the room of the watch."""

    __slots__ = ("_body", "_room", "_watch", "head", "received")

    def __init__(self, watch: Watch) -> None:
        #: What no request was read from yet.
        self.received = bytearray()
        self.head: Head | None = None
        self._body: Body | None = None
        self._room = 0
        self._watch = watch

    @property
    def is_empty(self) -> bool:
        return self.head is None and not self.received

    @property
    def has_body(self) -> bool:
        return self._body is not None

    @property
    def content(self) -> bytes:
        """The body of the request that is whole."""
        return b"" if self._body is None else bytes(self._body.content)

    def next_head(self) -> Head | None:
        """The head of the request to be answered; None until it is there.

        Raises BadRequestError.
        """
        if self.head is None:
            found = read_head(self.received)
            if isinstance(found, BadHead):
                raise BadRequestError(found.status)
            if found is not None:
                del self.received[: found.size]
                self.head = found
        return self.head

    def begin_body(self, head: Head) -> bool:
        """Whether its body begins now, and had not before.

        Raises BadBodyError, and BadRequestError where there is no room.
        """
        if self._body is not None or not head.has_body:
            return False
        self._body = Body(head.body_bytes)
        room = BODY_BYTES_MAX if head.body_bytes is None else head.body_bytes
        if not self._watch.take_room(room):
            raise BadRequestError(503)
        self._room = room
        return True

    def is_whole(self) -> bool:
        """Whether all of the request is there. Raises BadBodyError."""
        return self._body is None or self._body.take(self.received)

    def give_room(self) -> None:
        """Its body is not needed any more."""
        self._watch.give_room(self._room)
        self._room = 0

    def answered(self) -> None:
        """Go on to the next request."""
        self.give_room()
        self.head = self._body = None
