"""A phone at the door before the views: it fetches, and knows who answered."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from provision import folding
from provision.phone_door import Application, Environ, StartResponse
from provision.phone_fetches import phone_plane
from provision.phone_fetches.last_good import LastGood
from tests.provision.estate import MAC, Estate


@dataclass
class Counted:
    """What stands behind the door, counting who comes through."""

    behind: Application
    calls: int = 0

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        self.calls += 1
        return iter(self.behind(environ, start_response))


@dataclass
class Fetcher:
    """A phone at the door: fetches, and knows who answered."""

    estate: Estate
    app: Flask
    client: FlaskClient = field(init=False)
    views: Counted = field(init=False)

    def __post_init__(self) -> None:
        door = phone_plane.door_of(self.app)
        self.views = Counted(door.behind)
        door.behind = self.views
        self.client = self.app.test_client()

    @property
    def target(self) -> str:
        return f"/p/{self.estate.token}/{MAC}.cfg"

    def get(self, target: str | None = None, agent: str = "", **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        agent = agent or self.estate.agent("2.3.1")
        return self.client.get(target or self.target, headers={"User-Agent": agent} | named)

    def settle(self) -> None:
        """What the last fetch left behind is stored: its check-in, and its configuration."""
        folding.reader_of(self.estate.installation).fold()
        phone_plane.keeper_of(self.app).flush()

    def warm(self, target: str | None = None, agent: str = "") -> TestResponse:
        """Fetch until the door has it: what a first fetch tells may make it stale at once."""
        for _ in range(2):
            answer = self.get(target, agent)
            self.settle()
        return answer

    def forget(self) -> None:
        """The door holds nothing any more, as after a start."""
        phone_plane.door_of(self.app).last_good = LastGood()

    def by_door(self, target: str | None = None, agent: str = "", **headers: str) -> TestResponse:
        """A fetch that the door must answer by itself."""
        before = self.views.calls
        answer = self.get(target, agent, **headers)
        assert self.views.calls == before, "the views were asked"
        return answer

    def by_views(self, target: str | None = None, agent: str = "", **headers: str) -> TestResponse:
        """A fetch that must not be answered from what is kept."""
        before = self.views.calls
        answer = self.get(target, agent, **headers)
        assert self.views.calls == before + 1, "the door answered by itself"
        return answer
