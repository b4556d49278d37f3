"""A form that came after its session ended, or with the token of another: what was typed is kept.

The answer holds what was typed; a login leads on, and one more button sends it as it was. Passwords
and files are asked for once more. Only for a form that a page of ours sent: what another site sends
in a person's name is never offered again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import RequestEntityTooLarge, Unauthorized
from werkzeug.wrappers import Response as Redirect

from accounts import views as login_views
from accounts.access import anyone, current_actor
from portal import errors, languages
from provision.vocabulary import is_secret
from storage.refusals import RefusedError

_OF_EVERY_FORM = "csrf_token"
#: What a kept field is called on the way through the login, whose own fields have names too.
_PREFIX = "kept:"
_ADDRESS, _PAGE, _FILES, _SECRETS = "kept_address", "kept_page", "kept_files", "kept_secrets"
#: Asked for like a password, though its name does not tell; a tick that takes one off is none.
_COMMUNITY, _TICK = "community", "clear:"
_LOGIN = "kept_forms.log_in"

blueprint = Blueprint("kept_forms", __name__)


@dataclass(frozen=True)
class KeptForm:
    """What was to be sent where; `page` is where it was typed.

    Of `secrets` and `files` only the names are kept: they must be typed and chosen again.
    """

    address: str
    page: str
    fields: Sequence[tuple[str, str]]
    files: Sequence[str] = ()
    secrets: Sequence[str] = ()

    @property
    def holds_something(self) -> bool:
        """Whether it is more than a button."""
        return bool(self.fields or self.files or self.secrets)


def init_app(app: Flask) -> None:
    """Keep what was typed wherever the login or the form's token is missing."""

    @app.errorhandler(Unauthorized)
    def _logged_out(error: Unauthorized) -> Response | Redirect:
        if request.path.startswith("/api/"):
            return errors.as_usual(error)
        kept = _sent()
        if kept is not None and kept.holds_something:
            return _page(kept, 401)
        flash(
            _("You are logged in no longer, so nothing was done. Log in and repeat."), "attention"
        )
        page = request.script_root + languages.readable_path()
        return redirect(url_for("accounts.login", next=page))

    @app.errorhandler(CSRFError)
    def _token_of_another_session(error: CSRFError) -> Response | Redirect:
        kept = _passed_on() if request.endpoint == _LOGIN else _sent()
        if kept is None:
            return errors.as_usual(error)
        if request.endpoint == "accounts.begin_session":
            # The password is not kept. Who is logged in by now is led on from there.
            return redirect(url_for("accounts.login", next=request.args.get("next")))
        return _page(kept, 400, asks_login=request.endpoint == _LOGIN and current_actor() is None)


@blueprint.post("/login/kept")
@anyone
def log_in() -> Response | Redirect:
    """The login beside a kept form: after it the form is sent by one button."""
    kept = _passed_on()
    if kept is None:
        return redirect(url_for("accounts.login"))
    try:
        login_views.enter()
    except RefusedError as error:
        return _page(kept, login_views.refused(error), error=error)
    return _page(kept, 200, asks_login=False)


def _page(
    kept: KeptForm, status: int, *, asks_login: bool = True, error: RefusedError | None = None
) -> Response:
    page = render_template(
        "kept_form.html",
        kept=kept,
        asks_login=asks_login,
        prefix=_PREFIX,
        login=login_views.typed_login() if error else "",
        error=error,
    )
    return Response(page, status, {"Cache-Control": "no-store"}, mimetype="text/html")


def _sent() -> KeptForm | None:
    """The form of this request; none where no page of ours sent it, or more than a form holds."""
    if request.method != "POST" or not _sent_by_a_page_of_ours():
        return None
    try:
        typed = [one for one in request.form.items(multi=True) if one[0] != _OF_EVERY_FORM]
        files = [name for name, file in request.files.items(multi=True) if file.filename]
    except RequestEntityTooLarge:
        return None
    address = request.script_root + request.full_path.rstrip("?")
    page = request.script_root + languages.readable_path()
    fields = [(name, value) for name, value in typed if not _is_secret(name)]
    secrets = [name for name, value in typed if value and _is_secret(name)]
    return KeptForm(address, page, fields, _once(files), _once(secrets))


def _passed_on() -> KeptForm | None:
    """The form that the login was asked with; none that would lead away from us."""
    address, page = request.form.get(_ADDRESS, ""), request.form.get(_PAGE, "")
    if not (_sent_by_a_page_of_ours() and login_views.is_ours(address)):
        return None
    fields = [
        (name.removeprefix(_PREFIX), value)
        for name, value in request.form.items(multi=True)
        if name.startswith(_PREFIX)
    ]
    page = page if login_views.is_ours(page) else "/"
    files, secrets = (tuple(request.form.getlist(name)) for name in (_FILES, _SECRETS))
    return KeptForm(address, page, fields, files, secrets)


def _is_secret(name: str) -> bool:
    return name == _COMMUNITY or (is_secret(name) and not name.startswith(_TICK))


def _once(names: Sequence[str]) -> Sequence[str]:
    return tuple(dict.fromkeys(names))


def _sent_by_a_page_of_ours() -> bool:
    """By the browser's own word; over plain HTTP it only names the site that it came from."""
    said = request.headers.get("Sec-Fetch-Site")
    if said is not None:
        return said == "same-origin"
    return request.headers.get("Origin", "").partition("://")[2] == request.host
