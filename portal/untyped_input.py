"""What no form, link or phone of ours ever sends: refused before anything reads it.

PostgreSQL stores no NUL and refuses it in the middle of a query; SQLite would keep it silently.
"""

from typing import Final

from flask import Flask, abort, request
from werkzeug.routing import IntegerConverter

_LAST_ROW: Final = 2**31 - 1
"""The largest key of a row: PostgreSQL's integer."""
QUERY_BYTES_MAX: Final = 16 * 1024
"""Half of what the pages' listener takes for a head. A list repeats it in each of its links."""


class RowNumber(IntegerConverter):
    """The key of a row in an address; no row is called by a number past its column."""

    regex = r"[0-9]{1,10}"

    def to_python(self, value: str) -> int:
        """The number, or no match: a 404 as for any row that is not there."""
        self.max = _LAST_ROW
        number: int = super().to_python(value)
        return number


def refuse_numbers_past_rows(app: Flask) -> None:
    """404 for ``<int:…>`` past a key: SQLite raises on such a number, PostgreSQL does not."""
    app.url_map.converters["int"] = RowNumber


def refuse_bad_addresses(app: Flask) -> None:
    """404 for a path with a NUL, as nothing is called so; for a query 400, or 414 if too long."""

    @app.before_request
    def _check_address() -> None:
        if "\0" in request.path:
            abort(404)
        if len(request.query_string) > QUERY_BYTES_MAX:
            abort(414)
        if "%00" in request.query_string.decode("latin-1"):
            abort(400)


def refuse_nul_in_forms(app: Flask) -> None:
    """400 for a form with a NUL, after the form's own limits were set."""

    @app.before_request
    def _check_form() -> None:
        for name, value in request.form.items(multi=True):
            if "\0" in name or "\0" in value:
                abort(400)
