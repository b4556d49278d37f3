"""What every room of the tests shares: an installation on SQLite or PostgreSQL, and the app."""

import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as examples
from xdist.remote import Producer

from portal import health, migrations
from portal.app import PAGES, Plane, create_app
from portal.installing import open_installation
from portal.settings import Settings
from storage.db import Database, sqlite_url
from storage.installation import Installation
from tests import once, proof_run
from tests.postgres import Postgres, fast_folder, find_pg_ctl
from tests.sharing_out import FileByFile, arrange

if TYPE_CHECKING:
    from tests.served import Served

ADMIN_PASSWORD = "tests-Only-1234567"
once.arrange()

# How long one example takes on a busy machine is no promise of ours. The same examples each time:
# a change is judged by itself; `make prove` looks for new ones.
PROVING = "prove or not prove"
_ORDINARY = examples(deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
examples.register_profile("ordinary", _ORDINARY)
examples.register_profile("proving", _ORDINARY, derandomize=False)


def pytest_addoption(parser: pytest.Parser) -> None:
    proof_run.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    examples.load_profile("proving" if config.option.markexpr == PROVING else "ordinary")
    if folder := fast_folder():
        # Every transaction and every stored file is synced, which a disk takes its time for.
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)
    proof_run.begin(config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileByFile:
    config.option.loadscopereorder = False
    return FileByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        arrange(items)


def pytest_collection_finish() -> None:
    """What was imported is never garbage: it is not looked through again and again.

    Nor is an app, which is thousands of objects, looked through a dozen times while it is made.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.fixture(scope="session")
def leeway(request: pytest.FixtureRequest) -> float:
    """How many times longer than promised something may take: on a machine that others use too.

    `make prove` holds each promise as it stands.
    """
    return 1.0 if request.config.option.markexpr == PROVING else 10.0


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """Every test that touches a database runs on both; a room may override this with one."""
    name: str = request.param
    if name == "postgresql" and find_pg_ctl() is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    return name


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of this test process, in its own folder and on its own port."""
    # Not in pytest's folder: another run of the tests clears old ones away under its feet.
    with (
        TemporaryDirectory(
            prefix="flatpro-pg-", dir=fast_folder(), ignore_cleanup_errors=True
        ) as folder,
        closing(Postgres.start(Path(folder) / "server")) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file at this code's revision, to be copied: migrating each time is slow."""
    path = tmp_path_factory.mktemp("migrated") / "flatpro.sqlite"
    database = Database(sqlite_url(path))
    migrations.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> str:
    """The name of a PostgreSQL database at this code's revision, to be copied."""
    name = postgres.create_database()
    database = Database(postgres.url(name))
    migrations.upgrade(database)
    database.dispose()
    return name


@pytest.fixture
def database_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated, empty database's address; for SQLite the installation's own file."""
    if backend == "sqlite":
        (tmp_path / "data").mkdir()
        shutil.copyfile(
            request.getfixturevalue("migrated_sqlite"), tmp_path / "data" / "flatpro.sqlite"
        )
        yield ""
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create_database(request.getfixturevalue("migrated_postgres"))
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        database_url=database_url,
        admin_password=ADMIN_PASSWORD,
        demo=False,
        public_url="http://flatpro.test",
        phone_url="http://phones.test",
    )


@pytest.fixture
def installation(settings: Settings) -> Iterator[Installation]:
    found = open_installation(settings)
    yield found
    found.database.dispose()


@pytest.fixture
def app(installation: Installation, settings: Settings) -> Flask:
    made = create_app(installation, settings, PAGES)
    made.testing = False
    health.started(made).set()
    return made


@pytest.fixture
def phones(installation: Installation, settings: Settings) -> Flask:
    made = create_app(installation, settings, {Plane.PHONES})
    health.started(made).set()
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(params=["sqlite", "postgresql"])
def either_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The app over each database, for a room whose other tests need only one."""
    url = ""
    if request.param == "postgresql":
        if find_pg_ctl() is None:
            pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
        server: Postgres = request.getfixturevalue("postgres")
        url = server.url(server.create_database(request.getfixturevalue("migrated_postgres")))
    settings = Settings(data_dir=tmp_path / "either", database_url=url, demo=False)
    found = open_installation(settings)
    made = create_app(found, settings, PAGES)
    health.started(made).set()
    yield made
    found.database.dispose()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Served]":
    """The demo, running; its phones need fixed ports, so its tests run in one process."""
    from tests.served import serving  # noqa: PLC0415 - it needs this module first

    with serving(tmp_path_factory.mktemp("demo") / "data") as served:
        yield replace(served, phones_at_first=served.flatpro_json("device", "list"))
