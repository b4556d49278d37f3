"""Operators see what is bad: command, page, /readyz, metric; and can give the bytes back."""

import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from accounts import audit, users
from catalogue.models import Target
from jobs import queue
from jobs.models import Job
from jobs.runner import Runner, Work, Workbook
from portal.blob_care import cli, work
from portal.worker import WORKBOOK
from storage.blob_keeping.blob_models import Blob, record
from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.blob_keeping.scrubbing import ScrubOptions
from storage.clock import now
from storage.installation import Installation
from tests.conftest import ADMIN_PASSWORD

IMAGE = b"firmware" * 1000
SHA256 = hashlib.sha256(IMAGE).hexdigest()


@pytest.fixture
def published(installation: Installation) -> Path:
    """Where the one stored file lies."""
    blob = installation.blobs.put(BytesIO(IMAGE))
    with installation.database.writing() as session:
        record(session, blob, "firmware.artifact:FP-B2/1.0", now())
    assert isinstance(installation.blobs, LocalBlobStore)
    return installation.blobs.path(SHA256)


def rot(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"F" + IMAGE[1:])


def flatpro(installation: Installation, *arguments: str) -> Result:
    return CliRunner().invoke(cli.storage, arguments, obj=lambda: installation)


def log_in(client: FlaskClient) -> None:
    form = {"login": "admin", "password": ADMIN_PASSWORD, "csrf_token": token_of(client, "/login")}
    assert client.post("/login", data=form).status_code == 302


def body(client: FlaskClient, address: str) -> bytes:
    with client.get(address) as answer:
        return answer.data


def document(done: Result) -> Any:
    """The one JSON document; where nobody set logs up, they stand on stdout too."""
    return json.loads(done.stdout[done.stdout.index("{\n") :])


def token_of(client: FlaskClient, address: str) -> str:
    return client.get(address).text.split('name="csrf_token" value="')[1].split('"')[0]


def test_a_scrub_says_what_is_bad_and_ends_with_1(
    installation: Installation, published: Path
) -> None:
    good = flatpro(installation, "scrub", "--all", "--json")
    assert (good.exit_code, document(good)["bad"]) == (0, [])
    rot(published)
    bad = flatpro(installation, "scrub", "--all", "--json")
    assert bad.exit_code == 1
    assert document(bad)["bad"] == [{"sha256": SHA256, "found": "damaged"}]
    assert "Reading again: 1 of 1" in bad.stderr
    assert "refill" in bad.stderr
    shown = flatpro(installation, "scrub", "--all")
    assert SHA256 in shown.stdout


def test_a_refill_heals_and_leaves_its_trace(
    installation: Installation, published: Path, tmp_path: Path
) -> None:
    rot(published)
    flatpro(installation, "scrub", "--all")
    other, right = tmp_path / "other", tmp_path / "right"
    other.write_bytes(b"F" + IMAGE[1:])
    right.write_bytes(IMAGE)
    assert flatpro(installation, "refill", SHA256, str(other)).exit_code == 1
    assert flatpro(installation, "refill", "0" * 64, str(right)).exit_code == 1
    assert not installation.blobs.exists(SHA256)
    assert flatpro(installation, "refill", SHA256, str(right)).exit_code == 0
    with installation.blobs.open(SHA256) as file:
        assert file.read() == IMAGE
    with installation.database.reading() as session:
        assert session.get_one(Blob, SHA256).fault is None
        assert audit.latest(session, 1)[0].action == "blob.refill"


def test_a_bad_file_is_refused_with_503_on_every_plane_and_served_again_after_a_put(
    installation: Installation, published: Path, client: FlaskClient, phones: Flask
) -> None:
    """503 and not 404: it was not withdrawn, and a phone or mirror comes back for it."""
    target = Target(path="fw/FP-B2/1.0/x.bin", role="fw", sha256=SHA256, size=len(IMAGE))
    with installation.database.writing() as session:
        target.added_at = target.listed_at = now()
        session.add(target)
    address = f"/blob/sha256/{SHA256}"
    assert body(client, address) == IMAGE
    rot(published)
    flatpro(installation, "scrub", "--all")
    for plane in (client, phones.test_client()):
        refused = plane.get(address)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    installation.blobs.put(BytesIO(IMAGE))
    assert body(client, address) == IMAGE


def test_readyz_and_metrics_name_the_bad_file(
    installation: Installation, published: Path, client: FlaskClient
) -> None:
    assert client.get("/readyz").text == "ready\n"
    rot(published)
    flatpro(installation, "scrub", "--all")
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert f"{SHA256} is damaged" in ready.text
    metrics = client.get("/metrics").text
    assert "flatpro_blobs_bad 1.0" in metrics
    assert "flatpro_blobs 1.0" in metrics
    assert "flatpro_storage_free_bytes " in metrics


@pytest.mark.usefixtures("published")
def test_the_page_tells_whole_from_bad_and_whose_it_is(
    installation: Installation, published: Path, client: FlaskClient
) -> None:
    make_admin(installation)
    log_in(client)
    assert "Not read again yet" in client.get("/en/staff/storage/").text
    flatpro(installation, "scrub", "--all")
    assert "All files are whole" in client.get("/en/staff/storage/").text
    rot(published)
    flatpro(installation, "scrub", "--all")
    page = client.get("/en/staff/storage/").text
    for words in ("1 stored file is bad", SHA256, "firmware.artifact:FP-B2/1.0", "Damaged"):
        assert words in page


def test_the_button_reads_everything_again(
    installation: Installation, published: Path, client: FlaskClient
) -> None:
    make_admin(installation)
    log_in(client)
    rot(published)
    token = token_of(client, "/staff/storage/")
    assert client.post("/staff/storage/scrub", data={}).status_code == 400
    assert client.post("/staff/storage/scrub", data={"csrf_token": token}).status_code == 302
    Runner(installation, WORKBOOK).run_due("test")
    with installation.database.reading() as session:
        job = session.scalars(select(Job).where(Job.kind == work.SCRUB_ALL)).one()
        assert (job.state, job.progress_done, job.progress_total) == ("done", 1, 1)
        assert session.get_one(Blob, SHA256).fault == "damaged"


def test_an_anonymous_reader_is_sent_to_the_login(client: FlaskClient) -> None:
    assert client.get("/staff/storage/").status_code == 302


def test_the_periodic_jobs_find_rot_and_remove_what_uploads_left(
    installation: Installation, published: Path
) -> None:
    rot(published)
    left = published.parents[1] / "incoming" / "left"
    left.write_bytes(b"half")

    os.utime(left, (0, 0))
    Runner(installation, WORKBOOK).run_due("test")
    assert not left.exists()
    with installation.database.reading() as session:
        assert session.get_one(Blob, SHA256).fault == "damaged"


def test_a_share_that_takes_longer_than_a_turn_goes_on_as_a_job_and_no_other_begins(
    installation: Installation,
) -> None:
    for number in range(3):
        blob = installation.blobs.put(BytesIO(b"%d" % number))
        with installation.database.writing() as session:
            record(session, blob, f"t:{number}", now() - timedelta(days=2))
    kinds = {work.SCRUB: lambda one: work.scrub(one, turn_s=0)}
    runner = Runner(installation, Workbook(kinds))
    with installation.database.writing() as session:
        for _ in range(2):
            queue.submit(session, work.SCRUB, {}, actor="schedule", now=now())
    assert runner.run_due("test") == 4, "three turns, and one that found a share under way"
    with installation.database.reading() as session:
        assert session.scalar(select(func.count()).where(Blob.checked_at.is_(None))) == 0
        last = session.scalars(select(Job).order_by(Job.id.desc())).first()
    assert last is not None
    assert (last.progress_done, last.progress_total) == (3, 3)


def test_a_share_is_read_no_faster_than_is_set(installation: Installation, published: Path) -> None:
    assert published.stat().st_size == len(IMAGE)
    slow = ScrubOptions(bytes_per_s=len(IMAGE) * 4)
    place = replace(installation, options={**installation.options, ScrubOptions: slow})
    began = time.monotonic()
    work.scrub(Work(1, {"left": 1, "total": 9}, "test", place))
    assert time.monotonic() - began >= 0.25


def test_collecting_says_what_it_did(installation: Installation) -> None:
    installation.blobs.put(BytesIO(b"nobody's"))
    before = flatpro(installation, "collect", "--json")
    assert json.loads(before.stdout) == {"marked": 1, "lifted": 0, "removed": 0, "freed_bytes": 0}
    dry = flatpro(installation, "collect", "--dry-run", "--json")
    assert [row["removed_now"] for row in json.loads(dry.stdout)] == [False]
    with installation.database.writing() as session:
        (row,) = session.scalars(select(Blob))
        row.tombstoned_at = datetime.now(UTC) - timedelta(days=2)
    (row,) = json.loads(flatpro(installation, "collect", "--dry-run", "--json").stdout)
    assert row["removed_now"] is True


@pytest.mark.parametrize("module", ["portal.blob_care.cli", "portal.blob_care.work"])
def test_whoever_collects_knows_every_table_that_may_name_a_file(module: str) -> None:
    """Asked in a process of its own: here all are loaded anyway."""
    code = f"""
import {module}
from storage.db import Base
known = set(Base.metadata.tables)
import portal.tables
print(sorted(set(portal.tables.metadata.tables) - known))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.usefixtures("published")
def test_the_standing_is_one_document(installation: Installation) -> None:
    shown = json.loads(flatpro(installation, "show", "--json").stdout)
    assert (shown["files"], shown["bytes"], shown["bad"]) == (1, len(IMAGE), 0)
    assert shown["free_bytes"] > 0


def make_admin(installation: Installation) -> None:

    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
