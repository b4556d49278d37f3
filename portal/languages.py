"""Which language an answer is in: the /en or /ru prefix, then the browser's wish, then Russian.

The prefix is taken off before routing and put into SCRIPT_NAME, so that every link a page makes
keeps the reader's language by itself.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request
from flask_babel import Babel, format_timedelta, get_locale
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from accounts.actors import actor_name
from storage.clock import MOSCOW
from support import roubles

PACKAGES = ("portal", "accounts", "catalogue", "firmware", "docs_store", "provision", "support")
LANGUAGES = ("ru", "en")
_ROOT = Path(__file__).resolve().parent.parent

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Any], Iterable[bytes]]


class LanguagePrefix:
    """WSGI middleware: /en/downloads/ → /downloads/ under SCRIPT_NAME /en."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        for language in LANGUAGES:
            prefix = f"/{language}"
            if path == prefix or path.startswith(prefix + "/"):
                environ["flatpro.language"] = language
                environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
                environ["PATH_INFO"] = path[len(prefix) :] or "/"
                break
        return self._app(environ, start_response)


def init_app(app: Flask, *, pages: bool) -> None:
    """Translations for `app`; with `pages`, the prefix and the template filters too."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(
        str(_ROOT / package / "translations") for package in PACKAGES
    )
    Babel(app, default_locale="ru", locale_selector=_wanted, default_timezone="Europe/Moscow")
    if pages:
        app.wsgi_app = LanguagePrefix(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way
        app.add_template_filter(ago)
        app.add_template_filter(exact)
        app.add_template_filter(day)
        app.add_template_filter(money)
        app.add_template_filter(actor_name)


def other_language_url() -> str:
    """The same page in the other language; of a page that only a form leads to, the one above."""
    other = "en" if current() == "ru" else "ru"
    path = readable_path()
    query = request.query_string.decode("latin-1") if path == request.path else ""
    return f"/{other}{path}{query and '?'}{query}"


def readable_path() -> str:
    """The path of the request, or the nearest above it that answers a GET."""
    if _answers_get(request.path, otherwise=True):
        return request.path
    parts = request.path.strip("/").split("/")
    for length in range(len(parts) - 1, 0, -1):
        above = "/" + "/".join(parts[:length])
        for path in (f"{above}/", above):
            if _answers_get(path, otherwise=False):
                return path
    return "/"


def current() -> str:
    """The language of this answer: "ru" or "en"."""
    return "en" if str(get_locale()) == "en" else "ru"


def ago(instant: datetime | None) -> str:
    """«3 дня назад», "3 days ago"; empty for an instant that never was."""
    if instant is None:
        return "—"
    return str(format_timedelta(instant - datetime.now(UTC), add_direction=True))


def exact(instant: datetime) -> str:
    """22.11.2026 19:05:12 МСК: for the title of a relative time."""
    local = instant.astimezone(MOSCOW)
    zone = "МСК" if current() == "ru" else "MSK"
    return f"{local:%d.%m.%Y %H:%M:%S} {zone}"


def day(instant: datetime) -> str:
    """22.11.2026."""
    return f"{instant.astimezone(MOSCOW) if isinstance(instant, datetime) else instant:%d.%m.%Y}"


def _answers_get(path: str, *, otherwise: bool) -> bool:
    """Whether a link may lead there; `otherwise` where there is no such path at all."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    try:
        adapter.match(path, method="GET")
    except MethodNotAllowed:
        return False
    except (NotFound, RequestRedirect):
        return otherwise
    return True


def money(amount: Decimal) -> str:
    """1 490,00 ₽, ₽1,490.00."""
    return roubles.written(amount).text(current())


def _wanted() -> str:
    prefixed = request.environ.get("flatpro.language")
    return prefixed or request.accept_languages.best_match(LANGUAGES, default="ru") or "ru"
