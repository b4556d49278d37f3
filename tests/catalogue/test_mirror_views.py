"""The staff page of a mirror, its job, and the commands around it."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from accounts import users
from catalogue import keys, work
from catalogue.mirrors.options import MirrorOptions
from catalogue.tuf import role_keys
from catalogue.tuf.layout import Purpose
from jobs import queue
from jobs.owners import present
from jobs.runner import Runner, Workbook
from portal import health
from portal.app import PAGES, create_app
from portal.installing import open_installation
from portal.settings import Settings
from storage.clock import now
from storage.installation import Installation
from tests.browserless import form_token, log_in
from tests.catalogue.site import Site, export
from tests.catalogue.vendor import LyingMirror, Vendor
from tests.conftest import ADMIN_PASSWORD


@pytest.fixture
def backend() -> str:
    """What the page reads is written on both."""
    return "sqlite"


@pytest.fixture
def followed(site: Site) -> Installation:
    """The site again, opened with an upstream in its settings."""
    settings = site.settings.model_copy(update={"mirror_url": site.upstream})
    return open_installation(settings)


def logged_in(installation: Installation, settings: Settings) -> FlaskClient:
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
    app = create_app(installation, settings, PAGES)
    health.started(app).set()
    client = app.test_client()
    log_in(client, users.ADMIN_LOGIN, ADMIN_PASSWORD)
    return client


def ask_for_sync(client: FlaskClient) -> int:
    token = form_token(client, "/staff/mirror/")
    return client.post("/staff/mirror/sync", data={"csrf_token": token}).status_code


def run_jobs(installation: Installation) -> None:
    runner = Runner(installation, Workbook(work.HANDLERS))
    with present(installation) as owner:
        runner.run_due(owner)


def test_the_job_follows_the_upstream_of_the_settings_and_the_page_tells(
    vendor: Vendor, site: Site, followed: Installation
) -> None:
    vendor.publish("1.0.0")
    client = logged_in(followed, site.settings)
    assert "не зеркало" in client.get("/staff/mirror/").text

    assert ask_for_sync(client) == 302
    assert "обновляется" in client.get("/staff/mirror/").text
    run_jobs(followed)

    page = client.get("/staff/mirror/").text
    assert site.upstream in page
    assert "Прошивка: FP-B2" in page
    assert "По сети: <code" in page
    assert not re.search(r"online:|air-gap:|firmware FP-B2", page)
    assert site.seen()["/firmware/FP-B2/1.0.0/FP-B2-1.0.0.bin"]
    assert site.upstream in client.get("/downloads/FP-B2/").text
    followed.database.dispose()


FORMS = ("/staff/releases/new", "/staff/documents/new", "/staff/software/")


def test_where_a_mirror_would_publish_it_says_why_it_does_not(
    vendor: Vendor, site: Site, followed: Installation
) -> None:
    vendor.publish("1.0.0")
    named = logged_in(followed, site.settings)
    for address in FORMS:
        page = named.get(address).text
        assert f"зеркало {site.upstream}" in page
        assert 'type="file"' not in page

    site.sync()
    # One that was filled by a command, and no settings name an upstream.
    filled = logged_in(site.installation, site.settings)
    for address in FORMS:
        assert 'type="file"' not in filled.get(address).text
        assert "is a mirror of" in filled.get(f"/en{address}").text
    followed.database.dispose()


def test_a_failed_sync_is_told_on_the_page(
    vendor: Vendor, site: Site, followed: Installation, mirror: LyingMirror
) -> None:
    vendor.publish("1.0.0")
    mirror.lies["/metadata/timestamp.json"] = b"{}"
    client = logged_in(followed, site.settings)
    with followed.database.writing() as session:
        queue.submit(session, work.SYNC, {}, actor="test", now=now(), max_attempts=1)
    run_jobs(followed)
    page = client.get("/staff/mirror/").text
    assert "The upstream cannot be believed" in page
    assert "не зеркало" in page
    followed.database.dispose()


def test_without_an_upstream_there_is_nothing_to_ask_for(site: Site) -> None:
    assert site.installation.option(MirrorOptions).url == ""
    client = logged_in(site.installation, site.settings)
    assert "Обновить сейчас" not in client.get("/staff/mirror/").text
    token = form_token(client, "/staff/products/")
    assert client.post("/staff/mirror/sync", data={"csrf_token": token}).status_code == 404
    assert client.get("/staff/mirror/").status_code == 200


def test_the_keys_page_of_a_mirror_shows_whose_keys_it_follows(vendor: Vendor, site: Site) -> None:
    vendor.publish("1.0.0")
    client = logged_in(site.installation, site.settings)
    own = keys.of(site.installation).firmware_public.id_text
    page = client.get("/staff/keys/").text
    assert "Ключей пока нет" in page
    assert own in page

    site.sync()

    ring = keys.of(vendor.installation)
    with vendor.installation.database.reading() as session:
        theirs = {key.keyid for key in role_keys.every(session)}
    page = client.get("/staff/keys/").text
    assert "Эта установка — зеркало" in page
    assert site.upstream in page
    for keyid in theirs:
        assert keyid in page
    assert ring.firmware_public.id_text in page
    assert ring.online.public.id_text in page
    assert own not in page
    assert "Ключей пока нет" not in page
    assert "2 из 3" in page


def test_the_keys_page_of_a_mirror_filled_from_a_bundle_knows_the_air_gaps_root(
    vendor: Vendor, site: Site, tmp_path: Path
) -> None:
    vendor.publish("1.0.0")
    site.take(export(vendor.installation, tmp_path / "bundle.tar"))
    with vendor.installation.database.reading() as session:
        theirs = {key.purpose: key.keyid for key in role_keys.every(session)}

    page = logged_in(site.installation, site.settings).get("/staff/keys/").text

    assert "bundle.tar" in page
    assert theirs[Purpose.AIR_GAP_ROOT] in page
    assert theirs[Purpose.FIRMWARE] in page
    assert theirs[Purpose.ROOT] not in page
