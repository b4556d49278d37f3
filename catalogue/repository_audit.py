"""Looks at the TUF repository as a stranger would: TUF's own client, from the first root on.

It reads the rows in place of HTTP, so that what it finds is the repository's fault alone.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session
from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.ngclient import FetcherInterface, Updater

from catalogue import targets
from catalogue.mirrors import mode
from catalogue.models import RoleFile, Target
from catalogue.tuf import layout, role_files
from catalogue.tuf.layout import ROOT, ROOTED, TIMESTAMP, View
from storage.blobs import BlobMissingError, BlobQuarantinedError, BlobStore
from storage.durable_files import CHUNK_BYTES
from storage.refusals import UnavailableError


class FaultyRepositoryError(UnavailableError):
    code = "metadata-faulty"
    ru = "Хранилище TUF неисправно, ошибок: {count}. Первая: {first}"
    en = "The TUF repository is faulty, faults: {count}. The first: {first}"


@dataclass(frozen=True)
class Fault:
    """What a client of `view` would trip over."""

    view: View
    subject: str
    problem: str

    def __str__(self) -> str:
        return f"{self.view} {self.subject}: {self.problem}"


class RowFetcher(FetcherInterface):
    """Hands the client the stored files; an address is `<view>/<name>`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _fetch(self, url: str) -> Iterator[bytes]:
        view, _, name = url.partition("/")
        version, _, role = name.removesuffix(".json").rpartition(".")
        try:
            file = role_files.get(
                self._session, View(view), role, int(version) if version else None
            )
        except role_files.UnknownRoleFileError as error:
            raise DownloadHTTPError(url, 404) from error
        return iter((file.body,))


def faults(
    session: Session, blobs: BlobStore, offered: Iterable[Target], *, read_bytes: bool
) -> Iterator[Fault]:
    """What is wrong with both views and with the files of the `offered` targets.

    With `read_bytes` every file is read and hashed, else its presence and size are looked at.
    """
    with tempfile.TemporaryDirectory() as folder:
        clients = []
        for view in views(session):
            found = _client(session, view, Path(folder) / view)
            if isinstance(found, Fault):
                yield found
            else:
                clients.append((view, found))
        for target in offered:
            for view, client in clients:
                yield from _unlisted(client, view, target)
            yield from _damaged(blobs, target, read_bytes=read_bytes)


def views(session: Session) -> Sequence[View]:
    """The views to look at: both, but a mirror filled from a bundle has only the air gap's."""
    held = [view for view in ROOTED if role_files.newest(session, view, TIMESTAMP) is not None]
    return held if mode.of(session) is not None else ROOTED


def check(session: Session, blobs: BlobStore, *, read_bytes: bool) -> Sequence[Fault]:
    """All faults for all targets."""
    return list(faults(session, blobs, targets.seen(session), read_bytes=read_bytes))


def _client(session: Session, view: View, folder: Path) -> Updater | Fault:
    try:
        first = _first_root(session, view)
        folder.mkdir()
        client = Updater(str(folder), f"{view}/", fetcher=RowFetcher(session), bootstrap=first.body)
        client.refresh()
    except role_files.UnknownRoleFileError:
        return Fault(view, ROOT, "there is none yet")
    except (RepositoryError, DownloadError) as error:
        return Fault(view, "metadata", f"{type(error).__name__}: {error}")
    return client


def _first_root(session: Session, view: View) -> RoleFile:
    """The root that a client begins with: the first, or on a mirror the first that it has."""
    oldest = (
        select(RoleFile)
        .where(RoleFile.view == view, RoleFile.role == ROOT)
        .order_by(RoleFile.version)
        .limit(1)
    )
    found = session.scalar(oldest)
    if found is None:
        raise role_files.UnknownRoleFileError
    return found


def _unlisted(client: Updater, view: View, target: Target) -> Iterator[Fault]:
    try:
        info = client.get_targetinfo(layout.target_name(target.path))
    except (RepositoryError, DownloadError) as error:
        yield Fault(view, target.path, f"{type(error).__name__}: {error}")
        return
    if info is None:
        yield Fault(view, target.path, "no list names it")
    elif (info.length, info.hashes.get("sha256")) != (target.size, target.sha256):
        yield Fault(view, target.path, "its list names other bytes")


def _damaged(blobs: BlobStore, target: Target, *, read_bytes: bool) -> Iterator[Fault]:
    try:
        with blobs.open(target.sha256) as file:
            size = file.seek(0, os.SEEK_END)
            sha256 = _hashed(file) if read_bytes else target.sha256
    except BlobMissingError:
        yield Fault(View.BOTH, target.path, "its bytes are missing")
        return
    except BlobQuarantinedError:
        yield Fault(View.BOTH, target.path, "its bytes are damaged, and kept in quarantine")
        return
    if (size, sha256) != (target.size, target.sha256):
        yield Fault(View.BOTH, target.path, "its bytes are damaged")


def _hashed(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(CHUNK_BYTES):
        digest.update(piece)
    return digest.hexdigest()
