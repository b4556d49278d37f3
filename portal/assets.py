"""Style, script and pictures of the pages: read once at start, served under /static/ with hashes.

A page links /static/<name>?v=<hash>, which may be kept for a year; the bare address is
revalidated. Compression happens at start, never in a request.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, abort, request

from accounts.access import anyone

FOLDER = Path(__file__).parent / "static"
HASH_LENGTH = 12
KEPT_FOR_A_YEAR = "public, max-age=31536000, immutable"
REVALIDATED = "public, max-age=300"
#: Not from the mimetypes module: that one reads the machine's own tables.
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".py": "text/x-python; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}


class UnknownAssetError(LookupError):
    """A template names a file that static/ does not hold."""


@dataclass(frozen=True)
class Asset:
    """One file, ready to send; `packed` is None where gzip makes it no smaller."""

    body: bytes
    packed: bytes | None
    content_type: str
    digest: str

    @property
    def version(self) -> str:
        return self.digest[:HASH_LENGTH]


def load(folder: Path) -> dict[str, Asset]:
    """Every file below `folder` by its relative name; hidden files are left out."""
    return {
        path.relative_to(folder).as_posix(): _read(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def address(shelf: Mapping[str, Asset], name: str) -> str:
    """The address of an asset, the same in every language and for as long as its bytes are."""
    if name not in shelf:
        raise UnknownAssetError(f"portal/static/ has no file {name}")
    return f"/static/{name}?v={shelf[name].version}"


def init_app(app: Flask, folder: Path = FOLDER) -> None:
    """Serve `folder` under /static/ and give templates asset(name)."""
    shelf = load(folder)

    @anyone
    def file(name: str) -> Response:
        asset = shelf.get(name)
        if asset is None:
            abort(404)
        return _answer(asset)

    app.add_url_rule("/static/<path:name>", endpoint="assets.file", view_func=file)
    app.add_template_global(lambda name: address(shelf, name), "asset")


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(
        body=body,
        packed=_packed(body),
        content_type=CONTENT_TYPES.get(path.suffix, "application/octet-stream"),
        digest=hashlib.sha256(body).hexdigest(),
    )


def _packed(body: bytes) -> bytes | None:
    packed = gzip.compress(body, compresslevel=9, mtime=0)
    return packed if len(packed) < len(body) else None


def _answer(asset: Asset) -> Response:
    # A strong tag names bytes on the wire, so the two encodings have two tags.
    packed = asset.packed if request.accept_encodings["gzip"] > 0 else None
    response = Response(packed or asset.body, content_type=asset.content_type)
    response.set_etag(asset.digest + "-gzip" if packed else asset.digest)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    matches = request.args.get("v") == asset.version
    response.headers["Cache-Control"] = KEPT_FOR_A_YEAR if matches else REVALIDATED
    response.make_conditional(request)
    return response
