"""S19: sqlmap comes to every input of the public addresses, and gets into the database by none."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask, request
from sqlalchemy import text

from accounts import users
from accounts.access import anyone
from accounts.models import OrganisationKind
from portal import health
from portal.app import PAGES, Plane, create_app
from portal.settings import Settings
from storage.installation import Installation
from storage.request import reading
from tests import sqlmap
from tests.paged import paged
from tests.portal.injections import public_inputs, stocked_places
from tests.portal.injections.public_inputs import Finder
from tests.portal.injections.stocked_places import NOT_THERE, Places
from tests.served import serving
from tests.sqlmap import Attempt

#: Which share of the requests may come too often for one phone or person, and is not looked at.
REFUSED_SHARE = 0.005
PROGRAMS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
#: Headers that a request of any address may have, by the plane that looks at them.
HEADERS = {
    "public": [
        Attempt("/downloads/", headers={"User-Agent": "Mozilla/5.0*", "Referer": "http://x.ru/*"}),
        Attempt("/downloads/", headers={"Accept-Language": "ru*", "Cookie": "flatpro=abc*"}),
        Attempt("/api/v1/devices", headers={"Authorization": "Bearer abc*"}),
    ],
    "phones": [
        Attempt("/p/02f1a7000001.cfg", headers={"User-Agent": "FlatPhone/1.0 (FP-B2*; sn X*)"}),
        Attempt(
            "/p/02f1a7000001.cfg", headers={"Authorization": 'Digest username="02f1a7000001*"'}
        ),
    ],
}


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    return tmp_path / "sqlmap"


@dataclass(frozen=True)
class World:
    """A filled installation that is not running, and what its public addresses take."""

    settings: Settings
    installation: Installation
    apps: Mapping[str, Flask]
    places: Places

    def finder(self, plane: str) -> Finder:
        app = self.apps[plane]
        return Finder(app, app.test_client(), self.places)


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    chosen = settings.model_copy(update={"demo": True})
    installation = stocked_places.fill(chosen)
    planes = {"public": PAGES, "phones": {Plane.PHONES}}
    apps = {name: create_app(installation, chosen, kinds) for name, kinds in planes.items()}
    for app in apps.values():
        health.started(app).set()
        public_inputs.noting(app)
    yield World(chosen, installation, apps, stocked_places.places(installation, apps["public"]))
    installation.database.dispose()


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.prove
def test_each_public_address_that_is_tried_leads_to_something(world: World) -> None:
    """An address without a thing would prove little: a new route needs its part in the places."""
    nowhere = []
    for plane, app in world.apps.items():
        finder = world.finder(plane)
        for rule in public_inputs.public_rules(app):
            if "GET" in (rule.methods or ()) and rule.endpoint not in NOT_THERE:
                with finder.client.get(finder.address(rule)) as page:
                    if page.status_code not in {200, 302}:
                        nowhere.append((rule.endpoint, page.status_code))
    assert nowhere == []


@pytest.mark.parametrize("plane", ["phones", "public"])
@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not sqlmap.is_here(), reason="sqlmap is not installed (apt-get install sqlmap)")
def test_proof_s19_sqlmap_gets_into_the_database_by_no_public_input(
    world: World, plane: str, backend: str, sent: Path
) -> None:
    found = [*world.finder(plane).attempts(), *HEADERS[plane]]
    assert len(found) >= 10
    began = time.monotonic()
    with serving(
        world.settings.data_dir,
        FLATPRO_DEMO="0",
        FLATPRO_DATABASE_URL=world.settings.database_url,
        FLATPRO_TRUSTED_PROXIES="127.0.0.0/8",
    ) as served:
        bases = {"public": served.public, "phones": served.phones}
        log = Path(served.environ["FLATPRO_LOG_FILE"])
        # Until it had started, it answered that it has not.
        until_then = log.stat().st_size
        jobs = [(bases[plane], one) for one in found]
        words = tried(jobs, PROGRAMS[backend], sent)
    inputs = sum(attempt.inputs for _, attempt in jobs)
    answers = answered(log, until_then)
    statuses: Counter[int] = Counter()
    for (status, _), times in answers.items():
        statuses[status] += times
    injectable = {name for word in words for name in word.found}
    print(  # noqa: T201
        f"S19: sqlmap, level {sqlmap.LEVEL}, risk {sqlmap.RISK}, {PROGRAMS[backend]}, {plane}: "
        f"{inputs} inputs of {len(jobs)} requests, {statuses.total()} requests in "
        f"{(time.monotonic() - began) / 60:.0f} min, {len(injectable)} injectable, "
        f"{dict(sorted(statuses.items()))}"
    )
    assert injectable == set()
    missed = [
        (attempt.address, attempt.inputs, sorted(word.clean), word.text[-600:])
        for (_, attempt), word in zip(jobs, words, strict=True)
        if len(word.clean) != attempt.inputs
    ]
    assert missed == []
    assert [answer for answer in answers if answer[0] >= 500] == []
    # Some spellings of one serial or login are one to the limits; the others were all looked at.
    assert statuses[429] <= REFUSED_SHARE * statuses.total()
    assert statuses.total() > 20 * inputs


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.skipif(not sqlmap.is_here(), reason="sqlmap is not installed (apt-get install sqlmap)")
@pytest.mark.parametrize(
    ("attempt", "name"),
    [(Attempt("/planted?q=Wind", ("q",)), "q"), (Attempt("/planted/Wind*/"), "#1*")],
    ids=["query", "path"],
)
def test_sqlmap_finds_a_statement_that_is_put_together_by_hand(
    app: Flask, installation: Installation, backend: str, sent: Path, attempt: Attempt, name: str
) -> None:
    """Else it would prove nothing that it finds none."""
    with installation.database.writing() as session:
        users.add_organisation(session, "Wind", OrganisationKind.CUSTOMER)

    def planted(part: str = "") -> str:
        wanted = f"SELECT name FROM organisation WHERE name = '{part or request.args['q']}'"
        with reading() as session:
            found = session.execute(text(wanted)).all()
        return "".join(f"<p>{one.name} buys telephones</p>" for one in found) or "<p>-</p>"

    for rule in ("/planted", "/planted/<part>/"):
        app.add_url_rule(rule, "planted", anyone(planted))
    with paged(app) as port:
        word = sqlmap.run(f"http://127.0.0.1:{port}", attempt, PROGRAMS[backend], sent)
    assert name in word.found, word.text
    assert word.clean == frozenset()


def tried(jobs: Sequence[tuple[str, Attempt]], database: str, folder: Path) -> list[sqlmap.Word]:
    """One after another: other proofs may run beside this one."""
    numbered = enumerate(jobs)
    return [sqlmap.run(base, one, database, folder / str(at)) for at, (base, one) in numbered]


def answered(log: Path, after: int) -> Counter[tuple[int, str]]:
    """The status and the path of each request, by the product's own log from that byte on."""
    records = [json.loads(line) for line in log.read_bytes()[after:].splitlines()]
    asked = [one for one in records if one.get("event") == "request"]
    return Counter((one["status"], one["path"]) for one in asked)
