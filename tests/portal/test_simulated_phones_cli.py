"""`flatpro simulate`: a crowd in the register, at the phones' own listener."""

import json
import re
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from portal.simulated_phones_cli import simulate
from provision import folding
from provision.models import CheckIn, Device
from storage.installation import Installation
from tests.evented import evented

PHONES = 40


@pytest.fixture
def server(phones: Flask) -> Iterator[str]:
    with evented(phones) as port:
        yield f"http://127.0.0.1:{port}"


def run(place: Installation, *options: str) -> tuple[int, dict[str, object]]:
    done = CliRunner().invoke(simulate, [*options, "--json"], obj=lambda: place)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    # The server's own records stand around it, as it runs in this process.
    document = re.search(r"^\{\n.*?^\}", done.stdout, re.MULTILINE | re.DOTALL)
    assert document, done.output
    return done.exit_code, json.loads(document[0])


def test_a_crowd_is_added_once_and_fetches_what_is_its_own(
    installation: Installation, server: str
) -> None:
    options = ("--phones", str(PHONES), "--server", server, "--visits", "3")
    for _ in range(2):
        code, found = run(installation, *options)
        assert (code, found["fetched"], found["unchanged"]) == (0, PHONES, 2 * PHONES), found
        assert found["requests"] == 4 * PHONES
    folding.reader_of(installation).fold()
    with installation.database.reading() as session:
        assert session.scalar(select(func.count(Device.id))) == PHONES
        assert session.scalar(select(func.count(CheckIn.id))) == 2 * 4 * PHONES
        assert session.scalar(select(func.count(CheckIn.address.distinct()))) == PHONES
    tokens = installation.data_dir / "simulated-phones.json"
    assert tokens.stat().st_mode & 0o777 == 0o600


def test_phones_that_are_refused_are_told_and_end_it_with_1(
    installation: Installation, server: str
) -> None:
    tokens = installation.data_dir / "simulated-phones.json"
    run(installation, "--phones", "3", "--server", server)
    known = json.loads(tokens.read_text())
    tokens.write_text(json.dumps(known | {next(iter(known)): "x" * 43}))
    code, found = run(installation, "--phones", "3", "--server", server)
    assert (code, found["fetched"], found["refused"]) == (1, 2, 1)


def test_a_network_that_is_too_small_is_refused(installation: Installation) -> None:
    options = ["--phones", "3", "--server", "http://127.0.0.1:1", "--network", "127.20.0.0/30"]
    done = CliRunner().invoke(simulate, options, obj=lambda: installation)
    assert done.exit_code == 1
    assert "fewer addresses" in str(done.exception)
