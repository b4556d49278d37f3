"""The staff page of a mirror, its job, and the commands around it."""

import pytest
from flask.testing import FlaskClient

from accounts import users
from catalogue import work
from catalogue.mirror_http import MirrorOptions
from jobs import queue
from jobs.owners import Owner
from jobs.runner import Runner, Workbook
from portal import health
from portal.app import PAGES, create_app
from portal.installing import open_installation
from portal.settings import Settings
from storage.clock import now
from storage.installation import Installation
from tests.browserless import form_token, log_in
from tests.catalogue.site import Site
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
    with Owner(installation.data_dir / "locks") as owner:
        runner.run_due(owner.name)


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
    assert "firmware FP-B2" in page
    assert site.seen()["/firmware/FP-B2/1.0.0/FP-B2-1.0.0.bin"]
    assert site.upstream in client.get("/downloads/FP-B2/").text
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
