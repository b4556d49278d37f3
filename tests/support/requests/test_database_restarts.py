"""R8: a database that restarts under the forms of many people costs seconds, and no request."""

import http.client
import itertools
import re
import threading
import time
import urllib.parse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from storage.db import Database
from support.requests.models import SupportRequest
from tests.postgres import Postgres, find_pg_ctl
from tests.served import Served, serving
from tests.support.requests.test_public_views import FORM

PEOPLE, EACH_S = 10, 0.2
WAIT_MAX_S = 10.0


@dataclass
class Person:
    """Sends one form after the other, each from another address, and again until it is taken."""

    served: Served
    number: int
    acknowledged: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    longest_s: float = 0.0

    def run(self, over: threading.Event) -> None:
        for turn in itertools.count():
            if over.is_set():
                return
            key = f"{self.number:08d}{turn:024d}"
            self.until_taken(key, f"127.{self.number + 10}.{turn // 250}.{turn % 250 + 1}")
            time.sleep(EACH_S)

    def until_taken(self, key: str, source: str) -> None:
        began = time.monotonic()
        while self.send(key, source) != 302:
            assert time.monotonic() - began < 2 * WAIT_MAX_S
            time.sleep(0.1)
        self.acknowledged.add(key)
        self.longest_s = max(self.longest_s, time.monotonic() - began)

    def send(self, key: str, source: str) -> int:
        """The status of the form, or 0 where the connection was lost."""
        place = urlsplit(self.served.public)
        line = http.client.HTTPConnection(
            str(place.hostname), place.port, timeout=20, source_address=(source, 0)
        )
        with closing(line):
            try:
                status = self._posted(line, key)
            except (OSError, http.client.HTTPException):
                status = 0
        self.statuses[status] += 1
        return status

    def _posted(self, line: http.client.HTTPConnection, key: str) -> int:
        line.request("GET", "/support/new")
        page = line.getresponse()
        found = re.search(rb'name="csrf_token" value="([^"]+)"', page.read())
        if found is None:
            return page.status
        cookie = str(page.headers["Set-Cookie"]).partition(";")[0]
        form = {**FORM, "form_key": key, "csrf_token": found[1].decode()}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
        line.request("POST", "/support/new", urllib.parse.urlencode(form).encode(), headers)
        answer = line.getresponse()
        answer.read()
        return answer.status


@pytest.mark.prove
@pytest.mark.skipif(find_pg_ctl() is None, reason="PostgreSQL is not installed")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("restarts", [3, 20])
def test_proof_r8_requests_over_http_outlive_a_database_that_restarts(
    tmp_path: Path, restarts: int
) -> None:
    with (
        TemporaryDirectory(prefix="flatpro-pg-", ignore_cleanup_errors=True) as folder,
        closing(Postgres.start(Path(folder) / "server")) as database,
    ):
        url = database.url(database.create_database())
        with serving(tmp_path / "data", FLATPRO_DEMO="0", FLATPRO_DATABASE_URL=url) as served:
            people, over = [Person(served, number) for number in range(PEOPLE)], threading.Event()
            with ThreadPoolExecutor(PEOPLE) as running:
                done = [running.submit(person.run, over) for person in people]
                for _ in range(restarts):
                    time.sleep(2)
                    database.close()
                    database.go_on()
                time.sleep(2)
                over.set()
                for one in done:
                    one.result(60)
        kept = keys_in(url)
    acknowledged = set().union(*(person.acknowledged for person in people))
    statuses = sum((person.statuses for person in people), Counter[int]())
    longest_s = max(person.longest_s for person in people)
    print(  # noqa: T201
        f"R8: {restarts} restarts under the forms of {PEOPLE} people: {len(acknowledged)} "
        f"acknowledged, {len(acknowledged - set(kept))} lost, {len(kept) - len(set(kept))} twice, "
        f"the longest wait {longest_s:.1f} s, statuses {dict(sorted(statuses.items()))}"
    )
    assert acknowledged <= set(kept)
    assert len(kept) == len(set(kept))
    assert set(statuses) <= {0, 302, 503}
    assert longest_s < WAIT_MAX_S


def keys_in(url: str) -> list[str]:
    database = Database(url)
    with database.reading() as session:
        kept = session.scalars(select(SupportRequest.intake_key))
        found = [key.removeprefix("form:") for key in kept]
    database.dispose()
    return found
