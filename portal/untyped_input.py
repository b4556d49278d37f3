"""What no form, link or phone of ours ever sends: refused before anything reads it.

PostgreSQL stores no NUL and refuses it in the middle of a query; SQLite would keep it silently.
"""

from flask import Flask, abort, request


def refuse_nul_in_addresses(app: Flask) -> None:
    """404 for a path with a NUL, as nothing is called so; 400 for a query with one."""

    @app.before_request
    def _check_address() -> None:
        if "\0" in request.path:
            abort(404)
        if "%00" in request.query_string.decode("latin-1"):
            abort(400)


def refuse_nul_in_forms(app: Flask) -> None:
    """400 for a form with a NUL, after the form's own limits were set."""

    @app.before_request
    def _check_form() -> None:
        for name, value in request.form.items(multi=True):
            if "\0" in name or "\0" in value:
                abort(400)
