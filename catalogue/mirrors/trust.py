"""Follows an upstream's TUF metadata with TUF's own client, from the root that is pinned here.

What was believed before comes from our rows, so that nothing older is taken; the client works in a
folder of its own, and nothing that it finds is believed before the rows say so.
"""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session
from tuf.api import exceptions
from tuf.api.exceptions import RepositoryError
from tuf.ngclient import FetcherInterface, TargetFile, Updater

from catalogue.mirrors import seen
from catalogue.mirrors.keeping import HISTORY, Keep, KeepingFetcher
from catalogue.models import RoleFile
from catalogue.tuf import layout, role_files
from catalogue.tuf import roles as tuf_roles
from catalogue.tuf.layout import ROOT, SNAPSHOT, TARGETS, TIMESTAMP, Place, View
from catalogue.tuf.roles import AnyMetadata
from storage.refusals import RefusedError, UnavailableError


class UpstreamUnreachableError(UnavailableError):
    code = "mirror-upstream-unreachable"
    ru = "До источника не дошли, ничего не изменилось: {reason}"
    en = "The upstream was not reached, nothing was changed: {reason}"


class UpstreamLiesError(RefusedError):
    code = "mirror-upstream-lies"
    ru = "Источнику нельзя верить, ничего не изменилось: {ru} ({reason})"
    en = "The upstream cannot be believed, nothing was changed: {en} ({reason})"


class OtherRootError(RefusedError):
    code = "mirror-other-root"
    ru = "Это другой корень доверия: начат с {pinned}, а дан {given}."
    en = "This is another root of trust: it began with {pinned}, and {given} was given."


#: The first that fits is told.
_MEANINGS: tuple[tuple[type[Exception], str, str], ...] = (
    (exceptions.ExpiredMetadataError, "срок подписи истёк", "its signature has expired"),
    (exceptions.BadVersionNumberError, "оно старее уже принятого", "it is older than what is held"),
    (exceptions.UnsignedMetadataError, "не те ключи", "the wrong keys signed it"),
    (exceptions.LengthOrHashMismatchError, "байты не те", "the bytes are others"),
    (exceptions.DownloadLengthMismatchError, "байт больше обещанного", "more bytes than promised"),
    (RepositoryError, "метаданные не сходятся", "its metadata does not hold"),
)


@dataclass(frozen=True)
class Pin:
    """The root that trust in a view began with."""

    version: int
    sha256: str
    body: bytes

    @classmethod
    def of(cls, body: bytes) -> "Pin":
        """The pin of a root's bytes; raises UpstreamLiesError for what is no root."""
        with telling():
            try:
                version = tuf_roles.from_bytes(body).signed.version
            except exceptions.RepositoryError:
                raise
            except Exception as error:
                # The library's parser lets many kinds of errors out.
                raise RepositoryError(f"no root: {type(error).__name__}") from error
        return cls(version, hashlib.sha256(body).hexdigest(), body)

    def __str__(self) -> str:
        return f"{self.version}.root.json sha256:{self.sha256}"


@dataclass(frozen=True)
class Held:
    """What is believed of a view before: roots by version, and the other files by role.

    `ahead` are the timestamp and the snapshot of a later look that failed.
    """

    roots: Mapping[int, bytes]
    files: Mapping[str, bytes]
    ahead: Mapping[str, bytes]

    @classmethod
    def read(cls, session: Session, view: View) -> "Held":
        """From the rows of a mirror."""
        rows = session.execute(
            select(RoleFile.version, RoleFile.body).where(
                RoleFile.view == view, RoleFile.role == ROOT
            )
        )
        bodies = role_files.bodies(session, _roles(session))
        files = {
            place.role: body
            for place, body in bodies.items()
            if place.view in {view, View.BOTH} and place.role != ROOT
        }
        later = seen.read(session, view)
        roots = {row.version: row.body for row in rows}
        return cls({**roots, **later.roots}, files, later.files)

    @classmethod
    def seen(cls, session: Session, view: View) -> "Held":
        """Where nothing is mirrored yet, and a look has failed."""
        later = seen.read(session, view)
        return cls(later.roots, {}, later.files)

    def hangs_on(self, pin: Pin) -> bool:
        """Whether it was believed for this root's sake."""
        return self.roots.get(pin.version) == pin.body


@dataclass(frozen=True)
class Followed:
    """A view as its upstream shows it now, verified: bytes by role, roots by version."""

    view: View
    roots: Mapping[int, bytes]
    files: Mapping[str, bytes]
    client: Updater

    def metadata(self, role: str) -> AnyMetadata:
        return tuf_roles.from_bytes(self.files[role])

    @property
    def version(self) -> int:
        """The number that rises with every change."""
        version: int = self.metadata(TIMESTAMP).signed.version
        return version

    def listed(self) -> Iterator[TargetFile]:
        """Every target that some list names and may name."""
        with telling():
            for role in sorted(self.files.keys() - {TIMESTAMP, SNAPSHOT, TARGETS}):
                for name in self.metadata(role).signed.targets:
                    found = self.client.get_targetinfo(name)
                    if found is not None:
                        sha256_of(found)
                        yield found


def follow(
    folder: Path,
    view: View,
    fetcher: FetcherInterface,
    base: str,
    pin: Pin,
    held: Held,
    keep: Keep,
) -> Followed:
    """Walk from the pinned root to every list of the newest snapshot.

    What is new of roots, timestamp and snapshot goes to `keep` as it is verified, whatever comes
    of the rest. Raises UpstreamLiesError or UpstreamUnreachableError.
    """
    _put_down(folder, held)
    keeping = KeepingFetcher(fetcher, folder, keep)
    with telling():
        client = Updater(str(folder), base, fetcher=keeping, bootstrap=pin.body)
        try:
            client.refresh()
        finally:
            keeping.settle()
        snapshot = tuf_roles.from_bytes((folder / f"{SNAPSHOT}.json").read_bytes()).signed
        roles = [name.removesuffix(".json") for name in snapshot.meta]
        for role in sorted(roles):
            probe = layout.probe(role)
            if probe is not None:
                client.get_targetinfo(probe)
    known = {role for role in roles if layout.probe(role)} | {layout.DOCS}
    names = {TIMESTAMP, SNAPSHOT, TARGETS, *(known & set(roles))}
    _refuse_strays(folder, names)
    files = {role: (folder / f"{role}.json").read_bytes() for role in names}
    history = folder / HISTORY
    newest = tuf_roles.from_bytes((folder / "root.json").read_bytes()).signed.version
    roots = {
        number: (history / f"{number}.root.json").read_bytes()
        for number in range(pin.version, newest + 1)
    }
    return Followed(view, roots, files, client)


def older_roots(fetcher: FetcherInterface, base: str, first: int, body: bytes) -> dict[int, bytes]:
    """Roots before the pinned one, for clients who begin there; it ends where the chain does."""
    found: dict[int, bytes] = {}
    place = Place(View.ONLINE, ROOT)
    for number in range(first - 1, 0, -1):
        try:
            older = fetcher.download_bytes(f"{base}{number}.root.json", _ROOT_BYTES)
            signed = tuf_roles.is_signed(
                place, tuf_roles.from_bytes(body), tuf_roles.from_bytes(older)
            )
        except (RepositoryError, exceptions.DownloadError):
            break
        if not signed:
            break
        found[number] = body = older
    return found


@contextlib.contextmanager
def telling() -> Iterator[None]:
    """The client's errors become ours, with what they mean."""
    try:
        yield
    except (RepositoryError, exceptions.DownloadLengthMismatchError) as error:
        ru, en = next((ru, en) for kind, ru, en in _MEANINGS if isinstance(error, kind))
        raise UpstreamLiesError(ru=ru, en=en, reason=f"{type(error).__name__}: {error}") from error
    except exceptions.DownloadError as error:
        raise UpstreamUnreachableError(reason=_cause(error)) from error


def sha256_of(target: TargetFile) -> str:
    """What a target is called here; raises UpstreamLiesError for one that no SHA-256 names."""
    sha256 = target.hashes.get("sha256")
    if sha256 is None:
        with telling():
            raise RepositoryError(f"no SHA-256 of {target.path}")
    return sha256


_ROOT_BYTES = 512_000


def _cause(error: Exception) -> str:
    deepest: BaseException = error
    while deepest.__cause__ is not None:
        deepest = deepest.__cause__
    return f"{error}" if deepest is error else f"{error}: {deepest}"


def _refuse_strays(folder: Path, names: set[str]) -> None:
    """A snapshot may name a list that nobody may sign: the client never came to it."""
    strays = sorted(name for name in names if not (folder / f"{name}.json").is_file())
    if strays:
        with telling():
            raise RepositoryError(f"nobody signs the list {strays[0]}")


def _roles(session: Session) -> set[str]:
    return {place.role for place in role_files.current(session)}


def _put_down(folder: Path, held: Held) -> None:
    """Lay out what is believed as the client keeps it."""
    history = folder / HISTORY
    history.mkdir(parents=True)
    for number, body in held.roots.items():
        (history / f"{number}.root.json").write_bytes(body)
    for role, body in {**held.files, **held.ahead}.items():
        (folder / f"{role}.json").write_bytes(body)
