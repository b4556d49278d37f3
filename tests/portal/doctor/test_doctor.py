"""`flatpro doctor` and the page «Состояние» over a real installation."""

import contextlib
import json
import os
import re
import socket
import ssl
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from flask.testing import FlaskClient

from accounts import audit, users
from jobs import queue
from portal.doctor import cli, examining
from portal.doctor.finding import Finding, Level
from portal.doctor.options import DoctorOptions
from storage.clock import moscow_date, now
from storage.installation import Installation
from support.mailroom.options import MailOptions, Server
from tests.conftest import ADMIN_PASSWORD
from tests.portal.test_blob_care import log_in
from tests.ports import free_port
from tests.whole_set import make_certificate


@pytest.fixture
def backend() -> str:
    return "sqlite"


def found(installation: Installation, check: str) -> Finding:
    return next(one for one in examining.examine(installation, now(), 1) if one.check == check)


def test_a_new_installation_has_no_fault_and_the_command_ends_well(
    installation: Installation,
) -> None:
    done = CliRunner().invoke(cli.doctor, ["--json"], obj=lambda: installation)
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert len(rows) == 12
    assert {row["level"] for row in rows} <= {"good", "attention"}
    [at] = [row["at"] for row in rows if row["check"] == "clock"]
    assert datetime.fromisoformat(at).tzinfo == UTC, "for programs the instant stays as it was"


def test_a_dead_queue_a_clock_that_went_back_and_an_open_key_are_faults(
    installation: Installation, tmp_path: Path
) -> None:
    with installation.database.writing() as session:
        long_ago = now() - timedelta(hours=1)
        queue.submit(session, "x.y", {}, actor="test", now=long_ago)
        audit.record(session, "test", "x.y", "z", now() + timedelta(hours=1))
    key = tmp_path / "other.key"
    key.write_bytes(os.urandom(32))
    key.chmod(0o644)
    options = {**installation.options, DoctorOptions: DoctorOptions(key_file=key)}
    place = replace(installation, options=options)
    for check in ("jobs", "clock", "key-file"):
        assert found(place, check).level is Level.FAULT, check
    done = CliRunner().invoke(cli.doctor, [], obj=lambda: place)
    assert done.exit_code == 1
    assert f"chmod 600 {key}" in done.stdout


def test_a_mail_server_that_is_away_is_told_and_one_that_listens_is_good(
    installation: Installation,
) -> None:
    port = free_port()
    mail = MailOptions(outgoing=Server.parse(f"smtp://127.0.0.1:{port}"))
    place = replace(installation, options={**installation.options, MailOptions: mail})
    assert found(place, "mail").level is Level.FAULT
    with socket.create_server(("127.0.0.1", port)):
        assert found(place, "mail").level is Level.GOOD


def test_the_end_of_the_certificate_is_read_from_the_address_itself(
    installation: Installation, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = make_certificate(tmp_path / "tls")
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def answer() -> None:
            connection, _ = listening.accept()
            # Who asked may hang up as soon as it has seen the certificate.
            with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True):
                pass

        thread = threading.Thread(target=answer)
        thread.start()
        told = found(replace(installation, public_url=f"https://127.0.0.1:{port}"), "certificate")
        thread.join(10)
    assert told.level is Level.ATTENTION, "it ends in two days"
    ends = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    assert f"{moscow_date(ends):%d.%m.%Y}" in told.found.text("en")
    assert told.at == ends


def test_administrators_see_the_same_on_a_page(
    client: FlaskClient, installation: Installation
) -> None:
    assert client.get("/staff/health/").status_code in {302, 401}
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
    log_in(client)
    with client.get("/staff/health/") as answer:
        page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Сети телефонов" in page
    assert re.search(r'<time datetime="[^"]+\+00:00">\d\d\.\d\d\.\d{4} \d\d:\d\d МСК</time>', page)
    assert found(installation, "read-networks").advice.text("ru") in page
