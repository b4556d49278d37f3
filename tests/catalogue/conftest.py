"""A vendor with one product, its server behind a mirror, and TUF clients of it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from storage.installation import Installation
from tests.catalogue.site import Site, opened
from tests.catalogue.vendor import Client, LyingMirror, People, Vendor, fetch, serving
from tests.postgres import Postgres

MakeClient = Callable[..., Client]


@pytest.fixture
def vendor(installation: Installation) -> Vendor:
    """With the product FP-B2; keys are made here at the first publication."""
    made = Vendor(installation)
    made.add_product()
    return made


@pytest.fixture
def people(vendor: Vendor) -> People:
    """Mode offline, set up and signed: nothing is published yet."""
    made = People(vendor)
    made.set_up()
    made.sign_all()
    return made


@pytest.fixture
def mirror(app: Flask) -> LyingMirror:
    return LyingMirror(app)


@pytest.fixture
def base(mirror: LyingMirror) -> Iterator[str]:
    with serving(mirror) as address:
        yield address


@pytest.fixture
def new_client(app: Flask, base: str, tmp_path: Path) -> MakeClient:
    """A client that begins with the newest root of its view."""

    def made(name: str = "client", *, air_gap: bool = False) -> Client:
        root = fetch(app, "/keys/offline-root.json" if air_gap else "/keys/root.json")
        metadata = "/metadata/offline/" if air_gap else "/metadata/"
        return Client(tmp_path / name, base, root, metadata)

    return made


@pytest.fixture
def site(base: str, tmp_path: Path, backend: str, request: pytest.FixtureRequest) -> Iterator[Site]:
    """A customer's fresh installation beside the vendor's, on the same kind of database."""
    folder, url = tmp_path / "site", ""
    if backend == "sqlite":
        folder.mkdir()
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), folder / "flatpro.sqlite")
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.url(server.create_database(request.getfixturevalue("migrated_postgres")))
    made = opened(folder, base, url)
    yield made
    made.installation.database.dispose()
