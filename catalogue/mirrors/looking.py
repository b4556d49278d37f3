"""Looks at an upstream: everything that a mirror would take is found and proved, nothing is taken.

The lists of TUF say which files there are; the upstream's manifests, signed by the minisign keys
that its top list vouches for, say what they are. They have to agree.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tuf.ngclient import TargetFile

from catalogue import product_list
from catalogue.minisign import PublicKey
from catalogue.mirrors import lists as mirror_lists
from catalogue.mirrors import seen, trust
from catalogue.mirrors.lists import SignedList, Upstream
from catalogue.mirrors.seen import Verified
from catalogue.mirrors.selection import Selection
from catalogue.mirrors.trust import Followed, Held, OtherRootError, Pin
from catalogue.receivers import (
    Delivery,
    HeldTarget,
    ListsContradictError,
    MirrorReceiver,
    MirrorReceivers,
)
from catalogue.tuf import layout, roles
from catalogue.tuf.layout import TARGETS, View
from catalogue.tuf.roles import AnyMetadata, ListKeys
from storage.clock import now
from storage.db import Database
from storage.installation import Installation
from storage.refusals import RefusedError


class NoKeysVouchedError(RefusedError):
    code = "mirror-no-keys"
    ru = (
        "Источник не заверил ключи своих списков. Там нужна команда flatpro metadata refresh "
        "(и подписи людей в режиме offline)."
    )
    en = (
        "The upstream does not vouch for the keys of its lists. It has to run flatpro metadata "
        "refresh (and, in mode offline, its people have to sign)."
    )


class NothingChosenError(RefusedError):
    code = "mirror-nothing-chosen"
    ru = "У источника нет такого: {chosen}"
    en = "The upstream has nothing of that: {chosen}"


class TooOldListsError(RefusedError):
    code = "mirror-older"
    ru = "Списки старее, чем уже есть ({role}: {found} < {held}). Ничего не изменилось."
    en = "The lists are older than those held ({role}: {found} < {held}). Nothing was changed."


@dataclass(frozen=True)
class Order:
    """What to take: `view` is the one that is trusted, `chosen` None keeps what was chosen before.

    `root` is a root file that the operator trusts; without one the first is pinned as it comes.
    """

    view: View
    chosen: Selection | None = None
    root: bytes | None = None
    narrow: bool = True
    progress: Callable[[int, int, str], None] = field(default=lambda _done, _of, _name: None)


@dataclass(frozen=True)
class Known:
    """What was believed before; `held` has every view that has a root, `pins` those pinned."""

    pins: Mapping[View, Pin]
    held: Mapping[View, Held]


@dataclass(frozen=True)
class Look:
    """The upstream as it was found, proved and agreeing with itself; no target is fetched yet."""

    views: Sequence[Followed]
    pins: Mapping[View, Pin]
    older_roots: Mapping[View, Mapping[int, bytes]]
    keys: ListKeys
    chosen: Selection
    lists: Mapping[str, SignedList]
    targets: Mapping[str, TargetFile]

    @property
    def trusted(self) -> Followed:
        return self.views[0]

    def delivery(self, receiver: MirrorReceiver) -> Delivery:
        """What one receiver gets."""
        wanted = self.chosen.wants_kind(receiver.kind)
        mine = {path: t for path, t in self.targets.items() if path.startswith(receiver.prefix)}
        return Delivery(
            lists={path: found.body for path, found in self.lists.items()} if wanted else {},
            targets=[held(path, target) for path, target in sorted(mine.items())],
            products=products_of(self.trusted, self.chosen) if wanted else (),
            statement_key=PublicKey.parse(self.keys.firmware),
        )


def look(
    installation: Installation,
    upstream: Upstream,
    order: Order,
    chosen: Selection,
    known: Known,
    folder: Path,
) -> Look:
    """Follow the upstream's metadata from its pinned root and read its lists.

    Raises what trust, lists and the receivers raise, and the refusals above.
    """
    views: list[Followed] = []
    pins: dict[View, Pin] = {}
    # Who takes from a server carries the air gap's files too, for copies made from this one.
    wanted = (View.ONLINE, View.AIR_GAP) if order.view is View.ONLINE else (order.view,)
    for view in wanted:
        given = order.root if view is order.view else None
        pins[view] = _pin(upstream, view, known, given)
        views.append(
            trust.follow(
                folder / view,
                view,
                upstream.fetcher,
                upstream.base(view),
                pins[view],
                _held(installation.database, known.held[view], view, pins[view]),
                partial(_keep, installation.database, view),
            )
        )
    trusted = views[0]
    for other in views[1:]:
        if other.files[TARGETS] != trusted.files[TARGETS] or metas_of(other) != metas_of(trusted):
            raise ListsContradictError(path=other.view, reason="its lists are others")
    _refuse_older(trusted, known)
    keys = roles.list_keys(trusted.metadata(TARGETS))
    if keys is None:
        raise NoKeysVouchedError
    targets = {
        path: found
        for found in trusted.listed()
        if chosen.wants(path := layout.path_of(found.path), about(found))
    }
    if chosen.products and not set(products_of(trusted, chosen)).union(_named(targets)):
        raise NothingChosenError(chosen=chosen)
    receivers = installation.option(MirrorReceivers).receivers
    lists = _lists(upstream, trusted, chosen, PublicKey.parse(keys.online), receivers)
    older = {
        view.view: trust.older_roots(
            upstream.fetcher, upstream.base(view.view), pins[view.view].version,
            pins[view.view].body,
        )
        for view in views
        if view.view not in known.pins
    }  # fmt: skip
    found = Look(views, pins, older, keys, chosen, lists, targets)
    if known.pins:
        # Who is no mirror yet may hold lists of its own under the same names.
        with installation.database.reading() as session:
            mirror_lists.refuse_older(session, lists)
    for receiver in receivers:
        receiver.check(found.delivery(receiver), now())
    return found


def _pin(upstream: Upstream, view: View, known: Known, given: bytes | None) -> Pin:
    if view not in known.pins:
        return Pin.of(given if given is not None else upstream.first_root(view))
    pinned = known.pins[view]
    if given is not None:
        asked = Pin.of(given)
        ours = known.held[view].roots.get(asked.version)
        if ours != given:
            raise OtherRootError(pinned=pinned, given=asked)
    return pinned


def _held(database: Database, held: Held, view: View, pin: Pin) -> Held:
    """What is believed already, which is nothing where trust begins with another root."""
    if held.hangs_on(pin):
        return held
    with database.writing() as session:
        seen.forget(session, view)
    return Held({}, {}, {})


def _keep(database: Database, view: View, files: Sequence[Verified]) -> None:
    with database.writing() as session:
        seen.keep(session, view, files)


def _refuse_older(trusted: Followed, known: Known) -> None:
    """The other way in (sync or bundle) may have brought newer lists; in one TUF sees to it."""
    held = known.held[trusted.view]
    if layout.SNAPSHOT in held.files:
        return
    for role, body in held.files.items():
        before = roles.from_bytes(body).signed.version
        found = trusted.metadata(role).signed.version if role in trusted.files else before
        if found < before:
            raise TooOldListsError(role=role, found=found, held=before)


def _lists(
    upstream: Upstream,
    trusted: Followed,
    chosen: Selection,
    key: PublicKey,
    receivers: Sequence[MirrorReceiver],
) -> dict[str, SignedList]:
    paths = [product_list.PATH]
    for receiver in receivers:
        if chosen.wants_kind(receiver.kind):
            paths += [p for code in products_of(trusted, chosen) for p in receiver.lists(code)]
    found = ((path, mirror_lists.fetch(upstream, path, key)) for path in paths)
    return {path: signed for path, signed in found if signed is not None}


def members(found: Look) -> tuple[set[str], set[str]]:
    """The names under which a bundle has to hold what was found, and those it may hold besides."""
    trusted = found.trusted
    meta = trusted.metadata(layout.SNAPSHOT).signed.meta
    wanted = {
        "metadata/timestamp.json",
        f"metadata/{trusted.metadata(layout.SNAPSHOT).signed.version}.snapshot.json",
        *(f"metadata/{file.version}.{name}" for name, file in meta.items()),
    }
    for path in found.lists:
        wanted |= {f"lists{path}", f"lists{path}{mirror_lists.SIGNATURE_SUFFIX}"}
    wanted |= {f"blobs/{target.hashes['sha256']}" for target in found.targets.values()}
    return wanted, {f"metadata/{number}.root.json" for number in range(1, max(trusted.roots) + 1)}


def held(path: str, target: TargetFile) -> HeldTarget:
    """A target as receivers get it."""
    return HeldTarget(path, target.length, target.hashes["sha256"], about(target))


def about(target: TargetFile) -> Mapping[str, object]:
    """What the signed list says of a target beside its file."""
    return target.custom if isinstance(target.custom, dict) else {}


def products_of(trusted: Followed, chosen: Selection) -> list[str]:
    """The chosen products that have a list of firmware."""
    prefix = f"{layout.FIRMWARE}-"
    codes = (role.removeprefix(prefix) for role in trusted.files if role.startswith(prefix))
    return sorted(code for code in codes if chosen.wants_product(code))


def _named(targets: Mapping[str, TargetFile]) -> set[str]:
    """Products that the chosen documents are about."""
    lists = (about(target).get("products") for target in targets.values())
    return {str(code) for codes in lists if isinstance(codes, list) for code in codes}


def metas_of(followed: Followed) -> Mapping[str, tuple[int, object]]:
    """Which lists a view names."""
    return metas(followed.metadata(layout.SNAPSHOT))


def metas(snapshot: AnyMetadata) -> Mapping[str, tuple[int, object]]:
    """Which lists a snapshot names."""
    return {name: (file.version, file.hashes) for name, file in snapshot.signed.meta.items()}
