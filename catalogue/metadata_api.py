"""Addresses of the TUF repository: its signed files, its targets, the roots to begin with.

Everything comes from rows, so that a client sees one publication or the other, never a half.
"""

import hashlib
import re
from collections.abc import Iterator

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from accounts.access import anyone
from catalogue import product_list, signed_files, targets
from catalogue.download_api import SIGNATURE_SUFFIX, send_blob, send_bytes, send_text
from catalogue.models import RoleFile, Target
from catalogue.pulp_manifest import PulpEntry, pulp_manifest
from catalogue.tuf import layout, role_files
from catalogue.tuf.layout import ROOT, SNAPSHOT, TIMESTAMP, View
from storage.blobs import BlobMissingError
from storage.clock import now
from storage.request import reading
from storage.serving import Cache, Representation

blueprint = Blueprint("metadata", __name__)

_JSON = "application/json"
_VERSIONED = re.compile(r"([1-9][0-9]{0,17})\.([A-Za-z0-9-]{1,80})\.json")
_HASHED = re.compile(r"([0-9a-f]{64})\.(.+)")
#: Whoever asks wants to know what is newest at this moment.
_ASK_AGAIN = Cache("public, no-cache, no-transform")
_BINARY = "application/octet-stream"
_PULP_CACHE = Cache.revalidate(max_age_s=60)


@blueprint.get("/metadata/<name>")
@anyone
def metadata(name: str) -> Response:
    """A signed file for clients that are online."""
    return _role_file(View.ONLINE, name)


@blueprint.get("/metadata/offline/<name>")
@anyone
def air_gap_metadata(name: str) -> Response:
    """A signed file for copies that are carried behind an air gap."""
    return _role_file(View.AIR_GAP, name)


@blueprint.get("/keys/root.json")
@anyone
def root() -> Response:
    """The newest root: what a client that is online begins with."""
    return _newest_root(View.ONLINE)


@blueprint.get("/keys/offline-root.json")
@anyone
def air_gap_root() -> Response:
    """The newest root of the air gap: what a client behind one begins with."""
    return _newest_root(View.AIR_GAP)


@blueprint.get("/targets/<path:path>")
@anyone
def target(path: str) -> Response:
    """A target under its name, or under its name with the hash in front, which never changes."""
    folder, slash, last = path.rpartition("/")
    if "\0" in path:
        # PostgreSQL refuses such a text before it looks.
        raise BlobMissingError(sha256="")
    hashed = _HASHED.fullmatch(last)
    with reading() as session:
        found = session.get(Target, f"{folder}{slash}{hashed[2]}") if hashed else None
        if found is not None and hashed and found.sha256 == hashed[1]:
            cache = Cache.immutable()
        else:
            found, cache = targets.offered(session, path), _ASK_AGAIN
    if found is None or found.listed_at is None:
        raise BlobMissingError(sha256=last[:64])
    return send_blob(
        Representation(
            sha256=found.sha256,
            size=found.size,
            content_type=_BINARY,
            file_name=found.path.rsplit("/", 1)[-1],
            last_modified=found.added_at,
            cache=cache,
        )
    )


@blueprint.get("/products.json")
@anyone
def product_names() -> Response:
    """What products are called, for mirrors."""
    with reading() as session:
        file = signed_files.get(session, product_list.PATH)
    return send_text(file.body, file, "products.json", file.content_type)


@blueprint.get("/products.json.minisig")
@anyone
def product_names_signature() -> Response:
    """The signature over exactly those bytes."""
    with reading() as session:
        file = signed_files.get(session, product_list.PATH)
    name = f"products.json{SIGNATURE_SUFFIX}"
    return send_text(file.signature.encode(), file, name, signed_files.TEXT_TYPE)


@blueprint.get("/PULP_MANIFEST")
@anyone
def pulp() -> Response:
    """Name, SHA-256 and size of every file that a mirror by Pulp copies."""
    with reading() as session:
        snapshot = role_files.newest(session, View.ONLINE, SNAPSHOT)
        body = pulp_manifest([*_targets(session), *_signed_files(session)])
    changed = snapshot.signed_at if snapshot else now()
    return send_bytes(body, "PULP_MANIFEST", signed_files.TEXT_TYPE, changed, _PULP_CACHE)


def _targets(session: Session) -> Iterator[PulpEntry]:
    for found in targets.seen(session):
        yield PulpEntry(layout.public_address(found.path), found.sha256, found.size)


def _signed_files(session: Session) -> Iterator[PulpEntry]:
    for file in signed_files.every(session):
        signature = file.signature.encode()
        for name, body in ((file.path, file.body), (file.path + SIGNATURE_SUFFIX, signature)):
            yield PulpEntry(name, hashlib.sha256(body).hexdigest(), len(body))


def _newest_root(view: View) -> Response:
    with reading() as session:
        file = role_files.get(session, view, ROOT, None)
    return _send(file, _ASK_AGAIN)


def _role_file(view: View, name: str) -> Response:
    versioned = _VERSIONED.fullmatch(name)
    try:
        with reading() as session:
            if versioned:
                version, role = int(versioned[1]), versioned[2]
                return _send(role_files.get(session, view, role, version), Cache.immutable())
            if name == f"{TIMESTAMP}.json":
                return _send(role_files.get(session, view, TIMESTAMP, None), _ASK_AGAIN)
    except role_files.UnknownRoleFileError:
        pass
    return _no_such_file()


def _no_such_file() -> Response:
    """What ends a client's walk through the roots: normal, and never to be remembered."""
    response = Response("no such file\n", 404, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response


def _send(file: RoleFile, cache: Cache) -> Response:
    name = f"{file.role}.json" if file.role == TIMESTAMP else f"{file.version}.{file.role}.json"
    return send_bytes(file.body, name, _JSON, file.signed_at, cache)
