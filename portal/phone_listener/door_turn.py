"""What phones asked in one turn of the loop, put to the door together.

Together it costs one question to the database and one write to the journal, however many asked.
All of it was received before the question: what was committed before a phone asked is seen by it.
"""

from collections.abc import Callable
from typing import NamedTuple

import structlog

from provision.phone_door import DoorRequest, PhoneDoor, Reply

_log = structlog.get_logger(__name__)


class _Asked(NamedTuple):
    """A request; `then` is told the reply, None where the views must be asked."""

    request: DoorRequest
    then: Callable[[Reply | None], None]
    cut: Callable[[], None]


class _Known(NamedTuple):
    """A reply that is there already."""

    reply: Reply
    then: Callable[[Reply | None], None]
    cut: Callable[[], None]


class DoorTurn:
    """Used by the thread that watches connections alone."""

    def __init__(self, door: PhoneDoor) -> None:
        self._door = door
        self._asked: list[_Asked] = []
        self._known: list[_Known] = []

    def ask(
        self,
        request: DoorRequest,
        then: Callable[[Reply | None], None],
        cut: Callable[[], None],
    ) -> None:
        """Have `then` told the reply before this turn ends; `cut` ends a connection by a fault."""
        self._asked.append(_Asked(request, then, cut))

    def answer(
        self, reply: Reply, then: Callable[[Reply | None], None], cut: Callable[[], None]
    ) -> None:
        """Have `then` told this reply, as `ask` has it told the door's."""
        self._known.append(_Known(reply, then, cut))

    def tell(self) -> None:
        """Tell the replies to all that was asked, and to what is asked for that reason."""
        while self._asked or self._known:
            known, self._known = self._known, []
            for told in known:
                _tell(told, told.reply)
            asked, self._asked = self._asked, []
            if asked:
                self._tell_together(asked)

    def _tell_together(self, asked: list[_Asked]) -> None:
        try:
            replies = self._door.replies([one.request for one in asked])
        except Exception:  # noqa: BLE001 - whatever it is, the other phones are served
            self._tell_each(asked)
            return
        for one, reply in zip(asked, replies, strict=True):
            _tell(one, reply)

    def _tell_each(self, asked: list[_Asked]) -> None:
        """A fault in one request costs that one at the most."""
        for one in asked:
            try:
                [reply] = self._door.replies([one.request])
            except Exception:  # noqa: BLE001 - as above
                _log.exception("phone-connection-failed")
                one.cut()
            else:
                _tell(one, reply)


def _tell(asked: _Asked | _Known, reply: Reply | None) -> None:
    try:
        asked.then(reply)
    except Exception:  # noqa: BLE001 - as above
        _log.exception("phone-connection-failed")
        asked.cut()
