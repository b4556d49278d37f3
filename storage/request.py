"""The Flask seam of the floor: views reach the installation and open transactions through here."""

import contextlib
from collections.abc import Callable, Iterator

from flask import Flask, current_app
from sqlalchemy.orm import Session

from storage.installation import Installation
from storage.refusals import RefusedError

_KEY = "flatpro.installation"
_STATUS_OF = "flatpro.status-of"
_OTHERS_SEND = "flatpro.others-send"


def init_app(app: Flask, found: Installation) -> None:
    """Give `app` its installation."""
    app.extensions[_KEY] = found


def installation() -> Installation:
    """The installation that the current app serves."""
    found: Installation = current_app.extensions[_KEY]
    return found


def let_others_send(app: Flask) -> None:
    """Note that nginx or a bucket may send files for `app`.

    People and tools follow redirects. Phones do not, and what they took is for us to record.
    """
    app.extensions[_OTHERS_SEND] = True


def others_may_send() -> bool:
    """Whether another server may send a file to the asker."""
    return _OTHERS_SEND in current_app.extensions


def tell_status(app: Flask, status_of: Callable[[RefusedError], int]) -> None:
    """Give `app` the table of statuses: only the roof knows them."""
    app.extensions[_STATUS_OF] = status_of


def status_of(error: RefusedError) -> int:
    """The status of a page that shows a form again with `error`."""
    found: Callable[[RefusedError], int] = current_app.extensions[_STATUS_OF]
    return found(error)


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
