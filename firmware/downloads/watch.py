"""Sees each answer that begins to send a stored file, and counts it."""

import re

from flask import Flask, Response, g, request

from catalogue.download_api import SENT_SHA256
from firmware.downloads.counting import DownloadCounter, Kind
from storage.clock import now

_FROM_THE_START = re.compile(r"[=,]\s*0+-")
_KEY = "flatpro.downloads"
_KINDS = {"catalogue.blob": Kind.HASH, "metadata.target": Kind.TUF}


def init_app(app: Flask, *, phones: bool) -> None:
    """Count what `app` sends; nothing is stored until the counter is started."""
    counter = DownloadCounter(now)
    app.extensions[_KEY] = counter

    @app.after_request
    def _count(response: Response) -> Response:
        sha256 = g.pop(SENT_SHA256, None)
        if sha256 is not None and _holds_first_byte(response):
            kind = Kind.PHONE if phones else _KINDS.get(request.endpoint or "", Kind.NAME)
            counter.add(sha256, kind)
        return response


def counter_of(app: Flask) -> DownloadCounter:
    """The counter of an app."""
    found: DownloadCounter = app.extensions[_KEY]
    return found


def _holds_first_byte(response: Response) -> bool:
    if request.method != "GET" or response.status_code not in {200, 206}:
        return False
    if response.status_code == 200:
        return True
    if response.mimetype == "multipart/byteranges":
        # Ranges may come in any order, which the framework's own reader refuses.
        return _FROM_THE_START.search(request.headers.get("Range", "")) is not None
    return response.content_range.start == 0
