"""A library on a real database and blob store, and people who use its pages."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts import identification, sessions, users
from accounts.models import Role
from catalogue import keys, products
from docs_store import publishing, work
from docs_store.editions import PublishedEdition
from docs_store.publishing import NewEdition, UploadOptions
from jobs.runner import Runner, Workbook
from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.blobs import StoredBlob
from storage.clock import now
from storage.db import Database
from storage.installation import Installation
from tests.docs_store.manual import MANUAL, MAX_UPLOAD, NOW, PDF, Login, Publish


@pytest.fixture
def installation(installation: Installation) -> Installation:
    """The shared one, with two products and a limit on uploads that a test can reach."""
    with installation.database.writing() as session:
        for code, russian, english in (
            ("FP-B2", "Телефон Б2", "Phone B2"),
            ("FP-C1", "Конференц-телефон", "Conference phone"),
        ):
            new = products.NewProduct(code, russian, english)
            products.add(session, new, actor="test", now=NOW)
    options = {**installation.options, UploadOptions: UploadOptions(max_bytes=MAX_UPLOAD)}
    return replace(installation, options=options)


@pytest.fixture
def database(installation: Installation) -> Database:
    return installation.database


@pytest.fixture
def empty_store(tmp_path: Path) -> LocalBlobStore:
    return LocalBlobStore(tmp_path / "other-blobs")


@pytest.fixture
def store(installation: Installation) -> Callable[[bytes, str], StoredBlob]:
    def stored(content: bytes, file_name: str) -> StoredBlob:
        return publishing.store_file(
            installation.blobs, io.BytesIO(content), file_name, UploadOptions()
        )

    return stored


@pytest.fixture
def publish(installation: Installation, store: Callable[[bytes, str], StoredBlob]) -> Publish:
    """Publishes an edition of a manual for FP-B2; every word of it may be said otherwise."""

    def published(content: bytes = PDF, at: datetime = NOW, **said: object) -> PublishedEdition:
        new = NewEdition(**{**MANUAL, **said})
        blob = store(content, new.file_name)
        with installation.database.writing() as session:
            return publishing.publish(
                session, new, blob, keys.of(installation), actor="Anna", now=at
            )

    return published


@pytest.fixture
def work_off(installation: Installation) -> Callable[[], int]:
    """Does the library's jobs that are due, as the server's runner would; how many."""
    runner = Runner(installation, Workbook(work.HANDLERS))

    def worked_off() -> int:
        return runner.run_due("the tests")

    return worked_off


@pytest.fixture
def login(app: Flask, installation: Installation) -> Login:
    """A client whose session belongs to a new user of this role."""

    def logged_in(role: Role) -> FlaskClient:
        with installation.database.writing() as session:
            user = users.add(
                session,
                users.NewUser(f"the-{role}", "Анна", role, "a long enough password"),
                actor="test",
                now=NOW,
            )
            name = sessions.begin(session, user, source="test", now=now())
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie[identification.SESSION_KEY] = name
        return client

    return logged_in


@pytest.fixture
def publisher(login: Login) -> FlaskClient:
    return login(Role.PUBLISHER)
