"""Uploads: a view that takes large bodies says so, and how large; all others take small forms."""

from collections.abc import Callable
from typing import TypeVar

View = TypeVar("View", bound=Callable[..., object])

_MARK = "upload_limit_bytes"


def accepts_upload(limit_bytes: int) -> Callable[[View], View]:
    """Marks a view as taking a body of up to `limit_bytes`."""

    def mark(view: View) -> View:
        setattr(view, _MARK, limit_bytes)
        return view

    return mark


def limit_of(view: Callable[..., object]) -> int | None:
    """The limit that a view states, in bytes; None for a view that takes small forms."""
    return getattr(view, _MARK, None)
