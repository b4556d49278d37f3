"""Security headers of every page, the cookie's rules, and CSRF on every form."""

from flask import Flask, Response, g, request
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError

from storage import uploads

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
#: A form of ours is small; uploads state their own limit.
MAX_FORM_BYTES = 1_000_000


def init_app(app: Flask, *, secure_cookie: bool) -> None:
    """Headers, cookie rules and CSRF for the pages of people and staff."""
    app.config.update(
        SESSION_COOKIE_NAME="flatpro",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure_cookie,
        SESSION_COOKIE_PATH="/",
        MAX_CONTENT_LENGTH=MAX_FORM_BYTES,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_TIME_LIMIT=None,
    )
    protection = CSRFProtect(app)

    @app.before_request
    def _protect() -> None:
        # The form is read below, so a view's own limit must hold before that.
        view = app.view_functions.get(request.endpoint or "")
        limit = uploads.limit_of(view) if view else None
        if limit is not None:
            request.max_content_length = limit
        # A bearer token is not sent by a browser on its own, so it needs no form token.
        if request.method not in {"GET", "HEAD", "OPTIONS"} and not g.get("by_token"):
            if request.headers.get("Sec-Fetch-Site") == "cross-site":
                # The browser itself says that another site sends this; its token may be stolen.
                raise CSRFError("Sent by another site.")
            protection.protect()

    @app.after_request
    def _add(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
