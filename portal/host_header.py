"""A Host header that names no host is put aside: links are never made from it, and nothing fails.

Werkzeug reads it as a domain name for every request, and a label of 64 characters ends that with
an error of its own before any view, or any page of errors, is reached.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

Environ = dict[str, Any]
_LABEL = r"[A-Za-z0-9_-]{1,63}"
_HOST = re.compile(
    rf"(?:{_LABEL}(?:\.{_LABEL}){{0,125}}\.?|\[[0-9A-Fa-f:.]{{2,45}}\])(?::\d{{0,5}})?"
)


def names_a_host(text: str) -> bool:
    """Whether it is a name or an address as RFC 9110 §7.2 has it, with or without a port."""
    return _HOST.fullmatch(text) is not None


def init_app(app: Flask) -> None:
    """Look at the header before anything reads it."""
    inner = app.wsgi_app

    def with_a_host(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not names_a_host(environ.get("HTTP_HOST", "")):
            environ.pop("HTTP_HOST", None)
        return inner(environ, start_response)

    app.wsgi_app = with_a_host  # type: ignore[method-assign]  # Flask's own way
