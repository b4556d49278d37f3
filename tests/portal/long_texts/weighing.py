"""What a text costs: the processor time of one answer, asked again before it is called slow."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pysqlite3.dbapi2 as sqlite
from flask import Flask
from werkzeug.test import TestResponse

MOMENT_S: Final = 0.1


class Timed:
    """The app, with the processor time that its last answer took, to its last byte."""

    def __init__(self, app: Flask) -> None:
        self._inner, self.spent_s = app.wsgi_app, 0.0
        app.wsgi_app = self  # type: ignore[method-assign]  # Flask's own way

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        began = time.thread_time()
        answer = self._inner(environ, start_response)
        pieces = list(answer)
        if (close := getattr(answer, "close", None)) is not None:
            close()
        self.spent_s = time.thread_time() - began
        return pieces


class Unchanged:
    """A database file that is as it was whenever somebody asks, whatever was written meanwhile."""

    def __init__(self, path: Path) -> None:
        self._kept = sqlite.connect(":memory:")
        self._live = sqlite.connect(str(path))
        self._live.backup(self._kept)
        self._seen = self._version()

    def _version(self) -> int:
        """Another number once another connection has committed."""
        [found] = self._live.execute("PRAGMA data_version").fetchone()
        return int(found)

    def restore(self) -> None:
        if self._version() != self._seen:
            self._kept.backup(self._live)
            self._seen = self._version()

    def close(self) -> None:
        self._kept.close()
        self._live.close()


@dataclass(frozen=True, order=True)
class Weight:
    spent_s: float
    status: int
    where: str
    name: str
    kind: str

    @property
    def is_fault(self) -> bool:
        return self.status >= 500 or self.spent_s >= MOMENT_S


@dataclass(frozen=True)
class Scales:
    """Weighs one request at a time; `after` each of them, what it changed is undone."""

    timed: Timed
    after: Callable[[], None] = lambda: None

    def weigh(self, ask: Callable[[], TestResponse], where: str, name: str, kind: str) -> Weight:
        found = self._once(ask, where, name, kind)
        if found.spent_s >= MOMENT_S:
            # The first of a kind pays for what is loaded late, and the machine has other work.
            found = min(found, self._once(ask, where, name, kind))
        return found

    def _once(self, ask: Callable[[], TestResponse], where: str, name: str, kind: str) -> Weight:
        with ask() as answer:
            status = answer.status_code
        found = Weight(self.timed.spent_s, status, where, name, kind)
        self.after()
        return found
