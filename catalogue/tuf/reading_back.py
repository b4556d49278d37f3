"""Reads back what a transaction is about to publish, as a client would, before it commits.

A wrong key file or a fault of ours then costs one refused publication, not every client's trust.
"""

from collections.abc import Collection, Mapping

from sqlalchemy.orm import Session

from catalogue.tuf import layout, role_files, roles
from catalogue.tuf.layout import ROOT, ROOTED, SNAPSHOT, TARGETS, TIMESTAMP, Place, View
from catalogue.tuf.roles import AnyMetadata
from storage.refusals import UnavailableError


class UnverifiedMetadataError(UnavailableError):
    code = "metadata-unverified"
    ru = "Подписанный файл {role} не прошёл проверку, ничего не опубликовано: {reason}."
    en = "The signed file {role} did not verify, nothing was published: {reason}."


def check(session: Session, changed: Collection[Place]) -> None:
    """Follow each view that changed from its root down to the changed lists.

    Raises UnverifiedMetadataError.
    """
    lists = [place for place in changed if place.view is View.BOTH]
    wanted = {place.role for place in lists} | {layout.parent_of(p).role for p in lists}
    bodies = role_files.bodies(session, wanted | {ROOT, TARGETS, SNAPSHOT, TIMESTAMP})
    files = {place: roles.from_bytes(body) for place, body in bodies.items()}
    for view in ROOTED:
        if Place(view, TIMESTAMP) in changed:
            _check_view(view, files, bodies, changed)
    for place in lists:
        if place.role != TARGETS:
            _require_signed(place, files, files.get(layout.parent_of(place)))


def _check_view(
    view: View,
    files: Mapping[Place, AnyMetadata],
    bodies: Mapping[Place, bytes],
    changed: Collection[Place],
) -> None:
    root, top = Place(view, ROOT), Place(View.BOTH, TARGETS)
    _require_signed(Place(view, TIMESTAMP), files, files.get(root))
    _require_signed(Place(view, SNAPSHOT), files, files.get(root))
    if {root, top}.intersection(changed):
        _require_signed(top, files, files.get(root))
    named = files[Place(view, TIMESTAMP)].signed.snapshot_meta
    _require(Place(view, SNAPSHOT), roles.names(named, bodies[Place(view, SNAPSHOT)]))
    meta = files[Place(view, SNAPSHOT)].signed.meta
    for place in {top, *(place for place in changed if place.view is View.BOTH)}:
        _require(place, roles.names(meta.get(f"{place.role}.json"), bodies[place]))


def _require_signed(
    place: Place, files: Mapping[Place, AnyMetadata], above: AnyMetadata | None
) -> None:
    file = files.get(place)
    # The library's own encoder: a fault of our quicker one must not pass here.
    if file is None or not roles.is_signed(place, file, above, file.signed_bytes):
        raise UnverifiedMetadataError(role=place, reason="too few right signatures")


def _require(place: Place, named: bool) -> None:
    if not named:
        raise UnverifiedMetadataError(role=place, reason="the file above names other bytes")
