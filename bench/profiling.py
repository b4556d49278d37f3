"""Where a benchmark's time goes: the same work once more under a profiler, beside what is timed.

A profiler makes small functions look dearer than they are: it says where to look, not how long.
"""

import cProfile
import pstats
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from bench.fetching import Fetcher
from firmware.image_door import ImageDoor
from portal import health, logs
from portal.app import Plane, create_app
from portal.phone_listener.listener import PhoneListener
from portal.settings import Settings
from provision.phone_fetches import phone_plane
from storage.installation import Installation

SHOWN = 7
ROOT = Path(__file__).parent.parent
#: What a line of a profile is known by: the file, the line in it, the function.
Place = tuple[str, int, str]


@contextmanager
def profiled(what: str, clock: Callable[[], float] = time.thread_time) -> Iterator[None]:
    """Print where this thread's time went: processor time, or time with its waiting."""
    profile = cProfile.Profile(clock)
    with profile:
        yield
    print(told(what, profile))


def told(what: str, profile: cProfile.Profile) -> str:
    """In which packages, and in which functions themselves, most of the time was spent."""
    rows = _rows(profile)
    own = [(place, self_s) for place, (_calls, _primitive, self_s, _whole, _callers) in rows]
    return (
        f"profile of {what}: {_shares((_package(place), self_s) for place, self_s in own)}\n"
        f"  of it {_shares((_name(place), self_s) for place, self_s in own)}"
    )


def _shares(spent: Iterable[tuple[str, float]]) -> str:
    summed: dict[str, float] = {}
    for name, self_s in spent:
        summed[name] = summed.get(name, 0.0) + self_s
    whole = sum(summed.values()) or 1.0
    dearest = sorted(summed.items(), key=lambda found: -found[1])[:SHOWN]
    return ", ".join(f"{name} {self_s / whole:.0%}" for name, self_s in dearest)


def fast_door(
    place: Installation, settings: Settings, fetcher: Fetcher, asked: Sequence[tuple[bytes, bytes]]
) -> None:
    """The thread that serves phones, while each of these asks: what is kept, by the door."""
    watching(place, settings, "the fast door", lambda port: fetcher.fetch(port, asked))


def watching(
    place: Installation,
    settings: Settings,
    what: str,
    ask: Callable[[int], object],
    images: ImageDoor | None = None,
) -> None:
    """The thread that watches phones' connections, while `ask` asks on its port."""
    app = create_app(place, settings, {Plane.PHONES})
    health.started(app).set()
    at, door = ("127.0.0.1", 0), phone_plane.door_of(app)
    server = PhoneListener(app, door, at, settings.trusted_proxies, images=images)

    def serve() -> None:
        with profiled(what):
            server.run()

    serving = threading.Thread(target=serve)
    serving.start()
    try:
        ask(server.port)
    finally:
        server.stop()
        serving.join()


def views(place: Installation, settings: Settings, requests: Sequence[tuple[str, str]]) -> None:
    """The views behind the door: each phone's path and what it calls itself."""
    logs.configure(place.data_dir / "profile.log")
    app = create_app(place, settings, {Plane.PHONES})
    health.started(app).set()
    environs = [
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_USER_AGENT": agent,
            "HTTP_AUTHORIZATION": "none",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(),
        }
        for path, agent in requests
    ]
    with profiled("the views behind it"):
        for environ in environs:
            b"".join(app.wsgi_app(environ, _heard))


def _heard(*_: object) -> Callable[[bytes], object]:
    return bytes


def _rows(profile: cProfile.Profile) -> list[tuple[Place, tuple[int, int, float, float, object]]]:
    stats: dict[Place, tuple[int, int, float, float, object]] = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # typeshed does not know it
    return list(stats.items())


def _package(place: Place) -> str:
    file, _line, function = place
    if file == "~":
        return "the database's driver" if "Cursor" in function else "built-in functions"
    if "template" in file or file.startswith("<"):
        return "templates"
    parts = Path(file).parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1].removesuffix(".py")
    return parts[len(ROOT.parts)] if Path(file).is_relative_to(ROOT) else "standard library"


def _name(place: Place) -> str:
    """`lookup.find`, `socket.send`: enough to find it."""
    file, _line, function = place
    if file == "~":
        found = re.fullmatch(r"<method '(\w+)' of '([\w.]+)' objects>", function)
        return f"{found[2].rpartition('.')[2]}.{found[1]}" if found else function.strip("<>")
    module = Path(file)
    return f"{module.parent.name if module.stem == '__init__' else module.stem}.{function}"
