"""The phone plane on its own listener, as `flatpro serve` runs it, in a thread of the tests."""

import contextlib
import threading
from collections.abc import Iterator

from flask import Flask

from portal.phone_listener.desk import Patience
from portal.phone_listener.listener import PhoneListener
from provision.phone_door import Application, PhoneDoor
from provision.phone_fetches import phone_plane


@contextlib.contextmanager
def evented(app: Flask) -> Iterator[int]:
    """The app on a port of its own; what the last requests left behind is done at the end."""
    with listening(app, phone_plane.door_of(app)) as listener:
        yield listener.port


@contextlib.contextmanager
def listening(
    app: Application, door: PhoneDoor, patience: Patience | None = None, most: int = 15_000
) -> Iterator[PhoneListener]:
    place = ("127.0.0.1", 0)
    listener = PhoneListener(app, door, place, most=most, patience=patience or Patience())
    thread = threading.Thread(target=listener.run)
    thread.start()
    try:
        yield listener
    finally:
        listener.stop()
        thread.join(60)
