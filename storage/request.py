"""The Flask seam of the floor: views reach the installation and open transactions through here."""

import contextlib
from collections.abc import Iterator

from flask import Flask, current_app
from sqlalchemy.orm import Session

from storage.installation import Installation

_KEY = "flatpro.installation"


def init_app(app: Flask, found: Installation) -> None:
    """Give `app` its installation."""
    app.extensions[_KEY] = found


def installation() -> Installation:
    """The installation that the current app serves."""
    found: Installation = current_app.extensions[_KEY]
    return found


@contextlib.contextmanager
def reading() -> Iterator[Session]:
    """A session for looking, for the view that asks."""
    with installation().database.reading() as session:
        yield session


@contextlib.contextmanager
def writing() -> Iterator[Session]:
    """A session in one write transaction, for the view that asks."""
    with installation().database.writing() as session:
        yield session
