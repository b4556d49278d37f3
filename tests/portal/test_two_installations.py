"""Two fresh installations share no secret, and nothing opens them but what was made for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from portal import first_start
from portal.app import PAGES, create_app
from portal.installing import open_installation
from portal.settings import Settings
from portal.tables import metadata
from storage.installation import Installation
from tests.browserless import log_in

#: Shorter words are names of states and kinds, not secrets: 16 bytes are 128 bits at best.
SECRET_BYTES = 16
GUESSES = (
    "admin",
    "password",
    "flatpro",
    "flat-pro",
    "changeme",
    "12345678",
    "tests-Only-1234567",
    "",
)


@pytest.fixture
def backend() -> str:
    return "sqlite"


def fresh(folder: Path) -> tuple[Installation, Settings, str]:
    settings = Settings(data_dir=folder, demo=False)
    made = open_installation(settings)
    password = first_start.prepare(made, settings)
    assert password
    return made, settings, password


@pytest.fixture
def two(tmp_path: Path) -> Iterator[list[tuple[Installation, Settings, str]]]:
    both = [fresh(tmp_path / "one"), fresh(tmp_path / "two")]
    yield both
    for made, _, _ in both:
        made.database.dispose()


def texts(made: Installation) -> set[bytes]:
    """Every text and every bytes value of every table."""
    with made.database.engine.connect() as connection:
        rows = [
            row for table in metadata.sorted_tables for row in connection.execute(select(table))
        ]
    values = [value for row in rows for value in row]
    found = {value.encode() for value in values if isinstance(value, str)}
    return found | {value for value in values if isinstance(value, bytes)}


def key_files(folder: Path) -> dict[Path, bytes]:
    """Everything in the data folder but the database and stored files."""
    apart = {"blobs", "journal"}
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("flatpro.sqlite")
        if not apart & set(path.relative_to(folder).parts) and path.stat().st_size
    }


def test_proof_s24_two_fresh_installations_share_no_secret(
    two: list[tuple[Installation, Settings, str]],
) -> None:
    (one, _, password), (other, _, another) = two
    files, others = (key_files(made.data_dir) for made in (one, other))
    assert "secrets.key" in {path.name for path in files}
    assert sum(path.suffix == ".pem" for path in files) >= 2, "the signing keys are files"
    assert files.keys() == others.keys()
    assert [path for path in files if files[path] == others[path]] == []
    assert password != another
    assert one.secret_key != other.secret_key
    shared = {value for value in texts(one) & texts(other) if len(value) >= SECRET_BYTES}
    assert shared <= KNOWN_ALIKE
    print(f"S24: {len(files)} key files and {len(texts(one))} stored values, none shared")  # noqa: T201


#: What is the same in each installation and no secret.
KNOWN_ALIKE = {"Администратор".encode()} | {
    f"air-gap-{role}{version}".encode()
    for role in ("snapshot", "timestamp")
    for version in ("", "-1")
}


def test_proof_s24_no_usual_password_opens_a_fresh_installation(
    two: list[tuple[Installation, Settings, str]],
) -> None:
    (made, settings, password), (_, _, another) = two
    app = create_app(made, settings, PAGES)
    assert not app.debug
    for guess in (*GUESSES, another):
        # One failure too many would be refused for that: each guess comes from elsewhere.
        client = app.test_client()
        source = f"192.0.2.{len(guess)}"
        client.environ_base["REMOTE_ADDR"] = source
        assert log_in(client, password=guess).status_code == 422, guess
    assert log_in(app.test_client(), password=password).status_code == 302
